/* SPDX-License-Identifier: Apache-2.0 */
/* placeholder.c - empty files that stand on the host, while a sandbox runs, where nothing may be made.
 *
 * Each is marked by its size, its mode and the first second of 1970 as its time, and held by a shared lock by every run that
 * needs it. Who has it alone at its end takes it away; so one that a killed run has left goes with the next. Should: take
 * away nothing that anybody has put something in.  Mustn't: follow a link. */
#include "runtime/sandbox/placeholder.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "spec/base/fd.h"
#include "spec/base/scope.h"
#include "spec/base/str.h"
#include "spec/base/sys.h"

#define FILE_MODE 0444
#define DIR_MODE 0555
/* Another run may take one away between our look and our lock. */
#define TRIES 16

void placeholders_add(struct placeholders *p, const char *path, bool dir, struct arena *a)
{
	for (size_t i = 0; i < p->n; i++)
		if (str_eq(p->v[i].path, path))
			return;
	if ((p->n & (p->n - 1)) == 0)
		p->v = arena_grow(a, p->v, p->n * sizeof(*p->v),
				  (p->n ? 2 * p->n : 1) * sizeof(*p->v));
	p->v[p->n++] = (struct placeholder){ path, dir, -1 };
}

static bool is_marked(const struct stat *st)
{
	mode_t mode = st->st_mode & 07777;

	if (st->st_uid != geteuid() || st->st_mtim.tv_sec != 0 || st->st_mtim.tv_nsec != 0)
		return false;
	return (S_ISREG(st->st_mode) && st->st_size == 0 && mode == FILE_MODE) ||
	       (S_ISDIR(st->st_mode) && mode == DIR_MODE);
}

bool placeholder_is(const char *path)
{
	struct stat st;

	return lstat(path, &st) == 0 && is_marked(&st);
}

static int make(const struct placeholder *p)
{
	static const struct timespec mark[2] = { { 0, UTIME_OMIT }, { 0, 0 } };
	scoped_fd int fd = -1;

	if (p->dir && sys_mkdirat(AT_FDCWD, p->path, DIR_MODE) < 0)
		return -1;
	fd = sys_openat(AT_FDCWD, p->path,
			O_RDONLY | O_NOFOLLOW | O_CLOEXEC |
				(p->dir ? O_DIRECTORY : O_CREAT | O_EXCL),
			FILE_MODE);
	/* The caller's umask may have taken bits. */
	if (fd < 0 || fchmod(fd, p->dir ? DIR_MODE : FILE_MODE) < 0 || futimens(fd, mark) < 0)
		return -1;
	return take_fd(&fd);
}

/* Is what is open still what lies there? */
static bool is_there(int fd, const char *path)
{
	struct stat open, there;

	return fstat(fd, &open) == 0 && lstat(path, &there) == 0 && open.st_ino == there.st_ino &&
	       open.st_dev == there.st_dev;
}

/* 1: somebody has made something of his own there in the meantime, which is protected as it is. */
static int hold(struct placeholder *p)
{
	for (int i = 0; i < TRIES; i++) {
		scoped_fd int fd = make(p);

		if (fd < 0 && errno != EEXIST)
			return -1;
		if (fd < 0 && !placeholder_is(p->path)) {
			struct stat st;

			if (lstat(p->path, &st) == 0)
				return 1;
			continue;
		}
		if (fd < 0)
			fd = sys_openat(AT_FDCWD, p->path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC, 0);
		if (fd < 0 || sys_flock(fd, LOCK_SH) < 0 || !is_there(fd, p->path))
			continue;
		p->fd = take_fd(&fd);
		return 0;
	}
	errno = EBUSY;
	return -1;
}

int placeholders_make(struct placeholders *p, struct err *err)
{
	for (size_t i = 0; i < p->n; i++)
		if (hold(&p->v[i]) < 0)
			return err_host(err, errno, "keep %s from being made", p->v[i].path);
	return 0;
}

static void drop(const struct placeholder *p)
{
	struct stat st;

	if (sys_flock(p->fd, LOCK_EX | LOCK_NB) < 0 || !is_there(p->fd, p->path))
		return;
	if (fstat(p->fd, &st) == 0 && (S_ISDIR(st.st_mode) || st.st_size == 0))
		(void)sys_unlinkat(AT_FDCWD, p->path, /* a directory that is not empty stays */
				   S_ISDIR(st.st_mode) ? AT_REMOVEDIR : 0);
}

void placeholders_drop(struct placeholders *p)
{
	for (size_t i = p->n; i-- > 0;) {
		if (p->v[i].fd >= 0)
			drop(&p->v[i]);
		scope_close(&p->v[i].fd);
	}
}
