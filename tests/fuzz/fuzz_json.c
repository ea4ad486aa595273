/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz_json.c - any bytes as JSON: a tree within its limits or one line of error, and what was read
 * can be written and read again. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "spec/base/arena.h"
#include "spec/json/emit.h"
#include "spec/json/tree.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct json_limits limits = { 1 << 16, 24, 5000 };

static void expect(bool holds)
{
	if (!holds)
		abort();
}

static void write_node(struct emit *e, const struct json *n)
{
	switch (n->type) {
	case JSON_STRING:
		emit_str(e, n->key, n->text);
		return;
	case JSON_NUMBER:
		emit_raw(e, n->key, n->text);
		return;
	case JSON_BOOL:
		emit_bool(e, n->key, n->truth);
		return;
	case JSON_NULL:
		emit_null(e, n->key);
		return;
	case JSON_ARRAY:
		emit_array(e, n->key);
		break;
	case JSON_OBJECT:
		emit_object(e, n->key);
		break;
	}
	for (const struct json *m = n->first; m; m = m->next)
		write_node(e, m);
	if (n->type == JSON_ARRAY)
		emit_end_array(e);
	else
		emit_end_object(e);
}

/* Every node lies where it says, and both trees are the same. */
static void compare(const struct json *a, const struct json *b, size_t size)
{
	const struct json *m = a->first, *n = b->first;
	size_t count = 0;

	expect(a->type == b->type && a->truth == b->truth && a->count == b->count &&
	       a->offset < size);
	expect(!a->key == !b->key && (!a->key || strcmp(a->key, b->key) == 0));
	expect(!a->text == !b->text && (!a->text || strcmp(a->text, b->text) == 0));
	expect(!a->text || strlen(a->text) == a->len);
	for (; m && n; m = m->next, n = n->next, count++)
		compare(m, n, size);
	expect(!m && !n && count == a->count);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	scoped_arena struct arena arena = { 0 };
	struct text t = { .arena = &arena };
	struct emit e = { .out = &t, .indent = (int)(size & 3) };
	/* What was escaped shortly may be longer when written. */
	const struct json_limits wide = { 1 << 20, limits.depth, limits.nodes };
	struct json *first, *second;
	struct err err = { 0 };
	char *bytes;

	if (json_parse((const char *)data, size, "fuzz", &limits, &arena, &first, &err) < 0) {
		expect(err.kind != ERR_NONE && err.text[0] && !strchr(err.text, '\n'));
		return 0;
	}
	bytes = arena_strn(&arena, (const char *)data, size);
	expect(json_parse_in_place(bytes, size, "fuzz", &limits, &arena, &second, &err) == 0);
	compare(first, second, size);
	json_restore(bytes, size);
	expect(size == 0 || memcmp(bytes, data, size) == 0);
	write_node(&e, first);
	expect(json_parse(t.s, t.len, "again", &wide, &arena, &second, &err) == 0);
	compare(first, second, size);
	return 0;
}
