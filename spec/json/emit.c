/* SPDX-License-Identifier: Apache-2.0 */
/* emit.c - JSON text, member by member. */
#include "spec/json/emit.h"

#include <inttypes.h>

#include "spec/json/utf8.h"

static void break_line(struct emit *e)
{
	if (!e->indent)
		return;
	text_addn(e->out, "\n", 1);
	for (int i = 0; i < e->depth * e->indent; i++)
		text_addn(e->out, " ", 1);
}

/* Bytes from s on that are written as they are. */
static size_t plain_run(const char *s, size_t n)
{
	size_t i = 0;

	while (i < n && (unsigned char)s[i] >= 0x20 && (unsigned char)s[i] < 0x7f && s[i] != '"' &&
	       s[i] != '\\')
		i++;
	return i;
}

/* One character that is not plain; how many bytes it took. */
static size_t add_special(struct text *out, const char *s, size_t n)
{
	static const char letters[] = "\bb\ff\nn\rr\tt\"\"\\\\";
	size_t len = utf8_char(s, n);

	if (len == 0) {
		text_add(out, "\xef\xbf\xbd");
		return 1;
	}
	if (len > 1) {
		text_addn(out, s, len);
		return len;
	}
	for (const char *l = letters; *l; l += 2)
		if (*l == *s) {
			text_addf(out, "\\%c", l[1]);
			return 1;
		}
	text_addf(out, "\\u%04x", (unsigned int)(unsigned char)*s);
	return 1;
}

static void add_quoted(struct text *out, const char *s)
{
	size_t left = strlen(s);

	text_addn(out, "\"", 1);
	while (left) {
		size_t n = plain_run(s, left);

		if (n)
			text_addn(out, s, n);
		else
			n = add_special(out, s, left);
		s += n;
		left -= n;
	}
	text_addn(out, "\"", 1);
}

/* What comes before a value: the comma, the line, the key. */
static void begin(struct emit *e, const char *key)
{
	if (e->depth) {
		if (e->some[e->depth - 1])
			text_addn(e->out, ",", 1);
		e->some[e->depth - 1] = true;
		break_line(e);
	}
	if (!key)
		return;
	add_quoted(e->out, key);
	text_add(e->out, e->indent ? ": " : ":");
}

/* Documents of this program have a known depth: more is a mistake of the caller. */
static void open_level(struct emit *e, const char *key, const char *bracket)
{
	begin(e, key);
	text_add(e->out, bracket);
	if (e->depth >= EMIT_DEPTH_MAX)
		abort();
	e->some[e->depth++] = false;
}

static void close_level(struct emit *e, const char *bracket)
{
	if (e->depth == 0)
		abort();
	if (e->some[--e->depth])
		break_line(e);
	text_add(e->out, bracket);
}

void emit_object(struct emit *e, const char *key)
{
	open_level(e, key, "{");
}

void emit_array(struct emit *e, const char *key)
{
	open_level(e, key, "[");
}

void emit_end_object(struct emit *e)
{
	close_level(e, "}");
}

void emit_end_array(struct emit *e)
{
	close_level(e, "]");
}

void emit_str(struct emit *e, const char *key, const char *value)
{
	if (!value)
		return;
	begin(e, key);
	add_quoted(e->out, value);
}

void emit_int(struct emit *e, const char *key, int64_t value)
{
	begin(e, key);
	text_addf(e->out, "%" PRId64, value);
}

void emit_uint(struct emit *e, const char *key, uint64_t value)
{
	begin(e, key);
	text_addf(e->out, "%" PRIu64, value);
}

void emit_bool(struct emit *e, const char *key, bool value)
{
	emit_raw(e, key, value ? "true" : "false");
}

void emit_null(struct emit *e, const char *key)
{
	emit_raw(e, key, "null");
}

void emit_raw(struct emit *e, const char *key, const char *json)
{
	begin(e, key);
	text_add(e->out, json);
}
