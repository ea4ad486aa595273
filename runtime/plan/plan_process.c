/* SPDX-License-Identifier: Apache-2.0 */
/* plan_process.c - what the process may be and do: session, limits, identity, capabilities, filters.
 *
 * The order is the kernel's: limits while we may still raise them, the bounding set and groups while we have the
 * capabilities, the user, the working directory as that user but with the capabilities, then the capabilities, and last
 * the filter, which may forbid any of these calls. Without no_new_privs a filter needs CAP_SYS_ADMIN and goes before. */
#include <linux/capability.h>
#include <linux/ioprio.h>
#include <sched.h>
#include <sys/resource.h>

#include "runtime/plan/plan.h"
#include "runtime/plan/plan_seccomp.h"
#include "spec/base/path.h"
#include "spec/oci/annotations.h"
#include "spec/oci/numberlist.h"
#include "spec/oci/words.h"

#define POLICY_DEADLINE 6 /* SCHED_DEADLINE, which not every C library has */
#define NICE_LIMIT_ZERO 20 /* RLIMIT_NICE counts from here downward: 20 is nice 0, 40 is nice -20 */

struct job {
	struct plan *p;
	const struct config *c;
	const struct process *process;
	const struct facts *f;
	const struct plan_options *o;
	const char *nodes; /* that there are for the process, "" if unknown */
};

static struct op *add(const struct job *j, enum op_code code, const char *cause)
{
	return plan_add(j->p, STAGE_PROCESS, code, cause);
}

static uint64_t known_caps(const struct facts *f)
{
	int n = f->last_cap > 0 && f->last_cap < 63 ? f->last_cap + 1 : CAP_LAST_CAP + 1;

	return ((uint64_t)1 << n) - 1;
}

/* In a new user namespace all capabilities are there; elsewhere only what the caller's bounding set still holds. */
static uint64_t available_caps(const struct job *j)
{
	const struct namespace *user = namespace_of(j->c, CLONE_NEWUSER);

	return user ? known_caps(j->f) : known_caps(j->f) & j->f->caps_bounding;
}

static int clamp(const struct job *j, const struct cap_set *set, const char *name, uint64_t *ret,
		 struct err *err)
{
	uint64_t lost = set->bits & ~available_caps(j);

	*ret = set->bits & ~lost;
	for (int i = 0; lost >> i; i++)
		if (lost >> i & 1)
			TRY(plan_warn(j->p, err, plan_cause(j->p, "/process/capabilities/%s", name),
				      "%s is not in the caller's bounding set; it is left out",
				      name_of(word_capabilities, i) ? name_of(word_capabilities, i)
								    : "a capability"));
	return 0;
}

/* Five sets to four numbers and the bounding set. Ambient only inside permitted and inheritable, as the kernel wants. */
static int plan_caps(const struct job *j, uint64_t *bounding, struct op *caps, struct err *err)
{
	static const struct capabilities none;
	const struct capabilities *c = j->process->capabilities ? j->process->capabilities : &none;
	uint64_t wish;

	TRY(clamp(j, &c->bounding, "bounding", bounding, err));
	TRY(clamp(j, &c->permitted, "permitted", &caps->a, err));
	TRY(clamp(j, &c->effective, "effective", &caps->b, err));
	TRY(clamp(j, &c->inheritable, "inheritable", &caps->c, err));
	TRY(clamp(j, &c->ambient, "ambient", &wish, err));
	caps->b &= caps->a;
	caps->d = wish & caps->a & caps->c;
	if (wish != caps->d)
		TRY(plan_warn(
			j->p, err, "/process/capabilities/ambient",
			"ambient capabilities must be permitted and inheritable, too; the others are left out"));
	return 0;
}

static int plan_rlimit(const struct job *j, size_t i, struct err *err)
{
	const struct posix_rlimit *r = &j->process->rlimits.v[i];
	const char *cause = path_index(j->p->arena, "/process/rlimits", i);
	uint64_t soft = r->soft, hard = r->hard;
	struct op *op;

	if (r->type < FACTS_RLIMITS && hard > j->f->rlimits[r->type].hard &&
	    !facts_cap(j->f, CAP_SYS_RESOURCE)) {
		hard = j->f->rlimits[r->type].hard;
		soft = soft > hard ? hard : soft;
		TRY(plan_warn(
			j->p, err, cause,
			"the hard limit is above the caller's own, which only CAP_SYS_RESOURCE may raise; the "
			"caller's is used"));
	}
	op = add(j, OP_RLIMIT, cause);
	op->a = (uint64_t)r->type;
	op->b = soft;
	op->c = hard;
	return 0;
}

/* The limit that holds when the scheduler is set: the config's own are set before. */
static uint64_t limit_then(const struct job *j, int type)
{
	uint64_t hard = j->f->rlimits[type].hard, soft = j->f->rlimits[type].soft;

	for (size_t i = 0; i < j->process->rlimits.n; i++)
		if (j->process->rlimits.v[i].type == type)
			soft = j->process->rlimits.v[i].soft;
	return soft > hard ? hard : soft;
}

static int not_schedulable(struct err *err, const char *what, const char * or)
{
	(void)err_set(err, ERR_HOST, 0,
		      "%s takes CAP_SYS_NICE over the host%s; run as root, or drop it", what, or);
	return err_in(err, "/process/scheduler");
}

/* What sched_setattr(2) would refuse, by its rules (sched(7)). */
static int check_scheduler(const struct job *j, struct err *err)
{
	const struct scheduler *s = j->process->scheduler;
	const char *policy = name_of(word_sched_policies, s->policy), *what;

	if (facts_host_cap(j->f, CAP_SYS_NICE))
		return 0;
	if (s->policy == SCHED_FIFO || s->policy == SCHED_RR) {
		what = arena_printf(j->p->arena, "%s of priority %lld", policy,
				    (long long)s->priority);
		return s->priority <= j->f->rt_priority ||
				       s->priority <= (int64_t)limit_then(j, RLIMIT_RTPRIO)
			       ? 0
			       : not_schedulable(err, what, " or a limit RLIMIT_RTPRIO of as much");
	}
	if (s->policy == POLICY_DEADLINE)
		return not_schedulable(err, policy, "");
	what = arena_printf(j->p->arena, "a nice value of %lld", (long long)s->nice);
	return s->nice >= j->f->nice ||
			       NICE_LIMIT_ZERO - s->nice <= (int64_t)limit_then(j, RLIMIT_NICE)
		       ? 0
		       : not_schedulable(err, what, " or a limit RLIMIT_NICE of 20 less that");
}

static int check_io_priority(const struct job *j, struct err *err)
{
	if (j->process->io_priority->class != IOPRIO_CLASS_RT ||
	    facts_host_cap(j->f, CAP_SYS_NICE) || facts_host_cap(j->f, CAP_SYS_ADMIN))
		return 0;
	(void)err_set(err, ERR_HOST, 0,
		      "IOPRIO_CLASS_RT takes CAP_SYS_NICE over the host; run as root, or ask for "
		      "another class");
	return err_in(err, "/process/ioPriority");
}

static int plan_scheduling(const struct job *j, struct err *err)
{
	const struct process *pr = j->process;
	struct op *op;

	if (pr->scheduler)
		TRY(check_scheduler(j, err));
	if (pr->io_priority)
		TRY(check_io_priority(j, err));
	if (pr->scheduler) {
		op = add(j, OP_SCHEDULER, "/process/scheduler");
		op->data = pr->scheduler;
		op->len = sizeof(*pr->scheduler);
		op->a = (uint64_t)pr->scheduler->policy;
	}
	if (pr->io_priority) {
		op = add(j, OP_IO_PRIORITY, "/process/ioPriority");
		op->a = (uint64_t)pr->io_priority->class;
		op->b = (uint64_t)pr->io_priority->priority;
	}
	if (j->c->linux_.memory_policy)
		TRY(plan_memory_policy(j->p, j->c->linux_.memory_policy, j->f, j->nodes, err));
	if (j->c->linux_.personality) {
		op = add(j, OP_PERSONALITY, "/linux/personality");
		op->a = j->c->linux_.personality->domain;
	}
	return 0;
}

static bool group_is_mapped(const struct job *j, uint32_t gid)
{
	const struct id_mappings *m =
		j->p->gid_maps.n ? &j->p->gid_maps : &j->c->linux_.gid_mappings;

	for (size_t i = 0; i < m->n; i++)
		if (gid >= m->v[i].container_id && gid - m->v[i].container_id < m->v[i].size)
			return true;
	return m->n == 0;
}

/* Where setgroups is denied (one id mapped without privilege), or a group is not mapped, it cannot be had: what can be
 * applied is, the rest is a warning. */
static int plan_groups(const struct job *j, struct err *err)
{
	const struct numbers *want = &j->process->user.additional_gids;
	uint32_t *gids = arena_array(j->p->arena, uint32_t, want->n + 1);
	size_t n = 0;
	struct op *op;

	for (size_t i = 0; i < want->n; i++) {
		if (!j->p->setgroups_denied && group_is_mapped(j, want->v[i]))
			gids[n++] = want->v[i];
		else if (want->v[i] != j->process->user.gid)
			TRY(plan_warn(
				j->p, err,
				path_index(j->p->arena, "/process/user/additionalGids", i),
				"group %u cannot be set in this user namespace (%s); it is left out",
				want->v[i],
				j->p->setgroups_denied
					? "a caller without CAP_SETGID maps a single id"
					: "it is not mapped"));
	}
	if (j->p->setgroups_denied || annotation_is_on(j->c, ANNOTATION_KEEP_GROUPS))
		return 0;
	op = add(j, OP_GROUPS, "/process/user/additionalGids");
	op->data = gids;
	op->len = (uint32_t)(n * sizeof(*gids));
	return 0;
}

/* A protection that this host does not have is refused, as the peers do: running without it would be weaker than asked. */
static int plan_label(const struct job *j, enum op_code code, bool there, const char *module,
		      const char *cause, const char *label, struct err *err)
{
	if (!label || !label[0])
		return 0;
	if (!there) {
		(void)err_set(
			err, ERR_HOST, 0,
			"%s is not enabled on this host, so \"%s\" cannot be applied; remove the property or "
			"boot with %s",
			module, label, module);
		return err_in(err, "%s", cause);
	}
	add(j, code, cause)->text = label;
	return 0;
}

static int plan_lsm(const struct job *j, struct err *err)
{
	const char *profile = j->process->apparmor_profile;

	if (profile && str_eq(profile, "unconfined"))
		profile = NULL;
	TRY(plan_label(j, OP_APPARMOR, j->f->apparmor, "AppArmor", "/process/apparmorProfile",
		       profile, err));
	return plan_label(j, OP_SELINUX, j->f->selinux, "SELinux", "/process/selinuxLabel",
			  j->process->selinux_label, err);
}

static int plan_filter(const struct job *j, enum stage stage, struct err *err)
{
	const struct seccomp *s = j->c->linux_.seccomp;
	struct seccomp_program *program;
	struct op *op;

	TRY(plan_network_calls(j->p, j->c, stage, err));
	if (!s)
		return 0;
	program = arena_new(j->p->arena, struct seccomp_program);
	TRY(seccomp_compile(s, j->p->arena, program, err));
	op = plan_add(j->p, stage, OP_SECCOMP, "/linux/seccomp");
	op->data = program;
	op->len = sizeof(*program);
	op->text = s->listener_path;
	op->type = s->listener_metadata;
	op->a = program->n;
	op->b = program->flags;
	j->p->listener = program->notify;
	return 0;
}

static int plan_identity(const struct job *j, struct err *err)
{
	bool early = !j->process->no_new_privileges;
	struct op *caps, *op;
	uint64_t bounding;
	struct op spare = { 0 };

	TRY(plan_caps(j, &bounding, &spare, err));
	op = add(j, OP_BOUNDING, "/process/capabilities/bounding");
	op->a = bounding;
	TRY(plan_groups(j, err));
	op = add(j, OP_USER, "/process/user");
	op->a = j->process->user.uid;
	op->b = j->process->user.gid;
	if (j->process->user.umask.set) {
		op = add(j, OP_UMASK, "/process/user/umask");
		op->a = j->process->user.umask.v;
	}
	op = add(j, OP_CWD, "/process/cwd");
	op->path = j->process->cwd;
	/* From here on in the stage after `start`, as hooks come between. */
	if (early)
		TRY(plan_filter(j, STAGE_LAST, err));
	caps = plan_add(j->p, STAGE_LAST, OP_CAPS, "/process/capabilities");
	caps->a = spare.a;
	caps->b = spare.b;
	caps->c = spare.c;
	caps->d = spare.d;
	if (early)
		return 0;
	(void)plan_add(j->p, STAGE_LAST, OP_NO_NEW_PRIVS, "/process/noNewPrivileges");
	if (j->process->scoped)
		(void)plan_add(j->p, STAGE_LAST, OP_LANDLOCK_SCOPE, "");
	return plan_filter(j, STAGE_LAST, err);
}

static void plan_session(const struct job *j)
{
	struct op *op;

	(void)add(j, OP_SESSION, j->process->terminal ? "/process/terminal" : "");
	if (!j->o->no_new_keyring) {
		op = add(j, OP_KEYRING, "");
		op->text = j->o->id;
		op->flags = OP_OPTIONAL;
	}
}

/* Of processes that exec adds; the container's own has none (config.md#linux-process). */
static void plan_affinity(struct plan *p, const struct exec_cpu_affinity *a)
{
	struct op *op;

	if (a && a->initial) {
		op = plan_add(p, STAGE_JOIN, OP_AFFINITY, "/process/execCPUAffinity/initial");
		op->text = number_list_common(p->arena, a->initial, a->initial);
	}
	if (a && a->final) {
		op = plan_add(p, STAGE_PROCESS, OP_AFFINITY, "/process/execCPUAffinity/final");
		op->text = number_list_common(p->arena, a->final, a->final);
	}
}

static bool env_has(const struct strings *env, const char *name)
{
	for (size_t i = 0; i < env->n; i++)
		if (str_starts(env->v[i], name) && env->v[i][strlen(name)] == '=')
			return true;
	return false;
}

/* The environment, with room for what is added: LISTEN_FDS and LISTEN_PID of socket activation (sd_listen_fds(3)). */
static void plan_exec_words(const struct job *j)
{
	const struct process *pr = j->process;
	struct plan *p = j->p;
	size_t n = 0;

	p->argv = pr->args.v;
	p->envp = arena_array(p->arena, const char *, pr->env.n + 4);
	for (size_t i = 0; i < pr->env.n; i++)
		p->envp[n++] = pr->env.v[i];
	if (pr->terminal && !env_has(&pr->env, "TERM"))
		p->envp[n++] = "TERM=xterm";
	if (j->o->listen_fds) {
		p->envp[n++] = arena_printf(p->arena, "LISTEN_FDS=%u", j->o->listen_fds);
		p->envp[n++] = "LISTEN_PID=1";
	}
	p->home_missing = !env_has(&pr->env, "HOME");
	p->uid = pr->user.uid;
	p->envp_n = n;
	p->keep_fds = j->o->preserve_fds + j->o->listen_fds;
	p->terminal = pr->terminal;
}

static int plan_all(const struct job *j, struct err *err)
{
	plan_session(j);
	for (size_t i = 0; i < j->process->rlimits.n; i++)
		TRY(plan_rlimit(j, i, err));
	TRY(plan_scheduling(j, err));
	TRY(plan_lsm(j, err));
	TRY(plan_identity(j, err));
	plan_exec_words(j);
	return 0;
}

/* A cgroup of the container's own, which may be anywhere, has nodes of its own; without one they are the caller's. */
static const char *nodes_of(const struct plan *p, const struct config *c, const struct facts *f)
{
	const struct resources *r = c->linux_.resources;

	if (!(f->have & WANT_NODES))
		return "";
	if (!p->cgroup && !p->scope)
		return f->memory_nodes_own;
	return r && r->cpu && r->cpu->mems && r->cpu->mems[0]
		       ? number_list_common(p->arena, r->cpu->mems, f->memory_nodes)
		       : f->memory_nodes;
}

int plan_joiner(struct plan *p, const struct config *c, const struct process *process,
		const struct facts *f, const struct plan_options *o, struct err *err)
{
	const struct job j = { p, c, process, f, o, f->memory_nodes };

	plan_affinity(p, process->exec_cpu_affinity);
	return plan_all(&j, err);
}

int plan_process(struct plan *p, const struct config *c, const struct process *process,
		 const struct facts *f, const struct plan_options *o, struct err *err)
{
	const struct job j = { p, c, process, f, o, nodes_of(p, c, f) };

	return plan_all(&j, err);
}
