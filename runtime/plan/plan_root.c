/* SPDX-License-Identifier: Apache-2.0 */
/* plan_root.c - the prepared tree becomes "/", read-only where asked, with paths masked. */
#include <linux/mount.h>

#include "runtime/plan/plan.h"
#include "spec/base/path.h"

/* The root begins with it (plan_fresh_root). */
static bool is_seeded(const struct config *c, const char *path)
{
	for (size_t i = 0; i < c->root->seeds.n; i++) {
		const struct seed *s = &c->root->seeds.v[i];

		if ((s->kind == SEED_DIR || s->kind == SEED_SPACE) && str_eq(s->path, path))
			return true;
	}
	return false;
}

/* What the specification wants made anyway (process.cwd is a MUST for the runtime's user, but both peers make it) must be
 * made while the root can still be written. */
static void add_cwd(struct plan *p, const struct config *c)
{
	const char *cwd = c->process ? path_clean(p->arena, c->process->cwd) : "/";
	struct op *op;

	if (str_eq(cwd, "/") || is_seeded(c, cwd))
		return;
	op = plan_add(p, STAGE_PIVOT, OP_MKDIR, "/process/cwd");
	op->path = cwd;
	op->a = 0755;
	op->flags = OP_OPTIONAL;
}

int plan_root(struct plan *p, const struct config *c, const struct plan_options *o, struct err *err)
{
	(void)err;
	(void)plan_add(p, STAGE_PIVOT, o->no_pivot ? OP_MOVE_ROOT : OP_PIVOT, "/root/path");
	add_cwd(p, c);
	if (c->root->readonly)
		(void)plan_add(p, STAGE_PIVOT, OP_ROOT_READONLY, "/root/readonly");
	return 0;
}

static void add_paths(struct plan *p, const struct strings *paths, enum op_code code,
		      const char *property)
{
	for (size_t i = 0; i < paths->n; i++) {
		struct op *op = plan_add(p, STAGE_PIVOT, code, path_index(p->arena, property, i));

		op->path = paths->v[i];
	}
}

int plan_paths(struct plan *p, const struct config *c, const struct facts *f, struct err *err)
{
	unsigned long wish = c->linux_.rootfs_propagation;
	struct op *op;

	(void)f;
	(void)err;
	add_paths(p, &c->linux_.readonly_paths, OP_READONLY, "/linux/readonlyPaths");
	add_paths(p, &c->linux_.masked_paths, OP_MASK, "/linux/maskedPaths");
	/* After the binds, which the kernel refuses of what is unbindable. */
	if (wish) {
		op = plan_add(p, STAGE_PIVOT, OP_ROOT_PROPAGATION, "/linux/rootfsPropagation");
		op->a = wish | MS_REC;
	}
	return 0;
}
