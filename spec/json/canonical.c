/* SPDX-License-Identifier: Apache-2.0 */
/* canonical.c - sorts the members and writes them. */
#include "spec/json/canonical.h"

#include <stdlib.h>

#include "spec/json/emit.h"

struct writer {
	struct emit emit;
	const char *const *leave_out;
	struct arena *arena;
};

static int key_order(const void *a, const void *b)
{
	return strcmp((*(const struct json *const *)a)->key, (*(const struct json *const *)b)->key);
}

static bool is_left_out(const struct writer *w, const char *path)
{
	for (const char *const *p = w->leave_out; p && *p; p++)
		if (str_eq(*p, path))
			return true;
	return false;
}

static void node_write(struct writer *w, const struct json *n, const char *key, const char *path);

static void members_write(struct writer *w, const struct json *n, const char *path)
{
	const struct json **v = arena_array(w->arena, const struct json *, n->count + 1);
	size_t count = 0;

	for (const struct json *m = n->first; m; m = m->next)
		v[count++] = m;
	if (n->type == JSON_OBJECT && count)
		qsort(v, count, sizeof(*v), key_order);
	for (size_t i = 0; i < count; i++) {
		const char *key = n->type == JSON_OBJECT ? v[i]->key : NULL;
		const char *below = arena_printf(w->arena, "%s/%s", path, key ? key : "-");

		if (!is_left_out(w, below))
			node_write(w, v[i], key, below);
	}
}

static void node_write(struct writer *w, const struct json *n, const char *key, const char *path)
{
	switch (n->type) {
	case JSON_NULL:
		emit_null(&w->emit, key);
		break;
	case JSON_BOOL:
		emit_bool(&w->emit, key, n->truth);
		break;
	case JSON_NUMBER:
		emit_raw(&w->emit, key, n->text);
		break;
	case JSON_STRING:
		emit_str(&w->emit, key, n->text);
		break;
	case JSON_ARRAY:
		emit_array(&w->emit, key);
		members_write(w, n, path);
		emit_end_array(&w->emit);
		break;
	case JSON_OBJECT:
		emit_object(&w->emit, key);
		members_write(w, n, path);
		emit_end_object(&w->emit);
		break;
	}
}

void json_canonical(const struct json *node, const char *const *leave_out, struct text *out)
{
	scoped_arena struct arena a = { 0 };
	struct writer w = { .emit = { .out = out }, .leave_out = leave_out, .arena = &a };

	node_write(&w, node, NULL, "");
}
