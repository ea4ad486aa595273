/* SPDX-License-Identifier: Apache-2.0 */
/* fd.c - descriptor work on top of sys.h.
 * Should: hold each directory while its child is looked up or made.  Mustn't: walk a container's
 * path twice. */
#include "spec/base/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "spec/base/path.h"
#include "spec/base/sys.h"
#include "spec/base/walk.h"

#define READ_FIRST 16384
#define SYMLINKS_MAX 40
/* openat2 answers EAGAIN when a rename raced with "..": a hostile container may cause that for
 * ever. */
#define RACES_MAX 128

int fd_read_all(int fd, const char *name, size_t max, struct arena *a, char **ret, size_t *ret_len,
		struct err *err)
{
	size_t room = max < READ_FIRST ? max + 1 : READ_FIRST, len = 0;
	char *bytes = arena_alloc(a, room);

	for (;;) {
		ssize_t n = sys_read(fd, bytes + len, room - len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return err_host(err, errno, "read %s", name);
		if (n == 0)
			break;
		len += (size_t)n;
		if (len > max)
			return err_limit(err, "%s is larger than %zu bytes", name, max);
		if (len == room) {
			size_t more = room * 4 > max ? max + 1 : room * 4;

			bytes = arena_grow(a, bytes, room, more);
			room = more;
		}
	}
	if (len + 1 < room)
		arena_trim(a, bytes, room, len + 1);
	else
		bytes = arena_grow(a, bytes, room, len + 1);
	bytes[len] = '\0';
	*ret = bytes;
	*ret_len = len;
	return 0;
}

/* The length of the shortest leading part of path that is a directory which we may not enter; 0 none. */
static size_t denied_part(const char *path)
{
	char part[4096];
	size_t n = strlen(path);

	if (path[0] != '/' || n >= sizeof(part))
		return 0;
	memcpy(part, path, n + 1);
	for (size_t i = 1; i < n; i++) {
		if (path[i] != '/')
			continue;
		part[i] = '\0';
		if (faccessat(AT_FDCWD, part, X_OK, AT_EACCESS) < 0)
			return errno == EACCES ? i : 0;
		part[i] = '/';
	}
	return 0;
}

int err_path(struct err *err, int errnum, const char *path, const char *fmt, ...)
{
	size_t n = errnum == EACCES ? denied_part(path) : 0;
	char what[512];
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(what, sizeof(what), fmt, ap);
	va_end(ap);
	(void)err_host(err, errnum, "%s", what);
	if (n == 0 || strlen(err->text) + n + 80 > sizeof(err->text))
		return -1;
	(void)snprintf(err->text + strlen(err->text), sizeof(err->text) - strlen(err->text),
		       " (%.*s may not be entered: it lacks x for this user)", (int)n, path);
	return -1;
}

int file_read(int dirfd, const char *path, size_t max, struct arena *a, char **ret, size_t *ret_len,
	      struct err *err)
{
	scoped_fd int fd = sys_openat(dirfd, path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK, 0);

	if (fd < 0)
		return err_path(err, errno, path, "open %s", path);
	/* Opening does not wait for a writer of a pipe; reading does. */
	(void)sys_fcntl(fd, F_SETFL, 0);
	return fd_read_all(fd, path, max, a, ret, ret_len, err);
}

int fd_write_all(int fd, const void *bytes, size_t n)
{
	const char *p = bytes;

	while (n > 0) {
		ssize_t done = sys_write(fd, p, n);

		if (done < 0 && errno == EINTR)
			continue;
		if (done < 0)
			return -1;
		p += done;
		n -= (size_t)done;
	}
	return 0;
}

int fd_write_at(int dirfd, const char *path, const char *text, struct err *err)
{
	scoped_fd int fd = sys_openat(dirfd, path, O_WRONLY | O_CLOEXEC | O_NOFOLLOW | O_NOCTTY, 0);

	if (fd < 0)
		return err_host(err, errno, "open %s for writing", path);
	if (sys_write(fd, text, strlen(text)) < 0)
		return err_host(err, errno, "write \"%.64s\" to %s", text, path);
	return 0;
}

int path_resolve(int dirfd, const char *path, int flags, unsigned long long resolve)
{
	struct open_how how = { .flags = (unsigned int)flags | O_CLOEXEC | O_NOCTTY,
				.resolve = resolve };

	if (flags & O_PATH)
		how.flags &= ~(unsigned long long)O_NOCTTY;
	for (int tries = 0; tries < RACES_MAX; tries++) {
		int fd = sys_openat2(dirfd, path, &how);

		/* Filters of containers around us know no openat2. */
		if (fd < 0 && (errno == ENOSYS || errno == EPERM))
			fd = walk_open(dirfd, path, (int)how.flags, resolve);
		if (fd >= 0 || (errno != EAGAIN && errno != EINTR))
			return fd;
	}
	return -1;
}

int open_in_root(int root_fd, const char *path, int flags)
{
	return path_resolve(root_fd, path, flags, RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS);
}

int open_beneath(int dir_fd, const char *path, int flags)
{
	return path_resolve(dir_fd, path, flags,
			    RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS |
				    RESOLVE_NO_XDEV);
}

/* The longest leading part of path that exists, as an fd; *rest is what is missing ("" if nothing).
 * path is clean and is cut in place while trying. */
static int open_existing(int root_fd, char *path, const char **rest)
{
	size_t len = strlen(path), end = len;

	for (;;) {
		char keep = path[end];
		int fd;

		path[end] = '\0';
		fd = open_in_root(root_fd, end ? path : "/", O_PATH);
		path[end] = keep;
		if (fd >= 0) {
			*rest = path + end;
			return fd;
		}
		if (errno != ENOENT || end == 0)
			return -1;
		while (end > 0 && path[--end] != '/')
			;
	}
}

/* A directory is opened as one, so that a symlink somebody else put there fails; a file that we made is ours. */
static int make_directory(int dir, const char *name)
{
	if (sys_mkdirat(dir, name, 0755) < 0 && errno != EEXIST)
		return -1;
	return sys_openat(dir, name, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC, 0);
}

static int make_file(int dir, const char *name)
{
	int fd = sys_openat(dir, name, O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC | O_WRONLY, 0644);

	return fd < 0 && errno == EEXIST ? sys_openat(dir, name, O_PATH | O_NOFOLLOW | O_CLOEXEC, 0)
					 : fd;
}

static int refuse_symlink(int fd, const char *path, struct err *err)
{
	struct stat st;

	if (sys_fstat(fd, &st) < 0)
		return err_host(err, errno, "stat %s in the root", path);
	if (S_ISLNK(st.st_mode))
		return err_host(err, ELOOP,
				"make %s in the root: a component is a dangling symlink", path);
	return 0;
}

int make_in_root(int root_fd, const char *path, bool file, int *ret_fd, int *made, struct err *err)
{
	char clean[4096];
	const char *rest;
	int count = 0;

	if (path_has_dotdot(path))
		return err_host(err, EINVAL, "make %s in the root: it has a \"..\"", path);
	if (strlen(path) >= sizeof(clean))
		return err_host(err, ENAMETOOLONG, "make %.64s… in the root", path);
	memcpy(clean, path, strlen(path) + 1);
	scoped_fd int fd = open_existing(root_fd, clean, &rest);
	if (fd < 0)
		return err_host(err, errno, "open %s in the root", path);
	while (*(rest += strspn(rest, "/"))) {
		char name[256];
		size_t n = strcspn(rest, "/");
		bool last = rest[n + strspn(rest + n, "/")] == '\0';
		int next;

		if (n >= sizeof(name))
			return err_host(err, ENAMETOOLONG, "make %s in the root", path);
		memcpy(name, rest, n);
		name[n] = '\0';
		next = file && last ? make_file(fd, name) : make_directory(fd, name);
		if (next < 0)
			return err_host(err, errno, "make %s in the root", path);
		(void)sys_close(fd);
		fd = next;
		if (file && last)
			TRY(refuse_symlink(fd, path, err));
		count++;
		rest += n;
	}
	if (made)
		*made = count;
	*ret_fd = take_fd(&fd);
	return 0;
}

bool fd_is_fs(int fd, long magic)
{
	struct statfs st;

	return sys_fstatfs(fd, &st) == 0 && (long)st.f_type == magic;
}

bool fd_is_device(int fd, unsigned int major, unsigned int minor)
{
	struct stat st;

	return sys_fstat(fd, &st) == 0 && S_ISCHR(st.st_mode) &&
	       st.st_rdev == makedev(major, minor);
}
