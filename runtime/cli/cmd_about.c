/* SPDX-License-Identifier: Apache-2.0 */
/* cmd_about.c - what the program says about itself: help, version, completion, manual. */
#include "runtime/cli/command.h"
#include "runtime/cli/completion.h"
#include "runtime/cli/help.h"
#include "runtime/cli/man.h"
#include "version.h"

static int version(struct cli *cli, void *options, const struct strings *args, struct err *err)
{
	(void)options;
	(void)args;
	(void)err;
	text_add(&cli->out,
		 PROGRAM " version " SRT_VERSION "\ncommit: " SRT_COMMIT "\nspec: " OCI_VERSION
			 "\n+CAP +SECCOMP +APPARMOR +SELINUX +YAJL\n");
	return 0;
}

static int help(struct cli *cli, void *options, const struct strings *args, struct err *err)
{
	const struct command *command;

	(void)options;
	if (args->n == 0) {
		help_program(&cli->out);
		return 0;
	}
	if (command_need(args->v[0], &command, err) < 0) {
		cli->failure = EXIT_USAGE;
		return -1;
	}
	help_command(command, &cli->out);
	return 0;
}

static int completion(struct cli *cli, void *options, const struct strings *args, struct err *err)
{
	(void)options;
	if (completion_print(PROGRAM, args->v[0], &cli->out, err) < 0) {
		cli->failure = EXIT_USAGE;
		return -1;
	}
	return 0;
}

struct man_options {
	bool commands;
};
static const struct option_row man_rows[] = {
	OPTION(struct man_options, commands, "commands", 0, FLAG, NULL,
	       "print the names of the commands that have a page"),
};

static int man(struct cli *cli, void *options, const struct strings *args, struct err *err)
{
	const struct man_options *o = options;
	const struct command *command;

	if (o->commands) {
		/* bundle is a program with a page of its own. */
		for (const struct command *const *c = commands; *c; c++)
			if (command_listed(*c) && *c != &command_bundle)
				text_addf(&cli->out, "%s\n", (*c)->name);
		return 0;
	}
	if (args->n == 0) {
		man_print(SRT_VERSION, &cli->out);
		return 0;
	}
	if (command_need(args->v[0], &command, err) < 0) {
		cli->failure = EXIT_USAGE;
		return -1;
	}
	man_print_command(command, SRT_VERSION, &cli->out);
	return 0;
}

const struct command command_version = {
	.name = "version",
	.synopsis = "",
	.help = "print the version",
	.options = { .before = OPTIONS_ANYWHERE },
	.run = version,
};

const struct command command_help = {
	.name = "help",
	.synopsis = "[COMMAND]",
	.help = "print help",
	.options = { .before = OPTIONS_ANYWHERE },
	.args_max = 1,
	.run = help,
};

const struct command command_completion = {
	.name = "completion",
	.synopsis = "bash|zsh|fish",
	.help = "print a script that completes command lines of this program in that shell",
	.options = { .before = OPTIONS_ANYWHERE },
	.args_min = 1,
	.args_max = 1,
	.run = completion,
};

const struct command command_man = {
	.name = "man",
	.synopsis = "[COMMAND]",
	.help = "print the manual page, of the program or of a command, as roff",
	.options = OPTIONS(man_rows, OPTIONS_ANYWHERE),
	.size = sizeof(struct man_options),
	.args_max = 1,
	.run = man,
};
