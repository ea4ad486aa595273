/* SPDX-License-Identifier: Apache-2.0 */
/* plan_cgroup_mount.c - a mount of type cgroup where there are hierarchies of v1: a small tmpfs with a directory for each.
 *
 * With a cgroup namespace each hierarchy is mounted afresh and begins at the container's own cgroup. Without, its directory
 * is bound there, so that nothing of the host's other cgroups is to be seen. */
#include "runtime/plan/plan_cgroup.h"

#include <linux/mount.h>

#include "spec/base/path.h"
#include "spec/base/str.h"

#ifndef CLONE_NEWCGROUP
#define CLONE_NEWCGROUP 0x02000000
#endif
#define NAMED "name="
#define SAFE ((uint64_t)MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC)

struct spread {
	struct plan *p;
	const char *cause, *dest;
	uint64_t attrs; /* of each mount */
	bool own_ns;
};

static struct op *add(const struct spread *s, enum op_code code, const char *name)
{
	struct op *op = plan_add(s->p, STAGE_ROOT, code, s->cause);

	op->path = name ? path_join(s->p->arena, s->dest, name) : s->dest;
	return op;
}

/* Where the container's cgroup of that type is; without one of its own, the caller's. */
static const char *path_in(const struct plan *p, const char *type, const char *own)
{
	for (size_t i = 0; i < p->n; i++)
		if (p->ops[i].code == OP_CGROUP && str_eq(p->ops[i].type, type))
			return p->ops[i].path;
	return own[0] ? own : "/";
}

static void add_hierarchy(const struct spread *s, const char *name, const char *type,
			  const char *data, const char *source)
{
	struct op *op;

	if (s->own_ns) {
		op = add(s, OP_MOUNT, name);
		op->type = type;
		op->text = "cgroup";
		op->data = data;
		op->len = (uint32_t)strlen(data);
		op->a = s->attrs;
	}
	op = add(s, OP_BIND, name);
	op->text = source;
	op->a = s->attrs | SAFE;
	if (s->own_ns) {
		/* Whoever may not mount it gets the host's, to look at. */
		op->flags |= OP_ELSE;
		op->a |= MOUNT_ATTR_RDONLY;
	}
}

/* "cpu" and "cpuacct" lead to "cpu,cpuacct". */
static void add_links(const struct spread *s, const char *name)
{
	struct op *op;

	if (!strchr(name, ','))
		return;
	for (const char *word = name; *word;) {
		size_t n = strcspn(word, ",");

		op = add(s, OP_SYMLINK, arena_strn(s->p->arena, word, n));
		op->text = name;
		word += n + (word[n] == ',');
	}
}

static void add_v1(const struct spread *s, const struct cgroup_v1 *v)
{
	struct arena *a = s->p->arena;
	const char *type = arena_str(a, v->controllers);
	bool named = str_starts(type, NAMED);
	const char *name = named ? type + strlen(NAMED) : type;
	const char *path = path_in(s->p, type, v->own);

	add_hierarchy(s, name, "cgroup", named ? arena_printf(a, "none,%s", type) : type,
		      path_clean(a, path_join(a, v->mount, path)));
	add_links(s, name);
}

void plan_cgroup_spread(struct plan *p, const struct config *c, const struct facts *f,
			const char *cause, const char *dest, uint64_t attrs)
{
	struct spread s = { p, cause, dest, attrs, config_has_ns(c, CLONE_NEWCGROUP) };
	struct op *op = add(&s, OP_MOUNT, NULL);

	op->type = op->text = "tmpfs";
	op->data = "mode=755";
	op->len = (uint32_t)strlen(op->data);
	op->a = (attrs | SAFE) & ~(uint64_t)MOUNT_ATTR_RDONLY;
	if (attrs & MOUNT_ATTR_RDONLY)
		op->flags |= OP_READONLY_LATE;
	for (uint32_t i = 0; i < f->cgroup_v1_n; i++)
		add_v1(&s, &f->cgroup_v1[i]);
	if (f->cgroup_mount[0])
		add_hierarchy(
			&s, CGROUP_UNIFIED, "cgroup2", "",
			path_clean(p->arena, path_join(p->arena, f->cgroup_mount,
						       path_in(p, CGROUP_UNIFIED, f->cgroup_own))));
}
