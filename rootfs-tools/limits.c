/* SPDX-License-Identifier: Apache-2.0 */
/* limits.c - the table of bounds, and their values as text. */
#include "rootfs-tools/limits.h"

#include <string.h>

#include "spec/base/str.h"

#define KIB (1ULL << 10)
#define MIB (1ULL << 20)
#define GIB (1ULL << 30)
#define VALUE_MAX 31

#define LIMIT(field, standard, most, what)                                       \
	{                                                                        \
#field, offsetof(struct limits, field), (standard), (most), what \
	}

const struct limit_row LIMIT_ROWS[] = {
	LIMIT(total, 4 * GIB, 1024 * GIB, "bytes of all files together"),
	LIMIT(file, 2 * GIB, 1024 * GIB, "bytes of one file"),
	LIMIT(ratio, 200, 1000000, "unpacked to packed, past 64 MiB"),
	LIMIT(entries, 500000, 50000000, "entries"),
	LIMIT(path, 4095, 4095, "bytes of a path"),
	LIMIT(depth, 128, 512, "directories above an entry"),
	LIMIT(link, 4095, 4095, "bytes of a symlink's target"),
	LIMIT(input, 4 * GIB, 1024 * GIB, "bytes of one archive"),
	LIMIT(header, MIB, 64 * MIB, "bytes of an entry's header"),
	LIMIT(xattrs, 64 * KIB, MIB, "bytes of an entry's extended attributes"),
	LIMIT(layers, 128, 1024, "layers of an image"),
	LIMIT(seconds, 600, 86400, "seconds of reading"),
	{ NULL },
};

static uint64_t *field(struct limits *l, const struct limit_row *row)
{
	return (uint64_t *)(void *)((char *)l + row->offset);
}

struct limits limits_standard(void)
{
	struct limits l;

	for (const struct limit_row *row = LIMIT_ROWS; row->name; row++)
		*field(&l, row) = row->standard;
	return l;
}

static int value_read(const char *value, uint64_t most, uint64_t *ret, struct err *err)
{
	static const char units[] = "KMGT";
	size_t n = strlen(value);
	char digits[VALUE_MAX + 1];
	const char *unit = n > 1 ? strchr(units, value[n - 1]) : NULL;
	int shift = unit ? 10 * (int)(unit - units + 1) : 0;
	uint64_t v;

	if (n > VALUE_MAX)
		return err_input(err, "\"%.40s…\" is not a number", value);
	memcpy(digits, value, n + 1);
	if (unit)
		digits[n - 1] = '\0';
	TRY(str_u64(digits, 10, UINT64_MAX >> shift, &v, err));
	v <<= shift;
	if (v == 0 || v > most)
		return err_input(err, "%s is not between 1 and %llu", value,
				 (unsigned long long)most);
	*ret = v;
	return 0;
}

int limits_set(struct limits *l, const char *name, const char *value, struct err *err)
{
	for (const struct limit_row *row = LIMIT_ROWS; row->name; row++) {
		if (!str_eq(row->name, name))
			continue;
		if (value_read(value, row->most, field(l, row), err) < 0)
			return err_in(err, "limit %s", name);
		return 0;
	}
	return err_input(err, "no limit is called \"%.64s\"", name);
}
