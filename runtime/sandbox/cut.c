/* SPDX-License-Identifier: Apache-2.0 */
/* cut.c - walks what a payload could write.
 * Mustn't: follow a link, leave the file system, or look at more than so many names: it is the payload's tree. */
#include "runtime/sandbox/cut.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>

#include "spec/base/scope.h"
#include "spec/base/str.h"
#include "spec/base/sys.h"

#define DEPTH_MAX 32

static bool is_cut(const struct cut *c, const struct stat *st)
{
	return S_ISREG(st->st_mode) && (uint64_t)st->st_size == c->size &&
	       st->st_ctim.tv_sec >= c->since;
}

static bool below(struct cut *c, int dir_fd, const char *name, dev_t device, int depth);

static bool among(struct cut *c, DIR *dir, dev_t device, int depth)
{
	struct dirent *d;
	struct stat st;

	while (c->left && (d = readdir(dir))) {
		if (str_eq(d->d_name, ".") || str_eq(d->d_name, ".."))
			continue;
		c->left--;
		if (sys_fstatat(dirfd(dir), d->d_name, &st, AT_SYMLINK_NOFOLLOW) < 0 ||
		    st.st_dev != device)
			continue;
		if (is_cut(c, &st) ||
		    (S_ISDIR(st.st_mode) && below(c, dirfd(dir), d->d_name, device, depth + 1)))
			return true;
	}
	return false;
}

static bool below(struct cut *c, int dir_fd, const char *name, dev_t device, int depth)
{
	int flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC;
	scoped_fd int fd = depth < DEPTH_MAX ? sys_openat(dir_fd, name, flags, 0) : -1;
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	bool found;

	if (!dir)
		return false;
	(void)take_fd(&fd);
	found = among(c, dir, device, depth);
	(void)closedir(dir);
	return found;
}

bool cut_find(struct cut *c, int dir_fd, const char *path)
{
	struct stat st;

	if (sys_fstatat(dir_fd, path, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return false;
	return is_cut(c, &st) || (S_ISDIR(st.st_mode) && below(c, dir_fd, path, st.st_dev, 0));
}
