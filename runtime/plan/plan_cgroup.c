/* SPDX-License-Identifier: Apache-2.0 */
/* plan_cgroup.c - whether a container gets a cgroup, where it is, and who owns it.
 *
 * An absolute cgroupsPath counts from the mount point of the hierarchy. A relative one, and the default, is below the
 * caller's own cgroup on v1; on v2, where a cgroup with processes hands no controller down, beside it if the caller may
 * make one there. */
#include "runtime/plan/plan_cgroup.h"

#include <linux/capability.h>
#include <sched.h>

#include "spec/base/path.h"
#include "spec/base/str.h"

#ifndef CLONE_NEWCGROUP
#define CLONE_NEWCGROUP 0x02000000
#endif
#define ANNOTATION_DELEGATE "run.oci.delegate-cgroup"
#define POINTER_PATH "/linux/cgroupsPath"
#define POINTER_RESOURCES "/linux/resources"

static bool has_user_ns(const struct config *c)
{
	return config_has_ns(c, CLONE_NEWUSER);
}

static bool asks_limits(const struct resources *r)
{
	return r && (r->memory || r->cpu || r->pids || r->block_io || r->hugepage_limits.n ||
		     r->network || r->rdma.n || r->unified.n);
}

bool cgroup_is_asked(const struct config *c)
{
	const struct linux_config *l = &c->linux_;

	return (l->cgroups_path && l->cgroups_path[0]) || asks_limits(l->resources) ||
	       (l->resources && l->resources->devices.n && !has_user_ns(c));
}

/* --- where ------------------------------------------------------------------------------------ */

struct place {
	struct plan *p;
	const struct facts *f;
	bool absolute;
	const char *path; /* as it is asked for, or the default */
};

/* The caller's own v2 cgroup below the mount; NULL where it is not below it. */
static const char *own_v2(const struct facts *f)
{
	const char *own = f->cgroup_own;
	size_t n = strlen(f->cgroup_root);

	if (!own[0] || !f->cgroup_mount[0] || path_has_dotdot(own))
		return NULL;
	if (n <= 1)
		return own;
	if (!path_beneath(own, f->cgroup_root))
		return NULL;
	return own[n] ? own + n : "/";
}

static const char *above(struct arena *a, const char *path)
{
	const char *last = path_base(path);
	size_t n = (size_t)(last - path);

	return n <= 1 ? "/" : arena_strn(a, path, n - 1);
}

static const char *join(const struct place *w, const char *base)
{
	return path_clean(w->p->arena, path_join(w->p->arena, base, w->path));
}

static void spot_v2(const struct place *w, struct cgroup_spots *ret)
{
	const struct facts *f = w->f;
	const char *own = own_v2(f), *base;
	struct cgroup_spot s = { .type = CGROUP_UNIFIED };

	if (!own || (!f->cgroup_writable && !f->cgroup_above_writable))
		return;
	base = f->cgroup_above_writable ? above(w->p->arena, own) : own;
	s.path = join(w, w->absolute ? "/" : base);
	/* Where a cgroup has processes, only what it hands down already is to be had below it. */
	if (w->absolute && !path_beneath(s.path, base))
		s.controllers = f->cgroup_top_controllers;
	else if (f->cgroup_above_writable)
		s.controllers = f->cgroup_above_controllers;
	else
		s.controllers = f->cgroup_top ? f->cgroup_controllers : f->cgroup_enabled;
	/* Plans outlive facts. */
	s.mount = arena_str(w->p->arena, f->cgroup_mount);
	s.controllers = arena_str(w->p->arena, s.controllers);
	ret->v[ret->n++] = s;
}

static void spots_v1(const struct place *w, struct cgroup_spots *ret)
{
	for (uint32_t i = 0; i < w->f->cgroup_v1_n; i++) {
		const struct cgroup_v1 *v = &w->f->cgroup_v1[i];

		if (!v->writable || path_has_dotdot(v->own))
			continue;
		ret->v[ret->n] = (struct cgroup_spot){
			.type = arena_str(w->p->arena, v->controllers),
			.mount = arena_str(w->p->arena, v->mount),
			.path = join(w, w->absolute ? "/" : v->own),
		};
		ret->v[ret->n].controllers = ret->v[ret->n].type;
		ret->n++;
	}
}

static const char *asked_path(struct plan *p, const struct config *c, const struct plan_options *o)
{
	const char *given = c->linux_.cgroups_path;

	return given && given[0] ? given : arena_printf(p->arena, "srt-oci-%s", o->id);
}

/* --- ownership and mounts --------------------------------------------------------------------- */

/* The id outside of an id inside; false where none is mapped. */
static bool host_id(const struct id_mappings *maps, uint32_t id, uint32_t *ret)
{
	for (size_t i = 0; i < maps->n; i++) {
		const struct id_mapping *m = &maps->v[i];

		if (id >= m->container_id && id - m->container_id < m->size) {
			*ret = m->host_id + (id - m->container_id);
			return true;
		}
	}
	return false;
}

/* A mount of cgroups that can be written to, in the words of the specification: somebody inside is to manage it. */
static bool has_writable_mount(const struct config *c)
{
	for (size_t i = 0; i < c->mounts.n; i++) {
		const struct mount *m = &c->mounts.v[i];
		bool ro = false;

		if (!m->source || !str_eq(m->source, "cgroup") ||
		    !str_eq(m->destination, "/sys/fs/cgroup"))
			continue;
		for (size_t k = 0; k < m->options.n; k++)
			ro = ro || str_eq(m->options.v[k], "ro");
		if (!ro)
			return true;
	}
	return false;
}

static const char *annotation(const struct config *c, const char *key)
{
	for (size_t i = 0; i < c->annotations.n; i++)
		if (str_eq(c->annotations.v[i].key, key))
			return c->annotations.v[i].value;
	return NULL;
}

/* The specification's "cgroup ownership": v2, a cgroup namespace of its own, and a mount to write to. */
static void add_owner(struct plan *p, const struct config *c, const struct facts *f)
{
	uint32_t uid;
	struct op *op;

	if (!c->process || !facts_cap(f, CAP_CHOWN) ||
	    !host_id(&p->uid_maps, c->process->user.uid, &uid) || uid == f->uid)
		return;
	op = plan_add(p, STAGE_PREPARE, OP_CGROUP_OWNER, POINTER_PATH);
	op->type = CGROUP_UNIFIED;
	op->a = uid;
}

static struct op *add_cgroup(struct plan *p, const struct cgroup_spot *s, const char *cause)
{
	struct op *op = plan_add(p, STAGE_PREPARE, OP_CGROUP, cause);

	op->type = s->type;
	op->text = s->mount;
	op->path = s->path;
	return op;
}

/* run.oci.delegate-cgroup: the process goes into a cgroup below, which is its own, and the limits stay above. */
static int add_delegated(struct plan *p, const struct config *c, const struct facts *f,
			 const struct cgroup_spots *spots, struct err *err)
{
	const struct cgroup_spot *v2 = cgroup_spot_of(spots, CGROUP_UNIFIED);
	const char *name = annotation(c, ANNOTATION_DELEGATE);
	struct cgroup_spot below;

	if (p->scope)
		TRY(plan_scope_subgroup(p, c, err));
	if (!name || !*name) {
		/* Where there is v1, delegation is not safe. */
		if (f->cgroup_mode == CGROUP_V2 && v2 && (p->clone_flags & CLONE_NEWCGROUP) &&
		    has_writable_mount(c))
			add_owner(p, c, f);
		return 0;
	}
	if (path_has_dotdot(name) || strchr(name, '\n')) {
		(void)err_input(err, "\"%s\" leaves the container's cgroup", name);
		return err_in(err, "/annotations/" ANNOTATION_DELEGATE);
	}
	if (!v2 || f->cgroup_mode != CGROUP_V2)
		return plan_warn(
			p, err, "/annotations/" ANNOTATION_DELEGATE,
			"only a cgroup of v2 can be delegated; the container keeps its own");
	if (p->scope) {
		plan_scope_below(p, name, "/annotations/" ANNOTATION_DELEGATE);
		add_owner(p, c, f);
		return 0;
	}
	below = *v2;
	below.path = path_clean(p->arena, path_join(p->arena, v2->path, name));
	(void)add_cgroup(p, &below, "/annotations/" ANNOTATION_DELEGATE);
	add_owner(p, c, f);
	return 0;
}

/* --- the chapter ------------------------------------------------------------------------------ */

static const char *why_none(const struct facts *f, const struct plan_options *o)
{
	if (o->cgroup_manager == CGROUP_MANAGER_NONE)
		return "cgroups are disabled (--cgroup-manager disabled), so it is not applied";
	if (f->cgroup_mode == CGROUP_NONE)
		return "no cgroup hierarchy is mounted on this host, so it is not applied; mount one at "
		       "/sys/fs/cgroup";
	return "no cgroup is delegated to this user, so it is not applied; run under Delegate=yes (systemd-run "
	       "--user --scope -p Delegate=yes), or drop it";
}

static int plan_without(struct limits *l, const struct config *c, const struct facts *f,
			const struct plan_options *o, struct err *err)
{
	const char *why = why_none(f, o);

	if (c->linux_.cgroups_path && c->linux_.cgroups_path[0] &&
	    o->cgroup_manager != CGROUP_MANAGER_NONE)
		TRY(plan_warn(l->p, err, POINTER_PATH, "%s", why));
	return c->linux_.resources ? plan_limits_lost(l, why, err) : 0;
}

/* A namespace's root is the cgroup of whoever makes it, even where clone puts the child elsewhere: the child makes it once
 * it is in its own. */
static void namespace_later(struct plan *p)
{
	struct op *op;

	if (!(p->clone_flags & CLONE_NEWCGROUP))
		return;
	p->clone_flags &= ~(uint64_t)CLONE_NEWCGROUP;
	op = plan_add(p, STAGE_NAMESPACE, OP_UNSHARE, "/linux/namespaces");
	op->a = CLONE_NEWCGROUP;
}

static int plan_with(struct limits *l, const struct config *c, const struct facts *f,
		     const struct plan_options *o, struct err *err)
{
	struct cgroup_spots *spots = l->spots;
	struct plan *p = l->p;
	const char *cause = c->linux_.cgroups_path ? POINTER_PATH : POINTER_RESOURCES;
	size_t first = p->n;

	if (o->cgroup_manager == CGROUP_MANAGER_SYSTEMD)
		TRY(plan_scope(l, c, f, o, err));
	for (size_t i = 0; i < spots->n && !p->scope; i++)
		(void)add_cgroup(p, &spots->v[i], cause);
	if (l->r)
		TRY(plan_limits(l, err));
	if (p->scope)
		plan_scope_optional(p, first);
	for (size_t i = 0; i < spots->n && !p->scope; i++) {
		struct op *op = &p->ops[first + i];

		op->data = spots->v[i].needs;
		op->len = spots->v[i].needs ? (uint32_t)strlen(spots->v[i].needs) : 0;
	}
	TRY(add_delegated(p, c, f, spots, err));
	namespace_later(p);
	p->cgroup = true;
	return 0;
}

int plan_cgroup(struct plan *p, const struct config *c, const struct facts *f,
		const struct plan_options *o, struct err *err)
{
	bool privileged = facts_cap(f, CAP_SYS_ADMIN) && !f->in_user_ns;
	const char *given = c->linux_.cgroups_path;
	struct cgroup_spots spots = { .n = 0 };
	struct place where = { .p = p, .f = f };
	struct limits l = {
		.p = p,
		.r = c->linux_.resources,
		.spots = &spots,
		.prefix = POINTER_RESOURCES,
		.devices = privileged,
		.ignore_default_shares = !privileged && (!given || !given[0]),
	};

	/* systemd is asked for a unit of the container's, whatever is in it. */
	if (o->cgroup_manager == CGROUP_MANAGER_SYSTEMD)
		return plan_with(&l, c, f, o, err);
	if (!cgroup_is_asked(c))
		return 0;
	where.path = asked_path(p, c, o);
	where.absolute = where.path[0] == '/';
	if (o->cgroup_manager != CGROUP_MANAGER_NONE) {
		spots_v1(&where, &spots);
		spot_v2(&where, &spots);
	}
	return spots.n ? plan_with(&l, c, f, o, err) : plan_without(&l, c, f, o, err);
}
