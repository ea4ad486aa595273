/* SPDX-License-Identifier: Apache-2.0 */
/* plan_ids.c - who the container's ids are outside, and who may write that down.
 *
 * A caller with CAP_SETUID writes any map from outside. Everybody else may have the single own id mapped by the new process
 * itself (user_namespaces(7)): no helper, no waiting, but setgroups is denied then. For more ids newuidmap is needed. */
#include <linux/capability.h>
#include <sched.h>

#include "runtime/plan/plan.h"
#include "spec/base/path.h"

#ifndef CLONE_NEWUSER
#define CLONE_NEWUSER 0x10000000
#endif

/* One of the two kinds of ids. */
struct kind {
	const char *file, *helper_name, *property;
	const char *helper; /* path of newuidmap or newgidmap, "" if missing */
	const struct id_range *ranges;
	size_t ranges_n;
	const char *ranges_file;
	int cap;
	uint32_t own;
	struct id_mappings maps;
};

static bool is_own(const struct id_mappings *m, uint32_t own)
{
	return m->n == 1 && m->v[0].size == 1 && m->v[0].host_id == own;
}

static bool maps_host_id(const struct id_mappings *m, uint32_t host)
{
	for (size_t i = 0; i < m->n; i++)
		if (host >= m->v[i].host_id && host - m->v[i].host_id < m->v[i].size)
			return true;
	return false;
}

static bool maps_container_id(const struct id_mappings *m, uint32_t id)
{
	for (size_t i = 0; i < m->n; i++)
		if (id >= m->v[i].container_id && id - m->v[i].container_id < m->v[i].size)
			return true;
	return false;
}

static const char *map_text(struct plan *p, const struct id_mappings *m)
{
	struct text t = { .arena = p->arena };

	for (size_t i = 0; i < m->n; i++)
		text_addf(&t, "%s%u %u %u", i ? "\n" : "", m->v[i].container_id, m->v[i].host_id,
			  m->v[i].size);
	return t.s;
}

static bool range_holds(const struct id_range *r, const struct id_mapping *m)
{
	return m->host_id >= r->first && m->size <= r->count &&
	       m->host_id - r->first <= r->count - m->size;
}

/* newuidmap will refuse what /etc/subuid does not grant: say so before anything is done. */
static int check_granted(const struct kind *k, const struct id_mapping *m, size_t i,
			 struct err *err)
{
	if (m->size == 1 && m->host_id == k->own)
		return 0;
	for (size_t r = 0; r < k->ranges_n; r++)
		if (range_holds(&k->ranges[r], m))
			return 0;
	(void)err_set(
		err, ERR_HOST, 0,
		"host ids %u to %llu are not granted to this user in %s; ask root to add a line there, "
		"or map only your own id %u with size 1",
		m->host_id, (unsigned long long)m->host_id + m->size - 1, k->ranges_file, k->own);
	return err_in(err, "%s/%zu", k->property, i);
}

static int check_helper(const struct kind *k, struct err *err)
{
	if (k->helper[0]) {
		for (size_t i = 0; i < k->maps.n; i++)
			TRY(check_granted(k, &k->maps.v[i], i, err));
		return 0;
	}
	(void)err_set(
		err, ERR_HOST, 0,
		"mapping more than your own id %u needs %s, which is not installed (Debian: package "
		"uidmap), or systemd-nsresourced for a single range of 65536; install one of them, or "
		"map only your own id with size 1",
		k->own, k->helper_name);
	return err_in(err, "%s", k->property);
}

enum writer { BY_SELF, BY_PARENT, BY_HELPER };

static int choose_writer(const struct kind *k, const struct facts *f, enum writer *ret,
			 struct err *err)
{
	*ret = BY_PARENT;
	if (facts_cap(f, k->cap))
		return 0;
	*ret = BY_SELF;
	if (is_own(&k->maps, k->own))
		return 0;
	*ret = BY_HELPER;
	return check_helper(k, err);
}

/* nsresourced maps one range, uids and gids alike, of its own choice outside. */
#define SERVICE_RANGE 65536

static bool service_can(const struct kind *uids, const struct kind *gids, const struct facts *f)
{
	const struct id_mapping *u = uids->maps.v, *g = gids->maps.v;
	bool others = !is_own(&uids->maps, uids->own) || !is_own(&gids->maps, gids->own);

	return others && f->nsresourced[0] && !uids->helper[0] && !gids->helper[0] &&
	       !facts_cap(f, uids->cap) && !facts_cap(f, gids->cap) && uids->maps.n == 1 &&
	       gids->maps.n == 1 && u->container_id == g->container_id && u->size == g->size &&
	       (u->size == 1 || u->size == SERVICE_RANGE);
}

/* FNV-1a: the service wants a name of at most 16 characters, unique on the host. */
static const char *service_name(struct plan *p, const char *id)
{
	uint32_t hash = 2166136261u;

	for (; *id; id++)
		hash = (hash ^ (unsigned char)*id) * 16777619u;
	return arena_printf(p->arena, "srt-%08x", hash);
}

static int add_service(struct plan *p, const struct kind *uids, const struct facts *f,
		       const struct plan_options *o, struct err *err)
{
	struct op *op = plan_add(p, STAGE_IDS, OP_ID_MAP_SERVICE, uids->property);

	op->path = arena_str(p->arena, f->nsresourced);
	op->text = service_name(p, o->id);
	op->a = uids->maps.v[0].container_id;
	op->b = uids->maps.v[0].size;
	p->maps_by_parent = true;
	return plan_warn(
		p, err, uids->property,
		"newuidmap is not installed; systemd-nsresourced gives ids of its own choice, not "
		"from %u on",
		uids->maps.v[0].host_id);
}

static void add_map(struct plan *p, const struct kind *k, enum writer w)
{
	enum stage self = p->middle_flags & CLONE_NEWUSER ? STAGE_JOIN : STAGE_NAMESPACE;
	struct op *op = plan_add(p, w == BY_SELF ? self : STAGE_IDS,
				 w == BY_HELPER ? OP_ID_MAP_HELPER : OP_ID_MAP, k->property);

	/* The facts do not outlive the planning. */
	op->path = w == BY_HELPER ? arena_str(p->arena, k->helper) : k->file;
	op->text = map_text(p, &k->maps);
	if (w != BY_SELF)
		p->maps_by_parent = true;
}

/* Without a map in the config, the process' own id inside is the caller's outside. */
static struct id_mappings maps_or_own(struct plan *p, const struct id_mappings *given,
				      uint32_t inside, uint32_t own)
{
	struct id_mapping *m;

	if (given->n)
		return *given;
	m = arena_new(p->arena, struct id_mapping);
	*m = (struct id_mapping){ .container_id = inside, .host_id = own, .size = 1 };
	return (struct id_mappings){ .v = m, .n = 1 };
}

int plan_user_mapped(const struct plan *p, const struct process *process, struct err *err)
{
	const struct user *u = &process->user;

	if (!maps_container_id(&p->uid_maps, u->uid)) {
		(void)err_input(err,
				"uid %u is not mapped in this user namespace; add it to "
				"/linux/uidMappings or choose a mapped one",
				u->uid);
		return err_in(err, "/process/user/uid");
	}
	if (!maps_container_id(&p->gid_maps, u->gid)) {
		(void)err_input(err,
				"gid %u is not mapped in this user namespace; add it to "
				"/linux/gidMappings or choose a mapped one",
				u->gid);
		return err_in(err, "/process/user/gid");
	}
	return 0;
}

static void add_become_root(struct plan *p, const struct facts *f)
{
	struct op *op;

	if (maps_host_id(&p->uid_maps, f->uid) && maps_host_id(&p->gid_maps, f->gid))
		return;
	op = plan_add(p, STAGE_ROOT, OP_BECOME_ROOT, "/linux/uidMappings");
	op->a = maps_container_id(&p->uid_maps, 0) ? 0 : p->uid_maps.v[0].container_id;
	op->b = maps_container_id(&p->gid_maps, 0) ? 0 : p->gid_maps.v[0].container_id;
}

int plan_ids(struct plan *p, const struct config *c, const struct facts *f,
	     const struct plan_options *o, struct err *err)
{
	const struct linux_config *l = &c->linux_;
	uint32_t uid = c->process ? c->process->user.uid : 0,
		 gid = c->process ? c->process->user.gid : 0;
	struct kind uids = { "uid_map",	    "newuidmap", "/linux/uidMappings",
			     f->newuidmap,  f->subuids,	 f->subuids_n,
			     "/etc/subuid", CAP_SETUID,	 f->uid };
	struct kind gids = { "gid_map",	    "newgidmap", "/linux/gidMappings",
			     f->newgidmap,  f->subgids,	 f->subgids_n,
			     "/etc/subgid", CAP_SETGID,	 f->gid };
	enum writer uw, gw;

	p->uid_maps = uids.maps = maps_or_own(p, &l->uid_mappings, uid, f->uid);
	p->gid_maps = gids.maps = maps_or_own(p, &l->gid_mappings, gid, f->gid);
	if (c->process)
		TRY(plan_user_mapped(p, c->process, err));
	if (service_can(&uids, &gids, f))
		return add_service(p, &uids, f, o, err);
	TRY(choose_writer(&uids, f, &uw, err));
	TRY(choose_writer(&gids, f, &gw, err));
	if (gw == BY_SELF) {
		(void)plan_add(p, p->middle_flags & CLONE_NEWUSER ? STAGE_JOIN : STAGE_NAMESPACE,
			       OP_DENY_SETGROUPS, "/linux/gidMappings");
		p->setgroups_denied = true;
	}
	add_map(p, &uids, uw);
	add_map(p, &gids, gw);
	return 0;
}

int plan_ids_inside(struct plan *p, const struct config *c, const struct facts *f, struct err *err)
{
	const struct namespace *user = namespace_of(c, CLONE_NEWUSER);
	struct op *op;

	(void)err;
	if (user && !user->path)
		add_become_root(p, f);
	/* Who may enter another's user namespace is rarely mapped there, and could make no file (EOVERFLOW). */
	if (user && user->path && facts_cap(f, CAP_SETUID)) {
		op = plan_add(p, STAGE_ROOT, OP_BECOME_ROOT,
			      path_index(p->arena, "/linux/namespaces",
					 (size_t)(user - c->linux_.namespaces.v)));
		op->flags = OP_OPTIONAL;
	}
	return 0;
}
