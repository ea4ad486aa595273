/* SPDX-License-Identifier: Apache-2.0 */
/* help.c - prints the tables of commands and options for people. */
#include "runtime/cli/help.h"

#include "runtime/cli/global.h"

#define COLUMN 32 /* where explanations begin */

const struct exit_row exit_rows[] = {
	{ "0", "done; of run and exec, the payload's own status, 128+N if signal N ended it" },
	{ "1", "the runtime failed: one line on standard error says where and why" },
	{ "2", "the command line is wrong" },
	{ "126", "run, exec: the program was found and cannot be executed" },
	{ "127", "run, exec: the program was not found" },
	{ NULL, NULL },
};

static void row(struct text *out, const char *left, const char *right)
{
	if (strlen(left) + 4 > COLUMN)
		text_addf(out, "  %s\n%*s%s\n", left, COLUMN, "", right);
	else
		text_addf(out, "  %-*s%s\n", COLUMN - 2, left, right);
}

static bool is_repeated(const struct name *words, const struct name *word)
{
	for (; words < word; words++)
		if (words->value == word->value)
			return true;
	return false;
}

void help_words(const struct name *words, const char *sep, struct text *out)
{
	for (const struct name *w = words; w->name; w++)
		if (!is_repeated(words, w))
			text_addf(out, "%s%s", w == words ? "" : sep, w->name);
}

static void option_line(const struct option_row *o, struct text *out)
{
	struct text left = { .arena = out->arena }, right = { .arena = out->arena };

	if (o->letter)
		text_addf(&left, "-%c, --%s", o->letter, o->name);
	else
		text_addf(&left, "    --%s", o->name);
	if (o->kind == OPTION_OPTIONAL)
		text_addf(&left, "[=%s]", o->value);
	else if (o->value)
		text_addf(&left, " %s", o->value);
	text_add(&right, o->help);
	if (o->words) {
		text_add(&right, ": ");
		help_words(o->words, ", ", &right);
	}
	row(out, left.s, right.s);
}

void help_options(const struct option_table *table, struct text *out)
{
	for (size_t i = 0; i < table->n; i++)
		option_line(&table->rows[i], out);
	row(out, "-h, --help", "print this help");
}

void help_program(struct text *out)
{
	text_add(out, "Usage: " PROGRAM " [OPTION...] COMMAND [ARGUMENT...]\n\n"
		      "Runs containers as the OCI runtime specification " OCI_VERSION
		      " describes them, as an\nordinary user, without setuid helpers.\n\n"
		      "Commands:\n");
	for (const struct command *const *c = commands; *c; c++)
		if (command_listed(*c))
			row(out, (*c)->name, (*c)->help);
	text_add(out, "\nOptions, before the command:\n");
	help_options(&global_options, out);
	text_add(out, "\nExit status:\n");
	for (const struct exit_row *e = exit_rows; e->status; e++)
		row(out, e->status, e->meaning);
	text_add(out, "\n" PROGRAM " COMMAND --help says more about a command.\n");
}

void help_command(const struct command *command, struct text *out)
{
	text_addf(out, "Usage: " PROGRAM " %s [OPTION...] %s\n\n%c%s.\n", command->name,
		  command->synopsis, command->help[0] - 'a' + 'A', command->help + 1);
	if (command->text)
		text_addf(out, "%s\n", command->text);
	text_add(out, "\nOptions:\n");
	help_options(&command->options, out);
}
