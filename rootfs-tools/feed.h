/* SPDX-License-Identifier: Apache-2.0 */
/* feed.h - where libarchive gets the bytes of an archive from. */
#pragma once

#include <archive.h>
#include <stdbool.h>
#include <stdint.h>

struct feed {
	int fd;
	struct archive *outer; /* instead of fd: the data of its current entry */
	uint64_t at, most;
	bool over; /* more than most */
	char *buf;
};

/* feed_open: makes room for what is read; -1 without memory. */
int feed_open(struct feed *f);
void feed_done(struct feed *f);

/* feed_read, feed_seek: the callbacks, whose data is a struct feed. */
la_ssize_t feed_read(struct archive *a, void *feed, const void **bytes);
la_int64_t feed_seek(struct archive *a, void *feed, la_int64_t offset, int whence);
