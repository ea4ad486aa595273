/* SPDX-License-Identifier: Apache-2.0 */
/* usrmerge.c - one file system hierarchy out of two. */
#include "rootfs-tools/usrmerge.h"

#include <string.h>

#include "spec/base/path.h"

static const char *const MERGED[] = { "bin", "lib", "lib32", "lib64", "libx32", "sbin" };

/* The target that means from the new place what it meant from the old one. A relative target that
 * leaves the moved directory would count from one directory deeper. */
static const char *target_moved(struct arena *a, const char *path, const char *top,
				const char *target)
{
	const char *from, *full;

	if (path_is_absolute(target))
		return target;
	from = arena_strn(a, path, (size_t)(path_base(path) - path));
	full = path_clean(a, path_join(a, from, target));
	return path_beneath(full, top) ? target : full;
}

/* A symlink in /bin to the file of that name in /usr/bin is the merge, done by hand. */
static bool points_home(struct tree *t, const struct node *n, const char *path,
			const char *new_path)
{
	const struct node *there = tree_find(t, new_path, true);

	return n->type == NODE_SYMLINK && there && tree_find(t, path, true) == there;
}

static int node_move(struct tree *t, const struct node *n, const char *top, struct err *err)
{
	scoped_arena struct arena a = { 0 };
	char buf[TREE_PATH_MAX];
	const char *path = tree_path(n, buf);
	const char *new_path = arena_printf(&a, "/usr%s", path);
	struct item item = { .type = n->type,
			     .mode = n->mode,
			     .owner = n->owner,
			     .content = n->content,
			     .xattrs = n->xattrs,
			     .source = n->source };

	if (points_home(t, n, path, new_path))
		return 0;
	if (n->type == NODE_SYMLINK)
		item.target = target_moved(&a, path, top, n->target);
	return tree_put(t, new_path, &item, err);
}

static int dir_merge(struct tree *t, const char *name, unsigned int source, struct err *err)
{
	scoped_arena struct arena a = { 0 };
	const char *top = arena_printf(&a, "/%s", name);
	const char *target = arena_printf(&a, "usr/%s", name);
	struct node *dir = tree_find(t, top, false), *home;
	struct node **nodes;
	size_t n;

	if (dir && dir->type != NODE_DIR)
		return 0;
	home = tree_find(t, target, true);
	if (!dir && (!home || home->type != NODE_DIR))
		return 0;
	if (dir) {
		nodes = tree_list(&a, dir, &n);
		for (size_t i = 0; i < n; i++)
			TRY(node_move(t, nodes[i], top, err));
		tree_remove(dir);
	}
	return tree_put(t, top,
			&(struct item){ .type = NODE_SYMLINK, .target = target, .source = source },
			err);
}

int usrmerge(struct tree *t, unsigned int source, struct err *err)
{
	for (size_t i = 0; i < ARRAY_LEN(MERGED); i++)
		TRY(dir_merge(t, MERGED[i], source, err));
	return 0;
}
