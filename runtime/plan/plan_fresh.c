/* SPDX-License-Identifier: Apache-2.0 */
/* plan_fresh.c - what a tree begins with, before the mounts and after: a root that is made anew, as sandboxes have it, or a
 * /dev for one that brings none. */
#include <linux/mount.h>
#include <string.h>

#include "runtime/plan/plan.h"
#include "spec/base/path.h"

/* An empty root belongs to whom the container's ids make its owner: it comes after the switch to them. What is to lie in it
 * before anything is mounted there are its directories. */
void plan_fresh_root(struct plan *p, const struct config *c)
{
	struct op *op;

	if (!c->root->fresh)
		return;
	op = plan_add(p, STAGE_ROOT, OP_ROOT_NEW, "/root");
	op->type = op->text = "tmpfs";
	op->data = c->root->fresh;
	op->len = (uint32_t)strlen(c->root->fresh);
	op->a = MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV;
	for (size_t i = 0; i < c->root->seeds.n; i++) {
		const struct seed *s = &c->root->seeds.v[i];

		if (s->kind != SEED_DIR && s->kind != SEED_SPACE)
			continue;
		op = plan_add(p, STAGE_ROOT, OP_MKDIR, "/root");
		op->path = s->path;
		op->a = s->mode;
		if (s->kind != SEED_SPACE)
			continue;
		op = plan_add(p, STAGE_ROOT, OP_SPACE, "/root");
		op->path = s->path;
		op->a = MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV;
	}
}

/* Files and links come last: what is mounted may hold the place of one, which is then covered. */
void plan_seed_files(struct plan *p, const struct config *c)
{
	for (size_t i = 0; i < c->root->seeds.n; i++) {
		const struct seed *s = &c->root->seeds.v[i];
		struct op *op;

		if (s->kind == SEED_COPY) {
			op = plan_add(p, STAGE_ROOT, OP_COPY, "/root");
			op->path = s->path;
			op->text = s->text;
		}
		if (s->kind != SEED_FILE && s->kind != SEED_LINK)
			continue;
		op = plan_add(p, STAGE_ROOT, s->kind == SEED_FILE ? OP_SEED_FILE : OP_SYMLINK,
			      "/root");
		op->path = s->path;
		if (s->kind == SEED_LINK) {
			op->text = s->text;
			continue;
		}
		op->a = s->mode;
		op->data = s->text;
		op->len = (uint32_t)strlen(s->text);
	}
}

/* Without any mount on /dev, the default devices would have to be made in the root file system itself, which may be shared
 * and read-only: they get a small tmpfs. */
void plan_default_dev(struct plan *p, const struct config *c)
{
	struct op *op;

	if (c->root->fresh)
		return; /* its own directory does */
	for (size_t i = 0; i < c->mounts.n; i++)
		if (str_eq(path_clean(p->arena, c->mounts.v[i].destination), "/dev"))
			return;
	op = plan_add(p, STAGE_ROOT, OP_MOUNT, "/linux/devices");
	op->path = "/dev";
	op->type = "tmpfs";
	op->text = "tmpfs";
	op->data = "mode=755,size=65536k";
	op->len = (uint32_t)strlen(op->data);
	op->a = MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC;
}
