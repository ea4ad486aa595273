/* SPDX-License-Identifier: Apache-2.0 */
/* value.c - reads durations, sizes and shares; integers all the way, so that nothing is rounded up. */
#include "spec/oci/value.h"

#include <strings.h>

#include "spec/base/names.h"
#include "spec/base/str.h"
#include "spec/json/quote.h"

/* Largest number before any unit: what follows cannot overflow 64 bits. */
#define WHOLE_MAX 1000000000000u
#define FRACTION_DIGITS 6
#define FRACTION_ONE 1000000u

struct unit {
	const char *name;
	uint64_t factor;
};

static const struct unit durations[] = {
	{ "", 1000 }, { "ms", 1 }, { "s", 1000 }, { "m", 60000 }, { "h", 3600000 }, { NULL, 0 },
};
static const struct unit sizes[] = {
	{ "", 1 },
	{ "b", 1 },
	{ "k", 1ull << 10 },
	{ "kb", 1ull << 10 },
	{ "kib", 1ull << 10 },
	{ "m", 1ull << 20 },
	{ "mb", 1ull << 20 },
	{ "mib", 1ull << 20 },
	{ "g", 1ull << 30 },
	{ "gb", 1ull << 30 },
	{ "gib", 1ull << 30 },
	{ "t", 1ull << 40 },
	{ "tb", 1ull << 40 },
	{ "tib", 1ull << 40 },
	{ NULL, 0 },
};
static const struct unit shares[] = { { "", 1000 }, { NULL, 0 } };

static const struct name truths[] = {
	{ "true", true }, { "false", false }, { "1", true },	{ "0", false }, { "yes", true },
	{ "no", false },  { "on", true },     { "off", false }, { NULL, 0 },
};

/* A number with a fraction, in millionths; *rest is what follows it. */
static bool read_number(const char *s, uint64_t *whole, uint64_t *millionths, const char **rest)
{
	const char *at = s;
	uint64_t scale = FRACTION_ONE;

	*whole = *millionths = 0;
	for (; *at >= '0' && *at <= '9'; at++) {
		*whole = *whole * 10 + (uint64_t)(*at - '0');
		if (*whole > WHOLE_MAX)
			return false;
	}
	if (at == s)
		return false;
	if (*at == '.') {
		const char *first = ++at;

		for (; *at >= '0' && *at <= '9' && at - first < FRACTION_DIGITS; at++)
			*millionths += (uint64_t)(*at - '0') * (scale /= 10);
		if (at == first)
			return false;
	}
	*rest = at;
	return true;
}

static const struct unit *find_unit(const struct unit *units, const char *name)
{
	for (; units->name; units++)
		if (strcasecmp(units->name, name) == 0)
			return units;
	return NULL;
}

static int read_unit(const char *s, const struct unit *units, const char *what, uint64_t least,
		     uint64_t *ret, struct err *err)
{
	uint64_t whole, millionths, value, most;
	const char *rest;
	const struct unit *unit;

	if (!read_number(s, &whole, &millionths, &rest))
		return err_input(err, "%s is not %s", Q(s), what);
	unit = find_unit(units, rest);
	if (!unit)
		return err_input(err, "%s is not %s", Q(s), what);
	most = (uint64_t)INT64_MAX / unit->factor;
	if (whole >= most)
		return err_input(err, "%s is too large", Q(s));
	value = whole * unit->factor + millionths * unit->factor / FRACTION_ONE;
	if (value < least)
		return err_input(err, "%s is too small", Q(s));
	*ret = value;
	return 0;
}

int value_duration(const char *s, uint64_t *ret, struct err *err)
{
	return read_unit(s, durations, "a duration such as 30, 30s, 500ms, 2m or 1h", 1, ret, err);
}

int value_size(const char *s, uint64_t *ret, struct err *err)
{
	return read_unit(s, sizes, "a size such as 512M, 1.5G, 64K or 4096", 1, ret, err);
}

int value_cpu(const char *s, uint64_t *ret, struct err *err)
{
	return read_unit(s, shares, "a number of processors such as 1 or 0.5", 10, ret, err);
}

const char *value_size_text(uint64_t bytes, struct arena *a)
{
	if (bytes >= 1u << 20 && bytes % (1u << 20) == 0)
		return arena_printf(a, "%lluM", (unsigned long long)(bytes >> 20));
	if (bytes >= 1024 && bytes % 1024 == 0)
		return arena_printf(a, "%lluK", (unsigned long long)(bytes >> 10));
	return arena_printf(a, "%llu bytes", (unsigned long long)bytes);
}

const char *value_duration_text(uint64_t ms, struct arena *a)
{
	if (ms % 1000 == 0)
		return arena_printf(a, "%llus", (unsigned long long)(ms / 1000));
	return arena_printf(a, "%llums", (unsigned long long)ms);
}

int value_truth(const char *s, bool *ret, struct err *err)
{
	for (const struct name *t = truths; t->name; t++)
		if (strcasecmp(t->name, s) == 0) {
			*ret = t->value != 0;
			return 0;
		}
	return err_input(err, "%s is neither true nor false", Q(s));
}
