/* SPDX-License-Identifier: Apache-2.0 */
/* path.c - cleans and compares paths as text. */
#include "spec/base/path.h"

#include <string.h>

bool path_has_dotdot(const char *p)
{
	while (*p) {
		size_t n = strcspn(p, "/");

		if (n == 2 && p[0] == '.' && p[1] == '.')
			return true;
		p += n;
		p += strspn(p, "/");
	}
	return false;
}

char *path_clean(struct arena *a, const char *p)
{
	char *out = arena_alloc(a, strlen(p) + 2);
	size_t len = 0;

	while (*(p += strspn(p, "/"))) {
		size_t n = strcspn(p, "/");

		if (n == 2 && p[0] == '.' && p[1] == '.') {
			while (len > 0 && out[--len] != '/')
				;
		} else if (n != 1 || p[0] != '.') {
			out[len++] = '/';
			memcpy(out + len, p, n);
			len += n;
		}
		p += n;
	}
	if (len == 0)
		out[len++] = '/';
	out[len] = '\0';
	return out;
}

bool path_beneath(const char *p, const char *dir)
{
	size_t n = strlen(dir);

	if (n == 1)
		return true;
	return strncmp(p, dir, n) == 0 && (p[n] == '\0' || p[n] == '/');
}

const char *path_base(const char *p)
{
	const char *slash = strrchr(p, '/');

	return slash ? slash + 1 : p;
}

static char *join(struct arena *arena, const char *a, size_t n, const char *b)
{
	size_t m = strlen(b);
	char *p = arena_alloc(arena, n + m + 2);

	memcpy(p, a, n);
	p[n] = '/';
	memcpy(p + n + 1, b, m + 1);
	return p;
}

char *path_join(struct arena *arena, const char *a, const char *b)
{
	size_t n = strlen(a);

	while (n && a[n - 1] == '/')
		n--;
	return join(arena, a, n, b + strspn(b, "/"));
}

char *path_index(struct arena *arena, const char *a, size_t i)
{
	char digits[3 * sizeof(i) + 1], *at = digits + sizeof(digits) - 1;

	*at = '\0';
	do
		*--at = (char)('0' + i % 10);
	while (i /= 10);
	return join(arena, a, strlen(a), at);
}
