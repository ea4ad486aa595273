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
/* Where the companion says what it mounted, for which name, or why it could not. */
#define STORED_VARIABLE "SRT_OCI_STORED"
#define STORED_NAME STORED_VARIABLE "_NAME"
#define STORED_ERROR STORED_VARIABLE "_ERROR"

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

/* Of another name's bundle, whose environment we happen to be run in, nothing is taken. */
static const char *told(const char *variable, const char *name)
{
	const char *whose = getenv(STORED_NAME);

	return whose && str_eq(whose, name) ? getenv(variable) : NULL;
}

const char *stored_path(const char *name)
{
	const char *path = told(STORED_VARIABLE, name);

	return path && path_is_absolute(path) ? path : NULL;
}

static size_t count_words(const char *const *line)
{
	size_t n = 0;

	while (line[n])
		n++;
	return n;
}

int stored_enter(struct cli *cli, const char *name, struct err *err)
{
	const char *const *line = cli->rt.argv;
	size_t words = count_words(line), n = 0;
	const char **argv, *own;

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

static int face_enter(struct cli *cli, const char *face, const char *name, struct err *err)
{
	const char *const *line = cli->rt.argv;
	size_t words = count_words(line), n = 0;
	const char **argv, *own;

	TRY(own_path(&cli->arena, &own, err));
	argv = arena_array(&cli->arena, const char *, words + 8);
	argv[n++] = "enter";
	argv[n++] = "--argv0";
	argv[n++] = face;
	argv[n++] = "--run-anyway";
	argv[n++] = "--";
	argv[n++] = name;
	argv[n++] = own;
	for (size_t i = 1; i < words; i++)
		argv[n++] = line[i];
	return companion_exec(cli, argv, err);
}

int stored_find(struct cli *cli, const char *face, const char *name, const char **path,
		const char **digest, struct err *err)
{
	const char *dir = stored_path(name), *reason = told(STORED_ERROR, name);

	if (reason)
		return err_input(err, "%s", reason);
	if (!dir)
		return face_enter(cli, face, name, err);
	*path = dir;
	*digest = arena_printf(&cli->arena, "sha256:%s", path_base(dir));
	return 0;
}
