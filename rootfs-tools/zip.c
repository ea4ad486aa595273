/* SPDX-License-Identifier: Apache-2.0 */
/* zip.c - the two tables of contents of a zip archive, held against each other.
 *
 * A zip archive names each entry twice, and readers differ about which name they believe; an archive
 * whose two names differ is made to show one thing and unpack another. (APPNOTE.TXT 4.3) */
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "rootfs-tools/record.h"
#include "spec/base/arena.h"
#include "spec/json/quote.h"

#define END_BYTES 22
#define COMMENT_MAX 65535
#define CENTRAL_BYTES 46
#define LOCAL_BYTES 30
#define LOCATOR64_BYTES 20
#define NAME_MAX_BYTES 65535
#define EXTRA_MAX_BYTES 65535
#define SIG_END 0x06054b50u
#define SIG_END64 0x06064b50u
#define SIG_LOCATOR64 0x07064b50u
#define SIG_CENTRAL 0x02014b50u
#define SIG_LOCAL 0x04034b50u
#define FLAG_ENCRYPTED 1u
#define FLAG_LATE 8u /* sizes come behind the data */
#define FLAG_STRONG 0x40u
#define FLAG_MASKED 0x2000u
/* What both headers have to say alike, because it decides how the data is read. */
#define FLAGS_READ (FLAG_ENCRYPTED | FLAG_LATE | FLAG_STRONG | FLAG_MASKED)
#define EXTRA_ZIP64 1u
#define EXTRA_PATH 0x7075u /* Info-ZIP's Unicode path: a name of its own */
#define EXTRA_PATH_HEAD 5
#define NONE32 0xffffffffu

struct span {
	uint64_t from, to;
	const char *name;
};

struct zip {
	int fd;
	uint64_t size; /* of the archive */
	uint64_t count, at, len; /* of the central directory */
	struct arena *names;
	struct span *spans;
	size_t n;
};

static unsigned int u16(const unsigned char *p)
{
	return (unsigned int)p[0] | (unsigned int)p[1] << 8;
}

static uint32_t u32(const unsigned char *p)
{
	return u16(p) | (uint32_t)u16(p + 2) << 16;
}

static uint64_t u64(const unsigned char *p)
{
	return u32(p) | (uint64_t)u32(p + 4) << 32;
}

static int damaged(struct err *err, const char *what)
{
	return err_set(err, ERR_INTEGRITY, 0, "damaged zip archive: %s", what);
}

static int hostile(struct err *err, const char *what)
{
	return err_set(err, ERR_HOSTILE, 0, "%s", what);
}

static int read_at(const struct zip *z, uint64_t at, void *buf, size_t n, struct err *err)
{
	if (at > z->size || n > z->size - at)
		return damaged(err, "it ends too early");
	if (pread(z->fd, buf, n, (off_t)at) != (ssize_t)n)
		return err_host(err, EIO, "read the zip archive");
	return 0;
}

/* The zip64 end says what the other could not, and nothing else: readers differ about when they look at it. */
static int end64_read(struct zip *z, uint64_t end_at, struct err *err)
{
	bool wanted = z->count == 0xffff || z->len == NONE32 || z->at == NONE32;
	unsigned char locator[LOCATOR64_BYTES], end[56];
	uint64_t count, len, at;

	if (end_at >= sizeof(locator))
		TRY(read_at(z, end_at - sizeof(locator), locator, sizeof(locator), err));
	if (end_at < sizeof(locator) || u32(locator) != SIG_LOCATOR64)
		return wanted ? damaged(err, "no zip64 locator") : 0;
	TRY(read_at(z, u64(locator + 8), end, sizeof(end), err));
	if (u32(end) != SIG_END64)
		return damaged(err, "no zip64 end");
	count = u64(end + 32);
	len = u64(end + 40);
	at = u64(end + 48);
	if ((z->count != 0xffff && z->count != count) || (z->len != NONE32 && z->len != len) ||
	    (z->at != NONE32 && z->at != at))
		return hostile(err, "its two ends differ");
	z->count = count;
	z->len = len;
	z->at = at;
	return 0;
}

/* The end record: the last place where its comment reaches exactly to the archive's end. */
static int end_find(struct zip *z, struct arena *a, struct err *err)
{
	uint64_t most = END_BYTES + COMMENT_MAX;
	size_t n = (size_t)(z->size < most ? z->size : most);
	unsigned char *tail = arena_alloc(a, n + 1);

	TRY(read_at(z, z->size - n, tail, n, err));
	for (size_t i = n < END_BYTES ? 0 : n - END_BYTES + 1; i-- > 0;) {
		const unsigned char *p = tail + i;

		if (u32(p) != SIG_END)
			continue;
		if (u16(p + 20) != n - i - END_BYTES)
			return hostile(err, "something follows the end of the zip archive");
		z->count = u16(p + 10);
		z->len = u32(p + 12);
		z->at = u32(p + 16);
		return end64_read(z, z->size - n + i, err);
	}
	return damaged(err, "no end record");
}

/* What the central directory or a local header says of an entry. */
struct head {
	unsigned int flags, method;
	uint64_t packed, size, local, crc;
	const unsigned char *name;
	size_t name_len;
};

/* The zip64 extra holds those values that did not fit, in this order. */
static int extra64_read(const unsigned char *extra, size_t len, struct head *h, struct err *err)
{
	uint64_t *const fields[] = { &h->size, &h->packed, &h->local };
	size_t at = 0;

	for (size_t f = 0; f < ARRAY_LEN(fields); f++) {
		if (*fields[f] != NONE32)
			continue;
		if (at + 8 > len)
			return damaged(err, "a zip64 field is missing");
		*fields[f] = u64(extra + at);
		at += 8;
	}
	return 0;
}

/* What a header says behind its name. */
static int extras_read(const unsigned char *extra, size_t n, struct head *h, struct err *err)
{
	for (size_t i = 0; i + 4 <= n; i += 4 + u16(extra + i + 2)) {
		size_t len = u16(extra + i + 2), skip = EXTRA_PATH_HEAD;
		const unsigned char *p = extra + i + 4;

		if (len > n - i - 4)
			return damaged(err, "an extra field that is cut");
		if (u16(extra + i) == EXTRA_ZIP64)
			TRY(extra64_read(p, len, h, err));
		if (u16(extra + i) == EXTRA_PATH &&
		    (len != skip + h->name_len || memcmp(p + skip, h->name, h->name_len) != 0))
			return hostile(err, "its two names differ");
	}
	return 0;
}

/* A header that says sizes and sum behind the data says nothing, or the same. */
static bool says_other(const struct head *local, uint64_t v, uint64_t of_central)
{
	return v != of_central && !(local->flags & FLAG_LATE && v == 0);
}

static int heads_compare(const struct head *c, const struct head *l, struct err *err)
{
	if (l->method != c->method || (l->flags ^ c->flags) & FLAGS_READ)
		return hostile(err, "its two headers differ");
	if (says_other(l, l->packed, c->packed) || says_other(l, l->size, c->size) ||
	    says_other(l, l->crc, c->crc))
		return hostile(err, "its two sizes or sums differ");
	return 0;
}

static int local_check(struct zip *z, const struct head *c, struct err *err)
{
	unsigned char head[LOCAL_BYTES], rest[NAME_MAX_BYTES + EXTRA_MAX_BYTES];
	struct head l;
	size_t extra;
	uint64_t data;

	TRY(read_at(z, c->local, head, sizeof(head), err));
	if (u32(head) != SIG_LOCAL)
		return damaged(err, "no local header where one is promised");
	if (u16(head + 26) != c->name_len)
		return hostile(err, "its two names differ");
	extra = u16(head + 28);
	TRY(read_at(z, c->local + LOCAL_BYTES, rest, c->name_len + extra, err));
	if (memcmp(rest, c->name, c->name_len) != 0)
		return hostile(err, "its two names differ");
	l = (struct head){ .flags = u16(head + 6),
			   .method = u16(head + 8),
			   .crc = u32(head + 14),
			   .packed = u32(head + 18),
			   .size = u32(head + 22),
			   .name = c->name,
			   .name_len = c->name_len };
	TRY(extras_read(rest + c->name_len, extra, &l, err));
	TRY(heads_compare(c, &l, err));
	data = c->local + LOCAL_BYTES + c->name_len + extra;
	if (data > z->at || c->packed > z->at - data)
		return hostile(err, "its data reaches into the central directory");
	z->spans[z->n++] =
		(struct span){ c->local, data + c->packed,
			       arena_strn(z->names, (const char *)c->name, c->name_len) };
	return 0;
}

static int central_check(struct zip *z, const struct head *c, struct err *err)
{
	if (c->name_len == 0 || c->name_len > NAME_MAX_BYTES)
		return err_limit(err, "a name of %zu bytes", c->name_len);
	if (memchr(c->name, '\0', c->name_len))
		return hostile(err, "a name that holds a NUL");
	if (memchr(c->name, '\\', c->name_len))
		return hostile(err, "a name with backslashes, which readers take differently");
	if (c->flags & (FLAG_ENCRYPTED | FLAG_STRONG | FLAG_MASKED))
		return err_input(err, "an encrypted entry");
	return local_check(z, c, err);
}

static int span_order(const void *a, const void *b)
{
	const struct span *x = a, *y = b;

	return x->from < y->from ? -1 : x->from > y->from;
}

static int directory_check(struct zip *z, const unsigned char *dir, struct arena *a,
			   struct err *err)
{
	uint64_t at = 0;

	z->spans = arena_array(a, struct span, z->count + 1);
	for (uint64_t i = 0; i < z->count; i++) {
		const unsigned char *p = dir + at;
		struct head c;
		uint64_t len;
		char shown[256];

		if (z->len - at < CENTRAL_BYTES || u32(p) != SIG_CENTRAL)
			return damaged(err, "its central directory");
		len = (uint64_t)CENTRAL_BYTES + u16(p + 28) + u16(p + 30) + u16(p + 32);
		if (z->len - at < len)
			return damaged(err, "its central directory");
		c = (struct head){ .flags = u16(p + 8),
				   .method = u16(p + 10),
				   .crc = u32(p + 16),
				   .packed = u32(p + 20),
				   .size = u32(p + 24),
				   .local = u32(p + 42),
				   .name = p + CENTRAL_BYTES,
				   .name_len = u16(p + 28) };
		(void)snprintf(shown, sizeof(shown), "%.*s", (int)c.name_len, (const char *)c.name);
		if (extras_read(c.name + c.name_len, u16(p + 30), &c, err) < 0 ||
		    central_check(z, &c, err) < 0)
			return err_in(err, "entry %s", Q(shown));
		at += len;
	}
	if (at != z->len)
		return hostile(err, "its central directory holds more than it counts");
	return 0;
}

int zip_check(int fd, const struct limits *limits, struct zip_names *ret, struct err *err)
{
	scoped_arena struct arena a = { 0 };
	struct zip z = { .fd = fd, .names = &ret->arena };
	off_t size = lseek(fd, 0, SEEK_END); /* fstat is not for who reads: it can name paths */
	unsigned char *dir;

	if (size < 0)
		return err_host(err, errno, "measure the zip archive");
	z.size = (uint64_t)size;
	TRY(end_find(&z, &a, err));
	if (z.count > limits->entries)
		return err_limit(err, "more than %llu entries (--max-entries)",
				 (unsigned long long)limits->entries);
	if (z.at > z.size || z.len > z.size - z.at ||
	    z.len > z.count * (CENTRAL_BYTES + 3 * 65535ULL))
		return damaged(err, "its central directory lies outside");
	if (z.len > limits->header * 64)
		return err_limit(err, "a central directory of %llu bytes (--max-header)",
				 (unsigned long long)z.len);
	dir = arena_alloc(&a, z.len + 1);
	TRY(read_at(&z, z.at, dir, z.len, err));
	TRY(directory_check(&z, dir, &a, err));
	qsort(z.spans, z.n, sizeof(*z.spans), span_order);
	for (size_t i = 1; i < z.n; i++)
		if (z.spans[i].from < z.spans[i - 1].to)
			return hostile(err, "two entries of the zip archive overlap");
	ret->v = arena_array(&ret->arena, const char *, z.n + 1);
	for (size_t i = 0; i < z.n; i++)
		ret->v[i] = z.spans[i].name;
	ret->n = z.n;
	return 0;
}
