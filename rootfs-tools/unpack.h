/* SPDX-License-Identifier: Apache-2.0 */
/* unpack.h - archives become nodes of a tree: a confined child parses, this side judges. */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "rootfs-tools/lane.h"
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
	bool owners; /* keep them in the tree */
	const char *const *xattrs; /* patterns of extended attributes to keep */
	size_t n_xattrs;
	void (*tick)(void *ctx); /* called now and then, or NULL */
	void *tick_ctx;
	int64_t deadline_ms,
		looked_ms; /* on the monotonic clock: the end; when signals were looked for */
	uint64_t total; /* bytes of files so far */
	uint64_t packed, expected; /* bytes of archives: read so far, and known to come */
	uint64_t entries;
	uint64_t dropped, cleared; /* special files, set-id bits */
	unsigned int said; /* lines of notes */
};

void unpack_init(struct unpack *u, const struct limits *limits, struct spool *spool,
		 const struct log *log);

/* A child that reads one archive, the pipe that it says it through, and the lane of the contents.
 * Zeroed with pipe -1 is none. */
struct reading {
	pid_t pid;
	int pipe;
	struct lane *lane;
};
/* reading_begin: a confined child that runs body on the file fd, the pipe and the lane. */
typedef void reading_body(int fd, int out, struct lane *lane, const struct limits *limits);
int reading_begin(struct reading *r, int fd, const struct limits *limits, reading_body *body,
		  struct err *err);
/* reading_start: begins to read the archive fd, or the layer of an image. Several may read at once. */
int reading_start(struct reading *r, const struct unpack *u, int fd, bool layer, struct err *err);
/* reading_end: waits for it; the signal that ended it, or 0. reading_done: ends it. */
int reading_end(struct reading *r);
void reading_done(struct reading *r);
#define scoped_reading scoped(reading_done)

/* Where entries go. */
struct target {
	struct tree *tree;
	unsigned int source; /* every entry is of it */
	bool layer; /* an image's layer: whiteout files take away what lower sources have */
};

/* unpack_records: what comes out of the pipe (or a file of records) and the lane (or NULL), into the tree. Times are left
 * behind, and owners unless they are kept; modes become 0755 or 0644. ERR_HOSTILE and ERR_LIMIT for an entry that leaves its
 * place or bounds, ERR_INTEGRITY for damage, ERR_INPUT for what is no such archive. */
int unpack_records(struct unpack *u, int pipe, struct lane *lane, const struct target *to,
		   struct err *err);
/* unpack_fd: a reading from its start to its end. The kind is told by content: tar and cpio, plain
 * or compressed with gzip, bzip2, xz or zstd, zip, or a Debian package; name is for messages. The
 * caller has left the locale alone: in C the library leaves names as they are, in a UTF-8 one it would
 * compose their letters (U+0061 U+0308 to U+00E4). */
int unpack_fd(struct unpack *u, int fd, const char *name, const struct target *to, struct err *err);
/* unpack_reading: the same for a reading that was started before. */
int unpack_reading(struct unpack *u, struct reading *r, const char *name, const struct target *to,
		   struct err *err);

/* interrupted: a blocked SIGINT, SIGTERM or SIGHUP is waiting; ERR_HOST with EINTR, else 0. */
int interrupted(struct err *err);

/* xattr_is_denied: attributes that no bundle may carry, whatever a recipe lists. */
bool xattr_is_denied(const char *name);
