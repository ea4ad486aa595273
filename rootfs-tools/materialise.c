/* SPDX-License-Identifier: Apache-2.0 */
/* materialise.c - writes a tree in two passes: directories and files, then symlinks.
 * Should: hold each directory while its children are made.  Mustn't: pass a path with a slash to
 * the kernel. */
#include "rootfs-tools/materialise.h"

#include <dirent.h>
#include <string.h>

#include "rootfs-tools/unpack.h"
#include "spec/base/sys.h"
#include "spec/json/quote.h"

#define DIR_FLAGS (O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
#define FILE_FLAGS (O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC)

static const struct timespec EPOCH[2] = { { .tv_sec = EPOCH_SECONDS },
					  { .tv_sec = EPOCH_SECONDS } };

struct job {
	const struct spool *spool;
	struct materialised made;
};

/* Children are sorted once a directory and pass. */
typedef int each_fn(struct job *j, int dir_fd, const struct node *n, struct err *err);

static int children_each(struct job *j, int dir_fd, const struct node *dir, each_fn *fn,
			 struct err *err)
{
	scoped_arena struct arena a = { 0 };
	struct node **children = node_children(&a, dir);

	for (size_t i = 0; i < dir->count; i++)
		if (fn(j, dir_fd, children[i], err) < 0)
			return err->place[0] ? -1 : err_in(err, "entry %s", Q(children[i]->name));
	return 0;
}

int file_settle(int fd, unsigned int mode, struct err *err)
{
	if (geteuid() == 0 && fchown(fd, 0, 0) < 0)
		return err_host(err, errno, "make root the owner");
	if (sys_fchmod(fd, mode & 01777) < 0)
		return err_host(err, errno, "set mode %04o", mode & 01777);
	if (futimens(fd, EPOCH) < 0)
		return err_host(err, errno, "set the times");
	return 0;
}

static int file_make(struct job *j, int dir_fd, const struct node *n, struct err *err)
{
	scoped_fd int fd = sys_openat(dir_fd, n->name, FILE_FLAGS, 0600);

	if (fd < 0)
		return err_host(err, errno, "make the file");
	TRY(spool_copy(j->spool, n->content, fd, err));
	TRY(file_settle(fd, n->mode, err));
	j->made.files++;
	j->made.bytes += n->content->size;
	return interrupted(err);
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
	return children_each(j, fd, n, solid_make, err);
}

/* Symlinks, and on the way back up the modes and times of directories, which nothing changes any
 * more. */
static int link_make(struct job *j, int dir_fd, const struct node *n, struct err *err)
{
	scoped_fd int fd = -1;

	if (n->type == NODE_FILE)
		return 0;
	if (n->type == NODE_SYMLINK) {
		j->made.symlinks++;
		if (sys_symlinkat(n->target, dir_fd, n->name) < 0)
			return err_host(err, errno, "make the symlink");
		if (geteuid() == 0 && sys_fchownat(dir_fd, n->name, 0, 0, AT_SYMLINK_NOFOLLOW) < 0)
			return err_host(err, errno, "make root the owner");
		if (utimensat(dir_fd, n->name, EPOCH, AT_SYMLINK_NOFOLLOW) < 0)
			return err_host(err, errno, "set the times");
		return 0;
	}
	fd = sys_openat(dir_fd, n->name, DIR_FLAGS, 0);
	if (fd < 0)
		return err_host(err, errno, "open the directory again");
	TRY(children_each(j, fd, n, link_make, err));
	return file_settle(fd, n->mode, err);
}

int materialise(const struct tree *t, const struct spool *s, int dir_fd, struct materialised *ret,
		struct err *err)
{
	struct job j = { .spool = s };

	TRY(children_each(&j, dir_fd, t->root, solid_make, err));
	TRY(children_each(&j, dir_fd, t->root, link_make, err));
	TRY(file_settle(dir_fd, t->root->mode, err));
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
