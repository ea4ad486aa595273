/* SPDX-License-Identifier: Apache-2.0 */
/* feed.c - reads from a file, or from the entry of an archive around this one. */
#include "rootfs-tools/feed.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define FEED_BYTES (256u << 10)

int feed_open(struct feed *f)
{
	f->buf = malloc(FEED_BYTES);
	return f->buf ? 0 : -1;
}

void feed_done(struct feed *f)
{
	free(f->buf);
	f->buf = NULL;
}

static la_ssize_t feed_outer(struct archive *a, struct feed *f, const void **bytes)
{
	la_int64_t offset;
	size_t n = 0;
	int r = archive_read_data_block(f->outer, bytes, &n, &offset);

	if (r == ARCHIVE_EOF)
		return 0;
	if (r != ARCHIVE_OK) {
		archive_set_error(a, EILSEQ, "%s", archive_error_string(f->outer));
		return -1;
	}
	return (la_ssize_t)n;
}

la_ssize_t feed_read(struct archive *a, void *feed, const void **bytes)
{
	struct feed *f = feed;
	ssize_t n;

	if (f->outer)
		return feed_outer(a, f, bytes);
	do
		n = pread(f->fd, f->buf, FEED_BYTES, (off_t)f->at);
	while (n < 0 && errno == EINTR);
	if (n < 0) {
		archive_set_error(a, errno, "%s", strerror(errno));
		return -1;
	}
	f->at += (uint64_t)n;
	if (f->at > f->most) {
		f->over = true;
		archive_set_error(a, EFBIG, "the archive is too large");
		return -1;
	}
	*bytes = f->buf;
	return n;
}

la_int64_t feed_seek(struct archive *a, void *feed, la_int64_t offset, int whence)
{
	struct feed *f = feed;
	off_t base = whence == SEEK_CUR ? (off_t)f->at : 0;

	if (whence == SEEK_END)
		base = lseek(f->fd, 0, SEEK_END);
	if (base < 0 || (offset < 0 && base < -offset)) {
		archive_set_error(a, EINVAL, "a place outside the archive");
		return ARCHIVE_FATAL;
	}
	f->at = (uint64_t)(base + offset);
	return base + offset;
}
