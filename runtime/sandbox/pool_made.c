/* SPDX-License-Identifier: Apache-2.0 */
/* pool_made.c - a look at what is a task's own, and at the calling process. */
#include "runtime/sandbox/pool_made.h"

#include <fcntl.h>
#include <linux/ioprio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <sys/xattr.h>

#include "spec/base/sys.h"

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
	/* With what lies between the members. */
	memset(ret, 0, sizeof(*ret));
	return look_at_files(task, ret) && look_at_process(ret);
}

static bool renew_times(const struct plan *task, struct made *m)
{
	const char *path;

	for (size_t at = 0; (path = next_own(task, &at));)
		if (utimensat(AT_FDCWD, path, NULL, AT_SYMLINK_NOFOLLOW) < 0)
			return false;
	return look_at_files(task, m);
}

bool made_is_same(const struct plan *task, struct made *m)
{
	struct made now;
	bool read = false;

	if (!made_look(task, &now))
		return false;
	for (size_t i = 0; i < MADE_FILES_MAX; i++) {
		read = read || memcmp(&now.files[i].read, &m->files[i].read,
				      sizeof(now.files[i].read)) != 0;
		now.files[i].read = m->files[i].read;
	}
	return memcmp(&now, m, sizeof(now)) == 0 && (!read || renew_times(task, m));
}
