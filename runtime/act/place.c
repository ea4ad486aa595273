/* SPDX-License-Identifier: Apache-2.0 */
/* place.c - where in the container's tree something is mounted: found once, checked, and from then on an fd.
 * Mustn't: let a symlink of the container's decide that it is somewhere else. */
#include <sys/stat.h>

#include "runtime/act/act.h"
#include "spec/base/fd.h"
#include "spec/base/path.h"
#include "spec/base/sys.h"

#define PROC_SUPER_MAGIC 0x9fa0

/* What lies on procfs may only be what the plan put below /proc: a symlink or a shared volume of the container's could lead
 * a mount over a file that this program, or an LSM, trusts (CVE-2019-16884). */
static int check_place(const struct op *op, int fd, struct err *err)
{
	struct stat st;

	if ((op->flags & OP_NOFOLLOW_DEST) && (sys_fstat(fd, &st) < 0 || S_ISLNK(st.st_mode)))
		return err_host(err, ELOOP, "mount on %s: the root file system has a symlink there",
				op->path);
	if (fd_is_fs(fd, PROC_SUPER_MAGIC) && !path_beneath(op->path, "/proc"))
		return err_host(err, EPERM, "mount on %s: it leads into /proc", op->path);
	return 0;
}

int act_target(struct act *x, const struct op *op, bool file, int *ret, struct err *err)
{
	scoped_fd int fd = -1;

	if (op->flags & OP_NOFOLLOW_DEST)
		fd = open_in_root(x->root_fd, op->path, O_PATH | O_NOFOLLOW);
	/* Only what is missing is made: that follows symlinks. */
	if (fd < 0 && (op->flags & OP_NOFOLLOW_DEST) && errno != ENOENT)
		return err_host(err, errno, "open %s in the root", op->path);
	if (fd < 0)
		TRY(make_in_root(x->root_fd, op->path, file, &fd, NULL, err));
	TRY(check_place(op, fd, err));
	*ret = take_fd(&fd);
	return 0;
}

int act_attach(const struct op *op, int mount_fd, int target_fd, struct err *err)
{
	unsigned int flags = MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH;

	if (sys_move_mount(mount_fd, "", target_fd, "", flags) < 0)
		return err_host(err, errno, "put the mount on %s", op->path);
	return 0;
}
