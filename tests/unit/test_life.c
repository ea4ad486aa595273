/* SPDX-License-Identifier: Apache-2.0 */
/* test_life.c - kill, pause, ps and delete on processes in pid namespaces that the test makes, and
 * on states that lie. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "runtime/life/container.h"
#include "runtime/life/store.h"
#include "spec/base/fd.h"
#include "spec/base/str.h"
#include "spec/base/sys.h"
#include "spec/json/tree.h"

#define OTHER_UID 64123
#define CHILDREN 3
#define LIFETIME_S 30 /* of what a failing test leaves behind */

struct place {
	char dir[64], root[96];
	struct runtime rt;
	struct arena arena;
	struct err err;
	pid_t init; /* 0: none */
};

static int setup(void **state)
{
	struct place *p = calloc(1, sizeof(*p));
	const char *tmp = getenv("TMPDIR");

	if (!p)
		return -1;
	(void)snprintf(p->dir, sizeof(p->dir), "%.40s/life-XXXXXX", tmp ? tmp : "/tmp");
	if (!mkdtemp(p->dir)) {
		free(p);
		return -1;
	}
	(void)snprintf(p->root, sizeof(p->root), "%s/root", p->dir);
	p->rt = (struct runtime){ .root = p->root, .log = { .fd = -1 } };
	*state = p;
	return 0;
}

static void reap(struct place *p)
{
	if (p->init > 0) {
		(void)kill(p->init, SIGKILL);
		(void)waitpid(p->init, NULL, 0);
	}
	p->init = 0;
}

static int teardown(void **state)
{
	struct place *p = *state;
	int status = -1;
	pid_t child;

	reap(p);
	child = fork();
	if (child == 0) {
		(void)execlp("rm", "rm", "-rf", "--", p->dir, NULL);
		_exit(127);
	}
	(void)waitpid(child, &status, 0);
	arena_done(&p->arena);
	free(p);
	return status;
}

static void sleep_long(void)
{
	(void)alarm(LIFETIME_S);
	for (;;)
		(void)pause();
}

/* A process that sleeps, with CHILDREN that do, in namespaces of flags. It is our child. */
static pid_t start_init(uint64_t flags)
{
	struct clone_args args = { .flags = flags, .exit_signal = SIGCHLD };
	int ready[2];
	char byte;
	pid_t pid;

	assert_int_equal(pipe2(ready, O_CLOEXEC), 0);
	pid = sys_clone3(&args, sizeof(args));
	if (pid == 0) {
		for (int i = 0; i < CHILDREN; i++)
			if (fork() == 0) {
				(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
				sleep_long();
			}
		(void)!write(ready[1], "x", 1);
		sleep_long();
	}
	assert_true(pid > 0);
	(void)close(ready[1]);
	assert_int_equal(read(ready[0], &byte, 1), 1);
	(void)close(ready[0]);
	return pid;
}

static uint64_t own_pid_namespace(void)
{
	return CLONE_NEWPID | (geteuid() ? CLONE_NEWUSER : 0);
}

static void make_entry(struct place *p, pid_t pid, const char *config)
{
	scoped_entry struct entry e = { .dir_fd = -1 };
	struct container c = {
		.id = "one",
		.pid = pid,
		.pid_start = pid_start_time(pid),
		.bundle = "/b",
		.created = container_now(&p->arena),
		.oci_version = OCI_VERSION,
	};

	assert_int_equal(store_claim(&p->rt, "one", &e, &p->err), 0);
	if (config)
		assert_int_equal(store_keep_config(&e, config, strlen(config), &p->err), 0);
	assert_int_equal(store_write(&e, &c, &p->err), 0);
}

static void make_container(struct place *p, uint64_t flags)
{
	p->init = start_init(flags);
	make_entry(p, p->init, NULL);
}

static enum container_status status_of(struct place *p)
{
	struct container c;

	assert_int_equal(life_state(&p->rt, "one", &p->arena, &c, &p->err), 0);
	return c.status;
}

/* How the child ended: the signal; the test's own time-out otherwise. */
static int ended_by(struct place *p)
{
	int status;

	assert_int_equal(waitpid(p->init, &status, 0), p->init);
	p->init = 0;
	return WIFSIGNALED(status) ? WTERMSIG(status) : 0;
}

static bool is_alive(pid_t pid)
{
	return pid_alive(pid, pid_start_time(pid));
}

/* --- tests ------------------------------------------------------------------------------------ */

static void sees_all_processes_of_the_namespace(void **state)
{
	struct place *p = *state;
	struct pids_list pids;

	make_container(p, own_pid_namespace());
	assert_int_equal(life_ps(&p->rt, "one", &p->arena, &pids, &p->err), 0);
	assert_int_equal(pids.n, 1 + CHILDREN);
	assert_int_equal(pids.v[0], p->init);
}

static void sees_descendants_without_a_namespace(void **state)
{
	struct place *p = *state;
	struct pids_list pids;

	make_container(p, 0);
	assert_int_equal(life_ps(&p->rt, "one", &p->arena, &pids, &p->err), 0);
	assert_int_equal(pids.n, 1 + CHILDREN);
}

static void kills_init(void **state)
{
	struct place *p = *state;

	make_container(p, 0);
	assert_int_equal(life_kill(&p->rt, "one", 0, false, &p->err), 0);
	assert_true(is_alive(p->init));
	assert_int_equal(life_kill(&p->rt, "one", SIGTERM, false, &p->err), 0);
	assert_int_equal(ended_by(p), SIGTERM);
	assert_int_equal(status_of(p), STATUS_STOPPED);
	assert_int_equal(life_kill(&p->rt, "one", SIGTERM, false, &p->err), -1);
	assert_string_equal(p->err.text, "container not running: no such process");
	assert_int_equal(life_kill(&p->rt, "one", SIGTERM, true, &p->err), 0);
	assert_int_equal(life_kill(&p->rt, "one", 65, false, &p->err), -1);
	assert_int_equal(life_kill(&p->rt, "none", SIGTERM, false, &p->err), -1);
	assert_string_equal(p->err.text, "container \"none\" does not exist");
	assert_int_equal(life_kill(&p->rt, "none", SIGTERM, true, &p->err), 0);
}

static void kills_everybody(void **state)
{
	struct place *p = *state;
	struct pids_list before, after;

	make_container(p, own_pid_namespace());
	assert_int_equal(life_ps(&p->rt, "one", &p->arena, &before, &p->err), 0);
	/* Init has no handler, so the kernel drops it there; its children end as zombies. */
	assert_int_equal(life_kill(&p->rt, "one", SIGUSR1, true, &p->err), 0);
	assert_true(is_alive(p->init));
	for (size_t i = 0; i < before.n; i++) {
		struct process_stat st;

		for (int tries = 0; before.v[i] != p->init && tries < 1000; tries++) {
			if (process_stat_read(before.v[i], &st) < 0 || st.state == 'Z')
				break;
			(void)usleep(1000);
		}
		assert_int_equal(is_alive(before.v[i]), before.v[i] == p->init);
	}
	assert_int_equal(life_ps(&p->rt, "one", &p->arena, &after, &p->err), 0);
	assert_int_equal(life_kill(&p->rt, "one", SIGKILL, true, &p->err), 0);
	assert_int_equal(ended_by(p), SIGKILL);
}

static void kill_all_spares_a_shared_namespace(void **state)
{
	struct place *p = *state;

	make_container(p, 0);
	assert_int_equal(life_kill(&p->rt, "one", SIGKILL, true, &p->err), 0);
	assert_int_equal(ended_by(p), SIGKILL);
}

static void pauses_and_resumes(void **state)
{
	struct place *p = *state;
	struct pids_list pids;
	struct process_stat st;

	make_container(p, own_pid_namespace());
	assert_int_equal(life_pause(&p->rt, "one", false, &p->err), -1);
	assert_int_equal(life_pause(&p->rt, "one", true, &p->err), 0);
	assert_int_equal(status_of(p), STATUS_PAUSED);
	assert_int_equal(life_ps(&p->rt, "one", &p->arena, &pids, &p->err), 0);
	assert_int_equal(pids.n, 1 + CHILDREN);
	for (size_t i = 0; i < pids.n; i++) {
		assert_int_equal(process_stat_read(pids.v[i], &st), 0);
		assert_int_equal(st.state, 'T');
	}
	assert_int_equal(life_pause(&p->rt, "one", true, &p->err), -1);
	assert_int_equal(life_delete(&p->rt, "one", false, &p->err), -1);
	assert_int_equal(life_pause(&p->rt, "one", false, &p->err), 0);
	assert_int_equal(status_of(p), STATUS_RUNNING);
	for (size_t i = 0; i < pids.n; i++) {
		assert_int_equal(process_stat_read(pids.v[i], &st), 0);
		assert_int_not_equal(st.state, 'T');
	}
}

static void does_not_pause_a_shared_namespace(void **state)
{
	struct place *p = *state;

	make_container(p, 0);
	assert_int_equal(life_pause(&p->rt, "one", true, &p->err), -1);
	assert_int_equal(p->err.kind, ERR_STATE);
	assert_int_equal(status_of(p), STATUS_RUNNING);
}

static void deletes_only_what_has_stopped(void **state)
{
	struct place *p = *state;

	make_container(p, own_pid_namespace());
	assert_int_equal(life_delete(&p->rt, "one", false, &p->err), -1);
	assert_int_equal(p->err.kind, ERR_STATE);
	assert_true(str_starts(p->err.text, "container \"one\" is not stopped"));
	assert_true(is_alive(p->init));
	assert_int_equal(life_delete(&p->rt, "one", true, &p->err), 0);
	assert_int_equal(ended_by(p), SIGKILL);
	assert_int_equal(life_delete(&p->rt, "one", true, &p->err), 0);
	assert_int_equal(life_delete(&p->rt, "one", false, &p->err), -1);
	assert_string_equal(p->err.text, "container \"one\" does not exist");
}

static void deletes_a_paused_one_by_force(void **state)
{
	struct place *p = *state;

	make_container(p, own_pid_namespace());
	assert_int_equal(life_pause(&p->rt, "one", true, &p->err), 0);
	assert_int_equal(life_delete(&p->rt, "one", true, &p->err), 0);
	assert_int_equal(ended_by(p), SIGKILL);
}

static void deletes_a_created_one_as_runc_does(void **state)
{
	struct place *p = *state;
	scoped_entry struct entry e = { .dir_fd = -1 };
	scoped_fd int fd = -1;

	make_container(p, own_pid_namespace());
	assert_int_equal(store_open(&p->rt, "one", false, &e, &p->err), 0);
	assert_int_equal(store_listen(&e, &fd, &p->err), 0);
	assert_int_equal(status_of(p), STATUS_CREATED);
	assert_int_equal(life_pause(&p->rt, "one", true, &p->err), -1);
	assert_int_equal(life_delete(&p->rt, "one", false, &p->err), 0);
	assert_int_equal(ended_by(p), SIGKILL);
}

static void deletes_what_a_dead_creator_left(void **state)
{
	struct place *p = *state;
	scoped_entry struct entry e = { .dir_fd = -1 };

	assert_int_equal(store_claim(&p->rt, "one", &e, &p->err), 0);
	entry_done(&e);
	assert_int_equal(status_of(p), STATUS_STOPPED);
	assert_int_equal(life_delete(&p->rt, "one", false, &p->err), 0);
	assert_int_equal(life_delete(&p->rt, "one", false, &p->err), -1);
}

static void deletes_an_unreadable_one_by_force(void **state)
{
	struct place *p = *state;
	scoped_entry struct entry e = { .dir_fd = -1 };

	assert_int_equal(store_claim(&p->rt, "one", &e, &p->err), 0);
	assert_int_equal(symlinkat("nowhere", e.dir_fd, STORE_STATE), 0);
	entry_done(&e);
	assert_int_equal(life_delete(&p->rt, "one", false, &p->err), -1);
	assert_int_equal(life_delete(&p->rt, "one", true, &p->err), 0);
}

static void runs_poststop_hooks(void **state)
{
	struct place *p = *state;
	const char *out = arena_printf(&p->arena, "%s/hook", p->dir);
	const char *config = arena_printf(
		&p->arena,
		"{\"ociVersion\":\"1.3.0\",\"root\":{\"path\":\"r\"},\"hooks\":{\"poststop\":["
		"{\"path\":\"/bin/sh\",\"args\":[\"sh\",\"-c\",\"cat >%s\"]},"
		"{\"path\":\"/nonexistent\"}]}}",
		out);
	struct json *tree;
	size_t len;
	char *text;

	p->init = start_init(0);
	make_entry(p, p->init, config);
	reap(p);
	assert_int_equal(life_delete(&p->rt, "one", false, &p->err), 0);
	assert_int_equal(file_read(AT_FDCWD, out, 4096, &p->arena, &text, &len, &p->err), 0);
	assert_int_equal(json_parse(text, len, "state", &(struct json_limits){ 4096, 4, 40 },
				    &p->arena, &tree, &p->err),
			 0);
	assert_string_equal(json_member(tree, "status")->text, "stopped");
	assert_string_equal(json_member(tree, "id")->text, "one");
}

static void lists_what_can_be_read(void **state)
{
	struct place *p = *state;
	scoped_entry struct entry e = { .dir_fd = -1 };
	struct containers list;

	make_container(p, own_pid_namespace());
	assert_int_equal(store_claim(&p->rt, "broken", &e, &p->err), 0);
	assert_int_equal(symlinkat("nowhere", e.dir_fd, STORE_STATE), 0);
	assert_int_equal(life_list(&p->rt, &p->arena, &list, &p->err), 0);
	assert_int_equal(list.n, 1);
	assert_string_equal(list.v[0].id, "one");
	assert_int_equal(list.v[0].status, STATUS_RUNNING);
}

/* --- root on a user's directory --------------------------------------------------------------- */

static void give_away(struct place *p)
{
	const char *paths[] = { p->root, arena_printf(&p->arena, "%s/one", p->root),
				arena_printf(&p->arena, "%s/one/" STORE_STATE, p->root) };

	for (size_t i = 0; i < ARRAY_LEN(paths); i++)
		assert_int_equal(chown(paths[i], OTHER_UID, OTHER_UID), 0);
}

static void root_harms_nobody_whom_a_users_state_names(void **state)
{
	struct place *p = *state;
	struct pids_list pids;

	if (geteuid() != 0)
		skip();
	make_container(p, own_pid_namespace());
	give_away(p);
	assert_int_equal(life_kill(&p->rt, "one", SIGKILL, false, &p->err), -1);
	assert_int_equal(p->err.kind, ERR_HOSTILE);
	assert_int_equal(life_kill(&p->rt, "one", SIGKILL, true, &p->err), -1);
	assert_int_equal(life_ps(&p->rt, "one", &p->arena, &pids, &p->err), -1);
	assert_int_equal(life_pause(&p->rt, "one", true, &p->err), -1);
	assert_int_equal(life_delete(&p->rt, "one", true, &p->err), 0);
	assert_true(is_alive(p->init));
}

static void root_serves_a_user_on_his_own_processes(void **state)
{
	struct place *p = *state;
	int ready[2];
	char byte;

	if (geteuid() != 0)
		skip();
	assert_int_equal(pipe2(ready, O_CLOEXEC), 0);
	p->init = fork();
	if (p->init == 0) {
		/* In a user namespace of his, where he is somebody else. */
		(void)setgid(OTHER_UID);
		(void)setuid(OTHER_UID);
		(void)unshare(CLONE_NEWUSER);
		(void)!write(ready[1], "x", 1);
		sleep_long();
	}
	assert_int_equal(read(ready[0], &byte, 1), 1);
	(void)close(ready[0]);
	(void)close(ready[1]);
	make_entry(p, p->init, NULL);
	give_away(p);
	assert_int_equal(life_kill(&p->rt, "one", SIGTERM, false, &p->err), 0);
	assert_int_equal(ended_by(p), SIGTERM);
	assert_int_equal(life_delete(&p->rt, "one", false, &p->err), 0);
}

static void root_serves_a_user_in_his_namespaces(void **state)
{
	struct place *p = *state;
	int to[2], from[2];
	char byte;

	if (geteuid() != 0)
		skip();
	assert_int_equal(pipe2(to, O_CLOEXEC), 0);
	assert_int_equal(pipe2(from, O_CLOEXEC), 0);
	p->init = fork();
	if (p->init == 0) {
		/* His namespace, but a uid of a range that he was granted. */
		if (setgid(OTHER_UID) == 0 && setuid(OTHER_UID) == 0 && unshare(CLONE_NEWUSER) == 0)
			(void)!write(from[1], "x", 1);
		if (read(to[0], &byte, 1) == 1 && setgid(0) == 0 && setuid(0) == 0)
			(void)!write(from[1], "y", 1);
		sleep_long();
	}
	assert_int_equal(read(from[0], &byte, 1), 1);
	const char *map = arena_printf(&p->arena, "/proc/%d/uid_map", p->init);
	assert_int_equal(fd_write_at(AT_FDCWD, map, "0 3000000 1", &p->err), 0);
	map = arena_printf(&p->arena, "/proc/%d/gid_map", p->init);
	assert_int_equal(fd_write_at(AT_FDCWD, map, "0 3000000 1", &p->err), 0);
	assert_int_equal(write(to[1], "x", 1), 1);
	assert_int_equal(read(from[0], &byte, 1), 1);
	for (int i = 0; i < 2; i++) {
		(void)close(to[i]);
		(void)close(from[i]);
	}
	assert_true(process_owned(p->init, OTHER_UID));
	assert_false(process_owned(p->init, OTHER_UID + 1));
	make_entry(p, p->init, NULL);
	give_away(p);
	assert_int_equal(life_delete(&p->rt, "one", true, &p->err), 0);
	assert_int_equal(ended_by(p), SIGKILL);
}

static void root_runs_no_hooks_of_a_users(void **state)
{
	struct place *p = *state;
	const char *out = arena_printf(&p->arena, "%s/hook", p->dir);
	const char *config = arena_printf(
		&p->arena,
		"{\"ociVersion\":\"1.3.0\",\"root\":{\"path\":\"r\"},\"hooks\":{\"poststop\":["
		"{\"path\":\"/bin/sh\",\"args\":[\"sh\",\"-c\",\"cat >%s\"]}]}}",
		out);

	if (geteuid() != 0)
		skip();
	p->init = start_init(0);
	make_entry(p, p->init, config);
	reap(p);
	give_away(p);
	assert_int_equal(chown(arena_printf(&p->arena, "%s/one/" STORE_CONFIG, p->root), OTHER_UID,
			       OTHER_UID),
			 0);
	assert_int_equal(life_delete(&p->rt, "one", false, &p->err), 0);
	assert_int_equal(access(out, F_OK), -1);
}

static void root_claims_nothing_in_a_users_directory(void **state)
{
	struct place *p = *state;
	struct entry e = { .dir_fd = -1 };

	if (geteuid() != 0)
		skip();
	make_container(p, 0);
	give_away(p);
	assert_int_equal(store_claim(&p->rt, "two", &e, &p->err), -1);
	assert_int_equal(p->err.kind, ERR_STATE);
	assert_int_equal(chown(arena_printf(&p->arena, "%s/one/" STORE_STATE, p->root), 0, 0), 0);
	assert_int_equal(life_kill(&p->rt, "one", SIGKILL, false, &p->err), -1);
	assert_int_equal(p->err.kind, ERR_HOSTILE);
}

static void root_is_led_by_no_link_of_a_users(void **state)
{
	struct place *p = *state;
	const char *link = arena_printf(&p->arena, "%s/link", p->dir);
	struct container c;

	if (geteuid() != 0)
		skip();
	make_container(p, 0);
	assert_int_equal(symlink(p->dir, link), 0);
	p->rt.root = arena_printf(&p->arena, "%s/root", link);
	assert_int_equal(life_state(&p->rt, "one", &p->arena, &c, &p->err), 0);
	assert_int_equal(lchown(link, OTHER_UID, OTHER_UID), 0);
	assert_int_equal(life_state(&p->rt, "one", &p->arena, &c, &p->err), -1);
	assert_int_equal(p->err.errnum, ELOOP);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(sees_all_processes_of_the_namespace),
		TEST(sees_descendants_without_a_namespace),
		TEST(kills_init),
		TEST(kills_everybody),
		TEST(kill_all_spares_a_shared_namespace),
		TEST(pauses_and_resumes),
		TEST(does_not_pause_a_shared_namespace),
		TEST(deletes_only_what_has_stopped),
		TEST(deletes_a_paused_one_by_force),
		TEST(deletes_a_created_one_as_runc_does),
		TEST(deletes_what_a_dead_creator_left),
		TEST(deletes_an_unreadable_one_by_force),
		TEST(runs_poststop_hooks),
		TEST(lists_what_can_be_read),
		TEST(root_harms_nobody_whom_a_users_state_names),
		TEST(root_serves_a_user_on_his_own_processes),
		TEST(root_serves_a_user_in_his_namespaces),
		TEST(root_runs_no_hooks_of_a_users),
		TEST(root_claims_nothing_in_a_users_directory),
		TEST(root_is_led_by_no_link_of_a_users),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
