/* SPDX-License-Identifier: Apache-2.0 */
/* merge.c - filters, and the entries of one tree put into another by the rules of tree_put. */
#include "rootfs-tools/merge.h"

#include <limits.h>

#include "rootfs-tools/glob.h"

bool filter_takes(const struct filter *f, const char *path)
{
	if (f->n_include && !glob_any(f->include, f->n_include, path))
		return false;
	return !glob_any(f->exclude, f->n_exclude, path);
}

int tree_merge(struct tree *t, const struct tree *from, const struct filter *filter, bool override,
	       unsigned int source, struct err *err)
{
	scoped_arena struct arena list = { 0 };
	size_t n;
	struct node **nodes = tree_list(&list, from->root, &n);

	for (size_t i = 1; i < n; i++) {
		char buf[TREE_PATH_MAX];
		const struct node *node = nodes[i];
		const char *path = tree_path(node, buf);
		struct item item = { .type = node->type,
				     .mode = node->mode,
				     .owner = node->owner,
				     .content = node->content,
				     .target = node->target,
				     .xattrs = node->xattrs,
				     .source = source == UINT_MAX ? node->source : source,
				     .override = override };

		if (filter_takes(filter, path) && !(node->implied && node->type == NODE_DIR))
			TRY(tree_put(t, path, &item, err));
	}
	return 0;
}
