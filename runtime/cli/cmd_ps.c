/* SPDX-License-Identifier: Apache-2.0 */
/* cmd_ps.c - ps: the processes of a container, as numbers or as the host's ps shows them. */
#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include "runtime/cli/command.h"
#include "runtime/cli/ps_filter.h"
#include "spec/base/fd.h"
#include "spec/json/emit.h"

#define PS_OUTPUT_MAX (64u << 20)

enum { FORMAT_TABLE, FORMAT_JSON };
static const struct name formats[] = { { "table", FORMAT_TABLE }, { "json", FORMAT_JSON }, { 0 } };

struct ps_options {
	int format;
};
static const struct option_row rows[] = {
	OPTION_OF_WORDS(struct ps_options, format, "format", 'f', CHOICE, "FORMAT", formats,
			"how to print"),
};

static void pids_json(const struct pids_list *pids, struct text *out)
{
	struct emit e = { .out = out };

	emit_array(&e, NULL);
	for (size_t i = 0; i < pids->n; i++)
		emit_int(&e, NULL, pids->v[i]);
	emit_end_array(&e);
	text_add(out, "\n");
}

static const char **ps_argv(struct arena *a, const struct strings *args)
{
	const char **argv = arena_alloc(a, (args->n + 3) * sizeof(*argv));

	argv[0] = "ps";
	if (args->n < 2)
		argv[1] = "-ef";
	for (size_t i = 1; i < args->n; i++)
		argv[i] = args->v[i];
	return argv;
}

/* Starts ps with its standard output in the pipe. */
static int ps_spawn(const char **argv, int out, pid_t *ret, struct err *err)
{
	posix_spawn_file_actions_t actions;
	int bad = posix_spawn_file_actions_init(&actions);

	if (bad)
		return err_host(err, bad, "prepare ps");
	bad = posix_spawn_file_actions_adddup2(&actions, out, STDOUT_FILENO);
	if (!bad)
		bad = posix_spawnp(ret, "ps", &actions, NULL, (char *const *)argv, environ);
	(void)posix_spawn_file_actions_destroy(&actions);
	return bad ? err_host(err, bad, "run ps; --format json does without it") : 0;
}

static int ps_output(struct arena *a, const struct strings *args, char **ret, struct err *err)
{
	scoped_fd int out = -1;
	int fds[2], status, got;
	size_t len;
	pid_t pid;

	if (pipe2(fds, O_CLOEXEC) < 0)
		return err_host(err, errno, "make a pipe");
	out = fds[0];
	got = ps_spawn(ps_argv(a, args), fds[1], &pid, err);
	(void)close(fds[1]);
	if (got < 0)
		return -1;
	got = fd_read_all(out, "the output of ps", PS_OUTPUT_MAX, a, ret, &len, err);
	scope_close(&out); /* a ps that still writes must not be waited for */
	out = -1;
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return err_host(err, errno, "wait for ps");
	TRY(got);
	if (status != 0)
		return err_set(err, ERR_HOST, 0, "ps failed; its arguments may be wrong");
	return 0;
}

static int ps(struct cli *cli, void *options, const struct strings *args, struct err *err)
{
	const struct ps_options *o = options;
	struct pids_list pids = { 0 };
	char *text;

	if (o->format == FORMAT_JSON && args->n > 1)
		return usage(cli, err, "ps: arguments of ps go with --format table alone");
	TRY(life_ps(&cli->rt, args->v[0], &cli->arena, &pids, err));
	if (o->format == FORMAT_JSON) {
		pids_json(&pids, &cli->out);
		return 0;
	}
	TRY(ps_output(&cli->arena, args, &text, err));
	return ps_filter(text, &pids, &cli->out, err);
}

const struct command command_ps = {
	.name = "ps",
	.synopsis = "ID [PS-ARGUMENT...]",
	.help = "list the processes of a container",
	.text = "As a table it runs ps with the arguments (-ef if there are none) and shows those of\n"
		"its lines that belong to the container. Options end at ID.",
	.options = OPTIONS(rows, 1),
	.size = sizeof(struct ps_options),
	.args_min = 1,
	.args_max = ARGS_ANY,
	.state = true,
	.run = ps,
};
