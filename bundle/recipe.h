/* SPDX-License-Identifier: Apache-2.0 */
/* recipe.h - what to build, from what, by which steps: a JSON document with strict keys. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "rootfs-tools/limits.h"
#include "rootfs-tools/unpack.h"
#include "spec/base/arena.h"
#include "spec/base/err.h"

struct strings {
	const char **v;
	size_t n;
};

enum input_type { INPUT_TAR, INPUT_DEB, INPUT_ZIP, INPUT_CPIO, INPUT_NPM, INPUT_OCI, INPUT_DOCKER };

struct input {
	const char *id;
	int type;
	const char *path; /* of an archive, from the recipe's directory */
	const char *sha256; /* of that archive, if it has to be that one */
	const char *integrity; /* of an npm tarball: sha512-… */
	const char *ref, *digest; /* of an image: which one of its layout */
	struct strings packages; /* or: names for apt */
};

struct step {
	const char *op, *from, *path, *to, *text, *target, *mode;
	struct strings include, exclude, paths, roots, plus, argv, writes;
	bool override;
};

struct normalize {
	const char *mtime, *mode;
	struct strings xattrs;
	int devices, setid; /* enum verdict */
	int owner; /* 1: as recorded */
};

struct process {
	struct strings args, env;
	const char *cwd;
};

struct recipe {
	uint64_t version;
	const char *name, *platform;
	uint64_t epoch;
	struct {
		struct input *v;
		size_t n;
	} inputs;
	struct {
		struct step *v;
		size_t n;
	} steps;
	struct normalize normalize;
	struct limits limits; /* 0: the standard one */
	struct process process;
	const char *sbom; /* spdx-2.3 */
};

/* recipe_read: the document (name is for messages), checked: every step names known inputs and has
 * exactly the keys of its op. ERR_INPUT with the JSON pointer. */
int recipe_read(const char *bytes, size_t len, const char *name, struct arena *a,
		struct recipe *ret, struct err *err);

/* recipe_name_check: a bundle name, which is a host name too; ERR_INPUT. */
int recipe_name_check(const char *name, struct err *err);

/* A recipe that lies in the program. The table ends with a row whose name is NULL. */
struct shipped {
	const char *name, *json;
};
extern const struct shipped SHIPPED_RECIPES[];
