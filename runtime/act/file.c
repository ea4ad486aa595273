/* SPDX-License-Identifier: Apache-2.0 */
/* file.c - a file of ours in the container's tree.
 * Should: leave what is there already as it is, and cover it.  Mustn't: write through it. */
#include <string.h>

#include "runtime/act/act.h"
#include "spec/base/fd.h"
#include "spec/base/path.h"
#include "spec/base/sys.h"

/* Where a file that covers another is made: in the root itself, for a moment. */
#define COVER_NAME ".cover"

static int write_new(int dir, const char *name, const struct op *op)
{
	scoped_fd int fd = sys_openat(
		dir, name, O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC | O_WRONLY, (mode_t)op->a);

	if (fd < 0)
		return -1;
	return fd_write_all(fd, op->data, op->len);
}

/* A mount of a file that loses its name, over the one that is there. */
static int cover(struct act *x, const struct op *op, struct err *err)
{
	scoped_fd int place = open_in_root(x->root_fd, op->path, O_PATH);
	scoped_fd int fd = -1;

	if (place < 0)
		return err_host(err, errno, "open %s in the root", op->path);
	if (write_new(x->root_fd, COVER_NAME, op) < 0)
		return err_host(err, errno, "make a file to cover %s", op->path);
	fd = sys_open_tree(x->root_fd, COVER_NAME, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC);
	if (fd < 0)
		return err_host(err, errno, "bind a file over %s", op->path);
	/* Mounted first: what has no name cannot be. */
	TRY(act_attach(op, fd, place, err));
	if (sys_unlinkat(x->root_fd, COVER_NAME, 0) < 0)
		return err_host(err, errno, "take the name off what covers %s", op->path);
	return 0;
}

/* A small file system for a moment: of one that is mounted nowhere no file can be bound. It lies on the root meanwhile, which
 * x->root_fd still leads below. */
static int memory_file(struct act *x, const struct op *op, int *ret)
{
	scoped_fd int fs = sys_fsopen("tmpfs", FSOPEN_CLOEXEC);
	scoped_fd int top = -1;

	if (fs < 0 || sys_fsconfig(fs, FSCONFIG_SET_STRING, "size", "64k", 0) < 0 ||
	    sys_fsconfig(fs, FSCONFIG_SET_STRING, "mode", "0755", 0) < 0 ||
	    sys_fsconfig(fs, FSCONFIG_CMD_CREATE, NULL, NULL, 0) < 0)
		return -1;
	top = sys_fsmount(fs, FSMOUNT_CLOEXEC,
			  MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC);
	if (top < 0 || sys_move_mount(top, "", x->root_fd, "",
				      MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH) < 0)
		return -1;
	*ret = write_new(top, COVER_NAME, op) < 0
		       ? -1
		       : sys_open_tree(top, COVER_NAME, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC);
	if (sys_fchdir(top) < 0 || sys_umount2(".", MNT_DETACH) < 0)
		return -1;
	return *ret;
}

int act_file_over(struct act *x, const struct op *op, struct err *err)
{
	scoped_fd int place = -1;
	scoped_fd int fd = -1;

	TRY(act_target(x, op, true, &place, err));
	if (memory_file(x, op, &fd) < 0)
		return err_host(err, errno, "make a file to mount on %s", op->path);
	return act_attach(op, fd, place, err);
}

int act_file(struct act *x, const struct op *op, struct err *err)
{
	int dir;

	TRY(act_directory(x, op->path, &dir, err));
	if (write_new(dir, path_base(op->path), op) == 0)
		return 0;
	if (errno != EEXIST && errno != EROFS && errno != EACCES)
		return err_host(err, errno, "make %s", op->path);
	return cover(x, op, err);
}
