/* SPDX-License-Identifier: Apache-2.0 */
/* help.h - what --help prints, and the pieces that completion and manual share with it. */
#pragma once

#include "runtime/cli/command.h"

/* What an exit status means. */
struct exit_row {
	const char *status, *meaning;
};
extern const struct exit_row exit_rows[]; /* ends with a NULL status */

void help_program(struct text *out);
/* help_options: the options of a table, one a line or two. */
void help_options(const struct option_table *table, struct text *out);
void help_command(const struct command *command, struct text *out);
/* help_words: the words of a choice with sep between them, one for each value. */
void help_words(const struct name *words, const char *sep, struct text *out);
