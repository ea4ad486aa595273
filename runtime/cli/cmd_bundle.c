/* SPDX-License-Identifier: Apache-2.0 */
/* cmd_bundle.c - bundle: becomes the program srt-oci-bundle, so that a container's start does not
 * pay for the libraries of archives. */
#include <limits.h>
#include <unistd.h>

#include "runtime/cli/command.h"
#include "spec/base/path.h"

#define OTHER PROGRAM "-bundle"
#define PLACES_MAX 2

/* The directory of our own binary. */
static int own_directory(struct arena *a, const char **ret, struct err *err)
{
	char path[PATH_MAX];
	ssize_t n = readlink("/proc/self/exe", path, sizeof(path));

	if (n < 0)
		return err_host(err, errno, "read /proc/self/exe");
	if ((size_t)n == sizeof(path))
		return err_host(err, ENAMETOOLONG, "read /proc/self/exe");
	while (n > 1 && path[n - 1] != '/')
		n--;
	*ret = arena_strn(a, path, (size_t)n);
	return 0;
}

/* Where the program may be: where the environment says, else beside us or in our libexec. */
static int places(struct arena *a, const char *ret[PLACES_MAX], struct err *err)
{
	const char *libexec = getenv("SRT_OCI_LIBEXEC");
	const char *own;

	if (libexec && *libexec) {
		ret[0] = path_join(a, libexec, OTHER);
		return 0;
	}
	TRY(own_directory(a, &own, err));
	ret[0] = path_join(a, own, OTHER);
	ret[1] = path_join(a, own, "../libexec/" PROGRAM "/" OTHER);
	return 0;
}

static int bundle(struct cli *cli, void *options, const struct strings *args, struct err *err)
{
	const char *place[PLACES_MAX] = { NULL };
	const char **argv = arena_alloc(&cli->arena, (args->n + 2) * sizeof(*argv));

	(void)options;
	argv[0] = OTHER;
	for (size_t i = 0; i < args->n; i++)
		argv[i + 1] = args->v[i];
	TRY(places(&cli->arena, place, err));
	for (int i = 0; i < PLACES_MAX && place[i]; i++) {
		(void)execve(place[i], (char *const *)argv, environ);
		if (errno != ENOENT)
			return err_host(err, errno, "run %s", place[i]);
	}
	return err_host(err, ENOENT, "bundle: run %s%s%s; SRT_OCI_LIBEXEC can name its directory",
			place[0], place[1] ? " or " : "", place[1] ? place[1] : "");
}

const struct command command_bundle = {
	.name = "bundle",
	.synopsis = "[ARGUMENT...]",
	.help = "build and look after bundles; see " OTHER " --help",
	.text = "All that follows goes to the program " OTHER ", which is looked for in\n"
		"$SRT_OCI_LIBEXEC, or beside this program and in ../libexec/" PROGRAM ".",
	.options = { .before = OPTIONS_NOWHERE },
	.args_max = ARGS_ANY,
	.run = bundle,
};
