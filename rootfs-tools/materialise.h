/* SPDX-License-Identifier: Apache-2.0 */
/* materialise.h - a finished tree gets names on disk. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "rootfs-tools/spool.h"
#include "rootfs-tools/tree.h"
#include "spec/base/err.h"

/* How files get their bytes. */
enum placing {
	PLACE_MOVE, /* out of a private spool, which is used up */
	PLACE_COPY, /* shares blocks where the file system can */
	PLACE_LINK, /* hard links to the store's objects, which are read-only */
	PLACE_META, /* sparse files that lead overlayfs to the objects */
};

struct materialise {
	struct spool *spool;
	enum placing placing;
	int64_t epoch; /* of all times */
};

struct materialised {
	uint64_t dirs, files, symlinks, bytes;
};

/* materialise: the tree becomes the content of the empty directory dir_fd, which only we can enter.
 * Every name is made new (O_EXCL, O_NOFOLLOW) under a held directory; symlinks come last, so none
 * can be walked through. Root makes everything its own; modes are the tree's, times the epoch,
 * whatever the umask. */
int materialise(const struct tree *t, const struct materialise *how, int dir_fd,
		struct materialised *ret, struct err *err);

/* file_settle: mode, owner (root's, where root runs this) and times of a finished file or
 * directory. */
int file_settle(int fd, unsigned int mode, int64_t epoch, struct err *err);

/* link_mode: the mode of a file of PLACE_LINK. */
static inline unsigned int link_mode(unsigned int mode)
{
	return mode & 0111 ? 0555 : 0444;
}
/* can_link: a file of the tree is a hard link in PLACE_LINK: not where its mode or time is not that
 * of an object, nor an empty one, whose links would only meet their number's bound. */
bool can_link(const struct node *n, int64_t epoch);

/* What overlayfs reads from a file of PLACE_META; the value of the second is "/" and the object's
 * name. (Documentation/filesystems/overlayfs.rst, data-only lower layers, userxattr) */
#define META_XATTR "user.overlay.metacopy"
#define META_REDIRECT "user.overlay.redirect"

/* remove_tree: unlinks name below dir_fd and everything in it, without following anything. */
int remove_tree(int dir_fd, const char *name, struct err *err);
