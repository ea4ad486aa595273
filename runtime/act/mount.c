/* SPDX-License-Identifier: Apache-2.0 */
/* mount.c - new file systems, bind mounts and their attributes, by the mount calls that take fds.
 *
 * Each mount is made detached, gets its attributes, and is then put on a place that was opened inside the root: no path of
 * the container's is walked twice. Needs Linux 5.12 (mount_setattr). */
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "runtime/act/act.h"
#include "spec/base/fd.h"
#include "spec/base/path.h"
#include "spec/base/sys.h"

#define DATA_MAX 4096

/* The kernel's own words on why it refused an option: "e tmpfs: Bad value for 'size'". */
static int refused(const struct op *op, int fs_fd, int errnum, struct err *err)
{
	char why[256];
	ssize_t n = sys_read(fs_fd, why, sizeof(why) - 1);

	if (n < 3)
		return err_host(err, errnum, "mount %s on %s", op->type, op->path);
	why[n] = '\0';
	why[strcspn(why, "\n")] = '\0';
	return err_host(err, errnum, "mount %s on %s (%s)", op->type, op->path, why + 2);
}

/* The end of the option at s: a comma that is neither after a backslash (overlay) nor in quotes (SELinux). */
static char *option_end(char *s)
{
	bool quoted = false;

	while (*s && (*s != ',' || quoted)) {
		quoted = quoted != (*s == '"');
		s += s[0] == '\\' && s[1] ? 2 : 1;
	}
	return s;
}

/* fsconfig(2) takes a value as it is. */
static char *unquoted(char *value)
{
	size_t n = strlen(value);

	if (n < 2 || value[0] != '"' || value[n - 1] != '"')
		return value;
	value[n - 1] = '\0';
	return value + 1;
}

/* The comma-separated options, one by one. */
static int set_options(const struct op *op, int fs_fd, struct err *err)
{
	char data[DATA_MAX], *s = data;

	if (op->len >= sizeof(data))
		return err_limit(err, "mount %s on %s: the options are longer than %d bytes",
				 op->type, op->path, DATA_MAX - 1);
	memcpy(data, op->data, op->len);
	data[op->len] = '\0';
	while (*s) {
		char *end = option_end(s), *value;
		int r;

		char *next = *end ? end + 1 : end;
		*end = '\0';
		value = strchr(s, '=');
		if (value) {
			*value++ = '\0';
			r = sys_fsconfig(fs_fd, FSCONFIG_SET_STRING, s, unquoted(value), 0);
		} else {
			r = *s ? sys_fsconfig(fs_fd, FSCONFIG_SET_FLAG, s, NULL, 0) : 0;
		}
		if (r < 0)
			return refused(op, fs_fd, errno, err);
		s = next;
	}
	return 0;
}

static int new_mount(const struct op *op, int *ret, struct err *err)
{
	scoped_fd int fs_fd = sys_fsopen(op->type, FSOPEN_CLOEXEC);

	if (fs_fd < 0)
		return err_host(err, errno, "mount %s on %s", op->type, op->path);
	if (op->text && sys_fsconfig(fs_fd, FSCONFIG_SET_STRING, "source", op->text, 0) < 0)
		return refused(op, fs_fd, errno, err);
	if (op->len)
		TRY(set_options(op, fs_fd, err));
	if (sys_fsconfig(fs_fd, FSCONFIG_CMD_CREATE, NULL, NULL, 0) < 0)
		return refused(op, fs_fd, errno, err);
	*ret = sys_fsmount(fs_fd, FSMOUNT_CLOEXEC, (unsigned int)op->a);
	return *ret < 0 ? refused(op, fs_fd, errno, err) : 0;
}

static const struct {
	uint64_t attr;
	unsigned long flag;
} old_flags[] = {
	{ MOUNT_ATTR_NOSUID, MS_NOSUID },	    { MOUNT_ATTR_NODEV, MS_NODEV },
	{ MOUNT_ATTR_NOEXEC, MS_NOEXEC },	    { MOUNT_ATTR_NOATIME, MS_NOATIME },
	{ MOUNT_ATTR_STRICTATIME, MS_STRICTATIME }, { MOUNT_ATTR_NODIRATIME, MS_NODIRATIME },
};

/* mount(2) is one call where fsopen(2) and its like are eight, and takes a page of options where fsconfig(2) takes 255 bytes
 * for each (overlay's lowerdir). on: a name in the working directory, or that directory itself. False where it refuses, or
 * where it would mean something else (MS_RDONLY is the file system's, not the mount's): the long way then also tells why. */
static bool mount_at_once(const struct op *op, const char *on)
{
	uint64_t attrs = op->a;
	unsigned long flags = 0;

	for (size_t i = 0; i < ARRAY_LEN(old_flags); i++)
		if (attrs & old_flags[i].attr) {
			attrs &= ~old_flags[i].attr;
			flags |= old_flags[i].flag;
		}
	if (attrs || (op->flags & OP_COPY_UP))
		return false;
	return sys_mount(op->text, on, op->type, flags, op->data) == 0;
}

/* What was mounted by its name in the working directory, or by its place, has no fd yet. */
static int hold_found(struct act *x, const struct op *op, const char *name, struct err *err)
{
	scoped_fd int fd = -1;

	if (!(op->flags & OP_HOLD))
		return 0;
	fd = name ? sys_openat(AT_FDCWD, name, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC, 0)
		  : open_in_root(x->root_fd, op->path, O_PATH | O_DIRECTORY);
	if (fd < 0)
		return err_host(err, errno, "open the mount on %s", op->path);
	act_hold(x, op->path, take_fd(&fd));
	return 0;
}

/* Where others change names, its path could meanwhile lead elsewhere. */
static bool may_find(const struct act *x, const struct op *op)
{
	return !op->held && (x->root_alone || !(op->flags & OP_HOLD));
}

/* In a directory that only we write to, a name that we have just made is as good as an fd. */
static bool mount_new(struct act *x, const struct op *op)
{
	const char *name = op->held ? NULL : act_enter_new(x, op->path);

	return name && sys_mkdirat(AT_FDCWD, name, 0755) == 0 && mount_at_once(op, name);
}

/* What a tmpfs covers, copied into it before it covers it. */
static int copy_up(const struct op *op, int place, int mount_fd, struct err *err)
{
	scoped_fd int from = sys_openat(place, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0);

	if (from < 0)
		return err_host(err, errno, "open what lies at %s", op->path);
	return act_copy_up(from, mount_fd, op->path, err);
}

/* The ops that follow change this very mount, or make names in it. */
static int keep(struct act *x, const struct op *op, int *fd, struct err *err)
{
	if (op->held) {
		int held = op->flags & OP_HOLD ? sys_fcntl(*fd, F_DUPFD_CLOEXEC, 0) : take_fd(fd);

		if (held < 0)
			return err_host(err, errno, "hold the mount on %s", op->path);
		x->plan->held[op->held - 1] = held;
	}
	if (op->flags & OP_HOLD)
		act_hold(x, op->path, take_fd(fd));
	return 0;
}

int act_mount(struct act *x, const struct op *op, struct err *err)
{
	scoped_fd int place = -1;
	scoped_fd int fd = -1;

	if (mount_new(x, op))
		return hold_found(x, op, path_base(op->path), err);
	TRY(act_target(x, op, false, &place, err));
	if (may_find(x, op) && sys_fchdir(place) == 0 && mount_at_once(op, "."))
		return hold_found(x, op, NULL, err);
	TRY(new_mount(op, &fd, err));
	if (op->flags & OP_COPY_UP)
		TRY(copy_up(op, place, fd, err));
	TRY(act_attach(op, fd, place, err));
	return keep(x, op, &fd, err);
}

static int set_attrs(const struct op *op, int fd, bool recursive, uint64_t set, uint64_t clear,
		     struct err *err)
{
	struct mount_attr attr = { .attr_set = set, .attr_clr = clear };

	if (!set && !clear)
		return 0;
	if (sys_mount_setattr(fd, "", AT_EMPTY_PATH | (recursive ? AT_RECURSIVE : 0U), &attr) == 0)
		return 0;
	if (errno == EPERM && clear)
		return err_host(
			err, errno,
			"change the attributes of %s: the host locks them for this user namespace",
			op->path);
	return err_host(err, errno, "change the attributes of %s", op->path);
}

int act_map_ids(const struct op *op, int fd, int user, struct err *err)
{
	const struct mount_idmap *map = op->data;
	struct mount_attr attr = { .attr_set = MOUNT_ATTR_IDMAP, .userns_fd = (uint64_t)user };

	if (sys_mount_setattr(fd, "", AT_EMPTY_PATH | (map->recursive ? AT_RECURSIVE : 0U), &attr) <
	    0)
		return err_host(
			err, errno,
			"map the ids of the mount on %s (does the file system of %s support it?)",
			op->path, op->text);
	return 0;
}

static int set_idmap(struct act *x, const struct op *op, int fd, struct err *err)
{
	scoped_fd int user = -1;

	TRY(act_idmap_fd(x, op->data, &user, err));
	return act_map_ids(op, fd, user, err);
}

/* A symlink as the source of a mount with copy-symlink is made again at the destination. */
static int copy_symlink(struct act *x, const struct op *op, int source, struct err *err)
{
	char target[4096];
	ssize_t n = readlinkat(source, "", target, sizeof(target) - 1);
	struct op link = *op;

	if (n < 0)
		return err_host(err, errno, "read the symlink %s", op->text);
	target[n] = '\0';
	link.text = target;
	return act_symlink(x, &link, err);
}

int act_clone_source(const struct op *op, int *ret, struct err *err)
{
	unsigned int flags = OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | (op->c ? AT_RECURSIVE : 0U) |
			     (op->flags & OP_NOFOLLOW_SOURCE ? AT_SYMLINK_NOFOLLOW : 0U);

	*ret = sys_open_tree(AT_FDCWD, op->text, flags);
	if (*ret < 0 && errno == EINVAL && !op->c)
		return err_host(err, errno,
				"bind %s: it holds mounts that are locked to it; use rbind",
				op->text);
	return *ret < 0 ? err_path(err, errno, op->text, "bind %s", op->text) : 0;
}

/* By the parent, which may more, the source comes with its ids mapped already. */
static int open_source(struct act *x, const struct op *op, int *ret, struct err *err)
{
	if (op->flags & OP_BY_PARENT)
		return x->ask(x->ask_ctx, op, ret, err);
	return act_clone_source(op, ret, err);
}

/* Likewise of a detached mount. Where it fails the long way tells why. */
static bool attach_new(struct act *x, const struct op *op, bool file, int fd)
{
	const char *name = act_new_name(x, op->path);
	int made;

	if (!name)
		return false;
	made = file ? sys_mknodat(x->dir_fd, name, S_IFREG | 0644, 0)
		    : sys_mkdirat(x->dir_fd, name, 0755);
	return made == 0 && sys_move_mount(fd, "", x->dir_fd, name, MOVE_MOUNT_F_EMPTY_PATH) == 0;
}

static int attach(struct act *x, const struct op *op, bool file, int fd, struct err *err)
{
	scoped_fd int place = -1;

	if (attach_new(x, op, file, fd))
		return 0;
	TRY(act_target(x, op, file, &place, err));
	return act_attach(op, fd, place, err);
}

/* Nothing to be changed about it on its way from its source to its place. */
static bool is_plain(const struct op *op)
{
	return !op->a && !op->d && !op->len && !op->held && !op->flags;
}

/* By mount(2), one call where open_tree(2) and its like are four. 1: not done; the long way then does it, or tells why. */
static int bind_at_once(struct act *x, const struct op *op, struct err *err)
{
	scoped_fd int place = -1;
	int r;

	if (x->root_new || !is_plain(op))
		return 1;
	r = act_found(x, op, &place, err);
	if (r)
		return r;
	return sys_fchdir(place) < 0 ||
	       sys_mount(op->text, ".", NULL, MS_BIND | (unsigned long)op->c, NULL) < 0;
}

int act_bind(struct act *x, const struct op *op, struct err *err)
{
	scoped_fd int fd = -1;
	struct stat st;
	int r = bind_at_once(x, op, err);

	if (r <= 0)
		return r;
	TRY(open_source(x, op, &fd, err));
	if (sys_fstat(fd, &st) < 0)
		return err_host(err, errno, "stat %s", op->text);
	if (S_ISLNK(st.st_mode) && (op->flags & OP_COPY_SYMLINK))
		return copy_symlink(x, op, fd, err);
	TRY(set_attrs(op, fd, true, op->d, 0, err));
	TRY(set_attrs(op, fd, false, op->a, 0, err));
	if (op->len && !(op->flags & OP_BY_PARENT))
		TRY(set_idmap(x, op, fd, err));
	TRY(attach(x, op, !S_ISDIR(st.st_mode), fd, err));
	return keep(x, op, &fd, err);
}

/* pivot_root(2) wants the new root to be mounted somewhere. On /proc, which is there on every host and is held by an fd, it
 * hides nothing that a mount could have for its source. (On "/" it would be the root of whoever enters this namespace.) */
int act_root_new(struct act *x, const struct op *op, struct err *err)
{
	scoped_fd int place = sys_openat(AT_FDCWD, "/proc", O_PATH | O_DIRECTORY | O_CLOEXEC, 0);
	scoped_fd int fd = -1;
	struct op root = *op;
	struct stat st;

	root.path = "/";
	if (place < 0)
		return err_host(err, errno, "open /proc");
	TRY(new_mount(&root, &fd, err));
	TRY(act_attach(&root, fd, place, err));
	if (sys_fstat(fd, &st) < 0)
		return err_host(err, errno, "stat the new root");
	x->root_fd = take_fd(&fd);
	x->root_new = true;
	x->root_dev = st.st_dev;
	return 0;
}

/* In the root that we make nobody else has put anything: its names are as good as fds. */
int act_space(struct act *x, const struct op *op, struct err *err)
{
	struct mount_attr attr = { .attr_set = op->a };
	const char *name = path_base(op->path);
	int dir;

	TRY(act_directory(x, op->path, &dir, err));
	if (sys_fchdir(dir) < 0)
		return err_host(err, errno, "open the directory of %s", op->path);
	if (sys_mount(name, name, NULL, MS_BIND, NULL) < 0 ||
	    sys_mount_setattr(AT_FDCWD, name, 0, &attr) < 0)
		return err_host(err, errno, "bind %s onto itself", op->path);
	return 0;
}

/* The mount that the op is about: held since it was made, or, of a remount, what lies at its place. 1: none was made. */
static int find_mount(struct act *x, const struct op *op, int *own, int *ret, struct err *err)
{
	if (op->held) {
		*ret = x->plan->held[op->held - 1];
		return *ret < 0;
	}
	*own = *ret = open_in_root(x->root_fd, op->path, O_PATH);
	return *ret < 0 ? err_host(err, errno, "open the mount on %s", op->path) : 0;
}

int act_setattr(struct act *x, const struct op *op, struct err *err)
{
	scoped_fd int own = -1;
	int fd, none = find_mount(x, op, &own, &fd, err);

	if (none)
		return none < 0 ? none : 0;
	return set_attrs(op, fd, op->c != 0, op->a, op->b, err);
}

int act_propagation(struct act *x, const struct op *op, struct err *err)
{
	struct mount_attr attr = { .propagation = op->a };
	scoped_fd int own = -1;
	int fd, none = find_mount(x, op, &own, &fd, err);

	if (none)
		return none < 0 ? none : 0;
	if (sys_mount_setattr(fd, "", AT_EMPTY_PATH | (op->c ? AT_RECURSIVE : 0U), &attr) < 0)
		return err_host(err, errno, "change the propagation of %s", op->path);
	return 0;
}

/* A mount on itself, so that only this mount becomes read-only, with all that lies below still there. */
int act_readonly(struct act *x, const struct op *op, struct err *err)
{
	scoped_fd int place = open_in_root(x->root_fd, op->path, O_PATH);
	scoped_fd int fd = -1;

	if (place < 0 && (errno == ENOENT || errno == ENOTDIR))
		return 0; /* what is not there needs no protection */
	if (place < 0)
		return err_host(err, errno, "open %s in the root", op->path);
	fd = sys_open_tree(place, "",
			   OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_EMPTY_PATH | AT_RECURSIVE);
	if (fd < 0)
		return err_host(err, errno, "bind %s onto itself", op->path);
	TRY(set_attrs(op, fd, true, MOUNT_ATTR_RDONLY, 0, err));
	return act_attach(op, fd, place, err);
}

/* The last component is named below its directory, which is held: nothing else is walked, and a symlink is not followed. */
int act_umount(struct act *x, const struct op *op, struct err *err)
{
	const char *name = path_base(op->path);
	scoped_fd int dir = -1;
	char parent[4096];
	size_t n = (size_t)(name - op->path);

	if (n >= sizeof(parent))
		return err_host(err, ENAMETOOLONG, "unmount %.64s…", op->path);
	memcpy(parent, op->path, n);
	parent[n] = '\0';
	dir = open_in_root(x->root_fd, parent, O_PATH | O_DIRECTORY);
	if (dir < 0 || sys_fchdir(dir) < 0)
		return err_host(err, errno, "open the directory of %s", op->path);
	if (sys_umount2(name, MNT_DETACH | UMOUNT_NOFOLLOW) < 0)
		return err_host(err, errno, "unmount %s%s", op->path,
				errno == EINVAL ? " (nothing is mounted there, or it is locked)"
						: "");
	return 0;
}
