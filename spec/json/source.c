/* SPDX-License-Identifier: Apache-2.0 */
/* source.c - an offset becomes a line and a column, counted in characters. */
#include "spec/json/source.h"

struct place {
	size_t line, column;
};

static struct place place_of(const struct source *s, size_t offset)
{
	struct place p = { 1, 1 };

	for (size_t i = 0; i < offset && i < s->len; i++) {
		if (s->bytes[i] == '\n') {
			p.line++;
			p.column = 1;
		} else if (((unsigned char)s->bytes[i] & 0xc0) != 0x80) {
			p.column++;
		}
	}
	return p;
}

int source_fail(const struct source *s, int kind, size_t offset, const char *text, struct err *err)
{
	struct place p = place_of(s, offset);

	return err_set(err, kind, 0, "%s:%zu:%zu: %s", s->name, p.line, p.column, text);
}
