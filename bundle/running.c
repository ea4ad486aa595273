/* SPDX-License-Identifier: Apache-2.0 */
/* running.c - looks for the ids of bundles in what the kernel says about processes.
 *
 * Nothing has to be written down, and so nothing can be left behind: a mount of a bundle names it for
 * as long as it is there, in whatever namespace, also after the program that made it has ended. Between
 * the entering of a bundle and its mount stands the variable that says where it is. */
#include "bundle/running.h"

#include <dirent.h>
#include <stdio.h>
#include <string.h>

#include "spec/base/fd.h"
#include "spec/base/sys.h"

#define TEXT_MAX (4u << 20)
#define BEFORE "/bundles/"

/* proc_pid_mountinfo(5): the root and the options of a mount. proc_pid_environ(5): SRT_OCI_STORED. */
static const char *const SAYS[] = { "mountinfo", "environ" };

static void entries_add(struct entries *list, struct arena *a, const char *id)
{
	if (list->n && str_eq(list->v[list->n - 1], id))
		return; /* the mounts of one process follow each other */
	list->v = arena_grow(a, list->v, list->n * sizeof(*list->v),
			     (list->n + 1) * sizeof(*list->v));
	list->v[list->n++] = id;
}

static void ids_find(const char *text, struct arena *a, struct entries *ret)
{
	for (const char *p = text; (p = strstr(p, BEFORE));) {
		p += strlen(BEFORE);
		if (strspn(p, "0123456789abcdef") == SHA256_HEX)
			entries_add(ret, a, arena_strn(a, p, SHA256_HEX));
	}
}

/* What cannot be read is another user's, or has just ended. */
static void process_look(int proc, const char *pid, struct arena *a, struct entries *ret)
{
	for (size_t i = 0; i < ARRAY_LEN(SAYS); i++) {
		scoped_arena struct arena here = { 0 };
		const char *path = arena_printf(&here, "%s/%s", pid, SAYS[i]);
		struct err ignored;
		char *text;
		size_t len;

		if (file_read(proc, path, TEXT_MAX, &here, &text, &len, &ignored) < 0)
			continue;
		for (char *p = text; (p = memchr(p, '\0', len - (size_t)(p - text)));)
			*p = '\n';
		ids_find(text, a, ret);
	}
}

static void close_dir(DIR **d)
{
	if (*d)
		(void)closedir(*d);
}

int running_find(struct arena *a, struct entries *ret, struct err *err)
{
	scoped(close_dir) DIR *d = opendir("/proc");
	struct entries found = { 0 };
	struct dirent *e;

	if (!d)
		return err_host(err, errno, "list /proc");
	while ((e = readdir(d)))
		if (e->d_name[0] >= '1' && e->d_name[0] <= '9')
			process_look(dirfd(d), e->d_name, a, &found);
	*ret = found;
	return 0;
}

bool running_has(const struct entries *running, const char *id)
{
	for (size_t i = 0; i < running->n; i++)
		if (str_eq(running->v[i], id))
			return true;
	return false;
}
