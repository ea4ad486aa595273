/* SPDX-License-Identifier: Apache-2.0 */
/* cut.c - walks what a payload could write.
 * Mustn't: follow a link, leave the file system, or look at more than so many names: it is the payload's tree. */
#include "runtime/sandbox/cut.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>

#include "runtime/sandbox/compose.h"
#include "spec/base/scope.h"
#include "spec/base/str.h"
#include "spec/base/sys.h"

#define DEPTH_MAX 32
#define NAMES_MAX 65536

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

static bool in_own(struct cut *c, int scratch_fd)
{
	/* From the sandbox's /, or a task's /tmp. */
	static const char *const places[] = { ".", "../dev/shm", ".." SANDBOX_HOME };

	for (size_t i = 0; i < ARRAY_LEN(places); i++)
		if (cut_find(c, scratch_fd, places[i]))
			return true;
	return false;
}

bool cut_found(const struct policy *p, int scratch_fd, time_t since)
{
	struct cut c = { policy_n(p, POLICY_FILE_SIZE), since, NAMES_MAX };

	if (in_own(&c, scratch_fd))
		return true;
	for (size_t i = 0; i < p->mounts.n; i++)
		if (p->mounts.v[i].writable && cut_find(&c, AT_FDCWD, p->mounts.v[i].source))
			return true;
	for (size_t i = 0; i < p->paths.n; i++)
		if (p->paths.v[i].access == ACCESS_WRITE && !p->paths.v[i].own &&
		    cut_find(&c, AT_FDCWD, p->paths.v[i].path))
			return true;
	return policy_n(p, POLICY_FS_WRITE) && cut_find(&c, AT_FDCWD, ".");
}
