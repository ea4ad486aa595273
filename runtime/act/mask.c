/* SPDX-License-Identifier: Apache-2.0 */
/* mask.c - paths that the process shall not read: files become /dev/null, directories an empty one.
 * Mustn't: trust that the container's /dev/null is the null device (CVE-2025-31133). */
#include <sys/stat.h>

#include "runtime/act/act.h"
#include "spec/base/fd.h"
#include "spec/base/sys.h"

#define NULL_MAJOR 1
#define NULL_MINOR 3
#define CLONE_EMPTY (OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_EMPTY_PATH)

static int clone_null(struct act *x, const struct op *op, int *ret, struct err *err)
{
	if (x->null_fd < 0) {
		scoped_fd int null = open_in_root(x->root_fd, "/dev/null", O_PATH);

		if (null < 0 || !fd_is_device(null, NULL_MAJOR, NULL_MINOR))
			return err_set(err, ERR_HOST, 0,
				       "mask %s: the container's /dev/null is not the null device",
				       op->path);
		x->null_fd = take_fd(&null);
	}
	*ret = sys_open_tree(x->null_fd, "", CLONE_EMPTY);
	return *ret < 0 ? err_host(err, errno, "mask %s: bind /dev/null", op->path) : 0;
}

/* One empty tmpfs serves all masked directories; it can be cloned only once it is mounted somewhere. */
static int clone_empty(struct act *x, const struct op *op, int *ret, struct err *err)
{
	struct op fs = { .type = "tmpfs", .path = op->path };
	scoped_fd int fs_fd = -1;

	if (x->empty_fd >= 0) {
		*ret = sys_open_tree(x->empty_fd, "", CLONE_EMPTY);
		return *ret < 0 ? err_host(err, errno, "mask %s", op->path) : 0;
	}
	fs_fd = sys_fsopen(fs.type, FSOPEN_CLOEXEC);
	if (fs_fd < 0 || sys_fsconfig(fs_fd, FSCONFIG_SET_STRING, "nr_inodes", "2", 0) < 0 ||
	    sys_fsconfig(fs_fd, FSCONFIG_CMD_CREATE, NULL, NULL, 0) < 0)
		return err_host(err, errno, "mask %s: make an empty directory", op->path);
	*ret = sys_fsmount(fs_fd, FSMOUNT_CLOEXEC,
			   MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV |
				   MOUNT_ATTR_NOEXEC);
	return *ret < 0 ? err_host(err, errno, "mask %s: make an empty directory", op->path) : 0;
}

int act_mask(struct act *x, const struct op *op, struct err *err)
{
	scoped_fd int place = open_in_root(x->root_fd, op->path, O_PATH);
	scoped_fd int fd = -1;
	struct stat st;

	if (place < 0 && (errno == ENOENT || errno == ENOTDIR))
		return 0; /* what is not there needs no mask */
	if (place < 0 || sys_fstat(place, &st) < 0)
		return err_host(err, errno, "open %s in the root", op->path);
	if (!S_ISDIR(st.st_mode)) {
		TRY(clone_null(x, op, &fd, err));
		return act_attach(op, fd, place, err);
	}
	TRY(clone_empty(x, op, &fd, err));
	TRY(act_attach(op, fd, place, err));
	if (x->empty_fd < 0)
		x->empty_fd = take_fd(&fd);
	return 0;
}
