/* SPDX-License-Identifier: Apache-2.0 */
/* apt.h - Debian packages by name: resolved and fetched by apt, checked by us. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "bundle/progress.h"
#include "rootfs-tools/sha256.h"
#include "spec/base/arena.h"
#include "spec/base/err.h"
#include "spec/base/log.h"

struct package {
	const char *name, *version, *arch;
	uint64_t size;
	const char *sha256; /* 64 hexadecimal digits, from apt's signed index */
	int fd; /* of the file, whose digest was found to be that; at its beginning */
};

struct packages {
	struct package *v;
	size_t n;
};

/* apt_resolve: the packages of those names and everything they depend on, as if on an empty machine
 * (recommendations left out), from the lists that apt has; none is fetched. ERR_INPUT where apt
 * cannot resolve. */
int apt_resolve(const char *const *names, size_t n, const char *arch, struct arena *a,
		struct packages *ret, struct err *err);
/* apt_open: fetches those of the packages that are not below $XDG_CACHE_HOME/srt-oci/deb, where they
 * are kept under their digest, and opens all; every one is hashed anew. Needs no privilege, and no
 * network where all are there. ERR_INTEGRITY where a file is not what was promised. */
int apt_open(struct packages *all, const struct log *log, struct progress *progress,
	     struct arena *a, struct err *err);
void packages_done(struct packages *p);
#define scoped_packages scoped(packages_done)
