/* SPDX-License-Identifier: Apache-2.0 */
/* manifest.c - writes and reads the text that a digest is made of. */
#include "rootfs-tools/manifest.h"

#include <string.h>

#include "spec/json/quote.h"

#define HEADER "srt-bundle-manifest 1\n"
#define FIELDS 7

struct line {
	const char *path;
	const struct node *node;
};

static int line_order(const void *a, const void *b)
{
	return strcmp(((const struct line *)a)->path, ((const struct line *)b)->path);
}

void name_escape(struct text *out, const char *name)
{
	for (const unsigned char *p = (const unsigned char *)name; *p; p++) {
		const char octal[4] = { '\\', (char)('0' + (*p >> 6)), (char)('0' + (*p >> 3 & 7)),
					(char)('0' + (*p & 7)) };

		if (*p > ' ' && *p < 0x7f && *p != '\\')
			text_addn(out, (const char *)p, 1);
		else
			text_addn(out, octal, sizeof(octal));
	}
}

static void xattrs_emit(const struct xattrs *x, struct text *out)
{
	for (size_t i = 0; i < x->n; i++) {
		text_add(out, i ? " " : " [");
		name_escape(out, x->v[i].name);
		text_add(out, "=");
		for (size_t j = 0; j < x->v[i].len; j++)
			text_addf(out, "%02x", (unsigned int)(unsigned char)x->v[i].value[j]);
	}
	if (x->n)
		text_add(out, "]");
}

static void node_emit(const struct node *n, const char *path, struct text *out)
{
	char hex[SHA256_HEX + 1] = "-";

	switch (n->type) {
	case NODE_DIR:
		text_addf(out, "d %04o %u %u 0 - - ", n->mode & 07777, n->owner.uid, n->owner.gid);
		break;
	case NODE_FILE:
		sha256_hex(n->content->sha256, hex);
		text_addf(out, "f %04o %u %u %llu %s - ", n->mode & 07777, n->owner.uid,
			  n->owner.gid, (unsigned long long)n->content->size, hex);
		break;
	case NODE_SYMLINK:
		text_addf(out, "l 0777 %u %u %zu - - ", n->owner.uid, n->owner.gid,
			  strlen(n->target));
		break;
	}
	name_escape(out, path);
	if (n->type == NODE_SYMLINK) {
		text_add(out, " -> ");
		name_escape(out, n->target);
	}
	xattrs_emit(&n->xattrs, out);
	text_addn(out, "\n", 1);
}

void manifest_emit(const struct tree *t, const struct manifest *m, struct text *out)
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
	text_addf(out, HEADER "epoch %llu\narch %s\n", (unsigned long long)m->epoch, m->arch);
	for (size_t i = 0; i < n; i++)
		node_emit(lines[i].node, lines[i].path, out);
}

int text_sha256(const void *bytes, size_t n, uint8_t digest[SHA256_BYTES], struct err *err)
{
	struct sha256 *s = sha256_new();
	int r = s && sha256_begin(s) == 0 && sha256_add(s, bytes, n) == 0 &&
				sha256_end(s, digest) == 0
			? 0
			: err_host(err, ENOMEM, "compute SHA-256");

	sha256_free(s);
	return r;
}

/* --- reading --- */

static int bad(struct err *err, const char *what)
{
	return err_set(err, ERR_INTEGRITY, 0, "damaged manifest: %s", what);
}

static int name_read(struct arena *a, const char *s, size_t n, const char **ret, struct err *err)
{
	char *out = arena_alloc(a, n + 1), *p = out;

	for (size_t i = 0; i < n; i++) {
		unsigned int v = 0;

		if (s[i] != '\\') {
			*p++ = s[i];
			continue;
		}
		if (n - i < 4)
			return bad(err, "an escape");
		for (int j = 1; j < 4; j++) {
			if (s[i + (size_t)j] < '0' || s[i + (size_t)j] > '7')
				return bad(err, "an escape");
			v = v << 3 | (unsigned int)(s[i + (size_t)j] - '0');
		}
		if (v == 0 || v > 255)
			return bad(err, "an escape");
		*p++ = (char)v;
		i += 3;
	}
	*ret = out;
	return 0;
}

static int hex_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static int hex_read(const char *s, size_t n, uint8_t *out, struct err *err)
{
	for (size_t i = 0; i < n; i++) {
		int high = hex_value(s[2 * i]), low = high < 0 ? -1 : hex_value(s[2 * i + 1]);

		if (low < 0)
			return bad(err, "hexadecimal digits");
		out[i] = (uint8_t)(high << 4 | low);
	}
	return 0;
}

static int xattr_read(struct arena *a, const char *s, size_t n, struct xattr *ret, struct err *err)
{
	const char *eq = memchr(s, '=', n);
	size_t name = eq ? (size_t)(eq - s) : 0, digits = eq ? n - name - 1 : 0;
	char *value;

	if (!eq || digits % 2)
		return bad(err, "an attribute");
	value = arena_alloc(a, digits / 2 + 1);
	TRY(name_read(a, s, name, &ret->name, err));
	TRY(hex_read(eq + 1, digits / 2, (uint8_t *)value, err));
	ret->value = value;
	ret->len = digits / 2;
	return 0;
}

/* " [a=00 b=01]" at s. */
static int xattrs_read(struct arena *a, const char *s, struct xattrs *ret, struct err *err)
{
	size_t room = 1;

	if (!*s)
		return 0;
	if (!str_starts(s, " [") || !str_ends(s, "]"))
		return bad(err, "its attributes");
	for (const char *p = s; *p; p++)
		room += *p == '=';
	ret->v = arena_array(a, struct xattr, room);
	for (s += 2; *s && ret->n < room; s += *s == ' ' || *s == ']') {
		size_t n = strcspn(s, " ]");

		TRY(xattr_read(a, s, n, &ret->v[ret->n], err));
		ret->n++;
		s += n;
	}
	return 0;
}

static int fields_split(const char *line, const char *field[FIELDS], size_t len[FIELDS],
			const char **rest, struct err *err)
{
	for (int i = 0; i < FIELDS; i++) {
		field[i] = line;
		len[i] = strcspn(line, " ");
		if (!line[len[i]] || !len[i])
			return bad(err, "a line with too few fields");
		line += len[i] + 1;
	}
	*rest = line;
	return 0;
}

static int content_read(struct tree *t, const char *size, const char *hex, size_t hex_len,
			struct content **ret, struct err *err)
{
	struct content *c = arena_new(&t->arena, struct content);

	if (hex_len != SHA256_HEX)
		return bad(err, "a SHA-256");
	TRY(str_u64(size, 10, INT64_MAX, &c->size, err));
	TRY(hex_read(hex, SHA256_BYTES, c->sha256, err));
	*ret = c;
	return 0;
}

static int id_read(struct arena *a, const char *s, size_t len, uint32_t *ret, struct err *err)
{
	uint64_t id;

	TRY(str_u64(arena_strn(a, s, len), 10, UINT32_MAX - 1, &id, err));
	*ret = (uint32_t)id;
	return 0;
}

static int line_put(struct tree *t, struct arena *a, const char *line, struct err *err)
{
	struct item item = { .source = 1 };
	const char *field[FIELDS], *rest = "", *path;
	size_t len[FIELDS], n;
	uint64_t mode;

	TRY(fields_split(line, field, len, &rest, err));
	TRY(str_u64(arena_strn(a, field[1], len[1]), 8, 07777, &mode, err));
	item.mode = (unsigned int)mode;
	TRY(id_read(a, field[2], len[2], &item.owner.uid, err));
	TRY(id_read(a, field[3], len[3], &item.owner.gid, err));
	n = strcspn(rest, " ");
	TRY(name_read(a, rest, n, &path, err));
	rest += n;
	switch (field[0][0]) {
	case 'd':
		item.type = NODE_DIR;
		break;
	case 'f':
		item.type = NODE_FILE;
		TRY(content_read(t, arena_strn(a, field[4], len[4]), field[5], len[5],
				 &item.content, err));
		break;
	case 'l':
		if (!str_starts(rest, " -> "))
			return bad(err, "a symlink without a target");
		item.type = NODE_SYMLINK;
		rest += 4;
		n = strcspn(rest, " ");
		TRY(name_read(a, rest, n, &item.target, err));
		rest += n;
		break;
	default:
		return bad(err, "an unknown type");
	}
	TRY(xattrs_read(&t->arena, rest, &item.xattrs, err));
	if (str_eq(path, "/")) {
		t->root->mode = item.mode;
		t->root->xattrs = item.xattrs;
		return item.type == NODE_DIR ? 0 : bad(err, "its root");
	}
	return tree_put(t, path, &item, err);
}

static int header_read(struct arena *a, const char **at, struct manifest *ret, struct err *err)
{
	const char *p = *at;
	size_t n;

	if (!str_starts(p, HEADER "epoch "))
		return bad(err, "its first line");
	p += strlen(HEADER "epoch ");
	n = strcspn(p, "\n");
	TRY(str_u64(arena_strn(a, p, n), 10, INT64_MAX, &ret->epoch, err));
	p += n;
	if (!str_starts(p, "\narch "))
		return bad(err, "its header");
	p += strlen("\narch ");
	n = strcspn(p, "\n");
	ret->arch = arena_strn(a, p, n);
	if (strspn(ret->arch, "abcdefghijklmnopqrstuvwxyz0123456789_-") != n)
		return bad(err, "its architecture");
	*at = p + n + (p[n] == '\n');
	return 0;
}

int manifest_read(const char *bytes, size_t len, struct tree *t, struct manifest *ret,
		  struct err *err)
{
	scoped_arena struct arena a = { 0 };
	struct text again = { .arena = &a };
	struct manifest m = { 0 };
	const char *p = bytes;

	if (strlen(bytes) != len)
		return bad(err, "a NUL");
	TRY(header_read(&t->arena, &p, &m, err));
	for (size_t number = 4; *p; number++) {
		scoped_arena struct arena line = { 0 };
		size_t n = strcspn(p, "\n");

		if (line_put(t, &line, arena_strn(&line, p, n), err) < 0) {
			err->kind = ERR_INTEGRITY;
			return err_in(err, "manifest:%zu", number);
		}
		p += n + (p[n] == '\n');
	}
	manifest_emit(t, &m, &again);
	if (again.len != len || memcmp(again.s, bytes, len) != 0)
		return bad(err, "not in its canonical form");
	*ret = m;
	return 0;
}
