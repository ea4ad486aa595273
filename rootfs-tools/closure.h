/* SPDX-License-Identifier: Apache-2.0 */
/* closure.h - keeps of a tree what its programs need to start, and what is named. */
#pragma once

#include "rootfs-tools/spool.h"
#include "rootfs-tools/tree.h"
#include "spec/base/err.h"

struct closure {
	const char *const *roots; /* patterns: these files, and all that they load */
	size_t n_roots;
	const char *const *plus; /* patterns: these as they are */
	size_t n_plus;
};

/* closure_keep: removes every node that is neither reached from a root (by symlinks, the ELF
 * interpreter, DT_NEEDED along DT_RPATH or DT_RUNPATH with $ORIGIN, and the default directories)
 * nor fits plus. ERR_INPUT for a pattern that fits nothing, and for a library that is not there. */
int closure_keep(struct tree *t, struct spool *s, const struct closure *c, struct err *err);
