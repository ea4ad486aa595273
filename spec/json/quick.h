/* SPDX-License-Identifier: Apache-2.0 */
/* quick.h - reads JSON as engines mostly write it, without yajl: a third of what a start does before the clone. */
#pragma once

#include "spec/json/tree.h"

/* quick_parse: the document as a tree that is the same as yajl's, node for node; bytes_fault has found nothing. 1 where it
 * does not know how: escapes, fractions and exponents, and whatever is wrong or too much, of which yajl will tell. */
int quick_parse(const char *bytes, size_t len, const struct json_limits *limits, struct arena *a,
		struct json **ret);
