/* SPDX-License-Identifier: Apache-2.0 */
/* dev.c - device nodes, links and directories in the container's tree.
 * Should: hold the directory while something is made in it.  Mustn't: bind a host file that is not the device it is named
 * after, or follow a symlink at the last component. */
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "runtime/act/act.h"
#include "spec/base/fd.h"
#include "spec/base/path.h"
#include "spec/base/sys.h"

#define DIR_MAX 4096

/* The directory that path's last component is in, made where missing. Kept for the next op, as devices come in a row. */
static int directory(struct act *x, const char *path, int *ret, struct err *err)
{
	size_t len = (size_t)(path_base(path) - path);
	char dir[DIR_MAX];

	if (x->dir_fd >= 0 && len == x->dir_len && memcmp(x->dir_path, path, len) == 0) {
		*ret = x->dir_fd;
		return 0;
	}
	if (len >= sizeof(dir))
		return err_host(err, ENAMETOOLONG, "make %.64s…", path);
	memcpy(dir, path, len);
	dir[len] = '\0';
	scoped_fd int fd = -1;
	TRY(make_in_root(x->root_fd, dir, false, &fd, NULL, err));
	if (x->dir_fd >= 0)
		(void)sys_close(x->dir_fd);
	x->dir_fd = take_fd(&fd);
	x->dir_path = path;
	x->dir_len = len;
	*ret = x->dir_fd;
	return 0;
}

int act_mkdir(struct act *x, const struct op *op, struct err *err)
{
	scoped_fd int fd = -1;

	return make_in_root(x->root_fd, op->path, false, &fd, NULL, err);
}

static int empty_file(int dir, const char *name)
{
	int fd = sys_openat(dir, name, O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC | O_RDONLY, 0666);

	return fd < 0 && errno == EEXIST ? sys_openat(dir, name, O_PATH | O_NOFOLLOW | O_CLOEXEC, 0)
					 : fd;
}

static bool is_device(int fd, dev_t dev)
{
	struct stat st;

	return sys_fstat(fd, &st) == 0 && (S_ISCHR(st.st_mode) || S_ISBLK(st.st_mode)) &&
	       st.st_rdev == dev;
}

int act_device_bind(struct act *x, const struct op *op, struct err *err)
{
	scoped_fd int fd = sys_open_tree(AT_FDCWD, op->text,
					 OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_SYMLINK_NOFOLLOW);
	int dir;

	if (fd < 0)
		return err_host(
			err, errno,
			"bind the host's %s (device nodes cannot be made in a user namespace)",
			op->text);
	if (!is_device(fd, op->b))
		return err_host(err, ENODEV, "the host's %s is not device %u:%u", op->text,
				major(op->b), minor(op->b));
	TRY(directory(x, op->path, &dir, err));
	scoped_fd int place = empty_file(dir, path_base(op->path));
	if (place < 0)
		return err_host(err, errno, "make %s", op->path);
	return act_attach(op, fd, place, err);
}

int act_mknod(struct act *x, const struct op *op, struct err *err)
{
	const char *name = path_base(op->path);
	struct stat st;
	int dir;

	TRY(directory(x, op->path, &dir, err));
	if (sys_mknodat(dir, name, (mode_t)op->a, (dev_t)op->b) < 0) {
		if (errno != EEXIST)
			return err_host(err, errno, "make the device %s", op->path);
		scoped_fd int fd = sys_openat(dir, name, O_PATH | O_NOFOLLOW | O_CLOEXEC, 0);
		if (fd < 0 || sys_fstat(fd, &st) < 0 || (st.st_mode & S_IFMT) != (op->a & S_IFMT) ||
		    (!S_ISFIFO(st.st_mode) && st.st_rdev != (dev_t)op->b))
			return err_host(err, EEXIST, "make the device %s: something else is there",
					op->path);
	}
	if (op->c &&
	    sys_fchownat(dir, name, (uid_t)(op->c >> 32), (gid_t)op->c, AT_SYMLINK_NOFOLLOW) < 0)
		return err_host(err, errno, "give %s its owner", op->path);
	return 0;
}

/* What is there already is the tree's own choice, and no more than a name inside. */
int act_symlink(struct act *x, const struct op *op, struct err *err)
{
	int dir;

	TRY(directory(x, op->path, &dir, err));
	if (sys_symlinkat(op->text, dir, path_base(op->path)) < 0 && errno != EEXIST)
		return err_host(err, errno, "make the link %s", op->path);
	return 0;
}
