/* SPDX-License-Identifier: Apache-2.0 */
/* man.h - the manual page, from the same tables as --help. */
#pragma once

#include "runtime/cli/command.h"
#include "spec/base/str.h"

/* man_print: srt-oci(1) as roff, for man's macros. */
/* man_options: the options of a table; man_text: prose, an empty line separates paragraphs. */
void man_options(struct text *out, const struct option_table *table);
void man_text(struct text *out, const char *s);
void man_print(const char *version, struct text *out);
/* man_print_command: srt-oci-COMMAND(1). */
void man_print_command(const struct command *c, const char *version, struct text *out);
