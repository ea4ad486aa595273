/* SPDX-License-Identifier: Apache-2.0 */
/* feed.h - where libarchive gets the bytes of an archive from.
 *
 * What gzip packed is unpacked here: the library does so too, but looks at neither sum nor length behind
 * it. (RFC 1952) */
#pragma once

#include <archive.h>
#include <stdbool.h>
#include <stdint.h>
#include <zlib.h>

struct feed {
	int fd;
	struct archive *outer; /* instead of fd: the data of its current entry */
	uint64_t at, most;
	bool over; /* more than most */
	bool unpack; /* what gzip packed; packed: it did */
	bool packed;
	bool begun, in_member;
	z_stream z;
	char *buf, *plain;
};

/* feed_open: makes room for what is read; -1 without memory. */
int feed_open(struct feed *f);
void feed_done(struct feed *f);
/* feed_taken: bytes of a file that were used so far, or lie ready to be. */
uint64_t feed_taken(const struct feed *f);

/* feed_read, feed_seek: the callbacks, whose data is a struct feed. */
la_ssize_t feed_read(struct archive *a, void *feed, const void **bytes);
la_int64_t feed_seek(struct archive *a, void *feed, la_int64_t offset, int whence);
