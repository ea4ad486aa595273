/* SPDX-License-Identifier: Apache-2.0 */
/* plan_scope_value.c - a property's value as text ("uint64 5", 'x', ['a', 'b']) → its line with a D-Bus signature.
 *
 * The notation is GVariant's, of which units need the plain values and lists of strings; anything else is refused. */
#include "runtime/plan/plan_scope.h"

#include <stdlib.h>

#include "spec/base/str.h"

#define SECONDS "Sec"
#define USEC_A_SECOND 1000000u
#define DOUBLE_LETTERS "0123456789+-.eE"

/* A type's word, its signature, and what fits in; for unsigned ones min is 0. */
static const struct type {
	const char *word, *signature;
	int64_t min;
	uint64_t max;
} types[] = {
	{ "int16", "n", INT16_MIN, INT16_MAX },
	{ "uint16", "q", 0, UINT16_MAX },
	{ "int32", "i", INT32_MIN, INT32_MAX },
	{ "uint32", "u", 0, UINT32_MAX },
	{ "int64", "x", INT64_MIN, INT64_MAX },
	{ "uint64", "t", 0, UINT64_MAX },
	{ "double", "d", 0, 0 },
	{ "boolean", "b", 0, 0 },
	{ "string", "s", 0, 0 },
};

struct reader {
	const char *s; /* what is left */
	struct arena *a;
	struct err *err;
};

static void skip_space(struct reader *r)
{
	r->s += strspn(r->s, " ");
}

static int unreadable(const struct reader *r)
{
	return err_input(r->err,
			 "cannot be read from \"%.60s\" on; write true, 5, uint64 5, 'text' or "
			 "['a', 'b']",
			 r->s);
}

/* 'text' or "text"; a backslash takes the next character as it is. */
static int read_string(struct reader *r, const char **ret)
{
	char quote = *r->s;
	struct text t = { .arena = r->a };
	const char *s = r->s + 1;

	text_add(&t, "");
	for (; *s != quote; s++) {
		if (*s == '\\')
			s++;
		if (!*s || (unsigned char)*s < ' ' || *s == 0x7f)
			return unreadable(r);
		text_addn(&t, s, 1);
	}
	r->s = s + 1;
	*ret = t.s;
	return 0;
}

static int read_strings(struct reader *r, struct scope_lines *out)
{
	r->s++;
	skip_space(r);
	while (*r->s != ']') {
		const char *value;

		if (*r->s != '\'' && *r->s != '"')
			return unreadable(r);
		TRY(read_string(r, &value));
		scope_value(out, "%s", value);
		skip_space(r);
		if (*r->s == ',')
			r->s++;
		else if (*r->s != ']')
			return unreadable(r);
		skip_space(r);
	}
	r->s++;
	return 0;
}

/* The type in front of a value, if any: "uint64 ", "@as ", "@t ". */
static int read_type(struct reader *r, const char **ret)
{
	bool by_signature = *r->s == '@';
	size_t n = strcspn(r->s, " ");

	*ret = NULL;
	if (by_signature && n == 3 && strncmp(r->s, "@as", 3) == 0)
		*ret = "as";
	for (size_t i = 0; i < ARRAY_LEN(types) && !*ret; i++) {
		const char *word = by_signature ? types[i].signature : types[i].word;

		if (n == strlen(word) + by_signature &&
		    strncmp(r->s + by_signature, word, strlen(word)) == 0)
			*ret = types[i].signature;
	}
	if (!*ret)
		return by_signature ? unreadable(r) : 0;
	r->s += n;
	skip_space(r);
	return 0;
}

static int read_number(struct reader *r, const char *signature, const char **ret)
{
	size_t n = strspn(r->s, DOUBLE_LETTERS);
	const char *word = arena_strn(r->a, r->s, n);
	char *end;
	int64_t negative;
	uint64_t number;

	if (n == 0 || strchr("bs", signature[0]))
		return unreadable(r);
	if (signature[0] == 'd' && (strtod(word, &end), *end))
		return unreadable(r);
	for (size_t i = 0; i < ARRAY_LEN(types); i++) {
		const struct type *t = &types[i];

		if (!str_eq(t->signature, signature) || t->max == 0)
			continue;
		if (word[0] == '-')
			TRY(str_i64(word, t->min, 0, &negative, r->err));
		else
			TRY(str_u64(word, 10, t->max, &number, r->err));
	}
	r->s += n;
	*ret = word;
	return 0;
}

static bool read_word(struct reader *r, const char *word)
{
	if (!str_starts(r->s, word))
		return false;
	r->s += strlen(word);
	return true;
}

/* A plain value of the given signature, or of the one that its notation has. */
static int read_plain(struct reader *r, const char **signature, const char **ret)
{
	const char *asked = *signature;

	if (*r->s == '\'' || *r->s == '"') {
		*signature = "s";
		TRY(read_string(r, ret));
	} else if (str_starts(r->s, "true") || str_starts(r->s, "false")) {
		*signature = "b";
		*ret = read_word(r, "true") ? "true" : "false";
		if (**ret == 'f')
			(void)read_word(r, "false");
	} else {
		if (!asked)
			*signature = strcspn(r->s, ".eE") < strlen(r->s) ? "d" : "i";
		TRY(read_number(r, *signature, ret));
	}
	return asked && !str_eq(asked, *signature) ? unreadable(r) : 0;
}

static int at_end(struct reader *r)
{
	skip_space(r);
	return *r->s ? unreadable(r) : 0;
}

/* Whole seconds; fractions only of doubles, which no property of a unit has in practice. */
static int seconds_line(struct scope_lines *lines, const char *name, const char *signature,
			const char *value, struct reader *r)
{
	uint64_t seconds;

	if (strchr("bsd", signature[0]))
		return err_input(r->err, "is a time, in whole seconds");
	TRY(str_u64(value, 10, UINT64_MAX / USEC_A_SECOND, &seconds, r->err));
	scope_add(lines,
		  arena_printf(r->a, "%.*sUSec", (int)(strlen(name) - strlen(SECONDS)), name), "t");
	seconds *= USEC_A_SECOND;
	scope_value(lines, "%llu", (unsigned long long)seconds);
	return 0;
}

int scope_variant(struct scope_lines *lines, const char *name, const char *text, struct arena *a,
		  struct err *err)
{
	struct reader r = { .s = text, .a = a, .err = err };
	const char *signature = NULL, *value;
	struct scope_lines list = { .text = { .arena = a } };

	skip_space(&r);
	TRY(read_type(&r, &signature));
	if (*r.s == '[' && (!signature || str_eq(signature, "as"))) {
		TRY(read_strings(&r, &list));
		TRY(at_end(&r));
		scope_add(lines, name, "as");
		text_add(&lines->text, list.text.s ? list.text.s : "");
		return 0;
	}
	TRY(read_plain(&r, &signature, &value));
	TRY(at_end(&r));
	if (str_ends(name, SECONDS) && !str_ends(name, "USec"))
		return seconds_line(lines, name, signature, value, &r);
	scope_add(lines, name, signature);
	scope_value(lines, "%s", value);
	return 0;
}
