/* SPDX-License-Identifier: Apache-2.0 */
/* canonical.h - one text for all texts of a document: keys sorted bytewise, no blanks, strings and
 * numbers as emit.h writes them. */
#pragma once

#include "spec/base/str.h"
#include "spec/json/tree.h"

/* json_canonical: writes the node. Members whose path ("/linux/uidMappings") is in the list, which
 * ends with NULL, are left out; NULL: none is. */
void json_canonical(const struct json *node, const char *const *leave_out, struct text *out);
