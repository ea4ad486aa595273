/* SPDX-License-Identifier: Apache-2.0 */
/* lock.h - which bytes a recipe's inputs were: RECIPE.lock.json beside RECIPE.json. */
#pragma once

#include "bundle/apt.h"
#include "bundle/recipe.h"
#include "spec/base/arena.h"
#include "spec/base/err.h"
#include "spec/base/str.h"

struct locked_package {
	const char *name, *version, *arch, *sha256;
	uint64_t size;
};
struct locked_input {
	const char *id, *sha256, *digest; /* of an archive; of an image's manifest */
	const char *integrity; /* of an npm tarball, too */
	uint64_t size;
	struct {
		struct locked_package *v;
		size_t n;
	} packages;
};
struct lock {
	uint64_t version;
	const char *recipe; /* SHA-256 of its canonical text */
	struct {
		struct locked_input *v;
		size_t n;
	} inputs;
};

/* lock_read: strict. */
int lock_read(const char *bytes, size_t len, const char *name, struct arena *a, struct lock *ret,
	      struct err *err);
void lock_emit(const struct lock *l, struct text *out);
/* lock_check: that the lock is of this recipe; ERR_INTEGRITY says to update it. */
int lock_check(const struct lock *l, const struct recipe *r, const char *recipe_sha256,
	       struct err *err);
/* lock_input: the lock's word on an input, or NULL. */
const struct locked_input *lock_input(const struct lock *l, const char *id);

/* lock_make: resolves packages and hashes archives, as they are now. */
struct source;
int lock_make(const struct source *s, struct progress *progress, struct arena *a, struct lock *ret,
	      struct err *err);
