/* SPDX-License-Identifier: Apache-2.0 */
/* unpack.h - tar archives and Debian packages become nodes of a tree. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "rootfs-tools/limits.h"
#include "rootfs-tools/spool.h"
#include "rootfs-tools/tree.h"
#include "spec/base/err.h"
#include "spec/base/log.h"

/* What happens to an entry that a bundle cannot hold as it is. */
enum verdict { VERDICT_TAME, VERDICT_REFUSE };

/* One for a whole build: the bounds count over all its archives. */
struct unpack {
	struct limits limits;
	struct spool *spool;
	const struct log *log;
	enum verdict devices; /* device nodes, fifos, sockets: tame is to drop them */
	enum verdict setid; /* set-user-id and set-group-id: tame is to clear the bits */
	int64_t deadline_ms; /* on the monotonic clock */
	uint64_t total; /* bytes of files so far */
	uint64_t entries;
	uint64_t dropped, cleared; /* special files, set-id bits */
	unsigned int said; /* lines of notes */
};

void unpack_init(struct unpack *u, const struct limits *limits, struct spool *spool,
		 const struct log *log);

/* unpack_fd: reads the archive fd (from its position on; name is for messages) into the tree, every
 * entry as of that source. The kind is told by content: tar, plain or compressed with gzip, bzip2,
 * xz, lzma, zstd or lz4, or a Debian package. Owners, times and extended attributes are left
 * behind; modes become 0755 or 0644. ERR_HOSTILE and ERR_LIMIT for an entry that leaves its place
 * or bounds, ERR_INTEGRITY for damage, ERR_INPUT for what is no such archive. The caller has set a
 * UTF-8 locale: without one the library gives up on names that are not ASCII. */
int unpack_fd(struct unpack *u, int fd, const char *name, struct tree *tree, unsigned int source,
	      struct err *err);

/* interrupted: a blocked SIGINT, SIGTERM or SIGHUP is waiting; ERR_HOST with EINTR, else 0. */
int interrupted(struct err *err);
