/* SPDX-License-Identifier: Apache-2.0 */
/* file.c - a file of ours in the container's tree.
 * Should: leave what is there already as it is, and cover it.  Mustn't: write through it. */
#include <string.h>

#include "runtime/act/act.h"
#include "spec/base/fd.h"
#include "spec/base/path.h"
#include "spec/base/sys.h"

#define DIR_MAX 4096
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

int act_file(struct act *x, const struct op *op, struct err *err)
{
	size_t len = (size_t)(path_base(op->path) - op->path);
	char path[DIR_MAX];
	scoped_fd int dir = -1;

	if (len >= sizeof(path))
		return err_host(err, ENAMETOOLONG, "make %.64s…", op->path);
	memcpy(path, op->path, len);
	path[len] = '\0';
	TRY(make_in_root(x->root_fd, path, false, &dir, NULL, err));
	if (write_new(dir, path_base(op->path), op) == 0)
		return 0;
	if (errno != EEXIST && errno != EROFS && errno != EACCES)
		return err_host(err, errno, "make %s", op->path);
	return cover(x, op, err);
}
