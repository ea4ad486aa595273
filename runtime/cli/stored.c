/* SPDX-License-Identifier: Apache-2.0 */
/* stored.c - finds the companion program, and begins again in its hands.
 *
 * A start from a path never comes here. */
#include "runtime/cli/stored.h"

#include <limits.h>
#include <stdlib.h>
#include <unistd.h>

#include "runtime/life/companion.h"
#include "spec/base/path.h"

#define OTHER PROGRAM "-bundle"
/* Where the companion says what it mounted. */
#define STORED_VARIABLE "SRT_OCI_STORED"

static int own_path(struct arena *a, const char **ret, struct err *err)
{
	char path[PATH_MAX];
	ssize_t n = readlink("/proc/self/exe", path, sizeof(path));

	if (n < 0)
		return err_host(err, errno, "read /proc/self/exe");
	if ((size_t)n == sizeof(path))
		return err_host(err, ENAMETOOLONG, "read /proc/self/exe");
	*ret = arena_strn(a, path, (size_t)n);
	return 0;
}

int companion_exec(struct cli *cli, const char *const *args, struct err *err)
{
	const char *place[COMPANION_PLACES_MAX];
	const char **argv;
	size_t n = 0;

	while (args[n])
		n++;
	argv = arena_array(&cli->arena, const char *, n + 2);
	argv[0] = OTHER;
	for (size_t i = 0; i < n; i++)
		argv[i + 1] = args[i];
	TRY(companion_places(OTHER, &cli->arena, place, err));
	for (int i = 0; i < COMPANION_PLACES_MAX && place[i]; i++) {
		(void)execve(place[i], (char *const *)argv, environ);
		if (errno != ENOENT)
			return err_host(err, errno, "run %s", place[i]);
	}
	return err_host(err, ENOENT, "run %s%s%s; SRT_OCI_LIBEXEC can name its directory", place[0],
			place[1] ? " or " : "", place[1] ? place[1] : "");
}

const char *stored_path(void)
{
	const char *path = getenv(STORED_VARIABLE);

	return path && path_is_absolute(path) ? path : NULL;
}

int stored_enter(struct cli *cli, const char *name, struct err *err)
{
	const char *const *line = cli->rt.argv;
	const char **argv, *own;
	size_t words = 0, n = 0;

	while (line[words])
		words++;
	TRY(own_path(&cli->arena, &own, err));
	argv = arena_array(&cli->arena, const char *, words + 8);
	argv[n++] = "enter";
	argv[n++] = "--";
	argv[n++] = name;
	argv[n++] = own;
	/* There we may look like root, whose states lie elsewhere; a --root of the caller's comes later
	 * and is this very one. */
	argv[n++] = "--root";
	argv[n++] = cli->rt.root;
	for (size_t i = 1; i < words; i++)
		argv[n++] = line[i];
	return companion_exec(cli, argv, err);
}
