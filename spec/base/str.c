/* SPDX-License-Identifier: Apache-2.0 */
/* str.c - strict numbers and growing text. */
#include "spec/base/str.h"

bool str_ends(const char *s, const char *suffix)
{
	size_t n = strlen(s), m = strlen(suffix);

	return n >= m && strcmp(s + n - m, suffix) == 0;
}

static int digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return 99;
}

int str_u64(const char *s, int base, uint64_t max, uint64_t *ret, struct err *err)
{
	uint64_t v = 0;
	const char *c;

	for (c = s; *c; c++) {
		int d = digit(*c);

		if (d >= base)
			return err_input(err, "\"%.64s\" is not a number", s);
		if (__builtin_mul_overflow(v, (uint64_t)base, &v) ||
		    __builtin_add_overflow(v, (uint64_t)d, &v) || v > max)
			return err_input(err, "%.64s is more than %llu", s,
					 (unsigned long long)max);
	}
	if (c == s)
		return err_input(err, "a number is missing");
	*ret = v;
	return 0;
}

int str_i64(const char *s, int64_t min, int64_t max, int64_t *ret, struct err *err)
{
	bool minus = *s == '-';
	uint64_t v;
	int64_t n;

	TRY(str_u64(s + minus, 10, minus ? (uint64_t)INT64_MAX + 1 : INT64_MAX, &v, err));
	n = minus ? (int64_t)(0 - v) : (int64_t)v;
	if (n < min || n > max)
		return err_input(err, "%.64s is not between %lld and %lld", s, (long long)min,
				 (long long)max);
	*ret = n;
	return 0;
}

void text_addn(struct text *t, const char *s, size_t n)
{
	if (t->room - t->len <= n || !t->s) {
		size_t room = (t->len + n + 1) * 2;

		t->s = arena_grow(t->arena, t->s, t->room, room);
		t->room = room;
	}
	memcpy(t->s + t->len, s, n);
	t->len += n;
	t->s[t->len] = '\0';
}

void text_add(struct text *t, const char *s)
{
	text_addn(t, s, strlen(s));
}

void text_visible(struct text *t, const char *s)
{
	for (; *s; s++)
		if ((unsigned char)*s < ' ' || *s == 0x7f)
			text_addf(t, "\\%03o", (unsigned int)*s);
		else
			text_addn(t, s, 1);
}

void text_addf(struct text *t, const char *fmt, ...)
{
	char small[256];
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(small, sizeof(small), fmt, ap);
	va_end(ap);
	if (n < 0)
		abort();
	if ((size_t)n < sizeof(small)) {
		text_addn(t, small, (size_t)n);
		return;
	}
	va_start(ap, fmt);
	text_add(t, arena_vprintf(t->arena, fmt, ap));
	va_end(ap);
}
