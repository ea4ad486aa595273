/* SPDX-License-Identifier: Apache-2.0 */
/* companion.c - finds the programs that are installed with this one. */
#include "runtime/life/companion.h"

#include <limits.h>
#include <stdlib.h>
#include <unistd.h>

#include "spec/base/path.h"
#include "spec/base/str.h"

#define LIBEXEC "../libexec/srt-oci/"

/* The directory of our own binary. */
static int own_directory(struct arena *a, const char **ret, struct err *err)
{
	const char *sealed = getenv(COMPANION_OWN);
	char path[PATH_MAX];
	ssize_t n = readlink("/proc/self/exe", path, sizeof(path));

	if (n < 0)
		return err_set(err, ERR_HOST, 0, "read /proc/self/exe: %s", strerror(errno));
	if ((size_t)n == sizeof(path))
		return err_host(err, ENAMETOOLONG, "read /proc/self/exe");
	path[n] = '\0';
	if (str_starts(path, "/memfd:") && sealed && path_is_absolute(sealed))
		*ret = arena_strn(a, sealed, (size_t)(path_base(sealed) - sealed));
	else
		*ret = arena_strn(a, path, (size_t)(path_base(path) - path));
	return 0;
}

int companion_places(const char *name, struct arena *a, const char *ret[COMPANION_PLACES_MAX],
		     struct err *err)
{
	const char *libexec = getenv(COMPANION_LIBEXEC);
	const char *own;

	ret[1] = NULL;
	if (libexec && *libexec) {
		ret[0] = path_join(a, libexec, name);
		return 0;
	}
	TRY(own_directory(a, &own, err));
	ret[0] = path_join(a, own, name);
	ret[1] = path_join(a, own, arena_printf(a, LIBEXEC "%s", name));
	return 0;
}

int companion_find(const char *name, struct arena *a, const char **ret, struct err *err)
{
	const char *place[COMPANION_PLACES_MAX];

	TRY(companion_places(name, a, place, err));
	for (size_t i = 0; i < COMPANION_PLACES_MAX && place[i]; i++)
		if (access(place[i], X_OK) == 0) {
			*ret = place[i];
			return 0;
		}
	return err_state(
		err,
		"%s is neither %s%s%s: install it, name its directory in " COMPANION_LIBEXEC
		", or use --cgroup-manager cgroupfs",
		name, place[0], place[1] ? " nor " : "", place[1] ? place[1] : "");
}
