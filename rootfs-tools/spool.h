/* SPDX-License-Identifier: Apache-2.0 */
/* spool.h - the content of files, by SHA-256, in one unlinked temporary file. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "rootfs-tools/sha256.h"
#include "spec/base/arena.h"
#include "spec/base/err.h"

struct content {
	uint64_t offset, size; /* in the spool's file */
	uint8_t sha256[SHA256_BYTES];
};

struct spool {
	int fd;
	uint64_t end; /* of the finished contents */
	uint64_t size; /* of the content being written */
	void *contents; /* search tree of struct content */
	struct sha256 *hash; /* of the content being written */
	struct arena arena;
};

/* spool_open: an empty spool on the file system of dir_fd, without a name there. */
int spool_open(struct spool *s, int dir_fd, struct err *err);
void spool_done(struct spool *s);
#define scoped_spool scoped(spool_done)

/* One content at a time: begin, any number of writes, end. An unfinished one is forgotten by the
 * next begin. Equal contents become one. */
int spool_begin(struct spool *s, struct err *err);
int spool_write(struct spool *s, const void *bytes, size_t n, struct err *err);
/* spool_zeros: n zero bytes, which take no room on disk. */
int spool_zeros(struct spool *s, uint64_t n, struct err *err);
int spool_end(struct spool *s, const struct content **ret, struct err *err);
/* spool_text: begin, write and end. */
int spool_text(struct spool *s, const char *bytes, size_t n, const struct content **ret,
	       struct err *err);

/* spool_read: exactly n bytes of the content from offset at; beyond its end is ERR_INTEGRITY. */
int spool_read(const struct spool *s, const struct content *c, uint64_t at, void *buf, size_t n,
	       struct err *err);
/* spool_copy: the content becomes all of the empty file fd. */
int spool_copy(const struct spool *s, const struct content *c, int fd, struct err *err);

/* file_sha256: the digest of fd's bytes from its beginning to its end, and their number. */
int file_sha256(int fd, const char *name, uint8_t digest[SHA256_BYTES], uint64_t *size,
		struct err *err);
