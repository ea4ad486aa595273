/* SPDX-License-Identifier: Apache-2.0 */
/* materialise.c - writes a tree in two passes: directories and files, then symlinks.
 * Should: hold each directory while its children are made.  Mustn't: pass a path with a slash to
 * the kernel. */
#include "rootfs-tools/materialise.h"

#include <dirent.h>
#include <stdio.h>
#include <string.h>
#include <sys/xattr.h>

#include "rootfs-tools/unpack.h"
#include "spec/base/sys.h"
#include "spec/json/quote.h"

#define DIR_FLAGS (O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
#define FILE_FLAGS (O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC)

#define MODE_UNKNOWN (~0u)
/* How many files are made between two looks for a signal. */
#define LOOK_FILES 64

struct job {
	const struct materialise *how;
	bool give; /* what is made here is not root's by itself, and root runs this */
	mode_t umask;
	struct materialised made;
};

/* Children are sorted once a directory and pass. */
typedef int each_fn(struct job *j, int dir_fd, const struct node *n, struct err *err);

static int children_each(struct job *j, int dir_fd, const struct node *dir, each_fn *fn,
			 struct err *err)
{
	scoped_arena struct arena a = ARENA_ROOM(2048);
	struct node **children = node_children(&a, dir);

	for (size_t i = 0; i < dir->count; i++)
		if (fn(j, dir_fd, children[i], err) < 0)
			return err->place[0] ? -1 : err_in(err, "entry %s", Q(children[i]->name));
	return 0;
}

/* has: the mode that it has already. */
static int settle(int fd, bool give, unsigned int has, unsigned int mode, int64_t epoch,
		  struct err *err)
{
	const struct timespec times[2] = { { .tv_sec = epoch }, { .tv_sec = epoch } };

	if (give && fchown(fd, 0, 0) < 0)
		return err_host(err, errno, "make root the owner");
	if (has != (mode & 01777) && sys_fchmod(fd, mode & 01777) < 0)
		return err_host(err, errno, "set mode %04o", mode & 01777);
	if (futimens(fd, times) < 0)
		return err_host(err, errno, "set the times");
	return 0;
}

int file_settle(int fd, unsigned int mode, int64_t epoch, struct err *err)
{
	return settle(fd, geteuid() == 0, MODE_UNKNOWN, mode, epoch, err);
}

bool can_link(const struct node *n, int64_t epoch)
{
	return n->content->size > 0 && epoch == 0 && n->xattrs.n == 0 &&
	       (n->mode == 0644 || n->mode == 0755);
}

static int xattrs_set(int fd, const struct node *n, struct err *err)
{
	/* A moved object is read-only, and attributes of users are for who may write. */
	if (n->xattrs.n && n->type == NODE_FILE && sys_fchmod(fd, 0600) < 0)
		return err_host(err, errno, "set the mode");
	for (size_t i = 0; i < n->xattrs.n; i++) {
		const struct xattr *x = &n->xattrs.v[i];

		if (fsetxattr(fd, x->name, x->value, x->len, 0) < 0)
			return err_host(err, errno, "set the attribute %s", Q(x->name));
	}
	return 0;
}

static int meta_make(int fd, const struct content *c, struct err *err)
{
	char to[OBJECT_NAME_MAX + 1] = "/";

	if (c->size == 0)
		return 0;
	object_name(c->sha256, false, to + 1);
	if (ftruncate(fd, (off_t)c->size) < 0 || fsetxattr(fd, META_XATTR, "", 0, 0) < 0 ||
	    fsetxattr(fd, META_REDIRECT, to, strlen(to), 0) < 0)
		return err_host(err, errno, "lead to the object %s", to + 1);
	return 0;
}

/* The last use of a private object takes it along. */
static int file_move(struct job *j, int dir_fd, const struct node *n, int *ret, struct err *err)
{
	struct spool *s = j->how->spool;
	char object[OBJECT_NAME_MAX];

	object_name(n->content->sha256, false, object);
	if (renameat2(s->dir, object, dir_fd, n->name, RENAME_NOREPLACE) < 0)
		return err_host(err, errno, "move the file to its place");
	*ret = sys_openat(dir_fd, n->name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC, 0);
	if (*ret < 0)
		return err_host(err, errno, "open the file");
	return 0;
}

static int bytes_put(struct job *j, const struct node *n, int fd, struct err *err)
{
	int from;

	if (j->how->placing == PLACE_META)
		return meta_make(fd, n->content, err);
	from = spool_fd(j->how->spool, n->content, err);
	TRY(from);
	return fd_copy(from, fd, n->content->size, err);
}

static int link_file(struct job *j, int dir_fd, const struct node *n, struct err *err)
{
	struct spool *s = j->how->spool;
	char object[OBJECT_NAME_MAX];
	bool executable = n->mode & 0111;

	if (executable)
		TRY(object_twin(s, n->content, err));
	object_name(n->content->sha256, executable, object);
	if (linkat(s->dir, object, dir_fd, n->name, 0) == 0)
		return 0;
	if (errno != EMLINK)
		return err_host(err, errno, "link the object %s", object);
	return 1;
}

static int file_make(struct job *j, int dir_fd, const struct node *n, struct err *err)
{
	/* What a file is made with, where the umask leaves it alone. */
	unsigned int has = n->mode & j->umask || n->mode & 07000 ? 0600 : n->mode;
	scoped_fd int fd = -1;

	j->made.files++;
	j->made.bytes += n->content->size;
	if (j->how->placing == PLACE_LINK && can_link(n, j->how->epoch)) {
		int r = link_file(j, dir_fd, n, err);

		if (r <= 0)
			return r;
	}
	if (j->how->placing == PLACE_MOVE && --n->content->uses == 0) {
		TRY(file_move(j, dir_fd, n, &fd, err));
		has = MODE_UNKNOWN;
	} else {
		fd = sys_openat(dir_fd, n->name, FILE_FLAGS, has);
		if (fd < 0)
			return err_host(err, errno, "make the file");
		TRY(bytes_put(j, n, fd, err));
	}
	TRY(xattrs_set(fd, n, err));
	if (n->xattrs.n)
		has = MODE_UNKNOWN;
	TRY(settle(fd, j->give, has, n->mode, j->how->epoch, err));
	return j->made.files % LOOK_FILES ? 0 : interrupted(err);
}

static int solid_make(struct job *j, int dir_fd, const struct node *n, struct err *err)
{
	scoped_fd int fd = -1;

	if (n->type == NODE_FILE)
		return file_make(j, dir_fd, n, err);
	if (n->type == NODE_SYMLINK)
		return 0;
	if (sys_mkdirat(dir_fd, n->name, 0700) < 0)
		return err_host(err, errno, "make the directory");
	fd = sys_openat(dir_fd, n->name, DIR_FLAGS, 0);
	if (fd < 0)
		return err_host(err, errno, "open the new directory");
	j->made.dirs++;
	/* Under a umask that takes the owner's own bits. */
	if (sys_fchmod(fd, 0700) < 0)
		return err_host(err, errno, "set the mode");
	return children_each(j, fd, n, solid_make, err);
}

/* Symlinks, and on the way back up the modes and times of directories, which nothing changes any
 * more. */
static int link_make(struct job *j, int dir_fd, const struct node *n, struct err *err)
{
	const struct timespec times[2] = { { .tv_sec = j->how->epoch },
					   { .tv_sec = j->how->epoch } };
	scoped_fd int fd = -1;

	if (n->type == NODE_FILE)
		return 0;
	if (n->type == NODE_SYMLINK) {
		j->made.symlinks++;
		if (sys_symlinkat(n->target, dir_fd, n->name) < 0)
			return err_host(err, errno, "make the symlink");
		if (j->give && sys_fchownat(dir_fd, n->name, 0, 0, AT_SYMLINK_NOFOLLOW) < 0)
			return err_host(err, errno, "make root the owner");
		if (utimensat(dir_fd, n->name, times, AT_SYMLINK_NOFOLLOW) < 0)
			return err_host(err, errno, "set the times");
		return 0;
	}
	fd = sys_openat(dir_fd, n->name, DIR_FLAGS, 0);
	if (fd < 0)
		return err_host(err, errno, "open the directory again");
	TRY(children_each(j, fd, n, link_make, err));
	TRY(xattrs_set(fd, n, err));
	return settle(fd, j->give, MODE_UNKNOWN, n->mode, j->how->epoch, err);
}

static void uses_count(const struct node *dir)
{
	scoped_arena struct arena a = ARENA_ROOM(2048);
	struct node **children = node_children(&a, dir);

	for (size_t i = 0; i < dir->count; i++) {
		if (children[i]->type == NODE_DIR)
			uses_count(children[i]);
		else if (children[i]->type == NODE_FILE)
			children[i]->content->uses++;
	}
}

int materialise(const struct tree *t, const struct materialise *how, int dir_fd,
		struct materialised *ret, struct err *err)
{
	/* Directories here have no set-group-id, so what root makes is of its group. */
	struct job j = { .how = how, .give = geteuid() == 0 && getegid() != 0, .umask = umask(0) };

	(void)umask(j.umask);
	uses_count(t->root);
	TRY(children_each(&j, dir_fd, t->root, solid_make, err));
	TRY(children_each(&j, dir_fd, t->root, link_make, err));
	TRY(xattrs_set(dir_fd, t->root, err));
	TRY(settle(dir_fd, j.give, MODE_UNKNOWN, t->root->mode, how->epoch, err));
	*ret = j.made;
	return 0;
}

static bool is_dots(const char *name)
{
	return strcmp(name, ".") == 0 || strcmp(name, "..") == 0;
}

static void close_dir(DIR **d)
{
	if (*d)
		(void)closedir(*d);
}

/* Everything in the directory fd, which is consumed. */
static int empty_dir(int fd, struct err *err)
{
	scoped(close_dir) DIR *d = fdopendir(fd);
	struct dirent *e;

	if (!d) {
		(void)sys_close(fd);
		return err_host(err, ENOMEM, "list a directory");
	}
	while ((e = readdir(d)))
		if (!is_dots(e->d_name))
			TRY(remove_tree(dirfd(d), e->d_name, err));
	return 0;
}

int remove_tree(int dir_fd, const char *name, struct err *err)
{
	int fd;

	if (sys_unlinkat(dir_fd, name, 0) == 0 || errno == ENOENT)
		return 0;
	if (errno != EISDIR && errno != EPERM)
		return err_host(err, errno, "remove %s", Q(name));
	fd = sys_openat(dir_fd, name, DIR_FLAGS, 0);
	if (fd < 0)
		return err_host(err, errno, "open %s to remove it", Q(name));
	(void)sys_fchmod(fd, 0700); /* a mode of the tree's may lock its owner out */
	TRY(empty_dir(fd, err));
	if (sys_unlinkat(dir_fd, name, AT_REMOVEDIR) < 0)
		return err_host(err, errno, "remove %s", Q(name));
	return 0;
}
