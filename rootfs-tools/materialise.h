/* SPDX-License-Identifier: Apache-2.0 */
/* materialise.h - a finished tree gets names on disk. */
#pragma once

#include <stdint.h>

#include "rootfs-tools/spool.h"
#include "rootfs-tools/tree.h"
#include "spec/base/err.h"

/* All times of a bundle. */
#define EPOCH_SECONDS 0

struct materialised {
	uint64_t dirs, files, symlinks, bytes;
};

/* materialise: the tree becomes the content of the empty directory dir_fd, which only we can enter.
 * Every name is made new (O_EXCL, O_NOFOLLOW) under a held directory; symlinks come last, so none
 * can be walked through. Root makes everything its own; modes are the tree's, times the epoch,
 * whatever the umask. */
int materialise(const struct tree *t, const struct spool *s, int dir_fd, struct materialised *ret,
		struct err *err);

/* file_settle: mode, owner (root's, where root runs this) and times of a finished file or
 * directory. */
int file_settle(int fd, unsigned int mode, struct err *err);

/* remove_tree: unlinks name below dir_fd and everything in it, without following anything. */
int remove_tree(int dir_fd, const char *name, struct err *err);
