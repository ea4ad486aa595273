/* SPDX-License-Identifier: Apache-2.0 */
/* reader.h - one archive being read by libarchive; private to the confined child. */
#pragma once

#include <archive.h>
#include <stddef.h>

#include "rootfs-tools/feed.h"
#include "rootfs-tools/limits.h"
#include "rootfs-tools/outbox.h"
#include "rootfs-tools/record.h"
#include "rootfs-tools/sha256.h"
#include "spec/base/err.h"

enum kind {
	KIND_TAR, /* alone: a layer, a package's data */
	KIND_TAR_CPIO,
	KIND_AR,
	KIND_ZIP,
	KIND_RAW
};

struct reader {
	const struct limits *limits;
	struct outbox *out;
	struct archive *archive;
	enum kind kind;
	struct feed feed;
	const struct reader *file; /* the one that reads the file itself; NULL: this one */
	struct zip_names names; /* of a zip archive, which the library would change */
	size_t name; /* how many of them were read */
};

/* reader_open: begins to read what r->feed says. ERR_INTEGRITY for no archive of that kind. */
int reader_open(struct reader *r, enum kind kind, struct err *err);
void reader_done(struct reader *r);
/* reader_verdict: what the library's word means. 0: go on, 1: the end, negative: an error. */
int reader_verdict(struct reader *r, int result, int *retries, struct err *err);

/* reader_file: the reader of the file itself, which may be r. */
static inline const struct reader *reader_file(const struct reader *r)
{
	return r->file ? r->file : r;
}

/* packed_open: begins to read what is compressed, or not, most times at most; packed_times: how often it
 * is; packed_end: the bytes that are left, also into hash if there is one. The sums of compressions stand
 * at their end. */
int packed_open(struct reader *r, int most, struct err *err);
int packed_times(const struct reader *r);
int packed_end(struct reader *r, struct sha256 *hash, uint64_t *size, struct err *err);
