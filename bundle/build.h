/* SPDX-License-Identifier: Apache-2.0 */
/* build.h - recipes, archives and images become one bundle. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "bundle/identity.h"
#include "bundle/recipe.h"
#include "bundle/store.h"
#include "rootfs-tools/limits.h"
#include "rootfs-tools/materialise.h"
#include "spec/base/arena.h"
#include "spec/base/err.h"
#include "spec/base/log.h"

struct build_want {
	const char *dest; /* a name in the store, or a directory's path that must not be there */
	const char *name; /* NULL: the recipe's, the image's, or the destination's */
	struct strings sources; /* shipped recipes, recipe files, archives, images: laid over each
				   other */
	struct strings args; /* the process; none: a recipe's, an image's, or an interpreter that is
				there */
	struct limits limits; /* 0: the recipe's, or the standard one */
	bool refuse_devices, refuse_setid;
	bool owners; /* keep those that archives record */
	bool override; /* a later source may replace what an earlier one has */
	bool check; /* build twice, in other circumstances, and compare */
	bool locked; /* recipes have a lock, and only what it names goes in */
	bool allow_exec; /* steps may run programs of the tree, in our own sandbox */
	bool quiet;
	bool replace; /* the name of a bundle in the store may mean another one from now on */
	const char *platform; /* linux/ARCHITECTURE of images; NULL: this machine's */
	uint64_t threads; /* archives read at once */
	uint32_t uid, gid; /* on the host, of whoever runs it: of a plain directory */
};

/* One archive that went in. */
struct built_input {
	const char *name, *version, *arch; /* version, arch: of a package, else NULL */
	const char *sha256;
	uint64_t size;
	unsigned int first, last; /* sources of its nodes */
	const char *sha512; /* of an npm package, whose arch is NULL; else NULL */
};

struct built {
	const char *name;
	bool in_store, was_there;
	enum placing placing;
	struct identity identity;
	struct materialised made;
	uint64_t dropped, cleared;
	uint64_t written, reused; /* bytes of objects: new, and there before */
	struct built_input *inputs;
	size_t n_inputs;
	uint32_t uid, gid;
};

/* build_bundle: everything is read and settled in memory, then written out of sight and renamed to
 * its place; after a failure nothing is left but objects of the store that nothing uses. 1: with
 * check, the two builds differ (told). */
int build_bundle(const struct build_want *want, const struct log *log, struct arena *a,
		 struct built *ret, struct err *err);
