/* SPDX-License-Identifier: Apache-2.0 */
/* names.h - tables of words and their values. */
#pragma once

#include <stdint.h>

/* A table ends with a row whose name is NULL. */
struct name {
	const char *name;
	int64_t value;
};

/* name_find: the row of that name, or NULL. */
const struct name *name_find(const struct name *table, const char *name);
/* name_of: the name of that value, or NULL. */
const char *name_of(const struct name *table, int64_t value);
/* name_near: the row's name closest to a misspelt word, or NULL where none is near; for "did you
 * mean". */
const char *name_near(const struct name *table, const char *word);
/* word_near: how many letters must change to make b of a; at most 9. */
int word_distance(const char *a, const char *b);
