/* SPDX-License-Identifier: Apache-2.0 */
/* merge.h - one tree, or a part of it, goes into another. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "rootfs-tools/tree.h"
#include "spec/base/err.h"

/* Which paths of a tree to take: those that fit an include pattern (or all, where there is none)
 * and no exclude pattern. */
struct filter {
	const char *const *include, *const *exclude;
	size_t n_include, n_exclude;
};
bool filter_takes(const struct filter *f, const char *path);
/* tree_merge: puts the nodes of from that the filter takes into t, as of that source (UINT_MAX:
 * each keeps its own). */
int tree_merge(struct tree *t, const struct tree *from, const struct filter *filter, bool override,
	       unsigned int source, struct err *err);
