/* SPDX-License-Identifier: Apache-2.0 */
/* test_act.c - a whole plan carried out, with each of its system calls failing once: the op at work
 * says so, with its place, or the failure is one that it may survive; no descriptor and no process
 * stays, and nothing appears outside of the root. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <fcntl.h>
#include <limits.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "runtime/act/act.h"
#include "runtime/act/cgroup_tree.h"
#include "runtime/probe/probe.h"
#include "spec/base/fd.h"
#include "spec/base/sys.h"
#include "tests/fault/cgroup_fake.h"
#include "tests/fault/place.h"
#include "tests/fault/sys_fake.h"

/* More calls than any plan here makes. */
#define CALLS_MAX 2000
#define FILE_MAX (1u << 20)

static const struct scenario {
	const char *name, *config, *facts;
	bool no_pivot;
	int cgroup; /* its version; 0: none */
	enum cgroup_manager manager;
	bool fresh; /* a sandbox's root */
	bool alone; /* nobody else changes names in the root */
} scenarios[] = {
	{ "as root", "tests/fault/data/as-root.json", "tests/golden/facts/root.json", false },
	{ "as user", "tests/fault/data/as-user.json", "tests/golden/facts/user.json", false },
	{ "as root in a user namespace", "tests/fault/data/as-root-userns.json",
	  "tests/golden/facts/root.json", false },
	{ "by ranges", "tests/fault/data/as-user-ranges.json", "tests/golden/facts/user.json",
	  true },
	{ "with a fresh root", "tests/fault/data/as-user.json", "tests/golden/facts/user.json",
	  .fresh = true },
	{ "in a tree that is its own", "tests/fault/data/as-user.json",
	  "tests/golden/facts/user.json", .alone = true },
	{ "in a cgroup of v2", "tests/fault/data/in-cgroup.json", "tests/golden/facts/root.json",
	  false, 2 },
	{ "in a cgroup of v1", "tests/fault/data/in-cgroup.json", "tests/golden/facts/root.json",
	  false, 1 },
	{ "in a scope", "tests/fault/data/in-scope.json", "tests/golden/facts/root.json", false, 2,
	  CGROUP_MANAGER_SYSTEMD },
};

/* Calls whose failure an op survives, and why. */
static const struct {
	const char *name;
	int errnum; /* 0: any */
	int code; /* of the op; OP_COUNT: the way to exec */
	bool fresh; /* only there */
} survived[] = {
	{ "close", 0, -1 }, /* closes all the same */
	{ "openat2", EPERM, -1 }, /* then the path is walked by hand */
	{ "fstatfs", 0, OP_MOUNT }, /* is it procfs? that always answers */
	{ "fstatfs", 0, OP_BIND },
	{ "fstatfs", 0, OP_CONSOLE },
	{ "fstatfs", 0, OP_FILE_OVER },
	{ "openat2", 0,
	  OP_CGROUP }, /* handing controllers down: those that are needed are looked for */
	{ "read", 0, OP_CGROUP }, /* likewise */
	{ "write", 0, OP_CGROUP }, /* likewise */
	{ "mkdirat", 0, OP_CGROUP }, /* tried again */
	{ "openat", 0, OP_CGROUP_OWNER }, /* the kernel's list of files; there is one of our own */
	{ "read", 0, OP_CGROUP_OWNER }, /* likewise */
	{ "mount", 0, OP_MOUNT }, /* then by fsopen */
	{ "fchdir", 0, OP_MOUNT }, /* likewise */
	{ "mkdirat", 0, OP_MOUNT }, /* then by its path */
	{ "mount", 0, OP_BIND }, /* then by open_tree */
	{ "fchdir", 0, OP_BIND }, /* likewise */
	{ "fchdir", 0, OP_DEVICE_BIND }, /* likewise */
	{ "mkdirat", 0, OP_MKDIR }, /* likewise */
	/* Whether the directory is ours, and what is made there by its name alone: then by its path. */
	{ "fstat", 0, -1, .fresh = true },
	{ "openat2", 0, -1, .fresh = true },
	{ "openat", 0, -1, .fresh = true },
	{ "mkdirat", 0, -1, .fresh = true },
	{ "mknodat", 0, -1, .fresh = true },
	{ "fchdir", 0, -1, .fresh = true },
	{ "move_mount", 0, -1, .fresh = true },
	{ "fchownat", 0, OP_MOUNT }, /* tmpcopyup: owners that are not mapped */
	{ "fchownat", 0, OP_COPY }, /* likewise */
	{ "keyctl_join", EPERM, OP_KEYRING }, /* no keyring to share */
	{ "setsid", EPERM, OP_SESSION }, /* leads one already */
	{ "setgroups", EPERM, OP_BECOME_ROOT }, /* denied for good */
	{ "kill", 0, OP_BIND }, /* idmap's child has ended by itself where it cannot be killed */
	{ "waitid", 0, OP_BIND }, /* likewise */
	{ "sigprocmask", 0, OP_ID_MAP_HELPER }, /* cannot fail */
	{ "sigprocmask", 0, OP_CGROUP_SCOPE }, /* likewise */
	{ "read", 0, OP_ID_MAP_HELPER }, /* what exec failed with; 127 says that it did */
	{ "read", 0, OP_CGROUP_SCOPE }, /* likewise */
	{ "openat", 0, OP_COUNT }, /* HOME is "/" without a passwd file */
	{ "openat2", 0, OP_COUNT }, /* likewise */
	{ "read", 0, OP_COUNT }, /* likewise */
	{ "fcntl", 0, OP_COUNT }, /* of a descriptor that was found open */
	{ "sigprocmask", 0, OP_COUNT }, /* cannot fail */
};

/* What the forked process tells. */
struct outcome {
	bool failing; /* a call is to fail */
	bool done; /* it came to an end by itself */
	int rc;
	unsigned int op; /* the one at work: its index, or plan->n on the way to exec */
	unsigned int failed_op; /* the one whose call failed, 1 more than its index; 0: none */
	bool alternative; /* that one has another after it (OP_ELSE) */
	unsigned int warnings;
	struct err err;
	int leaked; /* descriptors */
	bool children;
};

struct scene {
	struct place place;
	struct arena arena;
	const struct scenario *scenario;
	struct plan *plan;
	struct outcome *outcome; /* shared */
};

/* What the sandbox composes: directories, one that stays writable, files, a link. */
static void make_fresh(struct config *config)
{
	static struct seed seeds[] = {
		{ SEED_DIR, "/etc", NULL, 0755 },	  { SEED_SPACE, "/space", NULL, 01777 },
		{ SEED_FILE, "/etc/seed", "text", 0644 }, { SEED_FILE, "/etc/seed", "again", 0644 },
		{ SEED_LINK, "/seed", "etc/seed", 0 },	  { SEED_COPY, "/space", "/etc", 0 },
	};

	config->root->fresh = "size=1m,nr_inodes=100,mode=755";
	config->root->seeds = (struct seeds){ seeds, ARRAY_LEN(seeds) };
	config->process->scoped = true;
}

/* In place of the mounts of the host that the facts are about. */
static void set_cgroup(const struct scene *s, struct facts *f)
{
	static const char *const v1[] = { "cpuset", "freezer", "devices" };

	f->cgroup_v1_n = 0;
	f->cgroup_mount[0] = '\0';
	f->cgroup_mode = s->scenario->cgroup == 2 ? CGROUP_V2 : CGROUP_V1;
	if (s->scenario->cgroup == 2) {
		(void)snprintf(f->cgroup_mount, sizeof(f->cgroup_mount), "%s/mounts/cgroup2",
			       s->place.dir);
		(void)snprintf(f->cgroup_own, sizeof(f->cgroup_own), "/");
		(void)snprintf(f->cgroup_root, sizeof(f->cgroup_root), "/");
		(void)snprintf(f->cgroup_top_controllers, sizeof(f->cgroup_top_controllers),
			       "cpu memory pids io hugetlb");
		f->cgroup_writable = f->cgroup_top = true;
		return;
	}
	for (size_t i = 0; i < ARRAY_LEN(v1); i++) {
		struct cgroup_v1 *v = &f->cgroup_v1[f->cgroup_v1_n++];

		(void)snprintf(v->mount, sizeof(v->mount), "%.40s/mounts/cgroup1", s->place.dir);
		(void)snprintf(v->controllers, sizeof(v->controllers), "%s", v1[i]);
		(void)snprintf(v->own, sizeof(v->own), "/");
		v->writable = true;
	}
}

static void make_plan(struct scene *s)
{
	struct plan_options o = { .bundle = s->place.dir, .id = "one", .console = true };
	const struct scenario *what = s->scenario;
	struct config *config;
	struct facts facts;
	struct err err = { 0 };
	struct op *op;
	char *text;
	size_t len;

	o.no_pivot = what->no_pivot;
	o.cgroup_manager = what->manager;
	if (file_read(AT_FDCWD, what->facts, FILE_MAX, &s->arena, &text, &len, &err) < 0 ||
	    facts_parse(text, len, what->facts, &facts, &err) < 0 ||
	    file_read(AT_FDCWD, what->config, FILE_MAX, &s->arena, &text, &len, &err) < 0 ||
	    config_parse(text, len, what->config, &s->arena, &config, &err) < 0 ||
	    config_check(config, &err) < 0)
		fail_msg("%s: %s %s", what->name, err.place, err.text);
	if (what->fresh)
		make_fresh(config);
	/* The host that the facts describe has both, and helpers that agree to everything. */
	facts.apparmor = facts.selinux = true;
	(void)snprintf(facts.resctrl, sizeof(facts.resctrl), "/sys/fs/resctrl");
	if (what->cgroup)
		set_cgroup(s, &facts);
	(void)snprintf(facts.newuidmap, sizeof(facts.newuidmap), "/bin/true");
	(void)snprintf(facts.newgidmap, sizeof(facts.newgidmap), "/bin/true");
	if (plan_container(config, &facts, &o, &s->arena, &s->plan, &err) < 0)
		fail_msg("%s: %s %s", what->name, err.place, err.text);
	/* Of a service that is not there. */
	op = plan_add(s->plan, STAGE_IDS, OP_ID_MAP_SERVICE, "/linux/uidMappings");
	op->path = "/nowhere/socket";
	op->text = "srt-1";
	op->flags = OP_OPTIONAL;
	/* What the way out by another program takes. */
	plan_add(s->plan, STAGE_NAMESPACE, OP_NAT, "/srt/network")->flags = OP_BY_PARENT;
	op = plan_add(s->plan, STAGE_ROOT, OP_FILE_OVER, "/srt/network");
	op->path = "/etc/resolv.conf";
	op->data = "text";
	op->len = 4;
	/* What a pool's task begins with. */
	op = plan_add(s->plan, STAGE_ROOT, OP_MOUNT, "/mounts/0");
	op->path = "/tmp";
	op->type = op->text = "tmpfs";
	op->flags = OP_HOLD;
	op = plan_add(s->plan, STAGE_ROOT, OP_MKDIR, "/mounts/0");
	op->path = "/tmp/0";
	op->a = 01777;
	op = plan_add(s->plan, STAGE_ROOT, OP_BIND, "/mounts/0");
	op->path = "/tmp";
	op->text = "/usr";
	/* What is done to a container that runs. */
	plan_add(s->plan, STAGE_ROOT, OP_UMOUNT, "/mounts/0")->path = "/tmp";
	plan_add(s->plan, STAGE_PROCESS, OP_AFFINITY, "/process/execCPUAffinity")->text = "0";
	/* What a sandbox's plan has. */
	plan_add(s->plan, STAGE_PROCESS, OP_JOIN_BESIDE, "/linux/namespaces")->a = CLONE_NEWNET;
}

/* --- in the forked process -------------------------------------------------------------------- */

static void count_warning(void *ctx, const struct op *op, const struct err *why)
{
	struct outcome *o = ctx;

	(void)op;
	/* Another op's, which fails without us, tells nothing of the call that we had fail. */
	o->warnings += why->text[0] && fake_failed() && !o->failed_op;
}

static int held(const struct act *x)
{
	const int fds[] = { x->proc_fd, x->root_fd,    x->empty_fd, x->null_fd,
			    x->dir_fd,	x->console_fd, x->tty_fd,   x->listener_fd };
	int n = (int)x->cgroups->n;

	for (size_t i = 0; i < ARRAY_LEN(fds); i++)
		n += fds[i] >= 0;
	for (size_t i = 0; x->plan && i < x->plan->held_n; i++)
		n += x->plan->held[i] >= 0;
	return n;
}

/* The parent, which is this process itself; devices and caches of this host are left alone. */
static int ask(void *ctx, const struct op *op, int *ret_fd, struct err *err)
{
	*ret_fd = -1;
	return op->code == OP_NET_DEVICE || op->code == OP_RDT || op->code == OP_NAT
		       ? 0
		       : act_by_parent(ctx, op, ret_fd, err);
}

/* The parent keeps it. */
static int give(void *ctx, int way, int fd, struct err *err)
{
	(void)ctx;
	(void)way;
	(void)fd;
	(void)err;
	return 0;
}

/* Made by this process long ago. */
static int beside(void *ctx, int *ret_fd, struct err *err)
{
	const struct act *x = ctx;

	*ret_fd = sys_openat(x->proc_fd, "self/ns/net", O_RDONLY | O_CLOEXEC, 0);
	return *ret_fd < 0 ? err_host(err, errno, "open the network namespace") : 0;
}

/* One op, with those that stand in for it, as act_stage does them. */
static int carry_out(struct act *x, struct plan *one, const struct plan *all, size_t i, size_t n,
		     struct err *err)
{
	*one = *all;
	one->ops = all->ops + i;
	one->n = n;
	x->plan = one;
	return act_stage(x, (enum stage)all->ops[i].stage, err);
}

static void note_failure(struct outcome *o, bool alternative)
{
	if (o->failed_op || !fake_failed())
		return;
	o->failed_op = o->op + 1;
	o->alternative = alternative;
}

static size_t with_alternatives(const struct plan *p, size_t i)
{
	size_t n = 1;

	while (i + n < p->n && p->ops[i + n].stage == p->ops[i].stage &&
	       (p->ops[i + n].flags & OP_ELSE))
		n++;
	return n;
}

static int all_stages(struct act *x, const struct plan *p, struct outcome *o, struct err *err)
{
	struct plan one;
	int r;

	for (int stage = 0; stage < STAGE_COUNT; stage++)
		for (size_t i = 0, n; i < p->n; i += n) {
			n = with_alternatives(p, i);
			if (p->ops[i].stage != stage)
				continue;
			o->op = (unsigned int)i;
			r = carry_out(x, &one, p, i, n, err);
			note_failure(o, n > 1);
			TRY(r);
			if (!o->failing && fake_fds() != held(x))
				return err_set(err, ERR_LIMIT, 0, "%d descriptors, but %d are held",
					       fake_fds(), held(x));
		}
	o->op = (unsigned int)p->n;
	x->plan = p;
	return 0;
}

static int to_exec(struct act *x, struct err *err)
{
	char path[PATH_MAX], home[ACT_HOME_ROOM];

	TRY(act_find(x->plan->argv, x->plan->envp, true, path, sizeof(path), err));
	return act_ready(x, home, err);
}

static void run(const struct scene *s, unsigned int n, int errnum, bool of_child)
{
	const char *dir = s->place.dir;
	const struct plan *p = s->plan;
	struct outcome *o = s->outcome;
	struct cgroup_dirs cgroups = { .n = 0 };
	struct act x = ACT_INIT;
	char mounts[80], hierarchy[96], scope[CGROUP_PATH_MAX], companion[PATH_MAX];

	(void)snprintf(mounts, sizeof(mounts), "%s/mounts", dir);
	fake_begin();
	fake_scratch(mounts);
	cgroup_fake_begin(mounts);
	(void)snprintf(hierarchy, sizeof(hierarchy), "%s/cgroup2", mounts);
	(void)setenv("XDG_RUNTIME_DIR", hierarchy, 1);
	x.companion = realpath("tests/fault/data/companion", companion);
	x.scope = scope;
	x.cgroups = &cgroups;
	x.umask = 022;
	x.child = getpid();
	x.root_alone = s->scenario->alone;
	x.warn = count_warning;
	x.warn_ctx = o;
	x.ask = ask;
	x.give = give;
	x.beside = beside;
	x.ask_ctx = &x;
	o->rc = act_open_proc(&x.proc_fd, &o->err);
	if (of_child)
		fake_fail_child_at(n, errnum);
	else
		fake_fail_at(n, errnum);
	if (o->rc == 0)
		o->rc = all_stages(&x, p, o, &o->err);
	x.plan = p; /* the stages had it in parts */
	o->leaked = fake_fds() - held(&x);
	if (o->rc == 0)
		o->rc = to_exec(&x, &o->err);
	note_failure(o, false);
	o->children = waitpid(-1, NULL, WNOHANG) >= 0;
	o->done = true;
}

/* --- judging ---------------------------------------------------------------------------------- */

static const struct op *failed_op(const struct scene *s)
{
	unsigned int i = s->outcome->failed_op;

	return i && i <= s->plan->n ? &s->plan->ops[i - 1] : NULL;
}

/* idmap's child has opened something in the descriptors that both share, and nobody hears which: it closes on exec. */
static bool may_leak(const struct op *op, const char *failed)
{
	return op && op->code == OP_BIND && strcmp(failed, "read") == 0;
}

static bool may_survive(const struct scene *s, const char *failed, int errnum)
{
	const struct op *op = failed_op(s);
	int code = op ? op->code : OP_COUNT;

	for (size_t i = 0; i < ARRAY_LEN(survived); i++)
		if (strcmp(survived[i].name, failed) == 0 &&
		    (!survived[i].errnum || survived[i].errnum == errnum) &&
		    (survived[i].code < 0 || survived[i].code == code) &&
		    (!survived[i].fresh || s->scenario->fresh))
			return true;
	return s->outcome->alternative || s->outcome->warnings;
}

/* The failure is told by the op at work, in its place; or it is one that may be survived. */
static void judge(const struct scene *s, unsigned int n, int errnum)
{
	const struct outcome *o = s->outcome;
	const struct op *op = failed_op(s);
	const char *failed = fake_failed(), *name = op ? op_infos[op->code].name : "exec";
	const char *flow = s->scenario->name, *why = strerror(errnum);

	if (!o->done)
		fail_msg("%s: call %u (%s) failing with %s kills", flow, n, failed, why);
	if ((o->leaked && !may_leak(op, failed)) || o->children)
		fail_msg("%s: call %u (%s of %s) leaks %d descriptors%s", flow, n, failed, name,
			 o->leaked, o->children ? ", a child" : "");
	if (o->rc == 0 && failed && !may_survive(s, failed, errnum))
		fail_msg("%s: call %u (%s of %s) failing with %s goes unnoticed", flow, n, failed,
			 name, why);
	if (o->rc == 0)
		return;
	if (o->failed_op != o->op + 1 || o->err.kind == ERR_LIMIT)
		fail_msg("%s: call %u (%s of %s): op %u fails: %s: %s", flow, n, failed, name,
			 o->op, o->err.place, o->err.text);
	if (o->err.kind == ERR_NONE || !o->err.text[0] ||
	    (op && strncmp(o->err.place, op->cause, strlen(op->cause)) != 0))
		fail_msg("%s: call %u (%s of %s) says \"%s: %s\"", flow, n, failed, name,
			 o->err.place, o->err.text);
}

/* False where there is no nth call. */
static bool attempt(const struct scene *s, unsigned int n, int errnum, bool of_child)
{
	int status;
	pid_t child;

	*s->outcome = (struct outcome){ .failing = n > 0 };
	place_fill(&s->place);
	fake_begin();
	child = fork();
	if (child == 0) {
		run(s, n, errnum, of_child);
		_exit(0);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	judge(s, n, errnum);
	if (fake_leaks())
		fail_msg("call %u: %s leaked", n, fake_leaks());
	place_check(&s->place);
	return fake_failed() != NULL;
}

/* Each in turn, or each with each errno. */
static unsigned int attempts(const struct scene *s, bool of_child, bool thorough)
{
	static const int errnums[] = { EPERM, ENOSPC, EIO };
	unsigned int n = 1, e = 0;

	while (n < CALLS_MAX && attempt(s, n, errnums[e], of_child)) {
		e = (e + 1) % ARRAY_LEN(errnums);
		n += !thorough || e == 0;
	}
	assert_true(n < CALLS_MAX);
	return n - 1;
}

static void every_call_that_fails_is_told(void **state)
{
	struct scene *s = *state;
	unsigned int calls = 0, of_children = 0;

	for (size_t i = 0; i < ARRAY_LEN(scenarios); i++) {
		s->scenario = &scenarios[i];
		make_plan(s);
		assert_false(attempt(s, 0, 0, false));
		assert_int_equal(s->outcome->rc, 0);
		calls += attempts(s, false, i == 0);
		of_children += attempts(s, true, true);
	}
	assert_true(calls > 300);
	assert_true(of_children > 5);
}

/* A new op needs its line in a scenario. */
static void every_op_is_carried_out(void **state)
{
	struct scene *s = *state;
	unsigned int missing = 0;
	bool seen[OP_COUNT] = { false };

	for (size_t i = 0; i < ARRAY_LEN(scenarios); i++) {
		s->scenario = &scenarios[i];
		make_plan(s);
		for (size_t k = 0; k < s->plan->n; k++)
			seen[s->plan->ops[k].code] = true;
	}
	for (int code = 0; code < OP_COUNT; code++)
		if (!seen[code]) {
			missing++;
			print_error("no scenario has the op %s\n", op_infos[code].name);
		}
	assert_int_equal(missing, 0);
}

static int setup(void **state)
{
	struct scene *s = calloc(1, sizeof(*s));

	if (!s)
		return -1;
	s->outcome = mmap(NULL, sizeof(*s->outcome), PROT_READ | PROT_WRITE,
			  MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	*state = s;
	return s->outcome == MAP_FAILED ? -1 : place_begin(&s->place);
}

static int teardown(void **state)
{
	struct scene *s = *state;

	place_done(&s->place);
	arena_done(&s->arena);
	(void)munmap(s->outcome, sizeof(*s->outcome));
	free(s);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(every_call_that_fails_is_told, setup, teardown),
		cmocka_unit_test_setup_teardown(every_op_is_carried_out, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
