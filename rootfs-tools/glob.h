/* SPDX-License-Identifier: Apache-2.0 */
/* glob.h - path patterns of recipes. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

/* glob_match: does the whole path fit the pattern? "?" is one byte and "*" any bytes of one
 * component, "**" any bytes, slashes too; between slashes "**" also stands for nothing; a backslash makes the next byte plain. Takes time in the product of the lengths, at most. */
bool glob_match(const char *pattern, const char *path);
/* glob_any: one of the n patterns fits. */
bool glob_any(const char *const *patterns, size_t n, const char *path);
