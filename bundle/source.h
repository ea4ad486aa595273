/* SPDX-License-Identifier: Apache-2.0 */
/* source.h - what the command line names: a shipped recipe, a recipe file, an archive or an image. */
#pragma once

#include "bundle/build.h"
#include "bundle/image.h"
#include "bundle/lock.h"
#include "bundle/progress.h"
#include "bundle/recipe.h"
#include "rootfs-tools/spool.h"
#include "rootfs-tools/tree.h"
#include "rootfs-tools/unpack.h"

struct source {
	const char *name; /* for messages */
	int fd; /* of an archive, else -1 */
	bool is_recipe, is_image;
	struct recipe recipe;
	const char *recipe_sha256;
	struct image_name image;
	struct process image_process; /* filled by source_tree */
	const char *image_title;
	const char *dir; /* where the recipe's relative paths begin */
	const char *lock_path; /* of a recipe */
	struct lock lock; /* with want->locked */
};

/* What all sources of a build share. */
struct larder {
	const struct build_want *want;
	struct unpack unpack;
	struct limits limits;
	struct spool *spool;
	struct site *site;
	const struct log *log;
	struct arena *arena;
	unsigned int source; /* counts archives and steps */
	struct progress *progress;
	struct built_input *inputs; /* what went in so far */
	size_t n_inputs, room;
};

/* source_open: reads and checks a recipe, opens an archive. */
int source_open(const char *arg, struct arena *a, struct source *ret, struct err *err);
void source_done(struct source *s);
/* source_tree: all of the source into the empty tree. */
int source_tree(struct larder *l, struct source *s, struct tree *out, struct err *err);
