/* SPDX-License-Identifier: Apache-2.0 */
/* source.h - what the command line names: a shipped recipe, a recipe file or an archive. */
#pragma once

#include "bundle/build.h"
#include "bundle/recipe.h"
#include "rootfs-tools/spool.h"
#include "rootfs-tools/tree.h"
#include "rootfs-tools/unpack.h"

struct source {
	const char *name; /* for messages */
	int fd; /* of an archive, else -1 */
	bool is_recipe;
	struct recipe recipe;
	const char *dir; /* where the recipe's relative paths begin */
};

/* What all sources of a build share. */
struct larder {
	struct unpack unpack;
	struct limits limits;
	struct spool *spool;
	const struct log *log;
	struct arena *arena;
	unsigned int source; /* counts archives and steps */
	bool override;
	int64_t began_ms, spoke_ms;
	struct built_input *inputs; /* what went in so far */
	size_t n_inputs, room;
};

/* source_open: reads and checks a recipe, opens an archive. */
int source_open(const char *arg, struct arena *a, struct source *ret, struct err *err);
void source_done(struct source *s);
/* source_tree: all of the source into the empty tree. */
int source_tree(struct larder *l, struct source *s, struct tree *out, struct err *err);
