/* SPDX-License-Identifier: Apache-2.0 */
/* numberlist.c - reads lists of numbers by the grammar of cpuset(7), "List format". */
#include "spec/oci/numberlist.h"

#include <stdint.h>
#include <string.h>

#include "spec/base/str.h"

/* No kernel has as many CPUs or nodes. */
#define NUMBER_MAX 1048576

/* "low-high:used/group": of each group of numbers from low on, the first used ones. */
struct range {
	uint32_t low, high, used, group;
};

static const char *skip_spaces(const char *s)
{
	return s + strspn(s, " \t");
}

/* Behind the number at s, or NULL. */
static const char *number(const char *s, uint32_t *ret)
{
	uint32_t v = 0;
	const char *c;

	for (c = s; *c >= '0' && *c <= '9'; c++) {
		v = v * 10 + (uint32_t)(*c - '0');
		if (v > NUMBER_MAX)
			return NULL;
	}
	*ret = v;
	return c == s ? NULL : c;
}

/* Behind "used/group" at s, or NULL. */
static const char *stride(const char *s, struct range *ret)
{
	s = number(s, &ret->used);
	if (!s || *s != '/')
		return NULL;
	s = number(s + 1, &ret->group);
	return s && ret->used <= ret->group && ret->group > 0 ? s : NULL;
}

/* Behind "a", "a-b" or "a-b:u/g" at s, or NULL. */
static const char *range(const char *s, struct range *ret)
{
	*ret = (struct range){ .used = 1, .group = 1 };
	s = number(s, &ret->low);
	ret->high = ret->low;
	if (!s || *s != '-')
		return s;
	s = number(s + 1, &ret->high);
	if (!s || ret->high < ret->low)
		return NULL;
	return *s == ':' ? stride(s + 1, ret) : s;
}

bool number_list_ok(const char *s)
{
	struct range r;

	s = skip_spaces(s);
	if (!*s)
		return true;
	for (;;) {
		s = range(s, &r);
		if (!s)
			return false;
		s = skip_spaces(s);
		if (!*s)
			return true;
		if (*s++ != ',')
			return false;
		s = skip_spaces(s);
	}
}

/* The next range of a list that is one; false at its end. */
static bool next_range(const char **s, struct range *ret)
{
	*s += strspn(*s, " \t,");
	if (!**s)
		return false;
	*s = range(*s, ret);
	return *s != NULL;
}

static bool has(const char *list, uint32_t n)
{
	struct range r;

	while (next_range(&list, &r))
		if (n >= r.low && n <= r.high && (n - r.low) % r.group < r.used)
			return true;
	return false;
}

static uint32_t last_of(const char *list)
{
	uint32_t last = 0;
	struct range r;

	while (next_range(&list, &r))
		last = r.high > last ? r.high : last;
	return last;
}

const char *number_list_common(struct arena *a, const char *one, const char *other)
{
	struct text out = { .arena = a };
	uint32_t last = last_of(one);

	for (uint32_t n = 0; n <= last; n++) {
		uint32_t first = n;

		while (n <= last && has(one, n) && has(other, n))
			n++;
		if (n == first)
			continue;
		text_addf(&out, n - first > 1 ? "%s%u-%u" : "%s%u", out.len ? "," : "", first,
			  n - 1);
	}
	return out.s ? out.s : "";
}
