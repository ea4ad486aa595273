/* SPDX-License-Identifier: Apache-2.0 */
/* numberlist.c - reads lists of numbers by the grammar of cpuset(7), "List format". */
#include "spec/oci/numberlist.h"

#include <stdint.h>
#include <string.h>

/* No kernel has as many CPUs or nodes. */
#define NUMBER_MAX 1048576

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

/* Behind ":used/group" at s, or NULL. */
static const char *stride(const char *s)
{
	uint32_t used, group;

	s = number(s, &used);
	if (!s || *s != '/')
		return NULL;
	s = number(s + 1, &group);
	return s && used <= group && group > 0 ? s : NULL;
}

/* Behind "a", "a-b" or "a-b:u/g" at s, or NULL. */
static const char *range(const char *s)
{
	uint32_t low, high;

	s = number(s, &low);
	if (!s || *s != '-')
		return s;
	s = number(s + 1, &high);
	if (!s || high < low)
		return NULL;
	return *s == ':' ? stride(s + 1) : s;
}

bool number_list_ok(const char *s)
{
	s = skip_spaces(s);
	if (!*s)
		return true;
	for (;;) {
		s = range(s);
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
