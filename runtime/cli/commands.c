/* SPDX-License-Identifier: Apache-2.0 */
/* commands.c - the table of commands. */
#include <stdarg.h>
#include <stdio.h>

#include "runtime/cli/command.h"

const struct command *const commands[] = {
	&command_create,  &command_run,	       &command_start,
	&command_state,	  &command_kill,       &command_delete,
	&command_exec,	  &command_list,       &command_ps,
	&command_pause,	  &command_resume,     &command_update,
	&command_events,  &command_mounts,     &command_checkpoint,
	&command_restore, &command_spec,       &command_features,
	&command_facts,	  &command_plan,       &command_check,
	&command_bundle,  &command_completion, &command_help,
	&command_version, &command_man,	       NULL,
};

const struct command *command_find(const char *name)
{
	for (const struct command *const *c = commands; *c; c++)
		if (str_eq((*c)->name, name))
			return *c;
	return NULL;
}

bool command_listed(const struct command *command)
{
	return command != &command_man;
}

static const char *near(const char *name)
{
	const char *best = NULL;
	int least = 3;

	for (const struct command *const *c = commands; *c; c++) {
		int d = word_distance((*c)->name, name);

		if (d < least && command_listed(*c)) {
			least = d;
			best = (*c)->name;
		}
	}
	return best;
}

int command_need(const char *name, const struct command **ret, struct err *err)
{
	const struct command *found = command_find(name);
	const char *other;

	if (found) {
		*ret = found;
		return 0;
	}
	other = near(name);
	return err_input(err, "unknown command \"%.64s\"%s%s%s", name,
			 other ? "; did you mean " : "", other ? other : "", other ? "?" : "");
}

int usage(struct cli *cli, struct err *err, const char *fmt, ...)
{
	char text[512];
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	cli->failure = EXIT_USAGE;
	return err_input(err, "%s", text);
}
