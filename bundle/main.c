/* SPDX-License-Identifier: Apache-2.0 */
/* main.c - the program srt-oci-bundle, which "srt-oci bundle" runs.
 *
 * Standard output is the result, standard error is for people. */
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bundle/option.h"
#include "spec/base/fd.h"
#include "spec/base/log.h"
#include "spec/json/quote.h"
#include "version.h"

enum exit_status {
	EXIT_DIFFERS = 1,
	EXIT_USAGE = 2,
	EXIT_HOSTILE = 3,
	EXIT_INTEGRITY = 4,
	EXIT_SYSTEM = 5,
};

static const int EXIT_OF[] = {
	[ERR_INPUT] = EXIT_USAGE,   [ERR_HOST] = EXIT_SYSTEM,	  [ERR_STATE] = EXIT_USAGE,
	[ERR_LIMIT] = EXIT_HOSTILE, [ERR_HOSTILE] = EXIT_HOSTILE, [ERR_INTEGRITY] = EXIT_INTEGRITY,
};

int output_print(const struct text *t, struct err *err)
{
	if (fd_write_all(STDOUT_FILENO, t->s, t->len) < 0)
		return err_host(err, errno, "write the result");
	return 0;
}

static int command_find(const char *name, const struct command **ret, struct err *err)
{
	for (const struct command *c = COMMANDS; c->name; c++)
		if (str_eq(c->name, name)) {
			*ret = c;
			return 0;
		}
	return err_input(err, "unknown command \"%.64s\"; see --help", name);
}

/* A signal waits until interrupted() sees it, so that nothing half-made stays behind. */
static int surroundings_settle(struct err *err)
{
	sigset_t set;

	(void)sigemptyset(&set);
	(void)sigaddset(&set, SIGINT);
	(void)sigaddset(&set, SIGTERM);
	(void)sigaddset(&set, SIGHUP);
	(void)sigprocmask(SIG_BLOCK, &set, NULL);
	/* What apt says is read, so it has to say it in one language. Our own locale stays C, see
	 * unpack.h. */
	if (setenv("LC_ALL", "C.UTF-8", 1) < 0)
		return err_host(err, errno, "set LC_ALL");
	return 0;
}

static int run(int argc, char **argv, struct arena *a, struct log *log, int *failure,
	       struct err *err)
{
	struct args args = { .arena = a,
			     .build = { .uid = geteuid(), .gid = getegid(), .threads = 2 } };
	struct text out = { .arena = a };
	const struct command *command = NULL;

	if (argc > 0 && argv[0][0] != '-')
		TRY(command_find(argv[0], &command, err));
	TRY(options_parse(command, argc, argv, &args, err));
	args.build.quiet = args.quiet;
	if (args.quiet)
		log->level = LOG_LEVEL_ERROR;
	if (args.help) {
		help_emit(command, &out);
	} else if (args.version) {
		text_add(&out, "srt-oci-bundle " SRT_VERSION " (" SRT_COMMIT ")\n");
	} else if (args.manual) {
		manual_emit(&out);
	} else if (args.completion) {
		if (!completion_emit(args.completion, &out))
			return err_input(err, "--completion: %s is none of bash, zsh, fish",
					 Q(args.completion));
	} else if (command) {
		/* What enter runs shall find signals and language as its caller has them. */
		if (command->bit != C_ENTER)
			TRY(surroundings_settle(err));
		*failure = command->failure;
		return command->run(&args, log, err);
	} else {
		return err_input(err, "a command is missing; see --help");
	}
	return output_print(&out, err);
}

int main(int argc, char **argv)
{
	scoped_arena struct arena arena = { 0 };
	struct log log = { .fd = STDERR_FILENO,
			   .level = LOG_LEVEL_INFO,
			   .program = "srt-oci bundle" };
	struct err err = { 0 };
	int failure = 0, r = run(argc - 1, argv + 1, &arena, &log, &failure, &err);

	if (r >= 0)
		return r ? EXIT_DIFFERS : 0;
	log_err(&log, &err);
	return failure ? failure : EXIT_OF[err.kind];
}
