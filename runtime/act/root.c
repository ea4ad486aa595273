/* SPDX-License-Identifier: Apache-2.0 */
/* root.c - the container's tree: opened, and later made the root of the mount namespace.
 * Should: leave no reference to the old root.  Mustn't: follow a symlink of the container's. */
#include <sys/stat.h>

#include "runtime/act/act.h"
#include "spec/base/fd.h"
#include "spec/base/sys.h"

int act_propagation_all(struct act *x, const struct op *op, struct err *err)
{
	(void)x;
	if (sys_mount(NULL, "/", NULL, op->a, NULL) < 0)
		return err_host(err, errno, "cut this mount namespace off from the host's");
	return 0;
}

static int open_rootfs(struct act *x, const struct op *op, int *ret, struct err *err)
{
	scoped_fd int fd = -1;
	struct stat st;

	if (op->flags & OP_BY_PARENT)
		TRY(x->ask(x->ask_ctx, op, &fd, err));
	else
		fd = sys_openat(AT_FDCWD, op->path, O_PATH | O_NOFOLLOW | O_CLOEXEC, 0);

	if (fd < 0)
		return err_path(err, errno, op->path, "open the root file system %s", op->path);
	if (sys_fstat(fd, &st) < 0)
		return err_host(err, errno, "stat the root file system %s", op->path);
	if (S_ISLNK(st.st_mode))
		return err_input(err,
				 "the root file system %s is a symlink; name the directory itself",
				 op->path);
	if (!S_ISDIR(st.st_mode))
		return err_input(err, "the root file system %s is not a directory", op->path);
	*ret = take_fd(&fd);
	return 0;
}

/* pivot_root(2) wants a mount point: the tree is bound onto itself. The fd of that mount is the root from here on. */
int act_root_open(struct act *x, const struct op *op, struct err *err)
{
	unsigned int flags = OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_EMPTY_PATH | AT_RECURSIVE;
	scoped_fd int place = -1;
	scoped_fd int fd = -1;

	TRY(open_rootfs(x, op, &place, err));
	fd = sys_open_tree(place, "", flags);
	if (fd < 0)
		return err_host(err, errno, "bind the root file system %s", op->path);
	TRY(act_attach(op, fd, place, err));
	x->root_fd = take_fd(&fd);
	return 0;
}

int act_root_readonly(struct act *x, const struct op *op, struct err *err)
{
	struct mount_attr attr = { .attr_set = MOUNT_ATTR_RDONLY };

	(void)op;
	if (sys_mount_setattr(x->root_fd, "", AT_EMPTY_PATH, &attr) < 0)
		return err_host(err, errno, "make the root read-only");
	return 0;
}

/* With "." twice the old root ends up on top of the new one, and is then taken off (pivot_root(2), "pivot_root(".", ".")"):
 * no directory for it is needed in the tree. */
int act_pivot(struct act *x, const struct op *op, struct err *err)
{
	if (sys_fchdir(x->root_fd) < 0)
		return err_host(err, errno, "enter the root file system");
	if (sys_pivot_root(".", ".") < 0)
		return err_host(err, errno, "pivot_root to %s (where / is a ramfs, use --no-pivot)",
				x->plan->rootfs);
	if (sys_umount2(".", MNT_DETACH) < 0)
		return err_host(err, errno, "take the old root off");
	(void)op;
	return sys_chdir("/") < 0 ? err_host(err, errno, "enter /") : 0;
}

int act_move_root(struct act *x, const struct op *op, struct err *err)
{
	(void)op;
	if (sys_fchdir(x->root_fd) < 0)
		return err_host(err, errno, "enter the root file system");
	if (sys_mount(".", "/", NULL, MS_MOVE, NULL) < 0)
		return err_host(err, errno, "move %s to /", x->plan->rootfs);
	if (sys_chroot(".") < 0 || sys_chdir("/") < 0)
		return err_host(err, errno, "make %s the root", x->plan->rootfs);
	return 0;
}

int act_root_propagation(struct act *x, const struct op *op, struct err *err)
{
	struct mount_attr attr = { .propagation = op->a & ~(uint64_t)MS_REC };

	if (sys_mount_setattr(x->root_fd, "", AT_EMPTY_PATH | AT_RECURSIVE, &attr) < 0)
		return err_host(err, errno, "set the propagation of the root");
	return 0;
}
