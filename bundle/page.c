/* SPDX-License-Identifier: Apache-2.0 */
/* page.c - the page of inspect --html: page.html with the bundle's numbers in it. */
#include <string.h>

#include "bundle/inspect.h"
#include "spec/json/emit.h"

static const char PAGE[] =
#include "page.h"
	;
#define PLACE "@DATA@"

static void inputs_emit(struct emit *e, const struct origins *o)
{
	emit_array(e, "inputs");
	for (size_t i = 0; i < o->n; i++) {
		emit_object(e, NULL);
		emit_uint(e, "bytes", o->v[i].bytes);
		emit_uint(e, "files", o->v[i].files);
		emit_str(e, "name", o->v[i].name);
		emit_str(e, "version", o->v[i].version);
		emit_end_object(e);
	}
	emit_end_array(e);
}

static uint64_t files_emit(struct emit *e, const struct showns *all)
{
	uint64_t bytes = 0;

	emit_array(e, "files");
	for (size_t i = 0; i < all->n; i++) {
		const struct shown *s = &all->v[i];
		uint64_t size = s->node->type == NODE_FILE ? s->node->content->size : 0;

		if (s->node->type == NODE_DIR)
			continue;
		bytes += size;
		emit_array(e, NULL);
		emit_str(e, NULL, s->path);
		emit_uint(e, NULL, size);
		emit_uint(e, NULL, s->origin);
		emit_end_array(e);
	}
	emit_end_array(e);
	return bytes;
}

/* JSON inside of an element: no name can end it. */
static void data_add(struct text *out, const struct text *json)
{
	for (size_t i = 0; i < json->len; i++)
		if (json->s[i] == '<')
			text_add(out, "\\u003c");
		else
			text_addn(out, &json->s[i], 1);
}

void page_emit(const struct loaded *l, struct text *out)
{
	const struct showns all = showns_of(l, out->arena);
	const char *place = strstr(PAGE, PLACE);
	struct text json = { .arena = out->arena };
	struct emit e = { .out = &json };
	uint64_t bytes;

	emit_object(&e, NULL);
	emit_str(&e, "arch", l->manifest.arch);
	emit_str(&e, "config", l->identity.config);
	bytes = files_emit(&e, &all);
	emit_uint(&e, "bytes", bytes);
	emit_str(&e, "id", l->identity.id);
	inputs_emit(&e, &l->origins);
	emit_str(&e, "manifest", l->identity.manifest);
	emit_str(&e, "name", l->name);
	emit_end_object(&e);
	text_addn(out, PAGE, (size_t)(place - PAGE));
	data_add(out, &json);
	text_add(out, place + strlen(PLACE));
}
