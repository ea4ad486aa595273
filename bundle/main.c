/* SPDX-License-Identifier: Apache-2.0 */
/* main.c - the program srt-oci-bundle, which "srt-oci bundle" runs.
 *
 * Standard output is the result, standard error is for people. */
#include <string.h>
#include <unistd.h>

#include "bundle/option.h"
#include "spec/base/fd.h"
#include "spec/base/log.h"
#include "version.h"

enum exit_status {
	EXIT_USAGE = 2,
	EXIT_HOSTILE = 3,
	EXIT_INTEGRITY = 4,
	EXIT_SYSTEM = 5,
};

static const int EXIT_OF[] = {
	[ERR_INPUT] = EXIT_USAGE,   [ERR_HOST] = EXIT_SYSTEM,	  [ERR_STATE] = EXIT_SYSTEM,
	[ERR_LIMIT] = EXIT_HOSTILE, [ERR_HOSTILE] = EXIT_HOSTILE, [ERR_INTEGRITY] = EXIT_INTEGRITY,
};

static const struct command *command_find(const char *name)
{
	for (const struct command *c = COMMANDS; c->name; c++)
		if (str_eq(c->name, name))
			return c;
	return NULL;
}

static int run(int argc, char **argv, struct arena *a, struct log *log, struct err *err)
{
	struct args args = { .arena = a, .build = { .uid = geteuid(), .gid = getegid() } };
	struct text out = { .arena = a };
	const struct command *command = NULL;

	if (argc > 0 && argv[0][0] != '-') {
		command = command_find(argv[0]);
		if (!command)
			return err_input(err, "unknown command \"%.64s\"; see --help", argv[0]);
	}
	TRY(options_parse(argc, argv, &args, err));
	if (args.quiet)
		log->level = LOG_LEVEL_ERROR;
	if (args.help)
		help_emit(command, &out);
	else if (args.version)
		text_add(&out, "srt-oci-bundle " SRT_VERSION " (" SRT_COMMIT ")\n");
	else if (args.manual)
		manual_emit(&out);
	else if (command)
		return command->run(&args, log, err);
	else
		return err_input(err, "a command is missing; see --help");
	return output_print(&out, err);
}

int main(int argc, char **argv)
{
	scoped_arena struct arena arena = { 0 };
	struct log log = { .fd = STDERR_FILENO,
			   .level = LOG_LEVEL_INFO,
			   .program = "srt-oci bundle" };
	struct err err = { 0 };

	if (run(argc - 1, argv + 1, &arena, &log, &err) == 0)
		return 0;
	log_err(&log, &err);
	return EXIT_OF[err.kind];
}
