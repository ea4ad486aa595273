/* SPDX-License-Identifier: Apache-2.0 */
/* load.h - a bundle that is there: of the store, by name or id, or a plain directory. */
#pragma once

#include "bundle/identity.h"
#include "bundle/store.h"
#include "rootfs-tools/manifest.h"
#include "rootfs-tools/spool.h"
#include "rootfs-tools/tree.h"

/* An archive or package that went into a bundle. */
struct origin {
	const char *name, *version, *arch, *sha256;
	uint64_t size;
	uint64_t bytes, files; /* of it that are in the bundle */
};
struct origins {
	struct origin *v;
	size_t n;
};

struct loaded {
	const struct pulse
		*pulse; /* set before it is opened: a beat for each piece that is hashed */
	const char *shown; /* what messages call it */
	const char *name; /* from bundle.json, or NULL */
	int dir, rootfs;
	bool in_store;
	enum placing placing;
	struct tree tree;
	struct manifest manifest;
	char *manifest_text, *config_text;
	size_t manifest_len, config_len;
	struct identity identity;
	struct spool spool; /* of the store's objects */
	struct origins origins;
	uint32_t *
		origin_of; /* for each line of the manifest: 1 + index, 0: a step made it; or NULL */
	size_t n_origin_of;
	int file; /* opened by loaded_file */
};
#define LOADED_NONE                                             \
	{                                                       \
		.dir = -1, .rootfs = -1, .file = -1, .spool = { \
			.dir = -1,                              \
			.tmp = -1,                              \
			.part = -1,                             \
			.open_fd = -1                           \
		}                                               \
	}

/* loaded_open: a path (it holds a slash, or is ".") is a directory; anything else is looked for in
 * the store, which is opened for reading where it is not open. The manifest is read, or made from a directory that has none. ERR_INTEGRITY where a
 * bundle of the store is not what its id says. */
int loaded_open(struct loaded *l, struct store *s, const char *name, struct arena *a,
		struct err *err);
int loaded_open_id(struct loaded *l, const struct store *s, const char *id, struct arena *a,
		   struct err *err);
void loaded_done(struct loaded *l);
#define scoped_loaded scoped(loaded_done)

/* loaded_file: the bytes of a file, for reading; the fd is l's until the next call. */
int loaded_file(struct loaded *l, const struct node *n, struct err *err);

/* is_path: the word is a directory and not a name of the store. */
bool is_path(const char *word);
