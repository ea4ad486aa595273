/* SPDX-License-Identifier: Apache-2.0 */
/* tarout.c - tar headers, the same bytes for the same tree. (POSIX pax, ustar interchange format) */
#include "rootfs-tools/tarout.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "rootfs-tools/unpack.h"
#include "spec/base/str.h"
#include "spec/json/quote.h"
#include "spec/json/utf8.h"

#define BLOCK 512
#define SIZE_MAX_USTAR 077777777777ULL
#define ID_MAX_USTAR 07777777u
#define CHUNK 65536

struct header {
	char name[100], mode[8], uid[8], gid[8], size[12], mtime[12], sum[8], type, link[100];
	char magic[6], version[2], uname[32], gname[32], major[8], minor[8], prefix[155], pad[12];
};

struct entry {
	const char *name, *link; /* without a leading slash; link: of a symlink, else "" */
	char type;
	unsigned int mode;
	struct owner owner;
	uint64_t size;
	int64_t mtime;
	const struct xattrs *xattrs;
};

/* One digit less than the field, and a NUL. */
static void octal(char *field, size_t n, uint64_t v)
{
	field[--n] = '\0';
	while (n-- > 0) {
		field[n] = (char)('0' + (v & 7));
		v >>= 3;
	}
}

/* ustar's two fields; false where the name does not fit them. */
static bool name_split(struct header *h, const char *name)
{
	size_t n = strlen(name);

	if (n <= sizeof(h->name)) {
		memcpy(h->name, name, n);
		return true;
	}
	for (size_t i = n - 1; i > 0; i--) {
		if (name[i] != '/' || i > sizeof(h->prefix) || n - i - 1 > sizeof(h->name) ||
		    n - i - 1 == 0)
			continue;
		memcpy(h->prefix, name, i);
		memcpy(h->name, name + i + 1, n - i - 1);
		return true;
	}
	memcpy(h->name, name, sizeof(h->name));
	return false;
}

static int header_write(struct outflow *out, struct header *h, const struct entry *e, uint64_t size,
			struct err *err)
{
	const unsigned char *p = (const unsigned char *)h;
	unsigned int sum = 0;

	octal(h->mode, sizeof(h->mode), e->mode);
	octal(h->uid, sizeof(h->uid), e->owner.uid > ID_MAX_USTAR ? 0 : e->owner.uid);
	octal(h->gid, sizeof(h->gid), e->owner.gid > ID_MAX_USTAR ? 0 : e->owner.gid);
	octal(h->size, sizeof(h->size), size > SIZE_MAX_USTAR ? 0 : size);
	octal(h->mtime, sizeof(h->mtime), e->mtime < 0 ? 0 : (uint64_t)e->mtime);
	octal(h->major, sizeof(h->major), 0);
	octal(h->minor, sizeof(h->minor), 0);
	h->type = e->type;
	memcpy(h->magic, "ustar", 6);
	memcpy(h->version, "00", 2);
	memset(h->sum, ' ', sizeof(h->sum));
	for (size_t i = 0; i < sizeof(*h); i++)
		sum += p[i];
	octal(h->sum, 7, sum);
	h->sum[7] = ' ';
	return outflow_write(out, h, sizeof(*h), err);
}

static int pad_write(struct outflow *out, uint64_t size, struct err *err)
{
	static const char zeros[BLOCK];
	size_t rest = (size_t)(size % BLOCK);

	return rest ? outflow_write(out, zeros, BLOCK - rest, err) : 0;
}

/* "LEN KEY=VALUE\n", where LEN counts itself. */
static void pax_add(struct text *out, const char *key, const char *value, size_t n)
{
	size_t len = strlen(key) + n + 3, digits = 1;

	for (size_t ten = 10; ten <= len + digits; ten *= 10)
		digits++;
	text_addf(out, "%zu %s=", len + digits, key);
	text_addn(out, value, n);
	text_addn(out, "\n", 1);
}

static bool is_utf8(const char *s)
{
	for (size_t n = strlen(s), k; n > 0; s += k, n -= k) {
		k = utf8_char(s, n);
		if (!k)
			return false;
	}
	return true;
}

/* The records in the order of their keys; hdrcharset has to be the first. */
static void pax_number(struct text *out, const char *key, uint64_t v, uint64_t fits)
{
	char digits[24];

	if (v <= fits)
		return;
	(void)snprintf(digits, sizeof(digits), "%llu", (unsigned long long)v);
	pax_add(out, key, digits, strlen(digits));
}

static void pax_emit(const struct entry *e, bool name, bool link, struct text *out)
{
	if ((name && !is_utf8(e->name)) || (link && !is_utf8(e->link)))
		pax_add(out, "hdrcharset", "BINARY", 6);
	for (size_t i = 0; e->xattrs && i < e->xattrs->n; i++) {
		struct text key = { .arena = out->arena };

		text_addf(&key, "SCHILY.xattr.%s", e->xattrs->v[i].name);
		pax_add(out, key.s, e->xattrs->v[i].value, e->xattrs->v[i].len);
	}
	pax_number(out, "gid", e->owner.gid, ID_MAX_USTAR);
	if (link)
		pax_add(out, "linkpath", e->link, strlen(e->link));
	if (name)
		pax_add(out, "path", e->name, strlen(e->name));
	pax_number(out, "size", e->size, SIZE_MAX_USTAR);
	pax_number(out, "uid", e->owner.uid, ID_MAX_USTAR);
}

static int entry_write(struct outflow *out, const struct entry *e, struct err *err)
{
	scoped_arena struct arena a = { 0 };
	struct text pax = { .arena = &a };
	struct header h = { 0 }, before = { 0 };
	size_t link_len = strlen(e->link);
	bool name_fits = name_split(&h, e->name), link_fits = link_len <= sizeof(h.link);

	memcpy(h.link, e->link, link_fits ? link_len : sizeof(h.link));
	pax_emit(e, !name_fits, !link_fits, &pax);
	if (pax.len) {
		const struct entry x = { .type = 'x', .mode = 0644, .mtime = e->mtime };

		memcpy(before.name, "././@PaxHeader", 14);
		TRY(header_write(out, &before, &x, pax.len, err));
		TRY(outflow_write(out, pax.s, pax.len, err));
		TRY(pad_write(out, pax.len, err));
	}
	return header_write(out, &h, e, e->size, err);
}

static int bytes_copy(struct outflow *out, int fd, uint64_t size, struct err *err)
{
	char buf[CHUNK];
	off_t at = 0;

	while ((uint64_t)at < size) {
		uint64_t left = size - (uint64_t)at;
		ssize_t n = pread(fd, buf, left < sizeof(buf) ? (size_t)left : sizeof(buf), at);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return err_host(err, n ? errno : EIO, "read a file of the bundle");
		TRY(outflow_write(out, buf, (size_t)n, err));
		at += n;
	}
	return pad_write(out, size, err);
}

struct line {
	const char *path;
	const struct node *node;
};

static int line_order(const void *a, const void *b)
{
	return strcmp(((const struct line *)a)->path, ((const struct line *)b)->path);
}

static int node_write(struct outflow *out, const struct line *l, int64_t epoch, tar_open_fn *open,
		      void *ctx, struct err *err)
{
	const struct node *n = l->node;
	scoped_arena struct arena a = { 0 };
	struct entry e = { .name = l->path + 1,
			   .link = "",
			   .mode = n->mode & 07777,
			   .owner = n->owner,
			   .mtime = epoch,
			   .xattrs = &n->xattrs };
	int fd;

	if (n->type == NODE_DIR) {
		e.type = '5';
		e.name = arena_printf(&a, "%s/", e.name);
		return entry_write(out, &e, err);
	}
	if (n->type == NODE_SYMLINK) {
		e.type = '2';
		e.mode = 0777;
		e.link = n->target;
		return entry_write(out, &e, err);
	}
	e.type = '0';
	e.size = n->content->size;
	fd = open(ctx, n, err);
	TRY(fd);
	TRY(entry_write(out, &e, err));
	return bytes_copy(out, fd, e.size, err);
}

int tar_tree(struct outflow *out, const struct tree *t, int64_t epoch, tar_open_fn *open, void *ctx,
	     struct err *err)
{
	scoped_arena struct arena a = { 0 };
	struct line *lines;
	size_t n;
	struct node **nodes = tree_list(&a, t->root, &n);

	lines = arena_array(&a, struct line, n);
	for (size_t i = 0; i < n; i++) {
		char buf[TREE_PATH_MAX];

		lines[i] = (struct line){ arena_str(&a, tree_path(nodes[i], buf)), nodes[i] };
	}
	qsort(lines, n, sizeof(*lines), line_order);
	for (size_t i = 1; i < n; i++) {
		if (node_write(out, &lines[i], epoch, open, ctx, err) < 0)
			return err_in(err, "entry %s", Q(lines[i].path));
		TRY(interrupted(err));
	}
	return 0;
}

int tar_bytes(struct outflow *out, const char *name, const char *bytes, size_t n, int64_t epoch,
	      struct err *err)
{
	const struct entry e = {
		.name = name, .link = "", .type = '0', .mode = 0644, .size = n, .mtime = epoch
	};

	TRY(entry_write(out, &e, err));
	TRY(outflow_write(out, bytes, n, err));
	return pad_write(out, n, err);
}

int tar_fd(struct outflow *out, const char *name, int fd, uint64_t size, int64_t epoch,
	   struct err *err)
{
	const struct entry e = {
		.name = name, .link = "", .type = '0', .mode = 0644, .size = size, .mtime = epoch
	};

	TRY(entry_write(out, &e, err));
	return bytes_copy(out, fd, size, err);
}

int tar_end(struct outflow *out, struct err *err)
{
	static const char zeros[2 * BLOCK];

	return outflow_write(out, zeros, sizeof(zeros), err);
}
