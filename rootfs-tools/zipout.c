/* SPDX-License-Identifier: Apache-2.0 */
/* zipout.c - local headers and data, then the central directory. (APPNOTE.TXT 4.3) */
#include "rootfs-tools/zipout.h"

#include <string.h>
#include <zlib.h>

#include "spec/base/str.h"

#define CHUNK 65536
#define DATE_1980 0x21 /* the first of January */
#define MADE_BY_UNIX 0x0314 /* version 2.0, on Unix */
#define NEEDS 20
#define FLAG_UTF8 0x800
#define MODE_FILE 0100644u

static void add16(struct text *t, unsigned int v)
{
	const char bytes[2] = { (char)(v & 255), (char)(v >> 8 & 255) };

	text_addn(t, bytes, sizeof(bytes));
}

static void add32(struct text *t, uint32_t v)
{
	add16(t, v & 0xffff);
	add16(t, v >> 16);
}

static int sum_of(struct spool *s, const struct content *c, uint32_t *ret, struct err *err)
{
	unsigned char buf[CHUNK];
	uLong crc = crc32(0, NULL, 0);

	for (uint64_t at = 0; at < c->size;) {
		size_t n = c->size - at < sizeof(buf) ? (size_t)(c->size - at) : sizeof(buf);

		TRY(spool_read(s, c, at, buf, n, err));
		crc = crc32(crc, buf, (unsigned int)n);
		at += n;
	}
	*ret = (uint32_t)crc;
	return 0;
}

/* What the local and the central header share. */
static void shared_add(struct text *t, const struct zipped *z, uint32_t crc)
{
	add16(t, NEEDS);
	add16(t, FLAG_UTF8);
	add16(t, 0); /* stored */
	add16(t, 0);
	add16(t, DATE_1980);
	add32(t, crc);
	add32(t, (uint32_t)z->content->size);
	add32(t, (uint32_t)z->content->size);
	add16(t, (unsigned int)strlen(z->name));
	add16(t, 0);
}

static int content_copy(struct spool *s, const struct content *c, struct err *err)
{
	char buf[CHUNK];

	for (uint64_t at = 0; at < c->size;) {
		size_t n = c->size - at < sizeof(buf) ? (size_t)(c->size - at) : sizeof(buf);

		TRY(spool_read(s, c, at, buf, n, err));
		TRY(spool_write(s, buf, n, err));
		at += n;
	}
	return 0;
}

static void central_add(struct text *t, const struct zipped *z, uint32_t crc, uint64_t at)
{
	add32(t, 0x02014b50u);
	add16(t, MADE_BY_UNIX);
	shared_add(t, z, crc);
	add16(t, 0);
	add16(t, 0);
	add16(t, 0);
	add32(t, MODE_FILE << 16);
	add32(t, (uint32_t)at);
	text_add(t, z->name);
}

int zip_files(struct spool *s, const struct zipped *files, size_t n, struct content **ret,
	      struct err *err)
{
	scoped_arena struct arena a = { 0 };
	struct text central = { .arena = &a }, end = { .arena = &a };
	uint64_t at = 0;

	if (n > 65535)
		return err_limit(err, "more than 65535 files for a zip archive");
	TRY(spool_begin(s, err));
	for (size_t i = 0; i < n; i++) {
		struct text local = { .arena = &a };
		uint32_t crc;

		TRY(sum_of(s, files[i].content, &crc, err));
		add32(&local, 0x04034b50u);
		shared_add(&local, &files[i], crc);
		text_add(&local, files[i].name);
		central_add(&central, &files[i], crc, at);
		TRY(spool_write(s, local.s, local.len, err));
		TRY(content_copy(s, files[i].content, err));
		at += local.len + files[i].content->size;
		if (at > UINT32_MAX)
			return err_limit(err, "more than 4 GiB for a zip archive");
	}
	add32(&end, 0x06054b50u);
	add32(&end, 0);
	add16(&end, (unsigned int)n);
	add16(&end, (unsigned int)n);
	add32(&end, (uint32_t)central.len);
	add32(&end, (uint32_t)at);
	add16(&end, 0);
	if (central.len)
		TRY(spool_write(s, central.s, central.len, err));
	TRY(spool_write(s, end.s, end.len, err));
	return spool_end(s, ret, err);
}
