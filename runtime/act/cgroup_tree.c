/* SPDX-License-Identifier: Apache-2.0 */
/* cgroup_tree.c - cgroups as directories.
 * Should: walk beneath the mount by descriptors, and say which cgroup stands in the way.  Mustn't: follow a symlink or leave
 * the mount. */
#include "runtime/act/cgroup_tree.h"

#include <dirent.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "spec/base/fd.h"
#include "spec/base/path.h"
#include "spec/base/str.h"
#include "spec/base/sys.h"

#define CGROUP_MAGIC 0x27e0eb
#define CGROUP2_MAGIC 0x63677270
#define NAME_ROOM 256
#define WORDS_ROOM 512
/* A parent may be removed by whoever shared it, between our making it and entering it. */
#define MAKE_TRIES 5

int cgroup_failed(struct err *err, int errnum, const char *fmt, ...)
{
	char what[384];
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(what, sizeof(what), fmt, ap);
	va_end(ap);
	if (errnum == ENOENT)
		return err_set(err, ERR_HOST, 0, "%s: this kernel's cgroups have none", what);
	return err_host(err, errnum, "%s", what);
}

int cgroup_mount_open(const char *mount, bool v2, int *ret_fd, struct err *err)
{
	scoped_fd int fd =
		sys_openat(AT_FDCWD, mount, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC, 0);

	if (fd < 0)
		return cgroup_failed(err, errno, "open %s", mount);
	if (!fd_is_fs(fd, v2 ? CGROUP2_MAGIC : CGROUP_MAGIC))
		return err_set(err, ERR_HOST, 0, "%s is not a file system of cgroup %s", mount,
			       v2 ? "v2" : "v1");
	*ret_fd = take_fd(&fd);
	return 0;
}

static const char *relative(const char *path)
{
	path += strspn(path, "/");
	return *path ? path : ".";
}

static int open_directory(int dir, const char *path)
{
	return open_beneath(dir, path, O_RDONLY | O_DIRECTORY);
}

int cgroup_open(int mount_fd, const char *path, int *ret_fd, struct err *err)
{
	int fd;

	if (path_has_dotdot(path))
		return err_set(err, ERR_HOSTILE, 0, "cgroup %s leaves the hierarchy", path);
	fd = open_directory(mount_fd, relative(path));
	if (fd < 0 && errno == ENOENT)
		return 1;
	if (fd < 0)
		return cgroup_failed(err, errno, "open cgroup %s", path);
	*ret_fd = fd;
	return 0;
}

size_t cgroup_existing(int mount_fd, const char *path)
{
	char text[CGROUP_PATH_MAX];
	size_t end = strlen(path);

	if (end >= sizeof(text))
		return 0;
	memcpy(text, path, end + 1);
	while (end > 0) {
		scoped_fd int fd = open_beneath(mount_fd, relative(text), O_PATH | O_DIRECTORY);

		if (fd >= 0)
			return end;
		while (end > 0 && text[--end] != '/')
			;
		text[end] = '\0';
	}
	return 0;
}

ssize_t cgroup_read(int fd, const char *name, char *buf, size_t room)
{
	scoped_fd int file = open_beneath(fd, name, O_RDONLY);
	ssize_t n = file < 0 ? -1 : sys_read(file, buf, room - 1);

	buf[n < 0 ? 0 : n] = '\0';
	return n;
}

int cgroup_write(int fd, const char *name, const char *text)
{
	scoped_fd int file = open_beneath(fd, name, O_WRONLY);

	if (file < 0)
		return -1;
	return sys_write(file, text, strlen(text)) < 0 ? -1 : 0;
}

/* --- controllers ------------------------------------------------------------------------------ */

/* The next word of n bytes at s, or NULL. */
static const char *next_word(const char *s, size_t *n)
{
	s += strspn(s, " \n");
	*n = strcspn(s, " \n");
	return *n ? s : NULL;
}

static bool has_word(const char *list, const char *word, size_t len)
{
	size_t n;

	for (const char *w = list; (w = next_word(w, &n)); w += n)
		if (n == len && strncmp(w, word, n) == 0)
			return true;
	return false;
}

/* What stands in the way of a controller: the cgroup that does not hand it down. */
struct obstacle {
	char path[WORDS_ROOM];
	int errnum;
};

/* Each by itself, so that one that cannot be had does not take the others along. */
static void hand_down(int dir, const char *path, size_t path_len, const char *needs,
		      struct obstacle *o)
{
	char have[WORDS_ROOM], on[WORDS_ROOM], word[NAME_ROOM];
	size_t n;

	if (cgroup_read(dir, "cgroup.controllers", have, sizeof(have)) < 0 ||
	    cgroup_read(dir, "cgroup.subtree_control", on, sizeof(on)) < 0)
		return;
	for (const char *w = have; (w = next_word(w, &n)); w += n) {
		if (has_word(on, w, n))
			continue;
		(void)snprintf(word, sizeof(word), "+%.*s", (int)n, w);
		if (cgroup_write(dir, "cgroup.subtree_control", word) == 0 ||
		    !has_word(needs, w, n) || o->errnum)
			continue;
		o->errnum = errno;
		(void)snprintf(o->path, sizeof(o->path), "%.*s", (int)path_len, path);
	}
}

static int lacks(const struct obstacle *o, const char *path, const char *word, size_t n,
		 struct err *err)
{
	const char *above = o->path[0] ? o->path : "/";

	if (o->errnum == EBUSY)
		return err_set(
			err, ERR_HOST, 0,
			"cgroup %s cannot have the controller %.*s: %s has processes of its own; "
			"move them into a cgroup below it",
			path, (int)n, word, above);
	if (o->errnum)
		return cgroup_failed(err, o->errnum,
				     "cgroup %s cannot have the controller %.*s: enable it in %s",
				     path, (int)n, word, above);
	return err_set(err, ERR_HOST, 0,
		       "cgroup %s cannot have the controller %.*s: a cgroup above it does not have "
		       "it; have it delegated",
		       path, (int)n, word);
}

static int check_needs(int fd, const char *path, const char *needs, const struct obstacle *o,
		       struct err *err)
{
	char have[WORDS_ROOM];
	size_t n;

	if (!*needs)
		return 0;
	if (cgroup_read(fd, "cgroup.controllers", have, sizeof(have)) < 0)
		return cgroup_failed(err, errno, "read the controllers of cgroup %s", path);
	for (const char *w = needs; (w = next_word(w, &n)); w += n)
		if (!has_word(have, w, n))
			return lacks(o, path, w, n, err);
	return 0;
}

/* A new cgroup of v1's cpuset has no CPUs, and nobody can be put into it. */
static int inherit_cpuset(int parent, int fd)
{
	static const char *const files[] = { "cpuset.cpus", "cpuset.mems" };
	char text[CGROUP_PATH_MAX];

	for (size_t i = 0; i < ARRAY_LEN(files); i++) {
		if (cgroup_read(fd, files[i], text, sizeof(text)) < 0 ||
		    (text[0] && text[0] != '\n'))
			continue;
		if (cgroup_read(parent, files[i], text, sizeof(text)) <= 0 ||
		    cgroup_write(fd, files[i], text) < 0)
			return -1;
	}
	return 0;
}

/* --- making ----------------------------------------------------------------------------------- */

static int refused(struct err *err, const char *path)
{
	if (errno == EACCES || errno == EPERM || errno == EROFS)
		return err_host(
			err, errno,
			"make cgroup %s: it is not delegated to this user; run under Delegate=yes or drop "
			"cgroupsPath",
			path);
	if (errno == EEXIST)
		return err_state(err,
				 "cgroup %s was just made by somebody else; choose another "
				 "cgroupsPath",
				 path);
	if (errno == EAGAIN)
		return err_host(
			err, errno,
			"make cgroup %s: a cgroup above it allows no more (cgroup.max.depth, "
			"cgroup.max.descendants)",
			path);
	return cgroup_failed(err, errno, "make cgroup %s", path);
}

/* One component into *fd. */
static int descend(int *fd, const char *name, bool v2, bool must_be_new)
{
	scoped_fd int next = -1;
	bool made = sys_mkdirat(*fd, name, 0755) == 0;

	if (!made && (errno != EEXIST || must_be_new))
		return -1;
	next = open_directory(*fd, name);
	if (next < 0)
		return -1;
	/* One that others made, and left without CPUs, is theirs to complain of: entering it says so. */
	if (!v2 && inherit_cpuset(*fd, next) < 0 && made)
		return -1;
	(void)sys_close(*fd);
	*fd = take_fd(&next);
	return 0;
}

/* The last one is not shared with whoever makes it at the same moment. */
static int make_once(int mount_fd, const char *path, bool v2, const char *needs, bool is_new,
		     int *ret_fd, struct obstacle *o)
{
	scoped_fd int fd = open_directory(mount_fd, ".");
	const char *rest = path;

	if (fd < 0)
		return -1;
	while (*(rest += strspn(rest, "/"))) {
		char name[NAME_ROOM];
		size_t n = strcspn(rest, "/");

		if (n >= sizeof(name)) {
			errno = ENAMETOOLONG;
			return -1;
		}
		memcpy(name, rest, n);
		name[n] = '\0';
		if (v2)
			hand_down(fd, path, (size_t)(rest - path), needs, o);
		rest += n;
		if (descend(&fd, name, v2, is_new && !rest[strspn(rest, "/")]) < 0)
			return -1;
	}
	*ret_fd = take_fd(&fd);
	return 0;
}

int cgroup_make(int mount_fd, const char *path, bool v2, const char *needs, int *ret_fd,
		struct err *err)
{
	struct obstacle o = { .errnum = 0 };
	scoped_fd int fd = -1;
	size_t existing;

	if (path_has_dotdot(path) || strlen(path) >= CGROUP_PATH_MAX)
		return err_set(err, ERR_INPUT, 0, "cgroup %.128s leaves the hierarchy", path);
	existing = cgroup_existing(mount_fd, path);
	for (int tries = 0; fd < 0; tries++) {
		if (make_once(mount_fd, path, v2, needs, existing < strlen(path), &fd, &o) == 0)
			break;
		if (errno != ENOENT || tries == MAKE_TRIES) {
			(void)refused(err, path);
			(void)cgroup_take_back(mount_fd, path, existing);
			return -1;
		}
	}
	if (check_needs(fd, path, needs, &o, err) < 0) {
		(void)cgroup_take_back(mount_fd, path, existing);
		return -1;
	}
	*ret_fd = take_fd(&fd);
	return 0;
}

int cgroup_check_empty(int fd, const char *path, struct err *err)
{
	char text[64];
	ssize_t n = cgroup_read(fd, "cgroup.procs", text, sizeof(text));

	/* A threaded cgroup of v2 does not say; processes are not for it. */
	if (n < 0)
		return cgroup_failed(err, errno, "list the processes of cgroup %s", path);
	if (n > 0)
		return err_state(
			err,
			"cgroup %s has processes already: choose another cgroupsPath, or end "
			"whoever uses it",
			path);
	return 0;
}

static int rmdir_beneath(int mount_fd, const char *path)
{
	char above[CGROUP_PATH_MAX];
	const char *name = path_base(path);
	size_t n = (size_t)(name - path);
	scoped_fd int dir = -1;

	if (n >= sizeof(above) || !*name) {
		errno = EINVAL;
		return -1;
	}
	memcpy(above, path, n);
	above[n] = '\0';
	dir = open_directory(mount_fd, relative(above));
	return dir < 0 ? -1 : sys_unlinkat(dir, name, AT_REMOVEDIR);
}

int cgroup_take_back(int mount_fd, const char *path, size_t existing)
{
	char text[CGROUP_PATH_MAX];
	size_t end = strlen(path);

	if (end >= sizeof(text))
		return 0;
	memcpy(text, path, end + 1);
	while (end > existing && end > 0) {
		if (rmdir_beneath(mount_fd, text) < 0 && errno != ENOENT)
			return errno == EBUSY || errno == ENOTEMPTY || errno == EACCES ? 0 : -1;
		while (end > 0 && text[--end] != '/')
			;
		text[end] = '\0';
	}
	return 0;
}
