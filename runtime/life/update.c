/* SPDX-License-Identifier: Apache-2.0 */
/* update.c - new limits for a container that exists: by its cgroup, or what stands in for one. */
#include <unistd.h>

#include "runtime/act/act.h"
#include "runtime/act/cgroup_tree.h"
#include "runtime/act/rdt.h"
#include "runtime/life/cgroup.h"
#include "runtime/life/process.h"
#include "runtime/life/scope.h"
#include "runtime/life/store.h"
#include "runtime/life/update.h"
#include "runtime/plan/plan_cgroup.h"
#include "runtime/probe/probe.h"
#include "spec/base/fd.h"
#include "spec/base/sys.h"

#define CAP_SYS_ADMIN_ 21

struct update {
	const struct runtime *rt;
	struct entry entry;
	struct arena arena;
	struct container c;
	struct cgroups cgroups;
	struct cgroup_dirs dirs;
	bool warned;
};

static void update_done(struct update *u)
{
	cgroup_dirs_done(&u->dirs);
	cgroups_done(&u->cgroups);
	entry_done(&u->entry);
	arena_done(&u->arena);
}
#define scoped_update scoped(update_done)

/* A warning stays with the container: `state` shows it. */
static void warn(struct update *u, const char *place, const char *text)
{
	struct strings all = { arena_array(&u->arena, const char *, u->c.warnings.n + 2), 0 };

	for (size_t i = 0; i < u->c.warnings.n; i++)
		all.v[all.n++] = u->c.warnings.v[i];
	all.v[all.n++] = arena_printf(&u->arena, "update: %s: %s", place, text);
	log_line(&u->rt->log, LOG_LEVEL_WARN, "%s", all.v[all.n - 1]);
	u->c.warnings = all;
	u->warned = true;
}

static void on_failed_limit(void *ctx, const struct op *op, const struct err *why)
{
	(void)op;
	warn(ctx, why->place, why->text);
}

/* --- by the cgroup ---------------------------------------------------------------------------- */

static int64_t number_in(const struct cgroup_ref *r, const char *file)
{
	struct err ignored;
	char text[64];
	int64_t n;

	if (cgroup_read(r->fd, file, text, sizeof(text)) <= 0)
		return -1;
	text[strcspn(text, "\n")] = '\0';
	return str_i64(text, 0, INT64_MAX, &n, &ignored) < 0 ? -1 : n;
}

/* v2 kills where v1 refuses; and it limits swap by itself, so that the limit is needed to tell how much of the sum that is. */
static int complete_memory(const struct update *u, struct resources *r, struct err *err)
{
	const struct cgroup_ref *m = cgroups_with(&u->cgroups, "memory");
	int64_t now;

	if (!r->memory || !m || !m->v2)
		return 0;
	if (r->memory->swap.v > 0 && !r->memory->limit.v)
		r->memory->limit = (struct opt_i64){ true, number_in(m, "memory.max") };
	now = number_in(m, "memory.current");
	if (r->memory->check_before_update.v && r->memory->limit.v > 0 &&
	    now > r->memory->limit.v) {
		(void)err_state(err, "%lld bytes are in use, more than the new limit of %lld",
				(long long)now, (long long)r->memory->limit.v);
		return err_in(err, "/memory/limit");
	}
	return 0;
}

static void spots_of(struct update *u, struct cgroup_spots *ret)
{
	char have[512];

	ret->n = 0;
	for (size_t i = 0; i < u->cgroups.n; i++) {
		const struct cgroup_ref *r = &u->cgroups.v[i];
		struct cgroup_spot s = { .type = r->type, .path = r->path, .controllers = r->type };

		if (r->fd < 0)
			continue;
		if (r->v2) {
			(void)cgroup_read(r->fd, "cgroup.controllers", have, sizeof(have));
			have[strcspn(have, "\n")] = '\0';
			s.controllers = arena_str(&u->arena, have);
		}
		ret->v[ret->n++] = s;
	}
}

static int take_dirs(struct update *u, struct err *err)
{
	for (size_t i = 0; i < u->cgroups.n; i++) {
		int fd;

		if (u->cgroups.v[i].fd < 0)
			continue;
		fd = sys_fcntl(u->cgroups.v[i].fd, F_DUPFD_CLOEXEC, 0);
		if (fd < 0)
			return err_host(err, errno, "duplicate a file descriptor");
		TRY(cgroup_dirs_add(&u->dirs, u->cgroups.v[i].type, fd, err));
	}
	return 0;
}

static int by_cgroup(struct update *u, struct resources *r, struct err *err)
{
	struct plan p = { .arena = &u->arena, .strict = u->rt->strict };
	struct act x = ACT_INIT;
	struct cgroup_spots spots;
	struct limits l = {
		.p = &p, .r = r, .spots = &spots, .prefix = "", .devices = true, .update = true
	};

	TRY(complete_memory(u, r, err));
	spots_of(u, &spots);
	TRY(plan_limits(&l, err));
	for (size_t i = 0; i < p.warnings_n; i++)
		warn(u, p.warnings[i].cause, p.warnings[i].text);
	TRY(scope_limit(&u->c, r, &u->arena, err));
	TRY(take_dirs(u, err));
	x.plan = &p;
	x.cgroups = &u->dirs;
	x.warn = on_failed_limit;
	x.warn_ctx = u;
	return act_stage(&x, STAGE_PREPARE, err);
}

/* --- without one ------------------------------------------------------------------------------ */

/* What is left to be said once the stand-ins are in place; nothing of it is done in silence. */
static int without_cgroup(struct update *u, const struct resources *r, struct strings *said,
			  struct err *err)
{
	static const char why[] = "not applied: the container has no cgroup";
	struct plan p = { .arena = &u->arena, .strict = u->rt->strict };
	struct limits l = { .p = &p, .r = r, .prefix = "", .devices = true, .update = true };
	size_t stood_in = 0;

	TRY(plan_limits_lost(&l, why, err));
	said->v = arena_array(&u->arena, const char *, p.warnings_n + 1);
	for (size_t i = 0; i < p.warnings_n; i++) {
		const char *cause = p.warnings[i].cause, *text = why;

		if (update_stand_in(&u->c, cause, r, &u->arena, &text, err) < 0)
			return err_in(err, "%s", cause);
		stood_in += text != why;
		warn(u, cause, text);
		said->v[said->n++] = arena_printf(&u->arena, "%s: %s", cause + 1, text);
	}
	if (p.warnings_n && !stood_in)
		return err_state(
			err,
			"container \"%s\" has no cgroup, so that nothing of this can be limited; give its "
			"config a cgroupsPath, and a user who may use it",
			u->c.id);
	return 0;
}

/* --- caches ---------------------------------------------------------------------------------- */

/* Only a group that the container's config asked for is this container's to change. */
static int update_caches(struct update *u, const struct update_caches *caches, struct err *err)
{
	const char *l3 = caches->l3_cache, *bw = caches->mem_bw, *group;
	struct config *config = NULL;
	struct intel_rdt *rdt;
	struct facts facts;

	if (!l3 && !bw)
		return 0;
	if (u->entry.owner != geteuid())
		return err_state(
			err, "container \"%s\" belongs to uid %u; change its caches as that user",
			u->c.id, u->entry.owner);
	TRY(store_config(&u->entry, &u->arena, &config, err));
	rdt = config ? config->linux_.intel_rdt : NULL;
	if (!rdt)
		return err_state(err,
				 "container \"%s\" has no resctrl group; give its config "
				 "/linux/intelRdt",
				 u->c.id);
	TRY(probe(WANT_RDT, &facts, err));
	if (!facts.resctrl[0])
		return err_set(err, ERR_HOST, 0, "resctrl is not mounted on this host");
	group = rdt->clos_id && rdt->clos_id[0] ? rdt->clos_id : u->c.id;
	return rdt_change(facts.resctrl, str_eq(group, "/") ? "" : group,
			  arena_printf(&u->arena, "%s%s%s%s", l3 ? l3 : "", l3 ? "\n" : "",
				       bw ? bw : "", bw ? "\n" : ""),
			  err);
}

static bool asks_nothing(const struct resources *r)
{
	static const struct resources none;

	return memcmp(r, &none, sizeof(none)) == 0;
}

/* --- the command ------------------------------------------------------------------------------ */

static int open_container(struct update *u, const char *id, struct err *err)
{
	TRY(store_open(u->rt, id, true, &u->entry, err));
	TRY(store_read(&u->entry, id, &u->arena, &u->c, err));
	if (u->c.status == STATUS_STOPPED)
		return err_state(err, "container not running: no such process");
	/* Whoever may not signal it may not limit it. */
	scoped_fd int fd = -1;
	TRY(container_open(&u->c, &fd, err));
	return cgroups_open(&u->c, NULL, &u->arena, &u->cgroups, err);
}

int life_update(const struct runtime *rt, const char *id, struct resources *r,
		const struct update_caches *caches, struct arena *a, struct strings *said,
		struct err *err)
{
	scoped_update struct update u = { .rt = rt, .entry = { .dir_fd = -1 } };
	struct strings lines = { 0 };

	TRY(open_container(&u, id, err));
	TRY(update_caches(&u, caches, err));
	if (asks_nothing(r))
		return 0;
	if (cgroups_list(&u.cgroups))
		TRY(by_cgroup(&u, r, err));
	else
		TRY(without_cgroup(&u, r, &lines, err));
	if (u.warned)
		TRY(store_write(&u.entry, &u.c, err));
	said->v = arena_array(a, const char *, lines.n + 1);
	said->n = lines.n;
	for (size_t i = 0; i < lines.n; i++)
		said->v[i] = arena_str(a, lines.v[i]);
	return 0;
}
