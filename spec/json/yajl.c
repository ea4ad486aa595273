/* SPDX-License-Identifier: Apache-2.0 */
/* yajl.c - the callbacks of yajl's streaming parser make the nodes. */
#include "spec/json/yajl.h"

#include <string.h>
#include <yajl/yajl_parse.h>

#include "spec/base/str.h"
#include "spec/json/build.h"
#include "spec/json/quote.h"

struct reader {
	const struct source *source;
	struct err *err;
	yajl_handle yajl;
	bool finishing; /* all bytes are with yajl: what it counts no longer are positions */
	size_t pos; /* behind the last token */
	struct build build;
};

/* Where the token behind pos begins: after space and one separator. */
static size_t token_start(const struct reader *r)
{
	size_t i = r->pos;

	while (i < r->source->len && source_is_gap(r->source->bytes[i]))
		i++;
	if (i < r->source->len && (r->source->bytes[i] == ',' || r->source->bytes[i] == ':'))
		i++;
	while (i < r->source->len && source_is_gap(r->source->bytes[i]))
		i++;
	return i;
}

/* Moves pos behind the token that yajl has just read. */
static void advance(struct reader *r)
{
	r->pos = r->finishing ? r->source->len : yajl_get_bytes_consumed(r->yajl);
}

/* Where a token of that many bytes begins that yajl has just read. */
static size_t offset_back(const struct reader *r, size_t len)
{
	return r->finishing ? token_start(r) : yajl_get_bytes_consumed(r->yajl) - len;
}

static struct json *too_many(struct reader *r, size_t offset)
{
	(void)source_fail(r->source, ERR_LIMIT, offset, "too many values", r->err);
	return NULL;
}

/* The node of the token that yajl has just read; NULL past the bound. */
static struct json *add_node(struct reader *r, enum json_type type, size_t offset)
{
	struct json *n = build_node(&r->build, type, offset);

	advance(r);
	return n ? n : too_many(r, offset);
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
	advance(r);
	return build_text(&r->build, type, offset, s, len) || too_many(r, offset);
}

static int on_number(void *ctx, const char *s, size_t len)
{
	return add_text(ctx, JSON_NUMBER, offset_back(ctx, len), s, len);
}

static int on_string(void *ctx, const unsigned char *s, size_t len)
{
	const struct reader *r = ctx;
	uintptr_t at = (uintptr_t)s - (uintptr_t)r->source->bytes;

	/* Without escapes yajl points into the document, else to its own copy. */
	return add_text(ctx, JSON_STRING, at < r->source->len ? at - 1 : token_start(r), s, len);
}

static int open_node(struct reader *r, enum json_type type)
{
	size_t offset = offset_back(r, 1);

	if (build_is_deep(&r->build)) {
		(void)source_fail(r->source, ERR_LIMIT, offset, "nested too deep", r->err);
		return 0;
	}
	advance(r);
	return build_open(&r->build, type, offset) || too_many(r, offset);
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
	build_key(&r->build, (const char *)s, len);
	return 1;
}

static int on_end(void *ctx)
{
	struct reader *r = ctx;
	const struct json *twice;
	char text[QUOTE_MAX + 64];

	advance(r);
	twice = build_close(&r->build);
	if (!twice)
		return 1;
	(void)snprintf(text, sizeof(text), "the key %s stands twice in one object", Q(twice->key));
	(void)source_fail(r->source, ERR_INPUT, twice->offset, text, r->err);
	return 0;
}

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
	.yajl_end_map = on_end,
	.yajl_start_array = on_start_array,
	.yajl_end_array = on_end,
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
	return source_fail(r->source, ERR_INPUT, syntax_offset(r, malformed), line, r->err);
}

static int run_yajl(struct reader *r)
{
	yajl_alloc_funcs memory = { piece_alloc, piece_grow, piece_free, r->build.arena };
	yajl_status status;

	r->yajl = yajl_alloc(&callbacks, &memory, r);
	if (!r->yajl)
		return err_host(r->err, ENOMEM, "read %s", r->source->name);
	(void)yajl_config(r->yajl, yajl_dont_validate_strings, 1);
	status = yajl_parse(r->yajl, (const unsigned char *)r->source->bytes, r->source->len);
	if (status == yajl_status_ok) {
		r->finishing = true;
		status = yajl_complete_parse(r->yajl);
	}
	if (status == yajl_status_ok)
		return 0;
	return status == yajl_status_client_canceled ? -1 : fail_syntax(r);
}

int yajl_tree(const struct source *s, const struct json_limits *limits, struct arena *a,
	      struct json **ret, struct err *err)
{
	struct reader r = { .source = s, .err = err };

	build_begin(&r.build, s->own, s->len, limits, a);
	TRY(run_yajl(&r));
	*ret = build_end(&r.build);
	return 0;
}
