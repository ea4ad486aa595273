/* SPDX-License-Identifier: Apache-2.0 */
/* reference.c - the tables of bind.h as lines of the reference manual. */
#include <inttypes.h>

#include "spec/json/bind.h"

static const char *const kind_names[BIND_KINDS] = {
	[BIND_STR] = "string",
	[BIND_BOOL] = "boolean",
	[BIND_OPT_BOOL] = "boolean",
	[BIND_INT] = "integer",
	[BIND_UINT] = "integer",
	[BIND_OPT_INT] = "integer",
	[BIND_OPT_UINT] = "integer",
	[BIND_STRINGS] = "array of strings",
	[BIND_NUMBERS] = "array of integers",
	[BIND_PAIRS] = "object of strings",
	[BIND_WORD] = "word",
	[BIND_WORDS] = "array of words",
	[BIND_BITS] = "array of words",
	[BIND_INLINE] = "object",
	[BIND_OBJECT] = "object",
	[BIND_LIST] = "array of objects",
	[BIND_MAP] = "object of objects",
};

static bool kind_is_signed(enum bind_kind kind)
{
	return kind == BIND_INT || kind == BIND_OPT_INT;
}

static bool kind_is_number(enum bind_kind kind)
{
	return kind_is_signed(kind) || kind == BIND_UINT || kind == BIND_OPT_UINT ||
	       kind == BIND_NUMBERS;
}

static void describe_range(const struct bind_row *row, struct text *out)
{
	if (kind_is_signed(row->kind) && row->min != INT64_MIN)
		text_addf(out, " from %" PRId64, row->min);
	if (row->max)
		text_addf(out, " to %" PRIu64, row->max);
}

static void describe_row(const struct bind_row *row, const char *prefix, struct text *out)
{
	text_addf(out, "| `%s/%s` | %s%s", prefix, row->key,
		  (row->flags & ABSPATH) ? "absolute path, " : "", kind_names[row->kind]);
	if (kind_is_number(row->kind))
		describe_range(row, out);
	text_addf(out, "%s%s | %s", (row->flags & NONEMPTY) ? ", not empty" : "",
		  (row->flags & REQUIRED) ? ", **required**" : "", row->doc ? row->doc : "");
	for (const struct name *w = row->words; w && w->name; w++)
		text_addf(out, "%s`%s`", w == row->words ? ": " : ", ", w->name);
	text_add(out, " |\n");
}

void bind_describe(const struct bind_table *table, const char *prefix, struct text *out)
{
	for (size_t i = 0; i < table->n; i++) {
		const struct bind_row *row = &table->rows[i];
		const char *tail = row->kind == BIND_LIST  ? "/N"
				   : row->kind == BIND_MAP ? "/NAME"
							   : "";

		describe_row(row, prefix, out);
		if (row->table)
			bind_describe(row->table,
				      arena_printf(out->arena, "%s/%s%s", prefix, row->key, tail),
				      out);
	}
}
