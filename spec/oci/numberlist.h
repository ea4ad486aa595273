/* SPDX-License-Identifier: Apache-2.0 */
/* numberlist.h - lists of CPUs and memory nodes as the kernel writes them: "0-3,7". */
#pragma once

#include <stdbool.h>

/* number_list_ok: s is such a list: numbers, ranges from low to high, ranges with a stride
 * ("0-15:2/4"), commas, spaces between them. An empty one is. */
bool number_list_ok(const char *s);
