/* SPDX-License-Identifier: Apache-2.0 */
/* build.c - nodes, their texts and their places in one another. */
#include "spec/json/build.h"

#include <string.h>

#include "spec/base/str.h"

/* Objects up to this many members are searched for duplicates pair by pair, larger ones sorted. */
#define PAIRWISE_MAX 16
/* Short strings are packed into blocks of this size, without the arena's alignment. */
#define POOL_BYTES 4096
#define POOLED_MAX 256
/* A value takes so many bytes of a document at least, mostly; what the first row does not hold goes into short ones. */
#define NODE_BYTES 20
#define ROW_NODES 16

/* Nodes, the first of which is the root. */
struct json_row {
	size_t n, used;
	struct json nodes[];
};

static size_t row_size(size_t n)
{
	return sizeof(struct json_row) + n * sizeof(struct json);
}

void build_begin(struct build *b, char *own, size_t len, const struct json_limits *limits,
		 struct arena *a)
{
	size_t n = len / NODE_BYTES + ROW_NODES;

	*b = (struct build){ .arena = a, .limits = limits, .own = own, .len = len };
	b->frames = arena_array(a, struct frame, limits->depth);
	b->first = arena_alloc(a, row_size(n));
	b->first->n = b->spare_n = n;
	b->spare = b->first->nodes;
}

struct json *build_end(struct build *b)
{
	b->first->used = b->nodes < b->first->n ? b->nodes : b->first->n;
	return b->root;
}

void json_done(struct json *root, struct arena *a)
{
	struct json_row *row = (struct json_row *)((char *)root - offsetof(struct json_row, nodes));

	arena_give(a, row, row_size(row->used), row_size(row->n));
}

/* The C library's memcpy takes as long to begin as these few bytes take to copy. */
static inline void copy_short(char *to, const char *from, size_t n)
{
	for (; n >= 8; n -= 8, to += 8, from += 8)
		memcpy(to, from, 8);
	if (n & 4) {
		memcpy(to, from, 4);
		to += 4;
		from += 4;
	}
	if (n & 2) {
		memcpy(to, from, 2);
		to += 2;
		from += 2;
	}
	if (n & 1)
		*to = *from;
}

static const char *copy(struct build *b, const char *s, size_t n)
{
	char *p;

	if (n >= POOLED_MAX)
		return arena_strn(b->arena, s, n);
	if (b->pool_left <= n) {
		b->pool = arena_alloc(b->arena, POOL_BYTES);
		b->pool_left = POOL_BYTES;
	}
	p = b->pool;
	copy_short(p, s, n);
	b->pool += n + 1;
	b->pool_left -= n + 1;
	return p;
}

/* A string: one that the reader shows us in the document itself may stay there. */
static const char *keep(struct build *b, const char *s, size_t n)
{
	uintptr_t at = (uintptr_t)s - (uintptr_t)b->own;

	if (!b->own || at >= b->len)
		return copy(b, s, n);
	b->own[at + n] = '\0'; /* was its closing quote, which has been read */
	return b->own + at;
}

static struct json *take_node(struct build *b)
{
	if (b->spare_n == 0) {
		b->spare = arena_array(b->arena, struct json, ROW_NODES);
		b->spare_n = ROW_NODES;
	}
	b->spare_n--;
	return b->spare++;
}

struct json *build_node(struct build *b, enum json_type type, size_t offset)
{
	struct json *n;

	if (++b->nodes > b->limits->nodes)
		return NULL;
	n = take_node(b);
	n->type = (uint8_t)type;
	n->offset = (uint32_t)offset;
	n->key = b->key;
	b->key = NULL;
	if (b->depth == 0) {
		b->root = n;
	} else {
		struct frame *f = &b->frames[b->depth - 1];

		*(f->last ? &f->last->next : &f->node->first) = n;
		f->last = n;
		f->node->count++;
	}
	return n;
}

struct json *build_text(struct build *b, enum json_type type, size_t offset, const char *s,
			size_t len)
{
	struct json *n = build_node(b, type, offset);

	if (!n)
		return NULL;
	n->text = type == JSON_STRING ? keep(b, s, len) : copy(b, s, len);
	n->len = (uint32_t)len;
	return n;
}

bool build_is_deep(const struct build *b)
{
	return b->depth >= b->limits->depth;
}

struct json *build_open(struct build *b, enum json_type type, size_t offset)
{
	struct json *n = build_node(b, type, offset);

	if (n)
		b->frames[b->depth++] = (struct frame){ .node = n };
	return n;
}

void build_key(struct build *b, const char *s, size_t len)
{
	b->key = keep(b, s, len);
}

/* --- duplicate keys --- */

static const struct json *duplicate_pairwise(const struct json *object)
{
	for (const struct json *a = object->first; a; a = a->next)
		for (const struct json *b = a->next; b; b = b->next)
			if (str_eq(a->key, b->key))
				return b;
	return NULL;
}

static int compare_keys(const void *a, const void *b)
{
	const struct json *x = *(const struct json *const *)a, *y = *(const struct json *const *)b;
	int order = strcmp(x->key, y->key);

	return order ? order : (x->offset > y->offset) - (x->offset < y->offset);
}

static const struct json *duplicate_sorted(struct arena *a, const struct json *object)
{
	const struct json **members = arena_array(a, const struct json *, object->count);
	size_t n = 0;

	for (const struct json *m = object->first; m; m = m->next)
		members[n++] = m;
	qsort(members, n, sizeof(*members), compare_keys);
	for (size_t i = 1; i < n; i++)
		if (str_eq(members[i - 1]->key, members[i]->key))
			return members[i];
	return NULL;
}

const struct json *build_close(struct build *b)
{
	const struct json *n = b->frames[--b->depth].node;

	if (n->type != JSON_OBJECT)
		return NULL;
	return n->count <= PAIRWISE_MAX ? duplicate_pairwise(n) : duplicate_sorted(b->arena, n);
}
