/* SPDX-License-Identifier: Apache-2.0 */
/* cli.c - reads the command line, runs its command, says how it went.
 *
 * It stands on the path of every start: no buffers of stdio, no locale, no allocation but in the
 * arena. */
#include "runtime/cli/cli.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <unistd.h>

#include "runtime/cli/command.h"
#include "runtime/cli/face.h"
#include "runtime/cli/global.h"
#include "runtime/cli/help.h"
#include "spec/base/fd.h"
#include "spec/base/path.h"

/* The options of most commands need no more. */
#define ARENA_FIRST 2048

/* A file that is opened later must not become somebody's standard output: closed ones of the first
 * three are /dev/null from here on. */
static int keep_standard_fds(struct err *err)
{
	struct pollfd fds[3] = { { .fd = 0 }, { .fd = 1 }, { .fd = 2 } };

	if (poll(fds, 3, 0) < 0)
		return err_host(err, errno, "look at the standard descriptors");
	for (int i = 0; i < 3; i++)
		if ((fds[i].revents & POLLNVAL) && open("/dev/null", O_RDWR) < 0)
			return err_host(err, errno, "open /dev/null in place of descriptor %d", i);
	return 0;
}

/* Reads the options of the command and runs it. */
static int run_command(struct cli *cli, const struct globals *globals,
		       const struct command *command, const char *const *words, struct err *err)
{
	void *options = arena_alloc(&cli->arena, command->size + 1);
	struct strings args = { 0 };
	int got = options_parse(&command->options, &cli->arena, words, options, &args, err);

	if (got == 1) {
		help_command(command, &cli->out);
		return 0;
	}
	if (got < 0)
		return usage(cli, err, "%s: %s%s%s", command->name, err->place,
			     err->place[0] ? ": " : "", err->text);
	if (args.n < command->args_min)
		return usage(cli, err,
			     "%s: too few arguments; usage: " PROGRAM " %s [OPTION...] %s",
			     command->name, command->name, command->synopsis);
	if (args.n > command->args_max)
		return usage(cli, err,
			     "%s: what is \"%.64s\" for?; usage: " PROGRAM " %s [OPTION...] %s",
			     command->name, args.v[command->args_max], command->name,
			     command->synopsis);
	if (command->state)
		TRY(globals_root(globals, &cli->arena, &cli->rt.root, err));
	return command->run(cli, options, &args, err);
}

/* Reads what stands before the command and goes on with it. */
static int run_line(struct cli *cli, const char *const *words, struct err *err)
{
	struct globals globals = { 0 };
	const struct command *command;
	struct strings rest = { 0 };
	int got = options_parse(&global_options, &cli->arena, words, &globals, &rest, err);

	if (got < 0) {
		cli->failure = EXIT_USAGE;
		return -1;
	}
	if (got == 1) {
		help_program(&cli->out);
		return 0;
	}
	if (globals_log(&globals, &cli->rt.log, err) < 0) {
		cli->failure = err->kind == ERR_INPUT ? EXIT_USAGE : EXIT_RUNTIME;
		return -1;
	}
	globals_runtime(&globals, &cli->rt);
	if (globals.version)
		return command_version.run(cli, NULL, &rest, err);
	if (rest.n == 0)
		return usage(cli, err, "no command; see " PROGRAM " --help");
	if (command_need(rest.v[0], &command, err) < 0) {
		cli->failure = EXIT_USAGE;
		return -1;
	}
	return run_command(cli, &globals, command, rest.v + 1, err);
}

static void report(const struct log *log, const struct err *err)
{
	const struct log standard = { .fd = STDERR_FILENO, .program = log->program };

	log_err(log, err);
	if (log->fd != STDERR_FILENO)
		log_err(&standard, err);
}

int cli_main(const char *const *argv)
{
	struct cli cli = { .rt.log = { .fd = STDERR_FILENO, .program = PROGRAM },
			   .arena = ARENA_ROOM(ARENA_FIRST) };
	const struct face *face = NULL;
	struct err err = { 0 };
	int status;

	/* Ignored, as our caller may have it, it would take the ends of our children from us. */
	(void)signal(SIGCHLD, SIG_DFL);
	/* A file of ours that may not grow (RLIMIT_FSIZE) is an error to be told. */
	(void)signal(SIGXFSZ, SIG_IGN);
	cli.out.arena = &cli.arena;
	cli.rt.argv = argv;
	if (argv[0])
		face = face_find(path_base(argv[0]));
	status = keep_standard_fds(&err);
	if (status == 0 && face)
		status = face_run(face, &cli, argv + 1, &err);
	else if (status == 0)
		status = run_line(&cli, argv[0] ? argv + 1 : argv, &err);
	if (status >= 0 && cli.out.len && fd_write_all(STDOUT_FILENO, cli.out.s, cli.out.len) < 0)
		status = err_host(&err, errno, "write to standard output");
	if (status < 0) {
		report(&cli.rt.log, &err);
		status = cli.failure ? cli.failure : face ? EXIT_FACE : EXIT_RUNTIME;
	}
	/* The process ends: its memory and descriptors with it. */
	return status;
}
