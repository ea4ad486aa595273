/* SPDX-License-Identifier: Apache-2.0 */
/* workspace.c - reads the upper layer of an overlay, and copies out of it.
 * Should: hold each directory by its fd.  Mustn't: follow a symlink, on either side, or open what is no file. */
#include "runtime/sandbox/workspace.h"

#include <dirent.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "runtime/sandbox/carry.h"
#include "spec/base/fd.h"
#include "spec/base/path.h"
#include "spec/base/sys.h"

#define OPAQUE "user.overlay.opaque"
#define LINK_MAX 4096
#define PAGE 4096u
#define COMPARE_CHUNK 16384

struct walk {
	struct arena *a;
	struct changes *changes;
	const struct policy_words *patterns; /* NULL: changes are looked for */
	int to_fd;
	size_t count;
	uint64_t bytes;
	const struct timespec *at; /* of a copy */
	int depth, depth_max;
	uint64_t left; /* bytes to copy */
	struct err *err;
};

static int open_dir(int at, const char *name)
{
	return sys_openat(at, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC, 0);
}

/* "a/b" or "b" */
static const char *below(struct arena *a, const char *dir, const char *name)
{
	return *dir ? path_join(a, dir, name) : arena_str(a, name);
}

static int add_change(struct walk *w, char kind, const char *path)
{
	struct changes *c = w->changes;

	if (c->n >= WORKSPACE_CHANGES_MAX)
		return err_limit(w->err, "--workspace: more than %d changes",
				 WORKSPACE_CHANGES_MAX);
	if ((c->n & (c->n - 1)) == 0)
		c->v = arena_grow(w->a, c->v, c->n * sizeof(*c->v),
				  (c->n ? 2 * c->n : 1) * sizeof(*c->v));
	c->v[c->n++] = (struct change){ kind, path };
	return 0;
}

static int look_into(struct walk *w, int upper, int lower, const char *path);

static bool is_opaque(int fd)
{
	char value[4];
	ssize_t n = fgetxattr(fd, OPAQUE, value, sizeof(value));

	return n >= 1 && value[0] == 'y';
}

/* What lies in the lower directory and is covered by an opaque or new one above it, is gone. */
static int add_hidden(struct walk *w, int upper, int lower, const char *path)
{
	scoped_fd int copy = sys_openat(lower, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0);
	DIR *dir = copy < 0 ? NULL : fdopendir(copy);
	struct dirent *d;
	struct stat st;
	int r = 0;

	if (!dir)
		return err_host(w->err, errno, "read the workspace's %s", path);
	(void)take_fd(&copy);
	while (r == 0 && (d = readdir(dir)))
		if (!str_eq(d->d_name, ".") && !str_eq(d->d_name, "..") &&
		    fstatat(upper, d->d_name, &st, AT_SYMLINK_NOFOLLOW) < 0)
			r = add_change(w, 'D', below(w->a, path, d->d_name));
	(void)closedir(dir);
	return r;
}

static int look_at_dir(struct walk *w, int upper, int lower, const char *name, const char *path)
{
	scoped_fd int up = open_dir(upper, name);
	scoped_fd int low = -1;
	struct stat st;

	if (up < 0)
		return carry_unread(errno, path, w->err);
	if (lower >= 0)
		low = open_dir(lower, name);
	if (low < 0)
		TRY(add_change(w,
			       lower >= 0 && fstatat(lower, name, &st, AT_SYMLINK_NOFOLLOW) == 0
				       ? 'M'
				       : 'A',
			       path));
	else if (is_opaque(up))
		TRY(add_hidden(w, up, low, path));
	return look_into(w, up, low, path);
}

static int look_at(struct walk *w, int upper, int lower, const char *name, const char *path)
{
	struct stat st, before;
	bool was;

	if (fstatat(upper, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return carry_unread(errno, path, w->err);
	if (S_ISDIR(st.st_mode))
		return look_at_dir(w, upper, lower, name, path);
	was = lower >= 0 && fstatat(lower, name, &before, AT_SYMLINK_NOFOLLOW) == 0;
	/* A whiteout: what was there is gone. */
	if (S_ISCHR(st.st_mode))
		return was ? add_change(w, 'D', path) : 0;
	return add_change(w, was ? 'M' : 'A', path);
}

static int each(struct walk *w, DIR *dir, int upper, int lower, const char *path,
		int (*fn)(struct walk *, int, int, const char *, const char *))
{
	struct dirent *d;

	while ((d = readdir(dir)))
		if (!str_eq(d->d_name, ".") && !str_eq(d->d_name, ".."))
			TRY(fn(w, upper, lower, d->d_name, below(w->a, path, d->d_name)));
	return 0;
}

static int walk_dir(struct walk *w, int upper, int lower, const char *path,
		    int (*fn)(struct walk *, int, int, const char *, const char *))
{
	scoped_fd int copy = sys_openat(upper, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0);
	DIR *dir = copy < 0 ? NULL : fdopendir(copy);
	int r;

	if (!dir && (w->changes || w->patterns))
		return carry_unread(errno, path, w->err);
	if (!dir)
		return err_host(w->err, errno, "read the workspace's %s", path);
	(void)take_fd(&copy);
	if (++w->depth > (w->depth_max ? w->depth_max : WORKSPACE_DEPTH_MAX))
		r = err_limit(w->err, "--workspace: directories are nested deeper than %d",
			      w->depth_max ? w->depth_max : WORKSPACE_DEPTH_MAX);
	else
		r = each(w, dir, upper, lower, path, fn);
	w->depth--;
	(void)closedir(dir);
	return r;
}

static int look_into(struct walk *w, int upper, int lower, const char *path)
{
	return walk_dir(w, upper, lower, path, look_at);
}

static int by_path(const void *a, const void *b)
{
	return strcmp(((const struct change *)a)->path, ((const struct change *)b)->path);
}

int workspace_changes(int upper_fd, int lower_fd, struct arena *a, struct changes *ret,
		      struct err *err)
{
	struct changes found = { 0 };
	struct walk w = { .a = a, .changes = &found, .to_fd = -1, .err = err };

	TRY(look_into(&w, upper_fd, lower_fd, ""));
	if (found.n)
		qsort(found.v, found.n, sizeof(*found.v), by_path);
	*ret = found;
	return 0;
}

/* --- of a copy of every file --- */

static bool is_later(const struct timespec *a, const struct timespec *b)
{
	return a->tv_sec != b->tv_sec ? a->tv_sec > b->tv_sec : a->tv_nsec > b->tv_nsec;
}

static int same_bytes(int one, int other, const char *path, bool *ret, struct err *err)
{
	char a[COMPARE_CHUNK], b[COMPARE_CHUNK];

	for (off_t at = 0;;) {
		ssize_t n = pread(one, a, sizeof(a), at), m = pread(other, b, sizeof(b), at);

		if (n < 0 || m < 0)
			return err_host(err, errno, "compare %s of the workspace", path);
		*ret = n == m && memcmp(a, b, (size_t)n) == 0;
		if (!*ret || n == 0)
			return 0;
		at += n;
	}
}

static int same_file(int copy, int dir, const char *name, const char *path, bool *ret,
		     struct err *err)
{
	scoped_fd int one =
		sys_openat(copy, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0);
	scoped_fd int other =
		sys_openat(dir, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0);

	/* The payload's own file, which it may have closed to its owner: it has been touched. */
	*ret = false;
	if (one < 0 || other < 0)
		return errno == EACCES ? 0 : err_host(err, errno, "open the workspace's %s", path);
	return same_bytes(one, other, path, ret, err);
}

static bool same_link(int copy, int dir, const char *name)
{
	char a[LINK_MAX], b[LINK_MAX];
	ssize_t n = readlinkat(copy, name, a, sizeof(a)), m = readlinkat(dir, name, b, sizeof(b));

	return n >= 0 && n == m && memcmp(a, b, (size_t)n) == 0;
}

static int is_same(int copy, int dir, const char *name, const char *path, const struct stat *st,
		   const struct stat *was, bool *ret, struct err *err)
{
	*ret = S_ISLNK(st->st_mode) && S_ISLNK(was->st_mode) && same_link(copy, dir, name);
	if (!S_ISREG(st->st_mode) || st->st_mode != was->st_mode || st->st_size != was->st_size)
		return 0;
	return same_file(copy, dir, name, path, ret, err);
}

static int compare_dirs(struct walk *w, int copy, int dir, const char *path);

static int compare_dir(struct walk *w, int copy, int dir, const char *name, const char *path)
{
	scoped_fd int one = open_dir(copy, name);
	scoped_fd int other = -1;
	struct stat st;

	if (one < 0)
		return carry_unread(errno, path, w->err);
	if (dir >= 0)
		other = open_dir(dir, name);
	if (other < 0)
		TRY(add_change(w,
			       dir >= 0 && fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) == 0 ? 'M'
											     : 'A',
			       path));
	return compare_dirs(w, one, other, path);
}

static int compare(struct walk *w, int copy, int dir, const char *name, const char *path)
{
	struct stat st, was;
	bool same;

	if (fstatat(copy, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return err_host(w->err, errno, "look at the workspace's %s", path);
	if (S_ISDIR(st.st_mode))
		return compare_dir(w, copy, dir, name, path);
	if (dir < 0 || fstatat(dir, name, &was, AT_SYMLINK_NOFOLLOW) < 0)
		return add_change(w, 'A', path);
	TRY(is_same(copy, dir, name, path, &st, &was, &same, w->err));
	if (same || (!is_later(w->at, &was.st_ctim) && is_later(&was.st_ctim, &st.st_ctim)))
		return 0;
	return add_change(w, 'M', path);
}

/* What is in the directory and not in the copy. */
static int find_gone(struct walk *w, int dir, int copy, const char *name, const char *path)
{
	struct stat st, was;

	if (fstatat(copy, name, &st, AT_SYMLINK_NOFOLLOW) == 0 ||
	    fstatat(dir, name, &was, AT_SYMLINK_NOFOLLOW) < 0)
		return 0;
	/* Sockets, pipes and devices were never copied. */
	if (!S_ISREG(was.st_mode) && !S_ISDIR(was.st_mode) && !S_ISLNK(was.st_mode))
		return 0;
	return is_later(w->at, &was.st_ctim) ? add_change(w, 'D', path) : 0;
}

static int compare_dirs(struct walk *w, int copy, int dir, const char *path)
{
	TRY(walk_dir(w, copy, dir, path, compare));
	return dir < 0 ? 0 : walk_dir(w, dir, copy, path, find_gone);
}

int workspace_copy_changes(int copy_fd, int dir_fd, const struct timespec *at, struct arena *a,
			   struct changes *ret, struct err *err)
{
	struct changes found = { 0 };
	struct walk w = { .a = a, .changes = &found, .to_fd = -1, .at = at, .err = err };

	TRY(compare_dirs(&w, copy_fd, dir_fd, ""));
	if (found.n)
		qsort(found.v, found.n, sizeof(*found.v), by_path);
	*ret = found;
	return 0;
}

static int measure(struct walk *w, int dir, int unused, const char *name, const char *path)
{
	struct stat st;

	if (fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return err_host(w->err, errno, "--workspace: look at %s", path);
	if (++w->count > WORKSPACE_COPY_MAX)
		return err_limit(w->err,
				 "--workspace: more than %d files, which are too many to copy",
				 WORKSPACE_COPY_MAX);
	if (S_ISREG(st.st_mode))
		w->bytes += ((uint64_t)st.st_size + PAGE - 1) / PAGE * PAGE;
	if (!S_ISDIR(st.st_mode))
		return 0;
	scoped_fd int below_it = open_dir(dir, name);
	return below_it < 0 ? err_host(w->err, errno, "--workspace: open %s", path)
			    : walk_dir(w, below_it, unused, path, measure);
}

int workspace_measure(int dir_fd, struct arena *a, uint64_t *bytes, uint64_t *files,
		      struct err *err)
{
	struct walk w = { .a = a, .to_fd = -1, .depth_max = WORKSPACE_COPY_DEPTH, .err = err };

	TRY(walk_dir(&w, dir_fd, -1, "", measure));
	*bytes = w.bytes;
	*files = w.count;
	return 0;
}

/* --- commit --- */

static int remove_tree(int at, const char *name, int depth, struct err *err);

static int empty_dir(int fd, int depth, struct err *err)
{
	DIR *dir = fdopendir(fd);
	struct dirent *d;
	int r = 0;

	if (!dir)
		return err_host(err, errno, "read a directory of the workspace");
	while (r == 0 && (d = readdir(dir)))
		if (!str_eq(d->d_name, ".") && !str_eq(d->d_name, ".."))
			r = remove_tree(dirfd(dir), d->d_name, depth + 1, err);
	(void)closedir(dir);
	return r;
}

static int remove_tree(int at, const char *name, int depth, struct err *err)
{
	int fd;

	if (sys_unlinkat(at, name, 0) == 0 || errno == ENOENT)
		return 0;
	if (errno != EISDIR && errno != EPERM)
		return carry_unwritten("remove", name, err);
	if (depth > WORKSPACE_DEPTH_MAX)
		return err_limit(err, "directories are nested deeper than %d", WORKSPACE_DEPTH_MAX);
	fd = open_dir(at, name);
	if (fd < 0)
		return err_host(err, errno, "open %s", name);
	TRY(empty_dir(fd, depth, err));
	return sys_unlinkat(at, name, AT_REMOVEDIR) < 0 ? err_host(err, errno, "remove %s", name)
							: 0;
}

static int make_dir(int at, const char *name, mode_t mode, const char *path, struct err *err)
{
	struct stat st;

	if (fstatat(at, name, &st, AT_SYMLINK_NOFOLLOW) == 0 && !S_ISDIR(st.st_mode))
		TRY(remove_tree(at, name, 0, err));
	if (sys_mkdirat(at, name, mode & CARRIED_MODE) < 0 && errno != EEXIST)
		return carry_unwritten("make the directory", path, err);
	return 0;
}

/* The directory that the path's last name is in, without a symlink on the way. */
static int open_parent(int root, const char *path, struct arena *a)
{
	size_t n = (size_t)(path_base(path) - path);
	struct open_how how = { .flags = O_PATH | O_DIRECTORY | O_CLOEXEC,
				.resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS };

	return sys_openat2(root, n ? arena_strn(a, path, n) : ".", &how);
}

static int put(int from, int to, const struct change *c, uint64_t *left, struct err *err)
{
	const char *name = path_base(c->path);
	struct stat st, old;

	if (c->kind == 'D')
		return remove_tree(to, name, 0, err);
	if (fstatat(from, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return err_host(err, errno, "look at the workspace's %s", c->path);
	if (S_ISDIR(st.st_mode))
		return make_dir(to, name, st.st_mode, c->path, err);
	/* A file cannot be renamed over a directory. */
	if (fstatat(to, name, &old, AT_SYMLINK_NOFOLLOW) == 0 && S_ISDIR(old.st_mode))
		TRY(remove_tree(to, name, 0, err));
	if (S_ISLNK(st.st_mode))
		return carry_link(from, to, name, c->path, err);
	return S_ISREG(st.st_mode) ? carry_file(from, to, name, c->path, left, err) : 0;
}

int workspace_commit(int upper_fd, int lower_fd, const struct changes *changes, uint64_t most,
		     struct err *err)
{
	for (size_t i = 0; i < changes->n; i++) {
		scoped_arena struct arena a = ARENA_ROOM(8192);
		const struct change *c = &changes->v[i];
		scoped_fd int from = open_parent(upper_fd, c->path, &a);
		scoped_fd int to = open_parent(lower_fd, c->path, &a);

		/* What lies below a removed directory is gone with it. */
		if (c->kind == 'D' && to < 0)
			continue;
		if (to < 0 || (from < 0 && c->kind != 'D'))
			return err_host(err, errno, "--commit: open the directory of %s", c->path);
		if (put(from, to, c, &most, err) < 0)
			return err_in(err, "--commit");
	}
	return 0;
}

/* --- artifacts --- */

static bool fits(const struct policy_words *patterns, const char *path)
{
	for (size_t i = 0; i < patterns->n; i++) {
		const char *p = patterns->v[i];

		if (fnmatch(p, path, strstr(p, "**") ? 0 : FNM_PATHNAME) == 0)
			return true;
	}
	return false;
}

static int put_artifact(struct walk *w, int from, const char *name, const char *path)
{
	size_t n = (size_t)(path_base(path) - path);
	scoped_fd int to = -1;

	if (++w->count > WORKSPACE_CHANGES_MAX)
		return err_limit(w->err, "--artifacts: more than %d files", WORKSPACE_CHANGES_MAX);
	TRY(make_in_root(w->to_fd, n ? arena_strn(w->a, path, n) : "/", false, &to, NULL, w->err));
	return carry_file(from, to, name, path, &w->left, w->err);
}

static int pick(struct walk *w, int from, int unused, const char *name, const char *path)
{
	struct stat st;

	if (fstatat(from, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return err_host(w->err, errno, "look at %s", path);
	if (S_ISDIR(st.st_mode)) {
		scoped_fd int dir = open_dir(from, name);

		return dir < 0 ? carry_unread(errno, path, w->err)
			       : walk_dir(w, dir, unused, path, pick);
	}
	return S_ISREG(st.st_mode) && fits(w->patterns, path) ? put_artifact(w, from, name, path)
							      : 0;
}

int workspace_artifacts(int from_fd, int to_fd, const struct policy_words *patterns, uint64_t most,
			struct arena *a, size_t *count, struct err *err)
{
	struct walk w = { .a = a, .patterns = patterns, .to_fd = to_fd, .left = most, .err = err };

	if (walk_dir(&w, from_fd, -1, "", pick) < 0)
		return err_in(err, "--artifacts");
	*count = w.count;
	return 0;
}

int workspace_picked(int from_fd, int to_fd, const struct changes *changes,
		     const struct policy_words *patterns, uint64_t most, struct arena *a,
		     size_t *count, struct err *err)
{
	struct walk w = { .a = a, .patterns = patterns, .to_fd = to_fd, .left = most, .err = err };

	for (size_t i = 0; i < changes->n; i++) {
		const struct change *c = &changes->v[i];
		scoped_fd int from = c->kind == 'D' ? -1 : open_parent(from_fd, c->path, a);
		struct stat st;

		if (from < 0 || fstatat(from, path_base(c->path), &st, AT_SYMLINK_NOFOLLOW) < 0 ||
		    !S_ISREG(st.st_mode) || !fits(patterns, c->path))
			continue;
		if (put_artifact(&w, from, path_base(c->path), c->path) < 0)
			return err_in(err, "--artifacts");
	}
	*count = w.count;
	return 0;
}
