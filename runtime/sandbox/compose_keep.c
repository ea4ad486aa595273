/* SPDX-License-Identifier: Apache-2.0 */
/* compose_keep.c - where nothing is and nothing may be made: what is mounted on instead. */
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "runtime/sandbox/compose.h"

static const char *up_to(struct composition *c, const char *path, size_t n)
{
	return n ? arena_strn(c->a, path, n) : "/";
}

/* The directory takes no new file from this user. Its owner could change that, but not while it is mounted read-only. */
static const char *keep_closed(const char *dir, const struct stat *st)
{
	return st->st_uid == geteuid() ? dir : NULL;
}

const char *compose_keep(struct composition *c, const char *path)
{
	const char *dir = "/", *part = path;
	struct stat st, above = { 0 };

	for (size_t n = 1; part == path; n++) {
		if (path[n] != '/' && path[n] != '\0')
			continue;
		part = up_to(c, path, n);
		if (lstat(part, &st) < 0)
			break;
		/* What is no directory keeps all below it from being made, as long as it stays; so does one of ours. */
		if (!S_ISDIR(st.st_mode) || !path[n] || placeholder_is(part))
			return part;
		above = st;
		dir = part;
		part = path;
	}
	if (faccessat(AT_FDCWD, dir, W_OK | X_OK, AT_EACCESS) < 0)
		return keep_closed(dir, &above);
	placeholders_add(&c->placeholders, part, !str_eq(part, path), c->a);
	return part;
}
