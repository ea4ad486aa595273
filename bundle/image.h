/* SPDX-License-Identifier: Apache-2.0 */
/* image.h - an image of a layout becomes a tree and a process. */
#pragma once

#include "bundle/recipe.h"
#include "rootfs-tools/tree.h"
#include "rootfs-tools/unpack.h"
#include "spec/base/arena.h"
#include "spec/base/err.h"

enum image_kind { IMAGE_OCI, IMAGE_DOCKER };

/* What names an image: "oci:PATH[:REF][@DIGEST]", "docker-archive:FILE[:REF]". PATH may be a
 * directory or an archive of one. */
struct image_name {
	enum image_kind kind;
	const char *path, *ref, *digest;
};
/* image_name_parse: 1 if the word names no image. */
int image_name_parse(const char *word, struct arena *a, struct image_name *ret, struct err *err);

struct image_want {
	const struct image_name *name;
	const char *arch; /* Debian's word of the platform to choose */
	int scratch; /* a private directory for what an archive holds */
	unsigned int source; /* of the first layer; counts up */
};

/* What an image says about itself. */
struct image_said {
	const char *digest; /* of the manifest, sha256:… */
	const char *title; /* or NULL */
	struct process process;
	unsigned int source; /* of the last layer */
	uint64_t size; /* of all layers as they lie */
};

/* image_tree: checks every digest and size, then lays the layers over each other, whiteouts done. */
int image_tree(struct unpack *u, const struct image_want *want, struct tree *out, struct arena *a,
	       struct image_said *ret, struct err *err);

/* image_digest: of the manifest that the name leads to. Only for a layout that is a directory. */
int image_digest(const struct image_name *name, const char *arch, struct arena *a, const char **ret,
		 struct err *err);
