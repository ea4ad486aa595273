/* SPDX-License-Identifier: Apache-2.0 */
/* record.h - what the confined reader says about an archive: records through a pipe.
 *
 *	ENTRY  name, link and attributes follow, in this order, without NULs between them
 *	DATA   size bytes of the entry's content follow
 *	PIECE  size bytes of it come next in the lane
 *	HOLE   size bytes of zeros come next in the content
 *	END    the archive is read
 *	FAIL   a struct err follows; nothing after it
 *
 * The reader is taken for hostile: whatever a record says is checked against the bounds before it is
 * used. An attribute is its name, a NUL, its length as four bytes of this machine, its value. */
#pragma once

#include <stdint.h>

#include "rootfs-tools/lane.h"
#include "rootfs-tools/limits.h"
#include "spec/base/arena.h"
#include "spec/base/err.h"

enum record_kind {
	RECORD_ENTRY = 1,
	RECORD_DATA,
	RECORD_HOLE,
	RECORD_END,
	RECORD_FAIL,
	RECORD_PIECE
};

enum record_type {
	RECORD_DIR = 1,
	RECORD_FILE,
	RECORD_SYMLINK,
	RECORD_HARD_LINK, /* content may follow it, in cpio archives */
	RECORD_SPECIAL /* device, fifo, socket */
};

struct record {
	uint32_t kind, type, mode;
	uint32_t name, link, xattrs; /* lengths */
	uint32_t uid, gid; /* OWNER_NONE: nobody's number */
	uint64_t size; /* of DATA and HOLE; what an ENTRY promises */
	uint64_t packed, unpacked; /* bytes that went in and came out so far */
};

#define OWNER_NONE UINT32_MAX

/* A piece of content in one record. */
#define RECORD_DATA_MAX (1u << 20)

/* archive_say: reads the archive fd and writes its records to out, contents into the lane or, where that
 * is NULL, to out. The body of the confined child, which also runs unconfined in tests: opens nothing,
 * allocates, returns when all is said or nobody listens. The bounds are those that only a reader can
 * watch. */
void archive_say(int fd, int out, struct lane *lane, const struct limits *limits);
/* layer_say: the same for a layer of an image, which is a tar archive whatever else its bytes could be. */
void layer_say(int fd, int out, struct lane *lane, const struct limits *limits);

/* archive_sum: unpacks the compression of the file fd, whatever it holds, and writes an END record with
 * the number of bytes, and their SHA-256 behind it; or a FAIL. The body of another such child. Who
 * starts it has used SHA-256 before: the first use opens files. */
void archive_sum(int fd, int out, struct lane *unused, const struct limits *limits);

/* The names of a zip archive's entries as they are, in the order of their local headers. */
struct zip_names {
	struct arena arena;
	const char **v;
	size_t n;
};
/* zip_check: that the central directory and the local headers of a zip archive tell one story: same
 * names, sizes and kinds, no entry encrypted, none that overlaps another. ERR_HOSTILE, ERR_LIMIT or
 * ERR_INTEGRITY. */
int zip_check(int fd, const struct limits *limits, struct zip_names *ret, struct err *err);

/* reader_confine: this process can from now on read and write what is open, allocate, and end; the
 * kernel ends it at anything else. seconds: of processor time. */
int reader_confine(uint64_t seconds, struct err *err);
