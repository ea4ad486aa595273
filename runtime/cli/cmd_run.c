/* SPDX-License-Identifier: Apache-2.0 */
/* cmd_run.c - create and run. */
#include <limits.h>
#include <sys/random.h>
#include <unistd.h>

#include "runtime/cli/command.h"
#include "runtime/cli/failure.h"
#include "runtime/cli/stored.h"
#include "runtime/life/store.h"
#include "spec/base/path.h"

/* How the digest of a bundle begins, where it is given for a name. */
#define DIGEST "sha256:"
#define MADE_NAME_MAX 40
#define MADE_RANDOM_BYTES 6

#define ROW(member, ...) OPTION(struct create_options, member, __VA_ARGS__)
/* The first rows are those of run alone. */
#define RUN_ONLY 2
static const struct option_row rows[] = {
	ROW(detach, "detach", 'd', FLAG, NULL, "return as soon as the program runs"),
	ROW(keep, "keep", 0, FLAG, NULL, "leave the ended container for delete"),
	ROW(bundle, "bundle", 'b', STRING, "DIR", "the bundle; default is the working directory"),
	ROW(config, "config", 'f', STRING, "FILE",
	    "configuration in place of the bundle's config.json"),
	ROW(console_socket, "console-socket", 0, STRING, "SOCKET",
	    "unix socket that gets the terminal's master"),
	ROW(pidfd_socket, "pidfd-socket", 0, STRING, "SOCKET",
	    "unix socket that gets a pidfd of the container's process"),
	ROW(pid_file, "pid-file", 0, STRING, "FILE", "where to write the process's pid"),
	ROW(violations, "violations", 0, STRING, "FILE",
	    "append what srt.network refused, and which of srt.limits was met"),
	ROW(no_pivot, "no-pivot", 0, FLAG, NULL,
	    "move the root in place instead of pivot_root, for a rootfs on a ramdisk"),
	ROW(no_new_keyring, "no-new-keyring", 0, FLAG, NULL, "keep the caller's session keyring"),
	ROW(no_subreaper, "no-subreaper", 0, FLAG, NULL, "do not adopt the container's orphans"),
	OPTION_UP_TO(struct create_options, preserve_fds, "preserve-fds", 0, PRESERVE_FDS_MAX, "N",
		     "leave descriptors 3 to 2+N open for the program"),
};

/* The letter as ids may hold it. */
static char id_letter(char c)
{
	bool fine = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
		    c == '_' || c == '.' || c == '-' || c == '+';

	return fine ? c : '_';
}

/* An id that reads like the bundle's name and that nobody has: "python-4f1d22c09ab3". */
static int make_id(struct cli *cli, const char *bundle, const char **ret, struct err *err)
{
	unsigned char random[MADE_RANDOM_BYTES];
	char cwd[PATH_MAX], name[MADE_NAME_MAX + 1];
	struct text id = { .arena = &cli->arena };
	const char *base;
	size_t n;

	if (!path_is_absolute(bundle) && !getcwd(cwd, sizeof(cwd)))
		return err_host(err, errno, "find the working directory");
	if (!path_is_absolute(bundle))
		bundle = path_join(&cli->arena, cwd, bundle);
	base = path_base(path_clean(&cli->arena, bundle));
	for (n = 0; n < MADE_NAME_MAX && base[n]; n++)
		name[n] = id_letter(base[n]);
	if (n == 0 || name[0] == '.' || name[0] == '-')
		text_add(&id, "bundle");
	text_addn(&id, name, n);
	if (getrandom(random, sizeof(random), 0) != sizeof(random))
		return err_host(err, errno, "draw random bytes");
	for (size_t i = 0; i < sizeof(random); i++)
		text_addf(&id, i ? "%02x" : "-%02x", random[i]);
	*ret = id.s;
	return 0;
}

static bool is_bundle(struct cli *cli, const char *word)
{
	return strchr(word, '/') || access(path_join(&cli->arena, word, "config.json"), F_OK) == 0;
}

/* A name in the store, or the digest of a bundle there, is written as an id is. */
static int check_name(const char *word, struct err *err)
{
	return store_id_check(str_starts(word, DIGEST) ? word + strlen(DIGEST) : word, err);
}

static void fill_defaults(struct create_options *o)
{
	if (!o->bundle)
		o->bundle = ".";
	if (!o->config)
		o->config = "config.json";
}

static int create(struct cli *cli, void *options, const struct strings *args, struct err *err)
{
	struct create_options *o = options;

	o->id = args->v[0];
	fill_defaults(o);
	return life_create(&cli->rt, o, err);
}

static int run(struct cli *cli, void *options, const struct strings *args, struct err *err)
{
	struct create_options *o = options;
	bool made = !o->bundle && is_bundle(cli, args->v[0]);
	int status = 0;

	o->id = args->v[0];
	if (!made && !o->bundle && access("config.json", F_OK) != 0) {
		/* Neither a path nor an id: a bundle of the store, which its keeper shows to us. */
		o->bundle = stored_path(args->v[0]);
		if (!o->bundle) {
			TRY(check_name(args->v[0], err));
			return stored_enter(cli, args->v[0], err);
		}
		TRY(make_id(cli, args->v[0], &o->id, err));
	} else if (made) {
		o->bundle = args->v[0];
		TRY(make_id(cli, o->bundle, &o->id, err));
	}
	fill_defaults(o);
	if (life_run(&cli->rt, o, &status, err) < 0) {
		cli->failure = failure_status(err);
		return -1;
	}
	if (o->id != args->v[0] && o->detach)
		text_addf(&cli->out, "%s\n", o->id);
	return status;
}

const struct command command_create = {
	.name = "create",
	.synopsis = "ID",
	.help = "make a container from a bundle; start runs its program",
	.options = { rows + RUN_ONLY, ARRAY_LEN(rows) - RUN_ONLY, OPTIONS_ANYWHERE },
	.size = sizeof(struct create_options),
	.args_min = 1,
	.args_max = 1,
	.state = true,
	.run = create,
};

const struct command command_run = {
	.name = "run",
	.synopsis = "PATH|NAME|ID",
	.help = "make a container, run its program and wait for its end",
	.text = "PATH is a bundle: a word with a slash, or a directory that holds config.json. The\n"
		"container's id is then made of its name, and printed with --detach. Any other word\n"
		"is the id of a container made from --bundle or the working directory; where neither\n"
		"is given and the working directory has no config.json, it is a bundle of the store,\n"
		"by name or id (srt-oci bundle ls).",
	.options = OPTIONS(rows, OPTIONS_ANYWHERE),
	.size = sizeof(struct create_options),
	.args_min = 1,
	.args_max = 1,
	.state = true,
	.run = run,
};
