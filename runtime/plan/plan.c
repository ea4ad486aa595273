/* SPDX-License-Identifier: Apache-2.0 */
/* plan.c - the order of the chapters, and which facts they need. */
#include "runtime/plan/plan.h"

#include <linux/capability.h>
#include <sched.h>

#include "runtime/plan/plan_cgroup.h"
#include "spec/base/path.h"

unsigned int plan_wants_process(const struct process *process)
{
	unsigned int want = WANT_CALLER;

	if (process->apparmor_profile || process->selinux_label)
		want |= WANT_LSM;
	if (process->oom_score_adj.set)
		want |= WANT_OOM;
	for (size_t i = 0; i < process->rlimits.n; i++)
		want |= (unsigned int)WANT_RLIMIT << process->rlimits.v[i].type;
	if (process->scheduler)
		want |= (unsigned int)WANT_RLIMIT << RLIMIT_NICE | (unsigned int)WANT_RLIMIT
									   << RLIMIT_RTPRIO;
	return want;
}

unsigned int plan_wants(const struct config *c)
{
	const struct linux_config *l = &c->linux_;
	unsigned int want = WANT_CALLER;

	if (l->uid_mappings.n > 1 || l->gid_mappings.n > 1 ||
	    (l->uid_mappings.n == 1 && l->uid_mappings.v[0].size > 1) ||
	    (l->gid_mappings.n == 1 && l->gid_mappings.v[0].size > 1))
		want |= WANT_SUBIDS;
	for (size_t i = 0; i < c->mounts.n; i++)
		if (c->mounts.v[i].type && str_starts(c->mounts.v[i].type, "cgroup"))
			want |= WANT_CGROUP;
	if (cgroup_is_asked(c))
		want |= WANT_CGROUP;
	if (c->process)
		want |= plan_wants_process(c->process);
	if (l->mount_label)
		want |= WANT_LSM;
	if (l->intel_rdt)
		want |= WANT_RDT;
	if (l->memory_policy)
		want |= WANT_NODES;
	return want;
}

static struct plan *plan_new(struct arena *a, const struct plan_options *o)
{
	struct plan *p = arena_new(a, struct plan);

	p->arena = a;
	p->strict = o->strict;
	return p;
}

/* The kernel calls without which no container is made here: openat2 (5.6), mount_setattr (5.12). */
static int require_kernel(const struct facts *f, struct err *err)
{
	if (facts_kernel(f, 5, 12))
		return 0;
	return err_set(
		err, ERR_HOST, 0,
		"Linux %d.%d is too old: containers are made with mount_setattr, which came with "
		"Linux 5.12; boot a newer kernel",
		f->kernel_major, f->kernel_minor);
}

int plan_container(const struct config *c, const struct facts *f, const struct plan_options *o,
		   struct arena *a, struct plan **ret, struct err *err)
{
	struct plan *p = plan_new(a, o);

	TRY(require_kernel(f, err));
	p->timeout_ms = limits_timeout(c);
	p->rootfs = c->root->fresh ? "/"
		    : path_is_absolute(c->root->path)
			    ? path_clean(a, c->root->path)
			    : path_clean(a, path_join(a, o->bundle, c->root->path));
	TRY(plan_namespaces(p, c, f, o, err));
	TRY(plan_resources(p, c, f, o, err));
	TRY(plan_mounts(p, c, f, o, err));
	TRY(plan_devices(p, c, f, err));
	plan_readonly_late(p);
	TRY(plan_root(p, c, o, err));
	TRY(plan_paths(p, c, f, err));
	if (c->process)
		TRY(plan_process(p, c, c->process, f, o, err));
	if (p->n > PLAN_OPS_MAX)
		return err_limit(err,
				 "the configuration asks for %zu operations; at most %d are done",
				 p->n, PLAN_OPS_MAX);
	*ret = p;
	return 0;
}

int plan_exec(const struct config *c, const struct process *process, const struct facts *f,
	      const struct plan_options *o, struct arena *a, struct plan **ret, struct err *err)
{
	struct plan *p = plan_new(a, o);
	const struct linux_config *l = &c->linux_;
	bool user = config_has_ns(c, CLONE_NEWUSER);

	/* Before it is where the container's processes are: they need only stop it to have all the time they want. */
	(void)plan_add(p, STAGE_JOIN, OP_NOT_DUMPABLE, "");
	if (process->terminal)
		plan_terminal(p, process, NULL);
	if (user) {
		p->uid_maps = l->uid_mappings;
		p->gid_maps = l->gid_mappings;
		p->setgroups_denied = l->gid_mappings.n <= 1 && !facts_cap(f, CAP_SETGID);
		/* One that was joined by its path has maps that no config tells of. */
		if (l->uid_mappings.n && l->gid_mappings.n)
			TRY(plan_user_mapped(p, process, err));
	}
	TRY(plan_joiner(p, c, process, f, o, err));
	*ret = p;
	return 0;
}

int plan_change_mounts(const struct config *c, bool add, const struct facts *f,
		       const struct plan_options *o, struct arena *a, struct plan **ret,
		       struct err *err)
{
	struct plan *p = plan_new(a, o);
	struct op *op;

	p->joins = true;
	(void)plan_add(p, STAGE_JOIN, OP_NOT_DUMPABLE, "");
	if (config_has_ns(c, CLONE_NEWUSER)) {
		p->uid_maps = c->linux_.uid_mappings;
		p->gid_maps = c->linux_.gid_mappings;
		op = plan_add(p, STAGE_ROOT, OP_BECOME_ROOT, "");
		op->flags = OP_OPTIONAL;
	}
	if (add)
		TRY(plan_mounts_add(p, c, f, o, err));
	else
		plan_mounts_remove(p, c);
	*ret = p;
	return 0;
}
