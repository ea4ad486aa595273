/* SPDX-License-Identifier: Apache-2.0 */
/* outflow.c - zlib and zstd as writers. */
#include "rootfs-tools/outflow.h"

#include <stdlib.h>
#include <zlib.h>
#include <zstd.h>

#include "spec/base/fd.h"

#define ROOM (256u << 10)
/* windowBits: the largest window, and a gzip header. */
#define GZIP_WINDOW (15 + 16)
#define GZIP_LEVEL 6
#define ZSTD_LEVEL 3

struct outflow {
	int fd;
	enum compression compression;
	z_stream gzip;
	ZSTD_CCtx *zstd;
	struct sha256 *plain, *packed;
	struct outflow_sums sums;
	const struct pulse *pulse;
	unsigned char room[ROOM];
};

void outflow_free(struct outflow **at)
{
	struct outflow *o = *at;

	if (!o)
		return;
	if (o->compression == COMPRESS_GZIP)
		(void)deflateEnd(&o->gzip);
	(void)ZSTD_freeCCtx(o->zstd);
	sha256_free(o->plain);
	sha256_free(o->packed);
	free(o);
	*at = NULL;
}

static int compressor_open(struct outflow *o, int level, struct err *err)
{
	if (o->compression == COMPRESS_GZIP &&
	    deflateInit2(&o->gzip, level ? level : GZIP_LEVEL, Z_DEFLATED, GZIP_WINDOW, 9,
			 Z_DEFAULT_STRATEGY) != Z_OK) {
		o->compression = COMPRESS_NONE; /* nothing to end */
		return err_input(err, "gzip has no level %d", level);
	}
	if (o->compression != COMPRESS_ZSTD)
		return 0;
	o->zstd = ZSTD_createCCtx();
	if (!o->zstd || ZSTD_isError(ZSTD_CCtx_setParameter(o->zstd, ZSTD_c_compressionLevel,
							    level ? level : ZSTD_LEVEL)))
		return err_input(err, "zstd has no level %d", level);
	return 0;
}

int outflow_open(struct outflow **ret, int fd, enum compression c, int level, struct err *err)
{
	scoped_outflow struct outflow *o = calloc(1, sizeof(*o));

	if (!o)
		return err_host(err, ENOMEM, "prepare to write");
	o->fd = fd;
	o->compression = c;
	o->plain = sha256_new();
	o->packed = sha256_new();
	if (!o->plain || !o->packed || sha256_begin(o->plain) < 0 || sha256_begin(o->packed) < 0)
		/* cppcheck-suppress memleak ; the scope frees it */
		return err_host(err, ENOMEM, "prepare SHA-256");
	TRY(compressor_open(o, level, err));
	*ret = take_ptr(o);
	return 0;
}

static int packed_write(struct outflow *o, const void *bytes, size_t n, struct err *err)
{
	if (sha256_add(o->packed, bytes, n) < 0)
		return err_host(err, EIO, "compute SHA-256");
	o->sums.packed_bytes += n;
	if (fd_write_all(o->fd, bytes, n) < 0)
		return err_host(err, errno, "write");
	return 0;
}

static int gzip_push(struct outflow *o, int flush, struct err *err)
{
	int r;

	do {
		o->gzip.next_out = o->room;
		o->gzip.avail_out = ROOM;
		r = deflate(&o->gzip, flush);
		if (r != Z_OK && r != Z_STREAM_END && r != Z_BUF_ERROR)
			return err_host(err, EIO, "compress");
		TRY(packed_write(o, o->room, ROOM - o->gzip.avail_out, err));
	} while (o->gzip.avail_out == 0 || (flush == Z_FINISH && r != Z_STREAM_END));
	return 0;
}

static int zstd_push(struct outflow *o, ZSTD_inBuffer *in, ZSTD_EndDirective how, struct err *err)
{
	size_t left;

	do {
		ZSTD_outBuffer out = { o->room, ROOM, 0 };

		left = ZSTD_compressStream2(o->zstd, &out, in, how);
		if (ZSTD_isError(left))
			return err_host(err, EIO, "compress");
		TRY(packed_write(o, o->room, out.pos, err));
	} while (how == ZSTD_e_end ? left > 0 : in->pos < in->size);
	return 0;
}

void outflow_pulse(struct outflow *o, const struct pulse *pulse)
{
	o->pulse = pulse;
}

int outflow_write(struct outflow *o, const void *bytes, size_t n, struct err *err)
{
	ZSTD_inBuffer in = { bytes, n, 0 };

	if (sha256_add(o->plain, bytes, n) < 0)
		return err_host(err, EIO, "compute SHA-256");
	o->sums.plain_bytes += n;
	pulse_beat(o->pulse, n);
	if (o->compression == COMPRESS_NONE)
		return packed_write(o, bytes, n, err);
	if (o->compression == COMPRESS_ZSTD)
		return zstd_push(o, &in, ZSTD_e_continue, err);
	o->gzip.next_in = (unsigned char *)(uintptr_t)bytes; /* it only reads */
	o->gzip.avail_in = (unsigned int)n;
	return gzip_push(o, Z_NO_FLUSH, err);
}

int outflow_end(struct outflow *o, struct outflow_sums *ret, struct err *err)
{
	ZSTD_inBuffer none = { NULL, 0, 0 };

	if (o->compression == COMPRESS_GZIP)
		TRY(gzip_push(o, Z_FINISH, err));
	if (o->compression == COMPRESS_ZSTD)
		TRY(zstd_push(o, &none, ZSTD_e_end, err));
	if (sha256_end(o->plain, o->sums.plain) < 0 || sha256_end(o->packed, o->sums.packed) < 0)
		return err_host(err, EIO, "compute SHA-256");
	*ret = o->sums;
	return 0;
}
