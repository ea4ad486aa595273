/* SPDX-License-Identifier: Apache-2.0 */
/* glob.c - matching without recursion: the last star of each kind is all that is ever retried.
 *
 * A later "*" makes retrying an earlier one pointless as long as no slash lies between, and a later
 * "**" makes retrying everything before it pointless; so two remembered places are enough. */
#include "rootfs-tools/glob.h"

#include "spec/base/str.h"

/* Where matching goes on after a star took one byte more. */
struct retry {
	const char *pattern; /* behind the star; NULL: no star yet */
	const char *path; /* first byte that the star has not taken */
};

/* Reads a star at *pattern and sets its retry; false where there is none. */
static bool star(const char **pattern, const char *path, const char *start, struct retry *one,
		 struct retry *many)
{
	const char *p = *pattern;

	if (p[0] != '*')
		return false;
	if (p[1] != '*') {
		*one = (struct retry){ p + 1, path };
		*pattern = p + 1;
		return true;
	}
	p += 2;
	*many = (struct retry){ p, path };
	*one = (struct retry){ NULL, NULL };
	/* Between slashes it stands for nothing too; a retry takes bytes up to a slash. */
	if (p[0] == '/' && (p - 2 == start || p[-3] == '/'))
		*pattern = p + 1;
	else
		*pattern = p;
	return true;
}

static bool byte_fits(const char **pattern, char c)
{
	const char *p = *pattern;

	if (*p == '?') {
		if (c == '/')
			return false;
	} else {
		if (*p == '\\' && p[1])
			p++;
		if (*p != c)
			return false;
	}
	*pattern = p + 1;
	return true;
}

bool glob_match(const char *pattern, const char *path)
{
	struct retry one = { NULL, NULL }, many = { NULL, NULL };
	const char *start = pattern;

	for (;;) {
		if (star(&pattern, path, start, &one, &many))
			continue;
		if (!*path && !*pattern)
			return true;
		if (*path && *pattern && byte_fits(&pattern, *path)) {
			path++;
		} else if (one.pattern && *one.path && *one.path != '/') {
			pattern = one.pattern;
			path = ++one.path;
		} else if (many.pattern && *many.path) {
			one = (struct retry){ NULL, NULL };
			pattern = many.pattern;
			path = ++many.path;
		} else {
			return false;
		}
	}
}

bool glob_any(const char *const *patterns, size_t n, const char *path)
{
	for (size_t i = 0; i < n; i++)
		if (glob_match(patterns[i], path))
			return true;
	return false;
}
