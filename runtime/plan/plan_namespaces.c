/* SPDX-License-Identifier: Apache-2.0 */
/* plan_namespaces.c - which namespaces are new, which are joined, and what is set in them. */
#include <linux/capability.h>
#include <sched.h>
#include <string.h>

#include "runtime/plan/plan.h"
#include "spec/base/path.h"
#include "spec/oci/sysctl.h"

#ifndef CLONE_NEWTIME
#define CLONE_NEWTIME 0x00000080
#endif

/* Someone who may not make the other namespaces on his own can make them together with a user namespace. */
static int check_allowed(const struct config *c, const struct facts *f, struct err *err)
{
	if (config_has_ns(c, CLONE_NEWUSER) || facts_cap(f, CAP_SYS_ADMIN))
		return 0;
	(void)err_set(
		err, ERR_HOST, 0,
		"an ordinary user needs a user namespace; add {\"type\":\"user\"} (see `srt-oci spec "
		"--rootless`), or run as root");
	return err_in(err, "/linux/namespaces");
}

static int check_mount_ns(const struct config *c, struct err *err)
{
	if (config_has_ns(c, CLONE_NEWNS))
		return 0;
	(void)err_input(err,
			"without a mount namespace the container's mounts would be the host's; add "
			"{\"type\":\"mount\"}");
	return err_in(err, "/linux/namespaces");
}

static int check_userns_limit(const struct config *c, const struct facts *f, struct err *err)
{
	const struct namespace *user = namespace_of(c, CLONE_NEWUSER);

	if (!user || user->path || facts_cap(f, CAP_SYS_ADMIN))
		return 0;
	if ((f->have & WANT_LSM) && f->apparmor_restricts_userns) {
		(void)err_set(
			err, ERR_HOST, 0,
			"AppArmor forbids user namespaces to unconfined programs "
			"(kernel.apparmor_restrict_unprivileged_userns=1); load a profile for srt-oci that "
			"says `userns,`, or set the sysctl to 0");
		return err_in(err, "/linux/namespaces");
	}
	if ((f->have & WANT_HOST) && (f->max_user_namespaces == 0 || !f->unprivileged_userns)) {
		(void)err_set(
			err, ERR_HOST, 0,
			"this host forbids user namespaces to ordinary users (%s); ask root to set it to %s",
			f->unprivileged_userns ? "user.max_user_namespaces=0"
					       : "kernel.unprivileged_userns_clone=0",
			f->unprivileged_userns ? "10000" : "1");
		return err_in(err, "/linux/namespaces");
	}
	return 0;
}

/* A namespace that exists is joined where the rights over it are: before a new user namespace by a caller with
 * capabilities, after it by one without; and after the user namespace if that is joined, too. */
static enum stage join_stage(const struct config *c, const struct facts *f)
{
	const struct namespace *user = namespace_of(c, CLONE_NEWUSER);

	if (user && !user->path && !facts_cap(f, CAP_SYS_ADMIN))
		return STAGE_NAMESPACE;
	return STAGE_JOIN;
}

static void add_join(struct plan *p, const struct namespace *ns, enum stage stage, size_t i)
{
	struct op *op = plan_add(p, stage, OP_JOIN, path_index(p->arena, "/linux/namespaces", i));

	op->path = ns->path;
	op->a = (uint64_t)ns->type;
	if (stage == STAGE_JOIN)
		p->middle = true;
}

static int add_namespaces(struct plan *p, const struct config *c, const struct facts *f,
			  struct err *err)
{
	const struct namespaces *all = &c->linux_.namespaces;
	enum stage stage = join_stage(c, f);

	/* The user namespace first, for its rights; the mount namespace last, as the paths of the others are the host's. */
	for (int pass = 0; pass < 3; pass++)
		for (size_t i = 0; i < all->n; i++) {
			const struct namespace *ns = &all->v[i];
			bool user = ns->type == CLONE_NEWUSER;
			int turn = user ? 0 : ns->type == CLONE_NEWNS ? 2 : 1;

			if (ns->path && turn == pass)
				add_join(p, ns,
					 user || ns->type == CLONE_NEWPID ? STAGE_JOIN : stage, i);
			else if (!ns->path && pass == 0)
				p->clone_flags |= (uint64_t)ns->type;
		}
	if (stage == STAGE_NAMESPACE && namespace_of(c, CLONE_NEWPID) &&
	    namespace_of(c, CLONE_NEWPID)->path) {
		(void)err_set(err, ERR_HOST, 0,
			      "joining a pid namespace together with a new user namespace "
			      "needs CAP_SYS_ADMIN; join its user namespace as well");
		return err_in(err, "/linux/namespaces");
	}
	return 0;
}

static void add_offset(struct plan *p, const char *clock, const struct time_offset *o)
{
	struct op *op;

	if (!o)
		return;
	op = plan_add(p, STAGE_JOIN, OP_TIME_OFFSET, plan_cause(p, "/linux/timeOffsets/%s", clock));
	op->path = clock;
	op->a = (uint64_t)o->secs.v;
	op->b = o->nanosecs.v;
}

/* Offsets can be set only while the time namespace is empty: unshared by the process in the middle, entered by its child. */
static void add_time(struct plan *p, const struct config *c)
{
	struct op *op;

	if (!c->linux_.time_offsets || !(p->clone_flags & CLONE_NEWTIME))
		return;
	p->middle = true;
	p->clone_flags &= ~(uint64_t)CLONE_NEWTIME;
	op = plan_add(p, STAGE_JOIN, OP_UNSHARE, "/linux/timeOffsets");
	op->a = CLONE_NEWTIME;
	add_offset(p, "monotonic", c->linux_.time_offsets->monotonic);
	add_offset(p, "boottime", c->linux_.time_offsets->boottime);
}

static void add_names(struct plan *p, const struct config *c)
{
	struct op *op;

	if (c->hostname) {
		op = plan_add(p, STAGE_NAMESPACE, OP_HOSTNAME, "/hostname");
		op->text = c->hostname;
	}
	if (c->domainname) {
		op = plan_add(p, STAGE_NAMESPACE, OP_DOMAINNAME, "/domainname");
		op->text = c->domainname;
	}
}

static void add_sysctls(struct plan *p, const struct config *c)
{
	for (size_t i = 0; i < c->linux_.sysctl.n; i++) {
		const struct pair *s = &c->linux_.sysctl.v[i];
		char path[SYSCTL_PATH_MAX];
		struct op *op = plan_add(p, STAGE_NAMESPACE, OP_SYSCTL,
					 plan_cause(p, "/linux/sysctl/%s", s->key));

		op->path = sysctl_path(s->key, path) ? arena_str(p->arena, path) : s->key;
		op->text = s->value;
	}
}

/* The parent moves them: it has the right over their old namespace. Before the sysctls, which may name them. */
static int add_net_devices(struct plan *p, const struct config *c, const struct facts *f,
			   struct err *err)
{
	for (size_t i = 0; i < c->linux_.net_devices.n; i++) {
		const struct net_device *d = &c->linux_.net_devices.v[i];
		const char *cause = plan_cause(p, "/linux/netDevices/%s", d->host_name);
		struct op *op;

		if (!facts_cap(f, CAP_NET_ADMIN) || !facts_cap(f, CAP_SYS_ADMIN)) {
			(void)err_set(
				err, ERR_HOST, 0,
				"moving a network device takes CAP_NET_ADMIN over the namespace that it is "
				"in, which an ordinary user does not have; run as root, or join a prepared "
				"network namespace by path");
			return err_in(err, "%s", cause);
		}
		op = plan_add(p, STAGE_NAMESPACE, OP_NET_DEVICE, cause);
		op->path = d->host_name;
		op->text = d->name && d->name[0] ? d->name : d->host_name;
		op->flags = OP_BY_PARENT;
		op->held = (uint32_t)++p->held_n;
		p->asks_parent = true;
	}
	return 0;
}

/* Who is in a pid namespace that is joined must not look into the newcomer (CVE-2016-9962). Last before that is cloned:
 * what follows can no longer write to its own files of /proc. */
static void add_closed(struct plan *p, const struct config *c)
{
	const struct namespace *pid = namespace_of(c, CLONE_NEWPID);

	if (pid && pid->path)
		(void)plan_add(p, STAGE_JOIN, OP_NOT_DUMPABLE, "/linux/namespaces");
}

/* The kernel asks for the capability in the initial user namespace: in a new one the child has it no longer. */
static int add_oom_score(struct plan *p, const struct config *c, const struct facts *f,
			 struct err *err)
{
	bool known = f->have & WANT_OOM, host = facts_host_cap(f, CAP_SYS_RESOURCE);
	int64_t score = c->process->oom_score_adj.v;
	bool by_parent = known && host && score < f->oom_score && config_has_ns(c, CLONE_NEWUSER);
	struct op *op;

	if (known && !host && score < f->oom_score_min) {
		(void)err_set(err, ERR_HOST, 0,
			      "%lld is below %d, the lowest that this caller may set; less takes "
			      "CAP_SYS_RESOURCE over the host; ask for %d or more, or run with it",
			      (long long)score, f->oom_score_min, f->oom_score_min);
		return err_in(err, "/process/oomScoreAdj");
	}
	op = plan_add(p, p->middle && !by_parent ? STAGE_JOIN : STAGE_NAMESPACE, OP_OOM_SCORE,
		      "/process/oomScoreAdj");
	op->a = (uint64_t)score;
	op->flags = by_parent ? OP_BY_PARENT : 0;
	p->asks_parent |= by_parent;
	return 0;
}

int plan_namespaces(struct plan *p, const struct config *c, const struct facts *f,
		    const struct plan_options *o, struct err *err)
{
	const struct namespace *user = namespace_of(c, CLONE_NEWUSER);

	TRY(check_allowed(c, f, err));
	TRY(check_mount_ns(c, err));
	TRY(check_userns_limit(c, f, err));
	TRY(add_namespaces(p, c, f, err));
	if (user && !user->path && c->linux_.time_offsets && (p->clone_flags & CLONE_NEWTIME)) {
		p->middle_flags = CLONE_NEWUSER;
		p->clone_flags &= ~(uint64_t)CLONE_NEWUSER;
	}
	if (user && !user->path)
		TRY(plan_ids(p, c, f, o, err));
	add_time(p, c);
	if ((p->clone_flags & CLONE_NEWNET) && !plan_network_beside(p, c, o))
		TRY(plan_network(p, c, err));
	TRY(add_net_devices(p, c, f, err));
	TRY(plan_rdt(p, c, f, o, err));
	add_names(p, c);
	add_sysctls(p, c);
	if (c->process && c->process->oom_score_adj.set)
		TRY(add_oom_score(p, c, f, err));
	add_closed(p, c);
	return 0;
}
