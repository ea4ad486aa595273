/* SPDX-License-Identifier: Apache-2.0 */
/* inspect.h - the views of a bundle. */
#pragma once

#include "bundle/load.h"
#include "spec/base/str.h"

/* One file, in the order of the manifest. */
struct shown {
	const char *path;
	const struct node *node;
	uint32_t origin; /* 1 + index, or 0 */
};
struct showns {
	struct shown *v;
	size_t n;
};

/* showns_of: every node, sorted bytewise by path, with where it came from. */
struct showns showns_of(const struct loaded *l, struct arena *a);

/* page_emit: one page for a browser: a map of sizes by package and by directory, the list of
 * packages, the digests. Needs nothing but itself. */
void page_emit(const struct loaded *l, struct text *out);
