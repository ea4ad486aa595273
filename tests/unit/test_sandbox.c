/* SPDX-License-Identifier: Apache-2.0 */
/* test_sandbox.c - what is read of /proc, and how a run is judged by what was seen of it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>

#include "runtime/sandbox/audit.h"
#include "runtime/sandbox/degrade.h"
#include "runtime/sandbox/measure.h"
#include "runtime/sandbox/pool_recipe.h"
#include "runtime/sandbox/serve.h"
#include "runtime/sandbox/verdict.h"
#include "runtime/stage/init.h"
#include "spec/base/str.h"
#include "spec/base/sys.h"

#define STAT_END \
	" S 1 1 1 0 -1 4194304 10 20 0 0 7 3 2 1 20 0 5 0 100 4096 300 18446744073709551615 1 1\n"

static void a_process_is_read_whatever_its_name(void **state)
{
	static const char *const names[] = { "12 (python3)", "12 (a) b) c)", "12 ((sd-pam))",
					     "12 () S 9 9 9 9 9 9)" };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		char line[256];
		struct usage u = { 0 };

		(void)snprintf(line, sizeof(line), "%s%s", names[i], STAT_END);
		assert_true(usage_parse(line, 4096, 100, &u));
		assert_int_equal(u.processes, 1);
		assert_int_equal(u.tasks, 5);
		assert_int_equal(u.resident, 300 * 4096);
		assert_int_equal(u.cpu_us, 13 * 10000);
		assert_false(u.runs);
		*strchr(strrchr(line, ')'), 'S') = 'R';
		assert_true(usage_parse(line, 4096, 100, &u));
		assert_true(u.runs);
	}
}

static void a_kernel_that_does_not_count_tells_of_no_sleep(void **state)
{
	struct ran ran;

	(void)state;
	assert_true(ran_parse("1234567 890 12\n", &ran));
	assert_string_equal(ran.text, "1234567 890 12\n");
	assert_false(ran_parse("0 0 0\n", &ran));
	assert_false(ran_parse("", &ran));
	assert_false(ran_parse(
		"1111111111111111111111 2222222222222222222222 3333333333333333333333\n", &ran));
}

static void what_is_no_process_is_not_counted(void **state)
{
	static const char *const wrong[] = { "", "12", "12 (x)", "12 (x) ", "12 (x) S 1 2 3" };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(wrong); i++) {
		struct usage u = { 0 };

		assert_false(usage_parse(wrong[i], 4096, 100, &u));
		assert_int_equal(u.processes, 0);
	}
}

static void the_last_words_of_an_end_that_closed_are_heard(void **state)
{
	struct init_msg m = { 0 };
	int ends[2], fds[INIT_FDS_MAX];

	(void)state;
	assert_int_equal(sys_socketpair(SOCK_SEQPACKET | SOCK_CLOEXEC, ends), 0);
	assert_int_equal(init_say(ends[0], INIT_STOP, 0), 0);
	assert_int_equal(init_say(ends[1], INIT_ENDED, 7), 0);
	(void)sys_close(ends[1]);
	assert_int_equal(init_hear(ends[0], &m, fds), 1);
	assert_int_equal(m.word, INIT_ENDED);
	assert_int_equal(m.number, 7);
	assert_int_equal(init_hear(ends[0], &m, fds), 0);
	(void)sys_close(ends[0]);
}

static void who_is_gone_has_used_what_the_tree_has_less(void **state)
{
	static const struct {
		uint64_t tree, all;
		bool falls;
	} rows[] = { { 30, 30, true }, { 50, 50, true }, { 20, 50, true },  { 45, 75, true },
		     { 45, 75, true }, { 0, 75, true },	 { 10, 85, false }, { 5, 80, false } };
	struct account account = { 0 };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		assert_int_equal(account_add(&account, rows[i].tree, rows[i].falls), rows[i].all);
}

static void a_task_that_says_its_status_ends(void **state)
{
	static const char end[] = " S 1 1 1 0 -1 4194304 10 %d 0 0 7 3 0 0 20 0 %d 0 100 4096 "
				  "300 18446744073709551615 1 1\n";
	static const struct {
		const char *name;
		int cminflt, threads, status; /* -1: it does not end */
	} rows[] = {
		{ "2 (ended 0)", 0, 1, 0 },	{ "2 (ended 255)", 0, 1, 255 },
		{ "2 (ended 0)", 0, 2, 0 },	{ "2 (ended 0)", 7, 1, -1 },
		{ "2 (ended 256)", 0, 1, -1 },	{ "2 (ended -1)", 0, 1, -1 },
		{ "2 (ended )", 0, 1, -1 },	{ "2 (ended 1x)", 0, 1, -1 },
		{ "2 (ended 1) x)", 0, 1, -1 }, { "2 (python3)", 0, 1, -1 },
		{ "2 ended 1)", 0, 1, -1 },	{ "2 (x (ended 1)", 0, 1, -1 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		char line[256];
		int n = snprintf(line, sizeof(line), "%s", rows[i].name), status = -1;

		(void)snprintf(line + n, sizeof(line) - (size_t)n, end, rows[i].cminflt,
			       rows[i].threads);
		assert_int_equal(finish_parse(line, &status), rows[i].status >= 0);
		assert_int_equal(status, rows[i].status);
	}
	assert_false(finish_parse("", &(int){ 0 }));
}

/* What SLEEPS is followed by, as a worker says it. */
static struct sleeper hears(const char *ran, size_t n, int fd)
{
	struct sleeper s = SLEEPER_NONE;
	struct ran text = { "" };
	int ends[2];

	memcpy(text.text, ran, strlen(ran));
	assert_int_equal(sys_socketpair(SOCK_SEQPACKET | SOCK_CLOEXEC, ends), 0);
	assert_int_equal(sys_write(ends[1], &text, n), n);
	sleeper_hear(&s, ends[0], fd, 0);
	(void)sys_close(ends[0]);
	(void)sys_close(ends[1]);
	return s;
}

static void who_cannot_be_looked_at_is_awake(void **state)
{
	struct sleeper s = hears("12 3 4\n", sizeof(struct ran), -1);

	(void)state;
	assert_true(sleeper_woke(&s));
	assert_int_equal(s.every_ms, 1); /* he is looked at, once */
	sleeper_done(&s);
	assert_int_equal(s.every_ms, 0);
	assert_int_equal(s.fd, -1);
}

static void who_sleeps_is_awake_once_the_line_is_another(void **state)
{
	int fd = sys_memfd_create("schedstat", MFD_CLOEXEC);
	struct sleeper s;

	(void)state;
	assert_int_equal(sys_write(fd, "12 3 4\n", 7), 7);
	s = hears("12 3 4\n", sizeof(struct ran), fd);
	assert_false(sleeper_woke(&s));
	assert_false(sleeper_woke(&s));
	assert_int_equal(sys_write(fd, "5", 1), 1);
	assert_true(sleeper_woke(&s));
	sleeper_done(&s);
	fd = sys_memfd_create("schedstat", MFD_CLOEXEC);
	assert_int_equal(sys_write(fd, "12 3 4\n", 7), 7);
	s = hears("12 3 4\n", 4, fd); /* what was not heard whole is no word */
	assert_true(sleeper_woke(&s));
	sleeper_done(&s);
}

static void a_share_of_memory_is_in_bytes(void **state)
{
	(void)state;
	assert_int_equal(pss_parse("x rollup\nRss: 9 kB\nPss:      12 kB\nPss_Dirty: 1 kB\n"),
			 12288);
	assert_int_equal(pss_parse("Pss: 12 kB\n"), -1);
	assert_int_equal(pss_parse("\nPss: kB\n"), -1);
	assert_int_equal(pss_parse(""), -1);
}

static void what_cannot_be_had_is_refused_or_named(void **state)
{
	static const struct degrade_host all = { true, true, true }, none = { false, false, false };
	scoped_arena struct arena a = { 0 };
	struct policy_words names;
	struct policy p;
	struct err err = { 0 };

	(void)state;
	policy_begin(&p, &a);
	assert_int_equal(degrade_check(&p, BACKEND_CGROUP2, &none, false, &a, &names, &err), 0);
	assert_int_equal(names.n, 0);
	assert_int_equal(degrade_check(&p, BACKEND_SUPERVISOR, &none, false, &a, &names, &err), -1);
	assert_non_null(strstr(err.text, "--allow-degraded"));
	assert_string_equal(err.place, "max-processes");
	assert_int_equal(policy_set(&p, POLICY_TRACE, "true", ORIGIN_FLAG, "--trace", &err), 0);
	assert_int_equal(policy_set(&p, POLICY_EXEC, "false", ORIGIN_FLAG, "--allow-exec", &err),
			 0);
	assert_int_equal(
		policy_set(&p, POLICY_NETWORK, "true", ORIGIN_FLAG, "--allow-network", &err), 0);
	assert_int_equal(
		policy_set(&p, POLICY_CPU_SHARES, "512", ORIGIN_FLAG, "--cpu-shares", &err), 0);
	assert_int_equal(degrade_check(&p, BACKEND_CGROUP1, &all, false, &a, &names, &err), 0);
	assert_int_equal(names.n, 0);
	assert_int_equal(degrade_check(&p, BACKEND_SUPERVISOR, &none, true, &a, &names, &err), 0);
	assert_int_equal(names.n, 5);
	assert_string_equal(names.v[0], "trace");
	assert_string_equal(names.v[4], "landlock-scope");
	/* Nobody asked for the scopes: without them it is told, and not refused. */
	policy_begin(&p, &a);
	assert_int_equal(
		policy_set(&p, POLICY_NETWORK, "true", ORIGIN_FLAG, "--allow-network", &err), 0);
	assert_int_equal(degrade_check(&p, BACKEND_CGROUP1, &none, false, &a, &names, &err), 0);
	assert_int_equal(names.n, 1);
}

struct end {
	struct watch w;
	uint8_t status; /* enum run_status */
	int exit_code, signal;
	bool told; /* an event of the kind limit */
};

static const struct end ends[] = {
	{ { .ended = true, .code = CLD_EXITED }, RUN_OK, 0, 0, false },
	{ { .ended = true, .code = CLD_EXITED, .status = 3 }, RUN_EXIT, 3, 0, false },
	{ { .ended = true, .code = CLD_KILLED, .status = 9 }, RUN_SIGNAL, 137, 9, false },
	{ { .ended = true, .code = CLD_DUMPED, .status = 11 }, RUN_SIGNAL, 139, 11, false },
	{ { .breach = BREACH_MEMORY }, RUN_MEMORY, 137, 9, true },
	{ { .breach = BREACH_CPU }, RUN_CPU, 137, 9, true },
	{ { .ended = true, .code = CLD_KILLED, .status = SIGXCPU },
	  RUN_CPU,
	  128 + SIGXCPU,
	  SIGXCPU,
	  true },
	{ { .breach = BREACH_TIMEOUT }, RUN_TIMEOUT, 124, 9, true },
	{ { .breach = BREACH_TIMEOUT, .ended = true, .code = CLD_KILLED, .status = 15 },
	  RUN_TIMEOUT,
	  124,
	  15,
	  true },
	{ { .breach = BREACH_TIMEOUT, .ended = true, .code = CLD_EXITED },
	  RUN_TIMEOUT,
	  124,
	  0,
	  true },
	{ { .breach = BREACH_OUTPUT }, RUN_OUTPUT, 137, 9, true },
	{ { .breach = BREACH_CALLER }, RUN_KILLED, 137, 9, false },
	{ { .ended = false }, RUN_KILLED, 137, 9, false },
	/* A limit counts where the program failed by it, not where it coped. */
	{ { .ended = true, .code = CLD_EXITED, .status = 1, .full_disk = true },
	  RUN_DISK,
	  1,
	  0,
	  true },
	{ { .ended = true, .code = CLD_EXITED, .full_disk = true }, RUN_OK, 0, 0, false },
	{ { .ended = true, .code = CLD_EXITED, .status = 1, .full_tasks = true },
	  RUN_PROCESSES,
	  1,
	  0,
	  true },
	{ { .ended = true, .code = CLD_EXITED, .status = 1, .full_files = true },
	  RUN_FILES,
	  1,
	  0,
	  true },
	{ { .ended = true, .code = CLD_EXITED, .status = 1, .cut_file = true },
	  RUN_DISK,
	  1,
	  0,
	  true },
	{ { .ended = true, .code = CLD_EXITED, .cut_file = true }, RUN_OK, 0, 0, false },
	{ { .ended = true, .code = CLD_EXITED, .status = 1, .full_descriptors = true },
	  RUN_FILES,
	  1,
	  0,
	  true },
	{ { .ended = true, .code = CLD_EXITED, .full_descriptors = true }, RUN_OK, 0, 0, false },
	{ { .ended = true, .code = CLD_KILLED, .status = SIGXFSZ },
	  RUN_DISK,
	  128 + SIGXFSZ,
	  SIGXFSZ,
	  true },
	{ { .ended = true, .code = CLD_KILLED, .status = SIGSYS },
	  RUN_SECCOMP,
	  128 + SIGSYS,
	  SIGSYS,
	  false },
	{ { .ended = true, .code = CLD_KILLED, .status = SIGTERM, .caller_signal = SIGTERM },
	  RUN_KILLED,
	  143,
	  SIGTERM,
	  false },
};

static void a_run_is_judged_by_what_was_seen(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(ends); i++) {
		scoped_arena struct arena a = { 0 };
		struct watch w = ends[i].w;
		struct result r = { .timestamp = "t" };
		struct policy p;

		policy_begin(&p, &a);
		w.policy = &p;
		verdict_ended(&r, &w, &a);
		if (r.status != ends[i].status || r.exit_code != ends[i].exit_code ||
		    r.signal != ends[i].signal || (r.events.n == 1) != ends[i].told)
			fail_msg("row %zu: %s, %d, signal %d, %zu events", i,
				 name_of(run_statuses, r.status), r.exit_code, r.signal,
				 r.events.n);
		assert_false(r.infra_error);
	}
}

static void a_network_that_is_not_there_is_named(void **state)
{
	static const struct {
		const char *domain; /* allowed */
		bool all; /* the whole network */
		int32_t unreached;
		int status;
		size_t told;
	} rows[] = {
		{ NULL, false, 4, 6, 1 },
		{ NULL, false, 4, 0, 0 }, /* it coped */
		{ NULL, false, 0, 6, 0 },
		{ NULL, true, 4, 6, 0 }, /* the host's counters */
		{ "example.org", false, 4, 6, 0 }, /* the helper tells */
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		scoped_arena struct arena a = { 0 };
		struct watch w = { .ended = true, .code = CLD_EXITED };
		struct result r = { .timestamp = "t" };
		struct policy p;
		struct err err;

		policy_begin(&p, &a);
		if (rows[i].domain)
			assert_int_equal(
				policy_add_domain(&p, rows[i].domain, true, "--allow-domain", &err),
				0);
		if (rows[i].all)
			assert_int_equal(policy_set(&p, POLICY_NETWORK, "true", ORIGIN_FLAG,
						    "--allow-network", &err),
					 0);
		w.policy = &p;
		w.status = rows[i].status;
		w.unreached = rows[i].unreached;
		verdict_ended(&r, &w, &a);
		assert_int_equal(r.events.n, rows[i].told);
		assert_int_equal(r.status, rows[i].status ? RUN_EXIT : RUN_OK);
		if (rows[i].told) {
			assert_int_equal(r.events.v[0].type, EVENT_NETWORK);
			assert_non_null(strstr(r.events.v[0].description, "--allow-network"));
		}
	}
}

static void a_failure_is_ours_or_its_callers(void **state)
{
	scoped_arena struct arena a = { 0 };
	struct err err = { 0 };
	struct result r = { 0 };

	(void)state;
	(void)err_host(&err, EPERM, "mount");
	verdict_failed(&r, &err, &a);
	assert_int_equal(r.exit_code, 125);
	assert_true(r.infra_error);
	r = (struct result){ 0 };
	(void)err_input(&err, "wrong");
	verdict_failed(&r, &err, &a);
	assert_int_equal(r.exit_code, 125);
	assert_false(r.infra_error);
	r = (struct result){ 0 };
	(void)err_host(&err, ENOENT, "not there");
	err.place[0] = '\0';
	(void)err_in(&err, "exec");
	verdict_failed(&r, &err, &a);
	assert_int_equal(r.exit_code, 127);
	assert_false(r.infra_error);
}

static void secrets_are_masked_wherever_they_stand(void **state)
{
	scoped_arena struct arena a = { 0 };
	struct policy p;
	struct err err;
	size_t len = 20;

	(void)state;
	policy_begin(&p, &a);
	assert_int_equal(policy_add_variable(&p, "A", "open", false, "", &err), 0);
	assert_int_equal(policy_add_variable(&p, "B", "hush", true, "", &err), 0);
	assert_int_equal(policy_add_variable(&p, "C", "", true, "", &err), 0);
	assert_string_equal(mask_secrets(&p, "hush open xhushhush\n", &len, &a),
			    "*** open x******\n");
	assert_int_equal(len, 17);
}

/* The operations of a task, a line each. */
static const char *task_plan(bool network, bool denied, struct arena *a)
{
	const struct task_kind kind = { .denied = denied, .uid = 7, .gid = 8 };
	static struct seed seeds[] = {
		{ SEED_SPACE, "/tmp", NULL, 01777 },
		{ SEED_DIR, "/etc", NULL, 0755 },
		{ SEED_SPACE, "/home/sandbox", NULL, 0755 },
	};
	static const char *masked[] = { "/proc/kcore", NULL };
	static struct namespace net = { .type = CLONE_NEWNET };
	struct root root = { .fresh = "size=1,nr_inodes=2", .seeds = { seeds, 3 } };
	struct config c = { .root = &root, .has_linux = true };
	struct text out = { .arena = a };
	struct plan *plan;
	struct err err;

	c.linux_.masked_paths = (struct strings){ masked, 1 };
	c.linux_.namespaces.v = &net;
	c.linux_.namespaces.n = network;
	assert_int_equal(recipe_task(&c, &kind, a, &plan, &err), 0);
	plan_print(plan, &out);
	return out.s;
}

static void a_task_has_its_own_of_all_that_can_be_written(void **state)
{
	static const char *const parts[] = {
		"deny-setgroups",
		"map=\"7 7 1\"",
		"map=\"8 8 1\"",
		"loopback-up",
		"/tmp tmpfs source=tmpfs data=size=1,nr_inodes=2 attrs=nosuid,nodev",
		"/tmp/0 mode=01777",
		"/tmp/2 mode=0755",
		"/home/sandbox source=/tmp/2",
		"/tmp source=/tmp/0",
		"/proc proc",
		"/dev/pts devpts",
		"mask             /proc/kcore",
	};
	scoped_arena struct arena a = { 0 };
	const char *at = task_plan(true, false, &a);

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(parts); i++) {
		const char *found = strstr(at, parts[i]);

		if (!found)
			fail_msg("no %s in its place: %s", parts[i], at);
		at = found;
	}
	assert_null(strstr(task_plan(true, false, &a), "/etc"));
	assert_null(strstr(task_plan(false, true, &a), "loopback"));
	assert_null(strstr(task_plan(true, true, &a), "setgroups"));
}

static bool is_masked(const struct plan *p, const char *path)
{
	for (size_t i = 0; i < p->n; i++)
		if (p->ops[i].code == OP_MASK && strcmp(p->ops[i].path, path) == 0)
			return true;
	return false;
}

static void what_a_kernel_lacks_for_good_is_not_masked(void **state)
{
	static const char *const built_in[] = { "/proc/kcore", "/proc/latency_stats",
						"/proc/sched_debug" };
	static const char *masked[] = { "/proc/kcore", "/proc/asound", "/proc/latency_stats",
					"/proc/sched_debug" };
	const struct task_kind kind = { .lends = true };
	scoped_arena struct arena a = { 0 };
	struct root root = { .fresh = "size=1" };
	struct config c = { .root = &root, .has_linux = true };
	struct recipe r = { 0 };
	struct err err;

	(void)state;
	c.linux_.masked_paths = (struct strings){ masked, ARRAY_LEN(masked) };
	assert_int_equal(recipe_task(&c, &kind, &a, &r.task, &err), 0);
	recipe_look(&r);
	for (size_t i = 0; i < ARRAY_LEN(built_in); i++)
		assert_int_equal(is_masked(r.task, built_in[i]), access(built_in[i], F_OK) == 0);
	assert_true(is_masked(r.task, "/proc/asound"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_process_is_read_whatever_its_name),
		cmocka_unit_test(who_cannot_be_looked_at_is_awake),
		cmocka_unit_test(who_sleeps_is_awake_once_the_line_is_another),
		cmocka_unit_test(a_kernel_that_does_not_count_tells_of_no_sleep),
		cmocka_unit_test(what_is_no_process_is_not_counted),
		cmocka_unit_test(the_last_words_of_an_end_that_closed_are_heard),
		cmocka_unit_test(who_is_gone_has_used_what_the_tree_has_less),
		cmocka_unit_test(a_task_that_says_its_status_ends),
		cmocka_unit_test(a_share_of_memory_is_in_bytes),
		cmocka_unit_test(what_cannot_be_had_is_refused_or_named),
		cmocka_unit_test(a_run_is_judged_by_what_was_seen),
		cmocka_unit_test(a_network_that_is_not_there_is_named),
		cmocka_unit_test(a_failure_is_ours_or_its_callers),
		cmocka_unit_test(secrets_are_masked_wherever_they_stand),
		cmocka_unit_test(a_task_has_its_own_of_all_that_can_be_written),
		cmocka_unit_test(what_a_kernel_lacks_for_good_is_not_masked),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
