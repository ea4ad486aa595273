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

#define MADE_MODE 0755 /* of what make_in_root makes */
#define PLAIN_MODE 01777ULL /* what mkdir(2) gives, under our empty umask */

/* The directory's fd is a mere place: for its mode it is opened. */
static int set_mode(int place, const struct op *op, struct err *err)
{
	scoped_fd int dir = sys_openat(place, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0);

	if (dir < 0 || sys_fchmod(dir, (mode_t)op->a) < 0)
		return err_host(err, errno, "set the mode of %s", op->path);
	return 0;
}

int act_mkdir(struct act *x, const struct op *op, struct err *err)
{
	const char *name = op->a & ~PLAIN_MODE ? NULL : act_new_name(x, op->path);
	scoped_fd int fd = -1;
	int made = 0;

	if (name && sys_mkdirat(x->dir_fd, name, (mode_t)op->a) == 0)
		return 0;
	TRY(make_in_root(x->root_fd, op->path, false, &fd, &made, err));
	return made && op->a != MADE_MODE ? set_mode(fd, op, err) : 0;
}

static int empty_file(int dir, const char *name)
{
	int fd = sys_openat(dir, name, O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC | O_RDONLY, 0666);

	return fd < 0 && errno == EEXIST ? sys_openat(dir, name, O_PATH | O_NOFOLLOW | O_CLOEXEC, 0)
					 : fd;
}

static bool is_device(const struct stat *st, dev_t dev)
{
	return (S_ISCHR(st->st_mode) || S_ISBLK(st->st_mode)) && st->st_rdev == dev;
}

static int not_bound(const struct op *op, struct err *err)
{
	return err_host(err, errno,
			"bind the host's %s (device nodes cannot be made in a user namespace)",
			op->text);
}

static int not_the_device(const struct op *op, struct err *err)
{
	return err_host(err, ENODEV, "the host's %s is not device %u:%u", op->text, major(op->b),
			minor(op->b));
}

/* By name, which takes the kernel half the work; only where nobody else can have put something there. The host's node is
 * looked at once it is bound. 1 where the name is taken. */
static int bind_new(const struct op *op, const char *name, struct err *err)
{
	struct stat st;

	if (sys_mknodat(AT_FDCWD, name, S_IFREG | 0666, 0) < 0)
		return errno == EEXIST ? 1 : err_host(err, errno, "make %s", op->path);
	if (sys_mount(op->text, name, NULL, MS_BIND, NULL) < 0)
		return not_bound(op, err);
	if (sys_fstatat(AT_FDCWD, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return err_host(err, errno, "stat %s", op->path);
	return is_device(&st, op->b) ? 0 : not_the_device(op, err);
}

int act_device_bind(struct act *x, const struct op *op, struct err *err)
{
	const char *name = act_enter_new(x, op->path);
	int dir, taken = name ? bind_new(op, name, err) : 1;
	struct stat st;

	if (taken <= 0)
		return taken;
	scoped_fd int fd = sys_open_tree(AT_FDCWD, op->text,
					 OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_SYMLINK_NOFOLLOW);
	if (fd < 0)
		return not_bound(op, err);
	if (sys_fstat(fd, &st) < 0 || !is_device(&st, op->b))
		return not_the_device(op, err);
	TRY(act_directory(x, op->path, &dir, err));
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

	TRY(act_directory(x, op->path, &dir, err));
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

	TRY(act_directory(x, op->path, &dir, err));
	if (sys_symlinkat(op->text, dir, path_base(op->path)) < 0 && errno != EEXIST)
		return err_host(err, errno, "make the link %s", op->path);
	return 0;
}
