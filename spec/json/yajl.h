/* SPDX-License-Identifier: Apache-2.0 */
/* yajl.h - reads any JSON, and tells what is wrong with what is none.
 *
 * Its memory comes from the arena, so that no way out can leak (CVE-2023-33460), and the bound on bytes keeps its buffers
 * from wrapping (CVE-2022-24795). */
#pragma once

#include "spec/json/source.h"

/* yajl_tree: as json_parse, of a document in which bytes_fault has found nothing. */
int yajl_tree(const struct source *s, const struct json_limits *limits, struct arena *a,
	      struct json **ret, struct err *err);
