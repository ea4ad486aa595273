/* SPDX-License-Identifier: Apache-2.0 */
/* pool_recipe.c - both plans come out of the configuration that exec composes from the same policy.
 *
 * The zygote's sandbox is exec's without limits of processes and files, without masks and without the filter: only our own
 * code and the modules that the pool's owner names run in it, and a task's /proc can be mounted only where none is masked.
 * What it leaves out each task has: a user namespace of its own, in which processes are counted, the private space, /proc and
 * /dev/pts anew, the masks, the limits and the filter. */
#include "runtime/sandbox/pool_recipe.h"

#include <errno.h>
#include <linux/capability.h>
#include <linux/mount.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <string.h>
#include <sys/resource.h>

#include "runtime/plan/plan_seccomp.h"
#include "runtime/probe/probe.h"
#include "runtime/sandbox/compose.h"
#include "runtime/sandbox/degrade.h"
#include "runtime/sandbox/doctor.h"
#include "spec/base/path.h"
#include "spec/base/sys.h"

#ifndef SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV /* 5.19 */
#define SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV (1UL << 5)
#endif

/* Of what the kernel counts for a user each task has at most this part. */
#define TASK_SHARE 8

static const char zygote_source[] = {
#include "zygote.h"
};
static const unsigned char zygote_native[] = {
#include "zygote_native.h"
};

/* --- what cannot be had --- */

struct refusal {
	enum policy_item item;
	const char *why;
};

static const struct refusal refusals[] = {
	{ POLICY_WORKSPACE, "a pool's tasks have no workspace; use exec" },
	{ POLICY_ARTIFACTS_DIR, "a pool's tasks leave no artifacts; use exec" },
	{ POLICY_VIOLATIONS, "a pool does not trace its tasks; use exec" },
};

static int refuse(const char *from, const char *why, struct err *err)
{
	(void)err_input(err, "%s", why);
	return err_in(err, "%s", from);
}

static int check_policy(const struct policy *p, struct err *err)
{
	uint64_t backend = policy_n(p, POLICY_BACKEND);

	for (size_t i = 0; i < ARRAY_LEN(refusals); i++)
		if (policy_text(p, refusals[i].item))
			return refuse(p->v[refusals[i].item].from, refusals[i].why, err);
	if (policy_n(p, POLICY_TRACE))
		return refuse(p->v[POLICY_TRACE].from, "a pool does not trace its tasks; use exec",
			      err);
	if (!policy_n(p, POLICY_EXEC))
		return refuse(p->v[POLICY_EXEC].from,
			      "a pool cannot forbid its tasks to start programs; use exec", err);
	if (p->publish.n)
		return refuse("--publish",
			      "a port of the host leads into one sandbox, and a pool has many; "
			      "use exec",
			      err);
	if (policy_text(p, POLICY_NETWORK_MODE) && !policy_is_hosts_network(p))
		return refuse(
			p->v[POLICY_NETWORK_MODE].from,
			"a pool's tasks have no network, one by rules, or with host the host's; use exec",
			err);
	if (backend != BACKEND_AUTO && backend != BACKEND_SUPERVISOR)
		return refuse(p->v[POLICY_BACKEND].from,
			      "a pool's limits are held by its supervisor; say auto or supervisor",
			      err);
	return 0;
}

/* --- the task --- */

static struct op *add_mount(struct plan *p, const char *path, const char *type, const char *data)
{
	struct op *op = plan_add(p, STAGE_ROOT, OP_MOUNT, "");

	op->path = path;
	op->type = op->text = type;
	op->data = data;
	op->len = data ? (uint32_t)strlen(data) : 0;
	op->a = MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV;
	return op;
}

static const char *space_in(struct plan *p, size_t i)
{
	return arena_printf(p->arena, SANDBOX_SCRATCH "/%zu", i);
}

static void add_space_directory(struct plan *p, const struct seed *s, size_t i)
{
	struct op *op = plan_add(p, STAGE_ROOT, OP_MKDIR, "");

	op->path = space_in(p, i);
	op->a = s->mode;
}

/* As the file system is: neither set-id nor devices. */
static void add_space(struct plan *p, const struct seed *s, size_t i)
{
	struct op *op = plan_add(p, STAGE_ROOT, OP_BIND, "");

	op->path = s->path;
	op->text = space_in(p, i);
}

/* One file system holds all that a task may write, so that its size and its files are bounded together. The scratch directory is
 * its place until all else has what it is to have of it, and then hides it under its own part. Who only reads a directory, as each import
 * does, changes nothing of it (pool_mounts.h). */
static void add_spaces(struct plan *p, const struct config *c)
{
	const struct seeds *all = &c->root->seeds;
	struct op *space;

	space = add_mount(p, SANDBOX_SCRATCH, "tmpfs", c->root->fresh);
	space->a |= MOUNT_ATTR_NODIRATIME;
	space->flags = OP_HOLD;
	for (size_t i = 0; i < all->n; i++)
		if (all->v[i].kind == SEED_SPACE)
			add_space_directory(p, &all->v[i], i);
	for (int scratch = false; scratch <= true; scratch++)
		for (size_t i = 0; i < all->n; i++)
			if (all->v[i].kind == SEED_SPACE &&
			    str_eq(all->v[i].path, SANDBOX_SCRATCH) == scratch)
				add_space(p, &all->v[i], i);
}

static void add_mask(struct plan *p, const char *path)
{
	plan_add(p, STAGE_ROOT, OP_MASK, "")->path = path;
}

static void add_ids(struct plan *p, const struct task_kind *k)
{
	struct op *op;

	if (!k->denied)
		(void)plan_add(p, STAGE_NAMESPACE, OP_DENY_SETGROUPS, "");
	op = plan_add(p, STAGE_NAMESPACE, OP_ID_MAP, "");
	op->path = "uid_map";
	op->text = arena_printf(p->arena, "%u %u 1", k->uid, k->uid);
	op = plan_add(p, STAGE_NAMESPACE, OP_ID_MAP, "");
	op->path = "gid_map";
	op->text = arena_printf(p->arena, "%u %u 1", k->gid, k->gid);
}

int recipe_task(const struct config *c, const struct task_kind *k, struct arena *a,
		struct plan **ret, struct err *err)
{
	struct plan *p = arena_new(a, struct plan);

	p->arena = a;
	add_ids(p, k);
	if (config_has_ns(c, CLONE_NEWNET) && !k->lends)
		TRY(plan_network(p, c, err));
	add_spaces(p, c);
	add_mount(p, "/proc", "proc", NULL)->a |= MOUNT_ATTR_NOEXEC;
	add_mount(p, "/dev/pts", "devpts", "newinstance,ptmxmode=0666,mode=0620")->a =
		MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC;
	for (size_t i = 0; i < c->linux_.masked_paths.n; i++)
		add_mask(p, c->linux_.masked_paths.v[i]);
	*ret = p;
	return 0;
}

/* --- the zygote --- */

/* Behind those that are there. */
static int add_filter(struct zygote_setup *s, enum zygote_program which,
		      const struct seccomp_program *p, struct err *err)
{
	if (p->n > BPF_MAXINSNS - s->filter_n)
		return err_input(err, "the filters of a task have more than %d instructions",
				 BPF_MAXINSNS);
	memcpy(s->filter + s->filter_n, p->insns, p->n * sizeof(*p->insns));
	s->filter_n += (uint32_t)p->n;
	s->programs[which].n = (uint32_t)p->n;
	s->programs[which].flags = p->flags;
	return 0;
}

static int add_profile(struct zygote_setup *s, enum zygote_program which,
		       const struct seccomp *profile, struct arena *a, struct err *err)
{
	struct seccomp_program p = { 0 };

	TRY(seccomp_compile(profile, a, &p, err));
	return add_filter(s, which, &p, err);
}

/* The only call that a copy is forbidden and needs. */
static const char entering[] = "setns";

static struct seccomp *without_entering(const struct seccomp *s, struct arena *a)
{
	struct seccomp *ret = arena_new(a, struct seccomp);

	*ret = *s;
	ret->syscalls.v = arena_array(a, struct seccomp_syscall, s->syscalls.n);
	for (size_t i = 0; i < s->syscalls.n; i++) {
		struct seccomp_syscall *to = &ret->syscalls.v[i];
		const struct strings *from = &s->syscalls.v[i].names;

		*to = s->syscalls.v[i];
		to->names = (struct strings){ arena_array(a, const char *, from->n + 1), 0 };
		for (size_t k = 0; k < from->n; k++)
			if (strcmp(from->v[k], entering) != 0)
				to->names.v[to->names.n++] = from->v[k];
	}
	return ret;
}

/* Does the kernel know the flag? Without a program it faults (EFAULT) on those that it does. */
static bool waits_killably(void)
{
	return sys_seccomp(SECCOMP_SET_MODE_FILTER,
			   SECCOMP_FILTER_FLAG_NEW_LISTENER |
				   SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV,
			   NULL) < 0 &&
	       errno == EFAULT;
}

/* Whatever makes a socket, an object of IPC, a key, or an instance of inotify, which is limited then: where it is told of, its answer is
 * the kernel's. Stricter answers of the policy's go before it. */
static const char *const told_calls[] = {
	"socket",      "socketpair", "socketcall", "io_uring_setup", "shmget",	      "semget",
	"msgget",      "mq_open",    "ipc",	   "inotify_init",   "inotify_init1", "add_key",
	"request_key", "keyctl",
};

/* A file without a name is in no directory whose times would tell (pool_mounts.h). Where its flags are not in the call itself, any is told
 * of; their value is that of Linux on all our architectures, without O_DIRECTORY's, which is not. */
#define OPEN_NAMELESS 020000000
static const struct {
	const char *name;
	uint32_t argument; /* 0: none */
} opening_calls[] = { { "open", 1 }, { "openat", 2 }, { "openat2", 0 } };

static struct seccomp_args nameless_flags(uint32_t argument, struct arena *a)
{
	struct seccomp_args args = { NULL, 0 };

	if (argument == 0)
		return args;
	args.v = arena_new(a, struct seccomp_arg);
	args.v[args.n++] = (struct seccomp_arg){ .index = argument,
						 .value = OPEN_NAMELESS,
						 .value_two = OPEN_NAMELESS,
						 .op = SCMP_OP_MASKED_EQ };
	return args;
}

static void add_told(struct seccomp_syscalls *rows, struct arena *a)
{
	rows->v[rows->n++] =
		(struct seccomp_syscall){ .names = { (const char **)(uintptr_t)told_calls,
						     ARRAY_LEN(told_calls) },
					  .action = SECCOMP_RET_USER_NOTIF };
	for (size_t i = 0; i < ARRAY_LEN(opening_calls); i++)
		rows->v[rows->n++] = (struct seccomp_syscall){
			.names = { (const char **)(uintptr_t)&opening_calls[i].name, 1 },
			.action = SECCOMP_RET_USER_NOTIF,
			.args = nameless_flags(opening_calls[i].argument, a)
		};
}

#define LAST_ROWS_MAX (2 + ARRAY_LEN(opening_calls))

static struct seccomp *last_profile(const struct seccomp *s, bool lends, struct arena *a)
{
	struct seccomp *ret = arena_new(a, struct seccomp);
	static const char *const enters[] = { entering };

	*ret = (struct seccomp){ .default_action = SECCOMP_RET_ALLOW,
				 .architectures = s->architectures,
				 .x32_errno = s->x32_errno };
	ret->syscalls.v = arena_array(a, struct seccomp_syscall, LAST_ROWS_MAX);
	ret->syscalls.v[ret->syscalls.n++] =
		(struct seccomp_syscall){ .names = { (const char **)(uintptr_t)enters, 1 },
					  .action = SECCOMP_RET_ERRNO,
					  .errno_ret = { true, EPERM } };
	if (lends)
		add_told(&ret->syscalls, a);
	/* A handler of the task's makes a call that is told of fail with EINTR; so no longer once we have heard of it. */
	if (lends && waits_killably()) {
		ret->flags =
			SECCOMP_FILTER_FLAG_SPEC_ALLOW | SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV;
		ret->flags_set = true;
	}
	return ret;
}

/* As with exec, what belongs to a filtered network comes before the policy's own. */
static int fill_filters(const struct composition *task, bool lends, struct zygote_setup *s,
			struct err *err)
{
	const struct seccomp *own = task->config.linux_.seccomp;
	struct plan network = { .arena = task->a };

	TRY(plan_network_calls(&network, &task->config, STAGE_LAST, err));
	if (network.n)
		TRY(add_filter(s, PROGRAM_NETWORK, network.ops[0].data, err));
	TRY(add_profile(s, PROGRAM_OWN, without_entering(own, task->a), task->a, err));
	return add_profile(s, PROGRAM_LAST, last_profile(own, lends, task->a), task->a, err);
}

static void add_limit(struct zygote_setup *s, uint64_t kind, uint64_t most)
{
	if (s->limits_n == ZYGOTE_LIMITS_MAX)
		return;
	s->limits[s->limits_n].kind = kind;
	s->limits[s->limits_n++].most = most;
}

/* What the kernel counts for a user it counts for each user namespace, too: a part of what there is cannot be all. */
static void add_share(struct zygote_setup *s, uint64_t kind)
{
	struct rlimit own;

	if (sys_prlimit(0, (int)kind, NULL, &own) == 0)
		add_limit(s, kind, own.rlim_cur / TASK_SHARE);
}

static void fill_limits(const struct composition *task, struct zygote_setup *s)
{
	const struct rlimits *r = &task->process.rlimits;

	add_limit(s, RLIMIT_NOFILE, task->open_files);
	add_share(s, RLIMIT_SIGPENDING);
	add_share(s, RLIMIT_MSGQUEUE);
	for (size_t i = 0; i < r->n; i++)
		add_limit(s, (uint64_t)r->v[i].type, r->v[i].hard);
}

static int zygote_setup(const struct composition *task, const struct recipe *r,
			struct zygote_setup **ret, struct err *err)
{
	struct zygote_setup *s = arena_new(task->a, struct zygote_setup);

	TRY(fill_filters(task, r->lends, s, err));
	s->namespaces = r->namespaces & ~CLONE_NEWPID;
	s->scoped = task->process.scoped;
	fill_limits(task, s);
	*ret = s;
	return 0;
}

static void zygote_words(struct arena *a, const char *preload, struct request *q)
{
	const char **v = arena_array(a, const char *, 5);

	v[0] = "python3";
	v[1] = "-c";
	v[2] = zygote_source;
	v[3] = preload ? preload : "";
	q->args = (struct strings){ v, 4 };
}

/* The right to be in a task's pid namespace for the length of a fork; gone in the task. */
static struct capabilities *zygote_capabilities(struct arena *a)
{
	static const struct cap_set admin = { .set = true, .bits = 1ULL << CAP_SYS_ADMIN };
	struct capabilities *c = arena_new(a, struct capabilities);

	*c = (struct capabilities){ admin, admin, admin, admin, admin };
	return c;
}

static int compose_zygote(struct composition *z, struct err *err)
{
	static const char *empty[] = { "ro", "nosuid", "nodev", "noexec", "nr_inodes=2", NULL };

	TRY(compose(z, err));
	compose_seed(z, SEED_DIR, POOL_HIDDEN, NULL, 0755);
	(void)compose_mount(z, POOL_HIDDEN, "tmpfs", "tmpfs", empty);
	z->config.srt = NULL; /* it has no network, and only its tasks a way out */
	z->config.linux_.masked_paths.n = 0;
	z->config.linux_.seccomp = NULL;
	z->process.capabilities = zygote_capabilities(z->a);
	return config_check(&z->config, err);
}

static int plan_zygote(const struct request *q, struct arena *a, struct plan **ret, struct err *err)
{
	const struct plan_options o = { .bundle = "/", .id = q->id, .no_new_keyring = true };
	struct policy policy = *q->policy;
	struct request own = *q;
	struct composition z = { .q = &own, .a = a };
	struct facts facts;

	own.policy = &policy;
	policy.v[POLICY_PROCESSES].n = 0;
	policy.v[POLICY_FILE_SIZE].n = 0;
	policy.v[POLICY_OPEN_FILES].n = 0;
	TRY(compose_zygote(&z, err));
	TRY(probe(plan_wants(&z.config), &facts, err));
	return plan_container(&z.config, &facts, &o, a, ret, err);
}

/* What is denied in the zygote's user namespace is so in those that it makes (user_namespaces(7)). */
static int task_plan(const struct composition *task, struct recipe *r, struct err *err)
{
	const struct task_kind k = { .denied = r->zygote->setgroups_denied,
				     .lends = r->lends,
				     .uid = task->uid,
				     .gid = task->gid };

	return recipe_task(&task->config, &k, task->a, &r->task, err);
}

/* What no module brings: a kernel that lacks it when the pool begins lacks it for good. */
static const char *const built_in[] = { "/proc/kcore", "/proc/latency_stats", "/proc/sched_debug" };

static bool is_there(const char *path)
{
	struct stat st;

	return sys_fstatat(AT_FDCWD, path, &st, AT_SYMLINK_NOFOLLOW) == 0 || errno != ENOENT;
}

static bool is_needless(const struct op *op)
{
	for (size_t i = 0; op->code == OP_MASK && i < ARRAY_LEN(built_in); i++)
		if (str_eq(op->path, built_in[i]))
			return !is_there(op->path);
	return false;
}

static void leave_out_needless(struct plan *p)
{
	size_t n = 0;

	for (size_t i = 0; i < p->n; i++)
		if (!is_needless(&p->ops[i]))
			p->ops[n++] = p->ops[i];
	p->n = n;
}

void recipe_look(const struct recipe *r)
{
	/* One that has processes alone (subset=pid) tells nothing of the kernel. */
	if (!is_there("/proc/sys"))
		return;
	leave_out_needless(r->task);
}

/* What lies in a task's private space would be hidden by it. */
static int check_mounts(const struct config *c, struct err *err)
{
	const struct seeds *seeds = &c->root->seeds;

	for (size_t i = 0; i < c->mounts.n; i++)
		for (size_t k = 0; k < seeds->n; k++) {
			const char *place = c->mounts.v[i].destination;
			const char *space = seeds->v[k].path;

			if (seeds->v[k].kind == SEED_SPACE && path_beneath(place, space))
				return err_input(
					err,
					"%s cannot be mounted: each task of a pool has %s to itself; choose another "
					"place, or use exec",
					place, space);
		}
	return 0;
}

/* --- the network --- */

/* Not where the network is filtered, with the helper's listeners in it; not where nobody would tell that something is made; and not where
 * the settings of namespaces are root's, and root is who runs the task. */
static bool lends(const struct composition *task, const struct recipe *r)
{
	return config_has_ns(&task->config, CLONE_NEWNET) && !recipe_is_filtered(r) &&
	       task->uid != 0 && doctor_notifies();
}

bool recipe_is_filtered(const struct recipe *r)
{
	return r->way.network;
}

int recipe_make(const struct request *q, const char *preload, bool fresh, struct recipe *ret,
		struct arena *a, struct err *err)
{
	struct request own = *q;
	static const char *python[] = { "python3", NULL };
	struct composition task = { .q = &own, .a = a };
	struct degrade_host host;

	TRY(check_policy(q->policy, err));
	degrade_look(q->policy, &host);
	TRY(degrade_check(q->policy, BACKEND_SUPERVISOR, &host, q->degraded, a, &ret->degraded,
			  err));
	task.scopes = host.scopes;
	own.args = (struct strings){ python, 1 };
	TRY(compose(&task, err));
	TRY(check_mounts(&task.config, err));
	ret->namespaces = CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWNS | CLONE_NEWIPC | CLONE_NEWUTS |
			  CLONE_NEWCGROUP;
	if (config_has_ns(&task.config, CLONE_NEWNET))
		ret->namespaces |= CLONE_NEWNET;
	ret->way = (struct way)WAY_INIT;
	if (way_prepare(&ret->way, &task.config, a, err) < 0)
		return compose_network_place(&task, err);
	ret->lends = !fresh && lends(&task, ret);
	TRY(zygote_setup(&task, ret, &ret->setup, err));
	ret->native = zygote_native;
	ret->native_size = sizeof(zygote_native);
	zygote_words(a, preload, &own);
	TRY(plan_zygote(&own, a, &ret->zygote, err));
	return task_plan(&task, ret, err);
}
