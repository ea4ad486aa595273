/* SPDX-License-Identifier: Apache-2.0 */
/* numberlist.h - lists of CPUs and memory nodes as the kernel writes them: "0-3,7". */
#pragma once

#include <stdbool.h>

#include "spec/base/arena.h"

/* number_list_ok: s is such a list: numbers, ranges from low to high, ranges with a stride
 * ("0-15:2/4"), commas, spaces between them. An empty one is. */
bool number_list_ok(const char *s);
/* number_list_common: what is in both of two such lists, as numbers and ranges alone, ascending; "" is nothing. With the same
 * one twice it is that one made plain. */
const char *number_list_common(struct arena *a, const char *one, const char *other);
