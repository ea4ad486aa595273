/* SPDX-License-Identifier: Apache-2.0 */
/* build.h - recipes and archives become one bundle. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "bundle/recipe.h"
#include "rootfs-tools/limits.h"
#include "rootfs-tools/materialise.h"
#include "spec/base/arena.h"
#include "spec/base/err.h"
#include "spec/base/log.h"

struct build_want {
	const char *dest; /* of the bundle; must not be there */
	const char *name; /* NULL: the recipe's, or the destination's */
	struct strings sources; /* shipped recipes, recipe files, archives: laid over each other */
	struct strings args; /* the process; none: a recipe's, or an interpreter that is there */
	struct limits limits; /* 0: the recipe's, or the standard one */
	bool refuse_devices, refuse_setid;
	bool override; /* a later source may replace what an earlier one has */
	uint32_t uid, gid; /* on the host, of whoever runs it */
};

/* One archive that went in. */
struct built_input {
	const char *name, *version; /* version: of a package, else NULL */
	const char *sha256;
	uint64_t size;
};

struct built {
	const char *name;
	struct materialised made;
	uint64_t dropped, cleared;
	struct built_input *inputs;
	size_t n_inputs;
};

/* build_bundle: everything is read and settled in memory, then written to a directory beside the
 * destination and renamed onto it; after a failure nothing is left. */
int build_bundle(const struct build_want *want, const struct log *log, struct arena *a,
		 struct built *ret, struct err *err);
