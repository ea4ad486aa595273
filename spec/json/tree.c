/* SPDX-License-Identifier: Apache-2.0 */
/* tree.c - bytes → nodes.
 *
 * Two passes. The first looks at the bytes alone (bytes.h). The second is yajl's streaming parser,
 * whose callbacks make the nodes and count them; its own memory comes from the arena, so that no way out can leak (CVE-2023-33460), and the bound on bytes
 * keeps its buffers from wrapping (CVE-2022-24795). */
#include "spec/json/tree.h"

#include <string.h>
#include <yajl/yajl_parse.h>

#include "spec/base/str.h"
#include "spec/json/bytes.h"
#include "spec/json/quote.h"

/* Objects up to this many members are searched for duplicates pair by pair, larger ones sorted. */
#define PAIRWISE_MAX 16
/* Short strings are packed into blocks of this size, without the arena's alignment. */
#define POOL_BYTES 4096
#define POOLED_MAX 256

struct frame {
	struct json *node, *last;
};

struct reader {
	const char *bytes;
	size_t len;
	const char *name;
	const struct json_limits *limits;
	struct arena *arena;
	struct err *err;

	yajl_handle yajl;
	bool finishing; /* all bytes are with yajl: what it counts no longer are positions */
	size_t pos; /* behind the last token */
	size_t nodes;
	struct frame *frames;
	size_t depth;
	const char *key; /* of the value that comes next */
	struct json *root;
	char *pool;
	size_t pool_left;
};

/* --- errors with line and column --- */

struct place {
	size_t line, column;
};

static struct place place_of(const struct reader *r, size_t offset)
{
	struct place p = { 1, 1 };

	for (size_t i = 0; i < offset && i < r->len; i++) {
		if (r->bytes[i] == '\n') {
			p.line++;
			p.column = 1;
		} else if (((unsigned char)r->bytes[i] & 0xc0) != 0x80) {
			p.column++;
		}
	}
	return p;
}

static int fail_at(const struct reader *r, int kind, size_t offset, const char *text)
{
	struct place p = place_of(r, offset);

	return err_set(r->err, kind, 0, "%s:%zu:%zu: %s", r->name, p.line, p.column, text);
}

/* --- nodes --- */

static bool is_gap(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

/* Where the token behind pos begins: after space and one separator. */
static size_t token_start(const struct reader *r)
{
	size_t i = r->pos;

	while (i < r->len && is_gap(r->bytes[i]))
		i++;
	if (i < r->len && (r->bytes[i] == ',' || r->bytes[i] == ':'))
		i++;
	while (i < r->len && is_gap(r->bytes[i]))
		i++;
	return i;
}

/* Moves pos behind the token that yajl has just read. */
static void advance(struct reader *r)
{
	r->pos = r->finishing ? r->len : yajl_get_bytes_consumed(r->yajl);
}

static const char *keep(struct reader *r, const void *s, size_t n)
{
	char *p;

	if (n >= POOLED_MAX)
		return arena_strn(r->arena, s, n);
	if (r->pool_left <= n) {
		r->pool = arena_alloc(r->arena, POOL_BYTES);
		r->pool_left = POOL_BYTES;
	}
	p = r->pool;
	memcpy(p, s, n);
	r->pool += n + 1;
	r->pool_left -= n + 1;
	return p;
}

/* Where a token of that many bytes begins that yajl has just read. */
static size_t offset_back(const struct reader *r, size_t len)
{
	return r->finishing ? token_start(r) : yajl_get_bytes_consumed(r->yajl) - len;
}

/* The node of the token that yajl has just read, linked into its parent; NULL past the bound. */
static struct json *add_node(struct reader *r, enum json_type type, size_t offset)
{
	struct json *n;

	advance(r);
	if (++r->nodes > r->limits->nodes) {
		(void)fail_at(r, ERR_LIMIT, offset, "too many values");
		return NULL;
	}
	n = arena_new(r->arena, struct json);
	n->type = (uint8_t)type;
	n->offset = (uint32_t)offset;
	n->key = r->key;
	r->key = NULL;
	if (r->depth == 0) {
		r->root = n;
	} else {
		struct frame *f = &r->frames[r->depth - 1];

		*(f->last ? &f->last->next : &f->node->first) = n;
		f->last = n;
		f->node->count++;
	}
	return n;
}

static int on_null(void *ctx)
{
	return add_node(ctx, JSON_NULL, offset_back(ctx, strlen("null"))) != NULL;
}

static int on_bool(void *ctx, int truth)
{
	size_t len = strlen(truth ? "true" : "false");
	struct json *n = add_node(ctx, JSON_BOOL, offset_back(ctx, len));

	if (n)
		n->truth = truth;
	return n != NULL;
}

static int add_text(struct reader *r, enum json_type type, size_t offset, const void *s, size_t len)
{
	struct json *n = add_node(r, type, offset);

	if (!n)
		return 0;
	n->text = keep(r, s, len);
	n->len = (uint32_t)len;
	return 1;
}

static int on_number(void *ctx, const char *s, size_t len)
{
	return add_text(ctx, JSON_NUMBER, offset_back(ctx, len), s, len);
}

static int on_string(void *ctx, const unsigned char *s, size_t len)
{
	const struct reader *r = ctx;
	uintptr_t at = (uintptr_t)s - (uintptr_t)r->bytes;

	/* Without escapes yajl points into the document, else to its own copy. */
	return add_text(ctx, JSON_STRING, at < r->len ? at - 1 : token_start(r), s, len);
}

static int open_node(struct reader *r, enum json_type type)
{
	struct json *n;

	if (r->depth >= r->limits->depth) {
		(void)fail_at(r, ERR_LIMIT, offset_back(r, 1), "nested too deep");
		return 0;
	}
	n = add_node(r, type, offset_back(r, 1));
	if (!n)
		return 0;
	r->frames[r->depth++] = (struct frame){ .node = n };
	return 1;
}

static int on_start_array(void *ctx)
{
	return open_node(ctx, JSON_ARRAY);
}

static int on_start_object(void *ctx)
{
	return open_node(ctx, JSON_OBJECT);
}

static int on_key(void *ctx, const unsigned char *s, size_t len)
{
	struct reader *r = ctx;

	advance(r);
	r->key = keep(r, s, len);
	return 1;
}

static int on_end_array(void *ctx)
{
	struct reader *r = ctx;

	advance(r);
	r->depth--;
	return 1;
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

static int on_end_object(void *ctx)
{
	struct reader *r = ctx;
	const struct json *object = r->frames[r->depth - 1].node, *twice;
	char text[QUOTE_MAX + 64];

	(void)on_end_array(r);
	twice = object->count <= PAIRWISE_MAX ? duplicate_pairwise(object)
					      : duplicate_sorted(r->arena, object);
	if (!twice)
		return 1;
	(void)snprintf(text, sizeof(text), "the key %s stands twice in one object", Q(twice->key));
	(void)fail_at(r, ERR_INPUT, twice->offset, text);
	return 0;
}

/* --- yajl --- */

/* yajl's memory: each piece remembers its size for realloc, and the arena frees it. */
struct piece {
	size_t size;
	_Alignas(16) unsigned char bytes[];
};

static void *piece_alloc(void *arena, size_t size)
{
	struct piece *p = arena_alloc(arena, sizeof(*p) + size);

	p->size = size;
	return p->bytes;
}

static void *piece_grow(void *arena, void *old, size_t size)
{
	struct piece *p;

	if (!old)
		return piece_alloc(arena, size);
	p = (struct piece *)((unsigned char *)old - offsetof(struct piece, bytes));
	if (size <= p->size)
		return old;
	p = arena_grow(arena, p, sizeof(*p) + p->size, sizeof(*p) + size);
	p->size = size;
	return p->bytes;
}

static void piece_free(void *arena, void *old)
{
	(void)arena;
	(void)old;
}

static const yajl_callbacks callbacks = {
	.yajl_null = on_null,
	.yajl_boolean = on_bool,
	.yajl_number = on_number,
	.yajl_string = on_string,
	.yajl_start_map = on_start_object,
	.yajl_map_key = on_key,
	.yajl_end_map = on_end_object,
	.yajl_start_array = on_start_array,
	.yajl_end_array = on_end_array,
};

/* yajl's words that say little to whoever wrote the document, and ours. */
static const struct {
	const char *theirs, *ours;
} rewordings[] = {
	{ "premature EOF", "the document ends before its last value does" },
	{ "trailing garbage", "something follows the end of the document" },
	{ "unallowed token", "this may not stand here" },
	{ "invalid char in json text", "no value begins with this character" },
	{ "invalid string in json text", "this is none of true, false and null" },
};

/* Where to point: at the bad byte of a malformed token, where yajl has stopped before it; else at the
 * first byte of the token that yajl has just passed. */
static size_t syntax_offset(const struct reader *r, bool malformed)
{
	size_t start = token_start(r), stop;

	if (r->finishing)
		return start;
	stop = yajl_get_bytes_consumed(r->yajl);
	if (malformed)
		return stop;
	return start < stop || stop == 0 ? start : stop - 1;
}

static int fail_syntax(struct reader *r)
{
	static const char lexical[] = "lexical error: ", parse[] = "parse error: ";
	unsigned char *message = yajl_get_error(r->yajl, 0, NULL, 0);
	const char *text = message ? (const char *)message : "this is not JSON";
	char line[128];
	bool malformed;

	if (str_starts(text, lexical))
		text += strlen(lexical);
	else if (str_starts(text, parse))
		text += strlen(parse);
	malformed = strstr(text, "inside") || str_starts(text, "malformed") ||
		    str_starts(text, "probable comment");
	(void)snprintf(line, sizeof(line), "%.*s", (int)strcspn(text, ".\n"), text);
	for (size_t i = 0; i < ARRAY_LEN(rewordings); i++)
		if (str_starts(text, rewordings[i].theirs))
			(void)snprintf(line, sizeof(line), "%s", rewordings[i].ours);
	return fail_at(r, ERR_INPUT, syntax_offset(r, malformed), line);
}

static int run_yajl(struct reader *r)
{
	yajl_alloc_funcs memory = { piece_alloc, piece_grow, piece_free, r->arena };
	yajl_status status;

	r->yajl = yajl_alloc(&callbacks, &memory, r);
	if (!r->yajl)
		return err_host(r->err, ENOMEM, "read %s", r->name);
	(void)yajl_config(r->yajl, yajl_dont_validate_strings, 1);
	status = yajl_parse(r->yajl, (const unsigned char *)r->bytes, r->len);
	if (status == yajl_status_ok) {
		r->finishing = true;
		status = yajl_complete_parse(r->yajl);
	}
	if (status == yajl_status_ok)
		return 0;
	return status == yajl_status_client_canceled ? -1 : fail_syntax(r);
}

static bool is_empty(const char *bytes, size_t len)
{
	while (len && is_gap(bytes[len - 1]))
		len--;
	return len == 0;
}

int json_parse(const char *bytes, size_t len, const char *name, const struct json_limits *limits,
	       struct arena *a, struct json **ret, struct err *err)
{
	struct reader r = {
		.bytes = bytes, .len = len, .name = name, .limits = limits, .arena = a, .err = err
	};

	const char *fault;
	size_t offset;

	if (len > limits->bytes || len > UINT32_MAX)
		return err_limit(err, "%s: %zu bytes are too many: at most %zu are read", name, len,
				 limits->bytes);
	if (is_empty(bytes, len))
		return err_input(err, "%s: the document is empty", name);
	fault = bytes_fault(bytes, len, &offset);
	if (fault)
		return fail_at(&r, ERR_INPUT, offset, fault);
	r.frames = arena_array(a, struct frame, limits->depth);
	TRY(run_yajl(&r));
	*ret = r.root;
	return 0;
}

const struct json *json_member(const struct json *object, const char *key)
{
	if (object->type != JSON_OBJECT)
		return NULL;
	for (const struct json *m = object->first; m; m = m->next)
		if (str_eq(m->key, key))
			return m;
	return NULL;
}

const char *json_type_name(enum json_type type)
{
	static const char *const names[] = { "null",   "boolean", "number",
					     "string", "array",	  "object" };

	return names[type];
}
