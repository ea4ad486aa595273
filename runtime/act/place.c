/* SPDX-License-Identifier: Apache-2.0 */
/* place.c - where in the container's tree something is mounted: found once, checked, and from then on an fd.
 * Mustn't: let a symlink of the container's decide that it is somewhere else. */
#include <string.h>
#include <sys/stat.h>

#include "runtime/act/act.h"
#include "spec/base/fd.h"
#include "spec/base/path.h"
#include "spec/base/sys.h"

#define PROC_SUPER_MAGIC 0x9fa0
#define DIR_MAX 4096

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

/* What is mounted on the directory that is held, or above it, covers it, by whatever path that is reached. */
int act_forget_covered(struct act *x, const struct op *op, int place, struct err *err)
{
	struct stat held, covered;

	if (x->dir_fd < 0)
		return 0;
	if (sys_fstat(x->dir_fd, &held) < 0 || sys_fstat(place, &covered) < 0)
		return err_host(err, errno, "stat %s in the root", op->path);
	if (path_beneath(x->dir_path, op->path) ||
	    (held.st_dev == covered.st_dev && held.st_ino == covered.st_ino))
		(void)sys_close(take_fd(&x->dir_fd));
	return 0;
}

/* Without the slash behind it, but for "/". */
static size_t directory_len(const char *path)
{
	size_t len = (size_t)(path_base(path) - path);

	return len > 1 ? len - 1 : len;
}

static bool is_held(const struct act *x, const char *path)
{
	size_t len = directory_len(path);

	return x->dir_fd >= 0 && len == x->dir_len && memcmp(x->dir_path, path, len) == 0;
}

static void hold(struct act *x, const char *path, size_t len, int fd, bool is_new)
{
	if (x->dir_fd >= 0)
		(void)sys_close(x->dir_fd);
	x->dir_fd = fd;
	x->dir_path = path;
	x->dir_len = len;
	x->dir_new = is_new;
}

/* In the root's own file system, and not in what is mounted there. */
static bool is_ours(const struct act *x, int dir)
{
	struct stat st;

	return x->root_new && sys_fstat(dir, &st) == 0 && st.st_dev == x->root_dev;
}

int act_directory(struct act *x, const char *path, int *ret, struct err *err)
{
	size_t len = directory_len(path);
	char dir[DIR_MAX];

	if (!is_held(x, path)) {
		scoped_fd int fd = -1;

		if (len >= sizeof(dir))
			return err_host(err, ENAMETOOLONG, "make %.64s…", path);
		memcpy(dir, path, len);
		dir[len] = '\0';
		TRY(make_in_root(x->root_fd, dir, false, &fd, NULL, err));
		bool ours = is_ours(x, fd);
		hold(x, path, len, take_fd(&fd), ours);
	}
	*ret = x->dir_fd;
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
	TRY(act_forget_covered(x, op, fd, err));
	*ret = take_fd(&fd);
	return 0;
}

int act_found(struct act *x, const struct op *op, int *ret, struct err *err)
{
	scoped_fd int fd = open_in_root(x->root_fd, op->path, O_PATH | O_DIRECTORY);

	if (fd < 0 && (errno == ENOENT || errno == ENOTDIR))
		return 1;
	if (fd < 0)
		return err_host(err, errno, "open %s in the root", op->path);
	TRY(check_place(op, fd, err));
	TRY(act_forget_covered(x, op, fd, err));
	*ret = take_fd(&fd);
	return 0;
}

void act_hold(struct act *x, const char *path, int fd)
{
	hold(x, path, strlen(path), fd, true);
}

const char *act_new_name(struct act *x, const char *path)
{
	struct err ignored; /* whoever looks the name up will tell */
	int dir;

	if (x->root_new && act_directory(x, path, &dir, &ignored) < 0)
		return NULL;
	return is_held(x, path) && x->dir_new ? path_base(path) : NULL;
}

const char *act_enter_new(struct act *x, const char *path)
{
	const char *name = act_new_name(x, path);

	return name && sys_fchdir(x->dir_fd) == 0 ? name : NULL;
}

/* The kernel says no more than EINVAL to a file on a directory, or the reverse. */
static bool differ_in_kind(int mount_fd, int target_fd)
{
	struct stat mount, target;

	return sys_fstat(mount_fd, &mount) == 0 && sys_fstat(target_fd, &target) == 0 &&
	       S_ISDIR(mount.st_mode) != S_ISDIR(target.st_mode);
}

/* "not a directory" is what engines look for there. */
static int not_attached(const struct op *op, int mount_fd, int target_fd, struct err *err)
{
	int errnum = errno;

	if (errnum != EINVAL || !differ_in_kind(mount_fd, target_fd))
		return err_host(err, errnum, "put the mount on %s", op->path);
	return err_host(
		err, ENOTDIR,
		"put %s on %s: a file does not go on a directory, nor a directory on a file",
		op->text ? op->text : "the mount", op->path);
}

int act_attach(const struct op *op, int mount_fd, int target_fd, struct err *err)
{
	unsigned int flags = MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH;

	if (sys_move_mount(mount_fd, "", target_fd, "", flags) < 0)
		return not_attached(op, mount_fd, target_fd, err);
	return 0;
}
