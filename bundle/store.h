/* SPDX-License-Identifier: Apache-2.0 */
/* store.h - bundles of one user, whose files are kept once.
 *
 *	$XDG_DATA_HOME/srt-oci/store/
 *		objects/xx/…	the content of files, by SHA-256, 0444 (and 0555: …x)
 *		bundles/ID/	config.json manifest bundle.json sbom.spdx.json provenance.json rootfs/
 *		refs/NAME	the id of the bundle of that name
 *		tmp/…/		what is being made; nobody's once the lock is free
 *		lock		shared by who writes, exclusive for who removes
 */
#pragma once

#include <stdbool.h>

#include "rootfs-tools/materialise.h"
#include "rootfs-tools/pulse.h"
#include "rootfs-tools/sha256.h"
#include "spec/base/arena.h"
#include "spec/base/err.h"

struct store {
	int dir, objects, bundles, refs, tmp, lock;
	const char *path;
};

enum store_lock { STORE_READ, STORE_WRITE, STORE_REMOVE };

/* store_open: makes what is missing. STORE_REMOVE waits for everybody else, the others wait for it. */
int store_open(struct store *s, enum store_lock lock, struct arena *a, struct err *err);
void store_done(struct store *s);
#define scoped_store scoped(store_done)
#define STORE_NONE                           \
	{                                    \
		-1, -1, -1, -1, -1, -1, NULL \
	}

/* store_placing: how the files of a new bundle get their bytes: what SRT_OCI_STORE says (overlay,
 * hardlink or copy), else overlay where this kernel mounts it for this user, else hard links. */
int store_placing(const struct store *s, enum placing *ret, struct err *err);
/* placing_name, placing_of: the words of that variable. placing_of returns false for another. */
const char *placing_name(enum placing p);
bool placing_of(const char *word, enum placing *ret);

/* store_find: the id (64 digits) of a bundle by name, id, "sha256:" and id, or the first twelve or
 * more digits of an id. ERR_STATE where there is none, or more than one. */
int store_find(const struct store *s, const char *name, struct arena *a, const char **ret,
	       struct err *err);
/* store_ref: what stands in the name's file, which means nothing unless it is an id; "" where there is no such file. */
const char *store_ref(const struct store *s, const char *name, struct arena *a);
/* store_name: NAME now means that bundle. */
int store_name(const struct store *s, const char *name, const char *id, struct err *err);

/* Names of a directory of the store, sorted; those that begin with a dot are left out. */
struct entries {
	const char **v;
	size_t n;
};
int store_list(int dir, struct arena *a, struct entries *ret, struct err *err);
/* store_named: one of the names, but not the name but (or NULL), means that bundle. */
bool store_named(const struct store *s, const struct entries *names, const char *id,
		 const char *but, struct arena *a);

/* store_remove: the bundle's directory goes; its objects stay until the next prune. */
int store_remove(const struct store *s, const char *id, struct err *err);

struct pruned {
	uint64_t objects, bytes, bundles, temporary;
	uint64_t running; /* bundles without a name that stay, because a process runs from them */
};
/* store_prune: unfinished work, all bundles without a name but the last keep of them (by the time
 * they were made) and those that a process runs from, and objects that no bundle uses. dry: only counts. The lock is STORE_REMOVE. A beat for each of the
 * STORE_SHELVES directories of objects. */
#define STORE_SHELVES 256
int store_prune(const struct store *s, bool dry, uint64_t keep, const struct pulse *pulse,
		struct pruned *ret, struct err *err);

/* overlay_try: what a start would do: mounts meta over objects in namespaces of its own and reads
 * its file "f"; 0, or an errno. */
int overlay_try(const char *meta, const char *objects);
