/* SPDX-License-Identifier: Apache-2.0 */
/* cmd_exec.c - exec: a further program in a running container. */
#include "runtime/cli/command.h"
#include "runtime/cli/failure.h"

#define ROW(member, ...) OPTION(struct exec_options, member, __VA_ARGS__)
static const struct option_row rows[] = {
	ROW(process_file, "process", 'p', STRING, "FILE",
	    "the process as JSON, in place of the options about it"),
	ROW(ignore_paused, "ignore-paused", 0, FLAG, NULL, "also in a paused container"),
	ROW(detach, "detach", 'd', FLAG, NULL, "return as soon as the program runs"),
	ROW(tty, "tty", 't', FLAG, NULL, "give it a terminal"),
	ROW(user, "user", 'u', STRING, "UID[:GID]", "run as that user"),
	ROW(additional_gids, "additional-gids", 'g', LIST, "GID",
	    "a further group; may be repeated"),
	ROW(cwd, "cwd", 0, STRING, "DIR", "working directory in the container"),
	ROW(env, "env", 'e', LIST, "NAME=VALUE", "set a variable; may be repeated"),
	ROW(caps, "cap", 'c', LIST, "CAP", "add a capability; may be repeated"),
	ROW(cgroups, "cgroup", 0, LIST, "[CONTROLLERS:]PATH",
	    "cgroup below the container's to enter, which must exist; may be repeated for v1"),
	ROW(no_new_privs, "no-new-privs", 0, FLAG, NULL, "set no_new_privs"),
	ROW(apparmor, "apparmor", 0, STRING, "PROFILE", "AppArmor profile"),
	ROW(process_label, "process-label", 0, STRING, "LABEL", "SELinux label"),
	ROW(console_socket, "console-socket", 0, STRING, "SOCKET",
	    "unix socket that gets the terminal's master"),
	ROW(pidfd_socket, "pidfd-socket", 0, STRING, "SOCKET",
	    "unix socket that gets a pidfd of the process"),
	ROW(pid_file, "pid-file", 0, STRING, "FILE", "where to write the process's pid"),
	OPTION_UP_TO(struct exec_options, preserve_fds, "preserve-fds", 0, PRESERVE_FDS_MAX, "N",
		     "leave descriptors 3 to 2+N open for the program"),
};

/* What begins like a number has to be one; anything else is a name, which stays as it is. */
static int id_check(struct arena *a, const char *s, size_t len, struct err *err)
{
	uint64_t id;

	if (len && !strchr("0123456789+-", s[0]))
		return 0;
	return str_u64(arena_strn(a, s, len), 10, UINT32_MAX - 1, &id, err);
}

/* "uid", "uid:gid", or names in place of either. */
static int user_check(struct arena *a, const char *user, struct err *err)
{
	size_t n = strcspn(user, ":");

	TRY(id_check(a, user, n, err));
	return user[n] ? id_check(a, user + n + 1, strlen(user + n + 1), err) : 0;
}

static int words_check(struct arena *a, const struct exec_options *o, struct err *err)
{
	uint64_t gid;

	if (o->user && user_check(a, o->user, err) < 0)
		return err_in(err, "exec: --user");
	for (size_t i = 0; i < o->additional_gids.n; i++)
		if (str_u64(o->additional_gids.v[i], 10, UINT32_MAX - 1, &gid, err) < 0)
			return err_in(err, "exec: --additional-gids");
	for (size_t i = 0; i < o->env.n; i++)
		if (o->env.v[i][strcspn(o->env.v[i], "=")] == '\0' || o->env.v[i][0] == '=')
			return err_input(err, "exec: --env: \"%.64s\" is not NAME=VALUE",
					 o->env.v[i]);
	return 0;
}

static int exec(struct cli *cli, void *options, const struct strings *args, struct err *err)
{
	struct exec_options *o = options;
	int status = 0;

	if (!o->process_file && args->n < 2)
		return usage(cli, err, "exec: no program to run; give one, or --process FILE");
	if (o->process_file && args->n > 1)
		return usage(cli, err, "exec: both --process and a program");
	if (words_check(&cli->arena, o, err) < 0) {
		cli->failure = EXIT_USAGE;
		return -1;
	}
	o->id = args->v[0];
	o->args = (struct strings){ args->v + 1, args->n - 1 };
	if (life_exec(&cli->rt, o, &status, err) < 0) {
		cli->failure = failure_status(err);
		return -1;
	}
	return status;
}

const struct command command_exec = {
	.name = "exec",
	.synopsis = "ID [PROGRAM ARGUMENT...]",
	.help = "run a further program in a running container",
	.text = "What is not said by an option is as the container's process has it. Options end at\n"
		"PROGRAM: what follows it is its own.",
	.options = OPTIONS(rows, 2),
	.size = sizeof(struct exec_options),
	.args_min = 1,
	.args_max = ARGS_ANY,
	.state = true,
	.run = exec,
};
