/* SPDX-License-Identifier: Apache-2.0 */
/* names.c - looks words up in tables, also misspelt ones. */
#include "spec/base/names.h"

#include <stddef.h>
#include <string.h>

#include "spec/base/str.h"

#define WORD_MAX 40

const struct name *name_find(const struct name *table, const char *name)
{
	for (; table->name; table++)
		if (str_eq(table->name, name))
			return table;
	return NULL;
}

const char *name_of(const struct name *table, int64_t value)
{
	for (; table->name; table++)
		if (table->value == value)
			return table->name;
	return NULL;
}

static int min3(int a, int b, int c)
{
	int m = a < b ? a : b;

	return m < c ? m : c;
}

int word_distance(const char *a, const char *b)
{
	int row[WORD_MAX + 1];
	size_t n = strlen(a), m = strlen(b);

	if (n > WORD_MAX || m > WORD_MAX)
		return 9;
	for (size_t j = 0; j <= m; j++)
		row[j] = (int)j;
	for (size_t i = 1; i <= n; i++) {
		int diagonal = row[0];

		row[0] = (int)i;
		for (size_t j = 1; j <= m; j++) {
			int above = row[j];

			row[j] = min3(above + 1, row[j - 1] + 1, diagonal + (a[i - 1] != b[j - 1]));
			diagonal = above;
		}
	}
	return row[m] < 9 ? row[m] : 9;
}

const char *name_near(const struct name *table, const char *word)
{
	const char *best = NULL;
	int least = 3;

	for (; table->name; table++) {
		int d = word_distance(table->name, word);

		if (d < least) {
			least = d;
			best = table->name;
		}
	}
	return best;
}
