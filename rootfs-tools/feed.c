/* SPDX-License-Identifier: Apache-2.0 */
/* feed.c - reads from a file, or from the entry of an archive around this one. */
#include "rootfs-tools/feed.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define FEED_BYTES (256u << 10)
/* inflateInit2: a gzip header and trailer around the largest window. */
#define GZIP_WINDOW (16 + MAX_WBITS)

static const unsigned char GZIP_MAGIC[] = { 0x1f, 0x8b, 8 };

int feed_open(struct feed *f)
{
	f->buf = malloc(FEED_BYTES);
	return f->buf ? 0 : -1;
}

void feed_done(struct feed *f)
{
	if (f->packed)
		(void)inflateEnd(&f->z); /* only frees */
	free(f->plain);
	free(f->buf);
	f->plain = f->buf = NULL;
	f->packed = false;
}

uint64_t feed_taken(const struct feed *f)
{
	return f->at - f->z.avail_in;
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

static la_ssize_t bytes_read(struct archive *a, struct feed *f, const void **bytes)
{
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

static la_ssize_t broken(struct archive *a, const char *why)
{
	archive_set_error(a, EILSEQ, "gzip: %s", why);
	return -1;
}

/* More of what is packed: 1, 0 at its end, -1. */
static int input_get(struct archive *a, struct feed *f)
{
	const void *bytes = NULL;
	la_ssize_t n;

	if (f->z.avail_in > 0)
		return 1;
	n = bytes_read(a, f, &bytes);
	if (n <= 0)
		return (int)n;
	f->z.next_in = (z_const Bytef *)(uintptr_t)bytes;
	f->z.avail_in = (uInt)n;
	return 1;
}

/* One member after another; what follows them and is none is left alone, as gzip does. */
static la_ssize_t plain_read(struct archive *a, struct feed *f, const void **bytes)
{
	f->z.next_out = (Bytef *)f->plain;
	f->z.avail_out = FEED_BYTES;
	while (f->z.avail_out == FEED_BYTES) {
		int r = input_get(a, f);

		if (r < 0)
			return r;
		if (r == 0)
			return f->in_member ? broken(a, "cut") : 0;
		if (!f->in_member && f->z.next_in[0] != GZIP_MAGIC[0])
			return 0;
		if (!f->in_member && inflateReset(&f->z) != Z_OK)
			return broken(a, "no state");
		r = inflate(&f->z, Z_NO_FLUSH);
		if (r != Z_OK && r != Z_STREAM_END)
			return broken(a, f->z.msg ? f->z.msg : "damaged");
		f->in_member = r != Z_STREAM_END;
	}
	*bytes = f->plain;
	return (la_ssize_t)(FEED_BYTES - f->z.avail_out);
}

/* Is it packed: the first bytes say. */
static la_ssize_t first_read(struct archive *a, struct feed *f, const void **bytes)
{
	la_ssize_t n = bytes_read(a, f, bytes);

	f->begun = true;
	if (!f->unpack || n < (la_ssize_t)sizeof(GZIP_MAGIC) ||
	    memcmp(*bytes, GZIP_MAGIC, sizeof(GZIP_MAGIC)) != 0)
		return n;
	f->plain = malloc(FEED_BYTES);
	if (!f->plain || inflateInit2(&f->z, GZIP_WINDOW) != Z_OK)
		return broken(a, "no memory");
	f->packed = f->in_member = true;
	f->z.next_in = (z_const Bytef *)(uintptr_t)*bytes;
	f->z.avail_in = (uInt)n;
	return plain_read(a, f, bytes);
}

la_ssize_t feed_read(struct archive *a, void *feed, const void **bytes)
{
	struct feed *f = feed;

	if (!f->begun)
		return first_read(a, f, bytes);
	return f->packed ? plain_read(a, f, bytes) : bytes_read(a, f, bytes);
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
