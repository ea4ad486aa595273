/* SPDX-License-Identifier: Apache-2.0 */
/* spool.h - the content of files, by SHA-256: one object each in a directory of objects.
 *
 * The directory is a store's, whose objects stay, or a private one beside a destination, whose
 * objects move to their places when the tree is written. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "rootfs-tools/pulse.h"
#include "rootfs-tools/sha256.h"
#include "spec/base/arena.h"
#include "spec/base/err.h"

struct content {
	uint64_t size;
	uint8_t sha256[SHA256_BYTES];
	uint32_t uses; /* counted while a tree is written */
};

/* "xx/" and 20 letters, and an x behind the twin of an executable one. */
#define OBJECT_NAME_MAX 32

struct spool {
	int dir; /* objects; -1: none is open */
	int tmp; /* where they are written before they have their name */
	bool keep; /* a store's: an object that is there is used again */
	uint64_t size; /* of the content being written */
	int part; /* its file, once it is too large for the buffer */
	unsigned int serial, pid;
	char *buffer;
	size_t filled;
	void *contents; /* search tree of struct content */
	struct sha256 *hash; /* of the content being written */
	const struct content *open; /* the one read last */
	int open_fd;
	uint64_t written, reused; /* bytes that were new, bytes that were there */
	struct arena arena;
};

/* spool_open: dir_fd holds the objects, tmp_fd what is not finished; both are the caller's and stay
 * open. keep says that the objects are a store's. */
int spool_open(struct spool *s, int dir_fd, int tmp_fd, bool keep, struct err *err);
void spool_done(struct spool *s);
#define scoped_spool scoped(spool_done)

/* One content at a time: begin, any number of writes, end. An unfinished one is forgotten by the
 * next begin. Equal contents become one. */
int spool_begin(struct spool *s, struct err *err);
int spool_write(struct spool *s, const void *bytes, size_t n, struct err *err);
/* spool_room: where *ret bytes or fewer can be put, which spool_filled then writes: a copy less. */
char *spool_room(struct spool *s, size_t *ret);
int spool_filled(struct spool *s, size_t n, struct err *err);
/* spool_zeros: n zero bytes, which take no room on disk. */
int spool_zeros(struct spool *s, uint64_t n, struct err *err);
int spool_end(struct spool *s, struct content **ret, struct err *err);
/* spool_text: begin, write and end. */
int spool_text(struct spool *s, const char *bytes, size_t n, struct content **ret, struct err *err);
/* spool_file: everything in the file fd, from its beginning. */
int spool_file(struct spool *s, int fd, struct content **ret, struct err *err);
/* spool_known: the content of that digest and size whose object is there, or NULL. */
struct content *spool_known(struct spool *s, const uint8_t sha256[SHA256_BYTES], uint64_t size);

/* spool_read: exactly n bytes of the content from offset at; beyond its end is ERR_INTEGRITY. */
int spool_read(struct spool *s, const struct content *c, uint64_t at, void *buf, size_t n,
	       struct err *err);
/* spool_fd: the content's object, for reading; the fd is the spool's until the next call. */
int spool_fd(struct spool *s, const struct content *c, struct err *err);

/* object_name: where the content lies below the directory of objects. */
void object_name(const uint8_t sha256[SHA256_BYTES], bool executable, char name[OBJECT_NAME_MAX]);
/* object_twin: makes sure that the content has an object of mode 0555, too, for hard links. */
int object_twin(struct spool *s, const struct content *c, struct err *err);
/* fd_copy: from one file's beginning to its end into another's position; shares blocks where the
 * file system can. */
int fd_copy(int from, int to, uint64_t size, struct err *err);

/* A digest that a process of its own computes meanwhile. */
struct digesting {
	int pid, pipe;
};
#define DIGESTING_NONE \
	{              \
		0, -1  \
	}
int digesting_start(struct digesting *d, int fd, struct err *err);
/* digesting_end: waits for it. */
int digesting_end(struct digesting *d, const char *name, uint8_t digest[SHA256_BYTES],
		  uint64_t *size, struct err *err);
void digesting_done(struct digesting *d);
#define scoped_digesting scoped(digesting_done)

/* file_hash: the digest of fd's bytes from its beginning to its end, and their number; a beat for each
 * piece. file_sha256: the same where nobody waits. */
int file_hash(int fd, const char *name, const struct pulse *pulse, uint8_t digest[SHA256_BYTES],
	      uint64_t *size, struct err *err);
int file_sha256(int fd, const char *name, uint8_t digest[SHA256_BYTES], uint64_t *size,
		struct err *err);
