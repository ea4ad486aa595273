/* SPDX-License-Identifier: Apache-2.0 */
/* man.h - the manual page, from the same tables as --help. */
#pragma once

#include "runtime/cli/command.h"
#include "spec/base/str.h"

/* man_print: srt-oci(1) as roff, for man's macros. */
void man_print(const char *version, struct text *out);
/* man_print_command: srt-oci-COMMAND(1). */
void man_print_command(const struct command *c, const char *version, struct text *out);
