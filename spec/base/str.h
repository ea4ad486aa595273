/* SPDX-License-Identifier: Apache-2.0 */
/* str.h - strings: comparisons, strict numbers, and text that grows in an arena. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "spec/base/arena.h"
#include "spec/base/err.h"

static inline bool str_eq(const char *a, const char *b)
{
	return *a == *b && strcmp(a, b) == 0;
}

static inline bool str_starts(const char *s, const char *prefix)
{
	return strncmp(s, prefix, strlen(prefix)) == 0;
}

bool str_ends(const char *s, const char *suffix);

/* str_u64: the whole of s as a number in base 10 (8 or 16 where base says so) at most max; no sign,
 * no space, no rest. 0 or negative; *ret is written only on success. */
int str_u64(const char *s, int base, uint64_t max, uint64_t *ret, struct err *err);
/* str_i64: likewise with an optional minus, base 10. */
int str_i64(const char *s, int64_t min, int64_t max, int64_t *ret, struct err *err);

/* Text that grows; always NUL-terminated once anything was added. */
struct text {
	struct arena *arena;
	char *s;
	size_t len;
	size_t room;
};

void text_add(struct text *t, const char *s);
void text_addn(struct text *t, const char *s, size_t n);
/* text_visible: s with octal escapes for what a terminal would obey. */
void text_visible(struct text *t, const char *s);
void text_addf(struct text *t, const char *fmt, ...) printf_like(2, 3);
