/* SPDX-License-Identifier: Apache-2.0 */
/* plan_systemd.c - the ops for a cgroup that systemd makes.
 *
 * systemd puts a process into a scope that it makes for it, so the process is there first. The parent asks, by the companion
 * program, while the child waits; then it limits the scope's cgroup by its files, too, as systemd has no property for some
 * limits. The manager is the system's for root, and else the user's, also where an engine has made the user root inside a
 * user namespace. */
#include "runtime/plan/plan_cgroup.h"
#include "runtime/plan/plan_scope.h"
#include "spec/base/str.h"

#define POINTER_PATH "/linux/cgroupsPath"
#define POINTER_RESOURCES "/linux/resources"
#define POINTER_SUBGROUP "/annotations/run.oci.systemd.subgroup"

static int check_host(const struct facts *f, struct err *err)
{
	const char *lacks = f->cgroup_mode == CGROUP_NONE ? "none is mounted"
			    : f->cgroup_mode == CGROUP_V1 ? "this host has v1"
							  : "this host has v1 and v2 mixed";

	if (f->cgroup_mode == CGROUP_V2 && str_eq(f->cgroup_root, "/"))
		return 0;
	if (f->cgroup_mode == CGROUP_V2)
		lacks = "only a part of it is mounted here";
	(void)err_input(
		err,
		"the systemd manager needs the whole of cgroup v2, and %s; use --cgroup-manager "
		"cgroupfs",
		lacks);
	return err_in(err, POINTER_PATH);
}

static int add_properties(struct scope_lines *lines, const struct limits *l,
			  const struct scope_place *place, const struct config *c, const char *id,
			  struct err *err)
{
	struct arena *a = l->p->arena;

	scope_add(lines, "Description", "s");
	scope_value(lines, "srt-oci container %s", id);
	scope_add(lines, "Slice", "s");
	scope_value(lines, "%s", place->slice);
	/* A failed unit would keep its name from the next container of that id. */
	scope_add(lines, "CollectMode", "s");
	scope_value(lines, "inactive-or-failed");
	scope_add(lines, "DefaultDependencies", "b");
	scope_value(lines, "false");
	if (l->r && scope_limits(lines, l->r, l->devices, a, err) < 0)
		return err_in(err, POINTER_RESOURCES);
	return scope_annotations(lines, &c->annotations, a, err);
}

int plan_scope(struct limits *l, const struct config *c, const struct facts *f,
	       const struct plan_options *o, struct err *err)
{
	struct plan *p = l->p;
	enum scope_manager manager = f->uid == 0 && !f->in_user_ns ? SCOPE_SYSTEM : SCOPE_USER;
	struct scope_lines lines = { .text = { .arena = p->arena } };
	struct scope_place place;
	struct op *op;

	TRY(check_host(f, err));
	TRY(scope_place(c->linux_.cgroups_path, o->id, manager, p->arena, &place, err));
	TRY(add_properties(&lines, l, &place, c, o->id, err));
	op = plan_add(p, STAGE_PREPARE, OP_CGROUP_SCOPE, POINTER_PATH);
	op->path = place.unit;
	op->type = CGROUP_UNIFIED;
	op->text = arena_str(p->arena, f->cgroup_mount);
	op->a = manager;
	op->data = lines.text.s;
	op->len = (uint32_t)lines.text.len;
	l->spots->v[0] = (struct cgroup_spot){
		.type = CGROUP_UNIFIED,
		.mount = op->text,
		.path = scope_path(&place, p->arena),
		.controllers = arena_str(p->arena, f->cgroup_top_controllers),
	};
	l->spots->n = 1;
	p->scope = true;
	return 0;
}

void plan_scope_optional(struct plan *p, size_t first)
{
	const struct op *scope = &p->ops[first];

	if (p->strict || scope->a != SCOPE_USER)
		return;
	for (size_t i = first; i < p->n; i++)
		if (p->ops[i].code == OP_CGROUP_WRITE)
			p->ops[i].flags |= OP_OPTIONAL;
}

void plan_scope_below(struct plan *p, const char *name, const char *cause)
{
	struct op *op = plan_add(p, STAGE_PREPARE, OP_CGROUP_BELOW, cause);

	op->type = CGROUP_UNIFIED;
	op->path = name;
}

int plan_scope_subgroup(struct plan *p, const struct config *c, struct err *err)
{
	const char *name;

	TRY(scope_subgroup(&c->annotations, &name, err));
	if (name)
		plan_scope_below(p, name, POINTER_SUBGROUP);
	return 0;
}
