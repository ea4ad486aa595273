/* SPDX-License-Identifier: Apache-2.0 */
/* zipout.h - files of a tree as one zip archive, for interpreters that read their library from one. */
#pragma once

#include "rootfs-tools/spool.h"
#include "rootfs-tools/tree.h"
#include "spec/base/err.h"

/* One file, by its name in the archive. */
struct zipped {
	const char *name;
	const struct content *content;
};

/* zip_files: stored, not compressed, in the given order, with the earliest time that zip knows. More
 * than 65,535 files or 4 GiB is ERR_LIMIT. */
int zip_files(struct spool *s, const struct zipped *files, size_t n, struct content **ret,
	      struct err *err);
