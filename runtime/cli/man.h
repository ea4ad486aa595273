/* SPDX-License-Identifier: Apache-2.0 */
/* man.h - the manual page, from the same tables as --help. */
#pragma once

#include "spec/base/str.h"

/* man_print: srt-oci(1) as roff, for man's macros. */
void man_print(const char *version, struct text *out);
