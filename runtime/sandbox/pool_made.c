/* SPDX-License-Identifier: Apache-2.0 */
/* pool_made.c - a look at what is a task's own, and at the calling process; and what a task has left there is removed.
 * Mustn't: take for as it was made what it has not looked at. */
#include "runtime/sandbox/pool_made.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <linux/ioprio.h>
#include <linux/openat2.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <sys/xattr.h>

#include "spec/base/fd.h"
#include "spec/base/sys.h"

/* So many files and names may be removed, and so deep directories. */
#define MADE_LEFT_MAX 64
#define MADE_DEPTH_MAX 8

/* Not by the path's last part if it is a link: then it is another file, which is seen. */
static bool look_at_file(const char *path, struct made_file *ret)
{
	struct stat st;

	ret->names = llistxattr(path, NULL, 0);
	if (ret->names < 0 || sys_fstatat(AT_FDCWD, path, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return false;
	ret->device = st.st_dev;
	ret->inode = st.st_ino;
	ret->links = st.st_nlink;
	ret->size = (uint64_t)st.st_size;
	ret->mode = st.st_mode;
	ret->uid = st.st_uid;
	ret->gid = st.st_gid;
	ret->read = st.st_atim;
	ret->written = st.st_mtim;
	ret->changed = st.st_ctim;
	return true;
}

/* Made with its file system, for whoever mounts that; the only file beside the private space that is a task's own. */
#define TERMINALS "devpts"
#define TERMINAL_MAKER "/dev/pts/ptmx"

/* The next path of a task's own in the plan at or after *at; NULL behind the last one. */
static const char *next_own(const struct plan *task, size_t *at)
{
	while (*at < task->n) {
		const struct op *op = &task->ops[(*at)++];

		if (op->code == OP_BIND)
			return op->path;
		if (op->code == OP_MOUNT && str_eq(op->type, TERMINALS))
			return TERMINAL_MAKER;
	}
	return NULL;
}

/* All directories are on one file system. */
static bool look_at_files(const struct plan *task, struct made *ret)
{
	const char *path, *space = NULL;
	struct statfs fs;
	size_t n = 0;

	for (size_t at = 0; (path = next_own(task, &at)); n++) {
		if (n == MADE_FILES_MAX || !look_at_file(path, &ret->files[n]))
			return false;
		if (S_ISDIR(ret->files[n].mode))
			space = path;
	}
	if (!space)
		return true;
	if (statfs(space, &fs) < 0)
		return false;
	ret->blocks_free = fs.f_bfree;
	ret->files_free = fs.f_ffree;
	return true;
}

/* The directories of the first process that its user owns though it is closed to him (task_dump_owner), and may write times to: the
 * kernel keeps these as long as it has the entry at hand. Who only reads there changes none. */
static const char *const noted[MADE_NOTES] = {
	"/proc/1/attr",	       "/proc/1/fdinfo",	"/proc/1/net",	      "/proc/1/task",
	"/proc/1/task/1/attr", "/proc/1/task/1/fdinfo", "/proc/1/task/1/net",
};

static bool look_at_notes(struct made *ret)
{
	for (size_t i = 0; i < MADE_NOTES; i++) {
		struct made_note *n = &ret->notes[i];
		struct stat st;

		if (sys_fstatat(AT_FDCWD, noted[i], &st, AT_SYMLINK_NOFOLLOW) == 0)
			*n = (struct made_note){ st.st_atim, st.st_mtim, st.st_ctim };
		else if (errno != ENOENT)
			return false;
	}
	return true;
}

static bool look_at_process(struct made *ret)
{
	for (int i = 0; i < RLIM_NLIMITS; i++)
		if (sys_prlimit(0, i, NULL, &ret->limits[i]) < 0)
			return false;
	ret->io_priority = sys_ioprio_get(IOPRIO_WHO_PROCESS, 0);
	return ret->io_priority >= 0 &&
	       sys_sched_getattr(0, ret->priority, sizeof(ret->priority)) == 0 &&
	       sched_getaffinity(0, sizeof(ret->processors), &ret->processors) == 0;
}

bool made_look(const struct plan *task, struct made *ret)
{
	memset(ret, 0, sizeof(*ret));
	return look_at_files(task, ret) && look_at_notes(ret) && look_at_process(ret);
}

/* --- to make it so again --- */

static bool is_dots(const char *name)
{
	return str_eq(name, ".") || str_eq(name, "..");
}

static bool empty_directory(int fd, int depth);

static bool remove_entry(int dir, const char *name, int depth)
{
	const struct open_how how = { .flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC,
				      .resolve = RESOLVE_BENEATH | RESOLVE_NO_XDEV |
						 RESOLVE_NO_SYMLINKS };
	scoped_fd int fd = -1;

	if (sys_unlinkat(dir, name, 0) == 0)
		return true;
	if (errno != EISDIR || depth == 0)
		return false;
	fd = sys_openat2(dir, name, &how);
	return fd >= 0 && empty_directory(fd, depth - 1) &&
	       sys_unlinkat(dir, name, AT_REMOVEDIR) == 0;
}

/* Nobody else is there who could change it meanwhile. */
static bool empty_directory(int fd, int depth)
{
	_Alignas(struct sys_dirent) char room[1024];
	ssize_t n;

	while ((n = sys_getdents(fd, room, sizeof(room))) > 0) {
		const struct sys_dirent *e;

		for (ssize_t at = 0; at < n; at += e->len) {
			e = (const void *)(room + at);
			if (!is_dots(e->name) && !remove_entry(fd, e->name, depth))
				return false;
		}
	}
	return n == 0;
}

/* What chattr(1) sets, as its owner may; a directory that is made has none. Where the file system knows none, nobody sets them. */
static bool has_flags(int fd)
{
	int flags = 0;

	return sys_ioctl(fd, FS_IOC_GETFLAGS, &flags) < 0 ? errno != ENOTTY : flags != 0;
}

/* False where they cannot be as they were made. */
static bool look_into_spaces(const struct plan *task, bool empty)
{
	const char *path;

	for (size_t at = 0; (path = next_own(task, &at));) {
		scoped_fd int fd = sys_openat(AT_FDCWD, path,
					      O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC, 0);

		if (fd < 0 ? errno != ENOTDIR
			   : has_flags(fd) || (empty && !empty_directory(fd, MADE_DEPTH_MAX)))
			return false;
	}
	return true;
}

/* As of what is just made, all of a file's times are the same. */
static bool renew_times(const struct plan *task)
{
	const char *path;

	for (size_t at = 0; (path = next_own(task, &at));)
		if (utimensat(AT_FDCWD, path, NULL, AT_SYMLINK_NOFOLLOW) < 0)
			return false;
	return true;
}

static void take_times(struct made *to, const struct made *from)
{
	for (size_t i = 0; i < MADE_FILES_MAX; i++) {
		to->files[i].read = from->files[i].read;
		to->files[i].written = from->files[i].written;
		to->files[i].changed = from->files[i].changed;
	}
}

static bool is_same(const struct made *a, const struct made *b)
{
	return memcmp(a, b, sizeof(*a)) == 0;
}

/* Of the process and what /proc has of it one look will do: nobody is there who could change it between two. */
bool made_again(const struct plan *task, struct made *m)
{
	struct made now;
	bool same;

	if (!made_look(task, &now))
		return false;
	same = is_same(&now, m);
	/* It takes less time to make all anew than to remove much. */
	if (now.files_free + MADE_LEFT_MAX < m->files_free || !look_into_spaces(task, !same))
		return false;
	if (same)
		return true;
	if (!renew_times(task) || !look_at_files(task, &now))
		return false;
	take_times(m, &now);
	return is_same(&now, m);
}
