/* SPDX-License-Identifier: Apache-2.0 */
/* copyup.c - fills a new tmpfs with what it is going to cover (tmpcopyup), and a directory with what another holds.
 * Should: hold every directory it works in.  Mustn't: follow a symlink, or go on for ever. */
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "runtime/act/act.h"
#include "spec/base/fd.h"
#include "spec/base/sys.h"

#define DEPTH_MAX 32
#define ENTRIES_MAX 100000
#define CHUNK 8192

struct copy {
	const char *path; /* for messages */
	unsigned int entries;
};

static int copy_dir(struct copy *c, int from, int to, int depth, struct err *err);

static int copy_bytes(struct copy *c, int from, int to, const char *name, struct err *err)
{
	char chunk[CHUNK];
	ssize_t n;

	while ((n = sys_read(from, chunk, sizeof(chunk))) > 0)
		if (fd_write_all(to, chunk, (size_t)n) < 0)
			return err_host(err, errno, "copy %s into the tmpfs on %s", name, c->path);
	return n < 0 ? err_host(err, errno, "read %s below %s", name, c->path) : 0;
}

static int copy_file(struct copy *c, int from, int to, const char *name, const struct stat *st,
		     struct err *err)
{
	scoped_fd int in =
		sys_openat(from, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK, 0);
	scoped_fd int out = -1;

	if (in < 0)
		return err_host(err, errno, "open %s below %s", name, c->path);
	out = sys_openat(to, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
			 st->st_mode & 07777);
	if (out < 0)
		return err_host(err, errno, "make %s in the tmpfs on %s", name, c->path);
	return copy_bytes(c, in, out, name, err);
}

static int copy_subdir(struct copy *c, int from, int to, const char *name, const struct stat *st,
		       int depth, struct err *err)
{
	scoped_fd int in =
		sys_openat(from, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC, 0);
	scoped_fd int out = -1;

	if (in < 0)
		return err_host(err, errno, "open %s below %s", name, c->path);
	if (sys_mkdirat(to, name, st->st_mode & 07777) < 0)
		return err_host(err, errno, "make %s in the tmpfs on %s", name, c->path);
	out = sys_openat(to, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC, 0);
	if (out < 0)
		return err_host(err, errno, "open %s in the tmpfs on %s", name, c->path);
	return copy_dir(c, in, out, depth + 1, err);
}

static int copy_link(struct copy *c, int from, int to, const char *name, struct err *err)
{
	char target[4096];
	ssize_t n = readlinkat(from, name, target, sizeof(target) - 1);

	if (n < 0)
		return err_host(err, errno, "read the link %s below %s", name, c->path);
	target[n] = '\0';
	if (sys_symlinkat(target, to, name) < 0)
		return err_host(err, errno, "make the link %s in the tmpfs on %s", name, c->path);
	return 0;
}

static int copy_entry(struct copy *c, int from, int to, const char *name, int depth,
		      struct err *err)
{
	struct stat st;

	if (fstatat(from, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return err_host(err, errno, "stat %s below %s", name, c->path);
	if (++c->entries > ENTRIES_MAX)
		return err_limit(err, "tmpcopyup of %s: more than %d files", c->path, ENTRIES_MAX);
	if (S_ISLNK(st.st_mode))
		TRY(copy_link(c, from, to, name, err));
	else if (S_ISDIR(st.st_mode))
		TRY(copy_subdir(c, from, to, name, &st, depth, err));
	else if (S_ISREG(st.st_mode))
		TRY(copy_file(c, from, to, name, &st, err));
	else
		return 0; /* sockets, fifos and devices have no contents to keep */
	/* A tmpfs of a user namespace has no place for ids that are not mapped there: they stay ours. */
	(void)sys_fchownat(to, name, st.st_uid, st.st_gid, AT_SYMLINK_NOFOLLOW);
	return 0;
}

static int copy_dir(struct copy *c, int from, int to, int depth, struct err *err)
{
	_Alignas(8) char buffer[4096];
	ssize_t n;

	if (depth > DEPTH_MAX)
		return err_limit(err, "tmpcopyup of %s: deeper than %d directories", c->path,
				 DEPTH_MAX);
	while ((n = sys_getdents(from, buffer, sizeof(buffer))) > 0) {
		for (ssize_t at = 0; at < n;) {
			const struct sys_dirent *d = (const struct sys_dirent *)(buffer + at);

			at += d->len;
			if (strcmp(d->name, ".") != 0 && strcmp(d->name, "..") != 0)
				TRY(copy_entry(c, from, to, d->name, depth, err));
		}
	}
	return n < 0 ? err_host(err, errno, "list %s", c->path) : 0;
}

int act_copy_up(int from, int to, const char *path, struct err *err)
{
	struct copy c = { .path = path };

	return copy_dir(&c, from, to, 0, err);
}

int act_copy(struct act *x, const struct op *op, struct err *err)
{
	scoped_fd int from = open_in_root(x->root_fd, op->text, O_RDONLY | O_DIRECTORY);
	scoped_fd int to = open_in_root(x->root_fd, op->path, O_RDONLY | O_DIRECTORY);

	if (from < 0)
		return err_host(err, errno, "open %s", op->text);
	if (to < 0)
		return err_host(err, errno, "open %s", op->path);
	return act_copy_up(from, to, op->path, err);
}
