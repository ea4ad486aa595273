/* SPDX-License-Identifier: Apache-2.0 */
/* walk.c - a path walked under held descriptors.
 * Mustn't: let the kernel follow anything, or name a place twice. */
#include "spec/base/walk.h"

#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "spec/base/fd.h"
#include "spec/base/scope.h"
#include "spec/base/sys.h"

#define LINKS_MAX 40
#define PROC_SUPER_MAGIC 0x9fa0

struct walk {
	unsigned long long resolve;
	int flags; /* of the last component */
	int held[WALK_DEPTH_MAX]; /* the way from the root to here */
	int depth; /* of here; held[0] is the root */
	int links;
	bool slash; /* the path, or a last link's text, ends in one: only a directory will do */
	uint64_t mount; /* of the root, for RESOLVE_NO_XDEV */
	char rest[2 * PATH_MAX]; /* what is still to be walked */
};

static void walk_done(const struct walk *w)
{
	for (int i = w->depth; i >= 0; i--)
		(void)sys_close(w->held[i]);
}

static int fail(int errnum)
{
	errno = errnum;
	return -1;
}

static bool has(const struct walk *w, unsigned long long resolve)
{
	return (w->resolve & resolve) != 0;
}

/* Where mounts must not be crossed each place is asked which mount it is on. */
static int check_mount(const struct walk *w, int fd)
{
	uint64_t mount;

	if (!has(w, RESOLVE_NO_XDEV))
		return 0;
	if (sys_mount_id(fd, &mount) < 0)
		return -1;
	return mount == w->mount ? 0 : fail(EXDEV);
}

static int enter(struct walk *w, int fd)
{
	if (w->depth + 1 == WALK_DEPTH_MAX) {
		(void)sys_close(fd);
		return fail(ENAMETOOLONG);
	}
	w->held[++w->depth] = fd;
	return 0;
}

static int to_root(struct walk *w)
{
	if (has(w, RESOLVE_BENEATH))
		return fail(EXDEV);
	while (w->depth > 0)
		(void)sys_close(w->held[w->depth--]);
	return 0;
}

static int leave(struct walk *w)
{
	if (w->depth == 0)
		return has(w, RESOLVE_BENEATH) ? fail(EXDEV) : 0;
	(void)sys_close(w->held[w->depth--]);
	return 0;
}

/* The links of procfs whose text is no path lead by magic; so may those with an absolute one. */
static bool is_magic(const struct walk *w, int fd, const char *text)
{
	return has(w, RESOLVE_NO_MAGICLINKS) && fd_is_fs(fd, PROC_SUPER_MAGIC) &&
	       (text[0] == '/' || strstr(text, ":["));
}

/* The text of the link stands in front of what is left. */
static int follow(struct walk *w, int fd)
{
	char text[PATH_MAX];
	ssize_t n = sys_readlinkat(fd, "", text, sizeof(text) - 1);
	size_t left = strlen(w->rest);

	if (n < 0)
		return -1;
	text[n] = '\0';
	if (has(w, RESOLVE_NO_SYMLINKS) || ++w->links > LINKS_MAX || is_magic(w, fd, text))
		return fail(ELOOP);
	if (n == 0)
		return fail(ENOENT);
	if ((size_t)n + 1 + left >= sizeof(w->rest))
		return fail(ENAMETOOLONG);
	memmove(w->rest + n + (left > 0), w->rest, left + 1);
	memcpy(w->rest, text, (size_t)n);
	if (left)
		w->rest[n] = '/';
	return text[0] == '/' ? to_root(w) : 0;
}

/* The next component out of rest; false at the end. A slash after the last one asks for a directory. */
static bool next_name(struct walk *w, char name[NAME_MAX + 2], bool *last)
{
	const char *s = w->rest + strspn(w->rest, "/");
	size_t n = strcspn(s, "/"), slashes = strspn(s + n, "/");

	if (n == 0)
		return false;
	memcpy(name, s, n > NAME_MAX ? NAME_MAX + 1 : n);
	name[n > NAME_MAX ? NAME_MAX + 1 : n] = '\0';
	*last = s[n + slashes] == '\0';
	w->slash = w->slash || (*last && slashes);
	memmove(w->rest, s + n + slashes, strlen(s + n + slashes) + 1);
	return true;
}

/* Here, as the caller wants it opened. */
static int open_here(const struct walk *w)
{
	return sys_openat(w->held[w->depth], ".", (w->flags & ~O_CREAT) | O_CLOEXEC, 0);
}

/* The object that was looked at, opened for use; the name may be another's by now, and is then refused. */
static int open_seen(const struct walk *w, const char *name, const struct stat *seen)
{
	scoped_fd int fd = sys_openat(w->held[w->depth], name,
				      (w->flags & ~O_CREAT) | O_NOFOLLOW | O_CLOEXEC, 0);
	struct stat st;

	if (fd < 0 || sys_fstat(fd, &st) < 0)
		return -1;
	if (st.st_dev != seen->st_dev || st.st_ino != seen->st_ino)
		return fail(EAGAIN);
	return take_fd(&fd);
}

/* 1: *ret is the result; 0: walk on. */
static int step(struct walk *w, const char *name, bool last, int *ret)
{
	scoped_fd int fd = sys_openat(w->held[w->depth], name, O_PATH | O_NOFOLLOW | O_CLOEXEC, 0);
	struct stat st;

	if (fd < 0 || check_mount(w, fd) < 0 || sys_fstat(fd, &st) < 0)
		return -1;
	if (S_ISLNK(st.st_mode) && !(last && (w->flags & O_NOFOLLOW) && !w->slash))
		return follow(w, fd);
	if (S_ISLNK(st.st_mode) && !(w->flags & (O_PATH | O_DIRECTORY)))
		return fail(ELOOP);
	if (!S_ISDIR(st.st_mode) && (!last || w->slash || (w->flags & O_DIRECTORY)))
		return fail(ENOTDIR);
	if (!last)
		return enter(w, take_fd(&fd));
	*ret = w->flags & O_PATH ? take_fd(&fd) : open_seen(w, name, &st);
	return *ret < 0 ? -1 : 1;
}

static int walk(struct walk *w)
{
	char name[NAME_MAX + 2];
	bool last;
	int ret = -1;

	while (next_name(w, name, &last)) {
		bool up = strcmp(name, "..") == 0, here = strcmp(name, ".") == 0;
		int r = up ? leave(w) : here ? 0 : step(w, name, last, &ret);

		if (r < 0)
			return -1;
		if (r > 0)
			return ret;
	}
	return open_here(w);
}

int walk_open(int dir_fd, const char *path, int flags, unsigned long long resolve)
{
	struct walk w = { .resolve = resolve, .flags = flags };
	size_t n = strlen(path);
	int fd = -1, saved;

	if (n == 0)
		return fail(ENOENT);
	if (n >= PATH_MAX)
		return fail(ENAMETOOLONG);
	if (!(resolve & (RESOLVE_BENEATH | RESOLVE_IN_ROOT)))
		return fail(EINVAL);
	memcpy(w.rest, path, n + 1);
	w.held[0] = sys_openat(dir_fd, ".", O_PATH | O_DIRECTORY | O_CLOEXEC, 0);
	if (w.held[0] < 0)
		return -1;
	if (!has(&w, RESOLVE_NO_XDEV) || sys_mount_id(w.held[0], &w.mount) == 0)
		fd = path[0] == '/' && to_root(&w) < 0 ? -1 : walk(&w);
	saved = errno;
	walk_done(&w);
	errno = saved;
	return fd;
}
