/* SPDX-License-Identifier: Apache-2.0 */
/* plan.c - the list of ops and of warnings, and the order of the chapters. */
#include "runtime/plan/plan.h"

#include <linux/capability.h>
#include <sched.h>
#include <stdio.h>

#include "spec/base/path.h"

struct op *plan_add(struct plan *p, enum stage stage, enum op_code code, const char *cause)
{
	struct op *op;

	if (p->n == p->room) {
		size_t room = p->room ? p->room * 2 : 96;

		p->ops = arena_grow(p->arena, p->ops, p->room * sizeof(*p->ops),
				    room * sizeof(*p->ops));
		p->room = room;
	}
	op = &p->ops[p->n++];
	*op = (struct op){ .code = (uint8_t)code, .stage = (uint8_t)stage, .cause = cause };
	return op;
}

int plan_warn(struct plan *p, struct err *err, const char *cause, const char *fmt, ...)
{
	va_list ap;
	char *text;

	va_start(ap, fmt);
	text = arena_vprintf(p->arena, fmt, ap);
	va_end(ap);
	if (p->strict) {
		(void)err_input(err, "%s (--strict)", text);
		return err_in(err, "%s", cause);
	}
	if (p->warnings_n == PLAN_WARNINGS_MAX)
		return 0;
	if (!p->warnings)
		p->warnings = arena_array(p->arena, struct plan_warning, PLAN_WARNINGS_MAX);
	p->warnings[p->warnings_n++] = (struct plan_warning){ .cause = cause, .text = text };
	return 0;
}

const char *plan_cause(struct plan *p, const char *fmt, ...)
{
	const char *cause;
	va_list ap;

	va_start(ap, fmt);
	cause = arena_vprintf(p->arena, fmt, ap);
	va_end(ap);
	return cause;
}

unsigned int plan_wants_process(const struct process *process)
{
	unsigned int want = WANT_CALLER;

	if (process->apparmor_profile || process->selinux_label)
		want |= WANT_LSM;
	for (size_t i = 0; i < process->rlimits.n; i++)
		want |= (unsigned int)WANT_RLIMIT << process->rlimits.v[i].type;
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
	if (c->process)
		want |= plan_wants_process(c->process);
	if (l->mount_label)
		want |= WANT_LSM;
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
	p->rootfs = path_is_absolute(c->root->path)
			    ? path_clean(a, c->root->path)
			    : path_clean(a, path_join(a, o->bundle, c->root->path));
	TRY(plan_namespaces(p, c, f, err));
	TRY(plan_resources(p, c, f, err));
	TRY(plan_mounts(p, c, f, o, err));
	TRY(plan_devices(p, c, f, err));
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
	}
	TRY(plan_process(p, c, process, f, o, err));
	*ret = p;
	return 0;
}
