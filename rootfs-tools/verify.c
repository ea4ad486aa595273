/* SPDX-License-Identifier: Apache-2.0 */
/* verify.c - walks a directory beside a tree.
 * Should: name every difference.  Mustn't: follow a symlink, or wait on a fifo. */
#include "rootfs-tools/verify.h"

#include <dirent.h>
#include <string.h>
#include <sys/xattr.h>

#include "rootfs-tools/unpack.h"
#include "spec/base/fd.h"
#include "spec/base/sys.h"
#include "spec/json/quote.h"

#define DIR_FLAGS (O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
#define FILE_FLAGS (O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK | O_NOCTTY)
#define XATTR_LIST_MAX 65536

/* --- names in a directory --- */

struct names {
	const char **v;
	size_t n;
};

static int name_order(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static void close_dir(DIR **d)
{
	if (*d)
		(void)closedir(*d);
}

static int names_read(int fd, struct arena *a, struct names *ret, struct err *err)
{
	scoped_fd int again = sys_openat(fd, ".", DIR_FLAGS, 0);
	scoped(close_dir) DIR *d = again < 0 ? NULL : fdopendir(again);
	size_t room = 0;
	struct dirent *e;

	if (!d)
		return err_host(err, errno, "list a directory");
	(void)take_fd(&again);
	while (errno = 0, (e = readdir(d))) {
		if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0)
			continue;
		if (ret->n == room) {
			size_t more = room ? 2 * room : 32;

			ret->v = arena_grow(a, ret->v, room * sizeof(*ret->v),
					    more * sizeof(*ret->v));
			room = more;
		}
		ret->v[ret->n++] = arena_str(a, e->d_name);
	}
	if (errno)
		return err_host(err, errno, "list a directory");
	if (ret->n)
		qsort(ret->v, ret->n, sizeof(*ret->v), name_order);
	return 0;
}

/* --- verifying --- */

static void found(struct verify *v, const struct node *n, const char *name, const char *what)
{
	char buf[TREE_PATH_MAX];
	struct text path = { 0 };
	scoped_arena struct arena a = { 0 };

	path.arena = &a;
	text_add(&path, tree_path(n, buf));
	if (name)
		text_addf(&path, "%s%s", path.len > 1 ? "/" : "", name);
	v->differences++;
	if (v->found)
		v->found(v->ctx, path.s, what);
}

static unsigned int mode_expected(const struct verify *v, const struct node *n)
{
	if (n->type == NODE_FILE && v->placing == PLACE_LINK && can_link(n, v->epoch))
		return link_mode(n->mode);
	return n->mode;
}

static void stat_check(struct verify *v, const struct node *n, const struct stat *st)
{
	bool linked = n->type == NODE_FILE && v->placing == PLACE_LINK && can_link(n, v->epoch);

	if (n->type != NODE_SYMLINK && (st->st_mode & 07777) != mode_expected(v, n))
		found(v, n, NULL, "another mode");
	if (st->st_uid != geteuid() && st->st_uid != 0)
		found(v, n, NULL, "another owner");
	if (st->st_mtim.tv_sec != v->epoch || st->st_mtim.tv_nsec != 0)
		found(v, n, NULL, "another time");
	if (n->type == NODE_FILE && (uint64_t)st->st_size != n->content->size)
		found(v, n, NULL, "another size");
	if (n->type == NODE_FILE && !linked && st->st_nlink != 1)
		found(v, n, NULL, "a hard link to something else");
}

/* How many attributes of PLACE_META are as they should be; a difference is told. */
static size_t meta_check(struct verify *v, const struct node *n, int fd)
{
	char to[OBJECT_NAME_MAX + 1] = "/", there[OBJECT_NAME_MAX + 1];
	ssize_t len;

	if (n->type != NODE_FILE || v->placing != PLACE_META || n->content->size == 0)
		return 0;
	object_name(n->content->sha256, false, to + 1);
	len = fgetxattr(fd, META_REDIRECT, there, sizeof(there));
	if (len != (ssize_t)strlen(to) || memcmp(there, to, strlen(to)) != 0)
		found(v, n, NULL, "leads to another object");
	if (fgetxattr(fd, META_XATTR, NULL, 0) != 0)
		found(v, n, NULL, "leads to no object");
	return 2;
}

static void xattrs_check(struct verify *v, const struct node *n, int fd)
{
	scoped_arena struct arena a = { 0 };
	char *list = arena_alloc(&a, XATTR_LIST_MAX);
	ssize_t len = flistxattr(fd, list, XATTR_LIST_MAX);
	size_t expected = n->xattrs.n + meta_check(v, n, fd), there = 0;

	if (len < 0 && errno != EOPNOTSUPP)
		found(v, n, NULL, "attributes that cannot be read");
	for (ssize_t i = 0; i < len; i += (ssize_t)strlen(list + i) + 1)
		/* The kernel's labels are no part of a bundle. */
		there += !str_starts(list + i, "security.") && !str_starts(list + i, "system.");
	if (there != expected)
		found(v, n, NULL, "other attributes");
	for (size_t i = 0; i < n->xattrs.n; i++) {
		const struct xattr *x = &n->xattrs.v[i];
		char *value = arena_alloc(&a, x->len + 1);

		if (fgetxattr(fd, x->name, value, x->len + 1) != (ssize_t)x->len ||
		    memcmp(value, x->value, x->len) != 0)
			found(v, n, NULL, "another attribute");
	}
}

/* An object is as good as its name; each is looked at once. */
static int object_check(struct verify *v, const struct node *n, struct err *err)
{
	struct content *c = n->content;
	uint8_t digest[SHA256_BYTES];
	char name[OBJECT_NAME_MAX];
	struct stat st;
	uint64_t size;
	int fd;

	if (c->uses == 2) {
		found(v, n, NULL, "its object is damaged");
		return 0;
	}
	if (c->size == 0 || c->uses == 1)
		return 0;
	object_name(c->sha256, false, name);
	c->uses = 1;
	fd = spool_fd(v->spool, c, err);
	if (fd < 0 || fstat(fd, &st) < 0 || (uint64_t)st.st_size != c->size ||
	    (st.st_mode & 0222) != 0) {
		c->uses = 2;
	} else if (v->full) {
		TRY(file_hash(fd, name, v->pulse, digest, &size, err));
		v->bytes += size;
		if (memcmp(digest, c->sha256, sizeof(digest)) != 0)
			c->uses = 2;
	}
	if (c->uses == 2)
		found(v, n, NULL, "its object is damaged or missing");
	return 0;
}

static int bytes_check(struct verify *v, const struct node *n, int fd, struct err *err)
{
	uint8_t digest[SHA256_BYTES];
	uint64_t size;

	if (v->placing == PLACE_META)
		return object_check(v, n, err);
	if (!v->full)
		return 0;
	TRY(file_hash(fd, n->name, v->pulse, digest, &size, err));
	v->bytes += size;
	if (size != n->content->size || memcmp(digest, n->content->sha256, sizeof(digest)) != 0)
		found(v, n, NULL, "other content");
	return 0;
}

static int target_check(struct verify *v, const struct node *n, int dir_fd, struct err *err)
{
	char target[TREE_PATH_MAX];
	ssize_t len = readlinkat(dir_fd, n->name, target, sizeof(target));

	if (len < 0)
		return err_host(err, errno, "read the symlink %s", Q(n->name));
	if ((size_t)len != strlen(n->target) || memcmp(target, n->target, (size_t)len) != 0)
		found(v, n, NULL, "another target");
	return 0;
}

static int dir_verify(struct verify *v, const struct node *dir, int fd, struct err *err);

static int node_verify(struct verify *v, const struct node *n, int dir_fd, struct err *err)
{
	static const mode_t types[] = {
		[NODE_DIR] = S_IFDIR, [NODE_FILE] = S_IFREG, [NODE_SYMLINK] = S_IFLNK
	};
	scoped_fd int fd = -1;
	struct stat st;

	if (fstatat(dir_fd, n->name, &st, AT_SYMLINK_NOFOLLOW) < 0) {
		if (errno != ENOENT)
			return err_host(err, errno, "stat %s", Q(n->name));
		found(v, n, NULL, "missing");
		return 0;
	}
	if ((st.st_mode & S_IFMT) != types[n->type]) {
		found(v, n, NULL, "of another type");
		return 0;
	}
	stat_check(v, n, &st);
	if (n->type == NODE_SYMLINK)
		return target_check(v, n, dir_fd, err);
	fd = sys_openat(dir_fd, n->name, n->type == NODE_DIR ? DIR_FLAGS : FILE_FLAGS, 0);
	if (fd < 0) {
		found(v, n, NULL, "cannot be opened");
		return 0;
	}
	xattrs_check(v, n, fd);
	if (n->type == NODE_DIR)
		return dir_verify(v, n, fd, err);
	v->files++;
	return bytes_check(v, n, fd, err);
}

static int dir_verify(struct verify *v, const struct node *dir, int fd, struct err *err)
{
	scoped_arena struct arena a = { 0 };
	struct node **children = node_children(&a, dir);
	struct names names = { 0 };
	size_t i = 0;

	TRY(names_read(fd, &a, &names, err));
	TRY(interrupted(err));
	for (size_t j = 0; j < dir->count; j++) {
		for (; i < names.n && strcmp(names.v[i], children[j]->name) < 0; i++)
			found(v, dir, names.v[i], "should not be there");
		i += i < names.n && strcmp(names.v[i], children[j]->name) == 0;
		TRY(node_verify(v, children[j], fd, err));
	}
	for (; i < names.n; i++)
		found(v, dir, names.v[i], "should not be there");
	return 0;
}

int verify_tree(const struct tree *t, struct verify *v, int dir_fd, struct err *err)
{
	struct stat st;

	if (fstat(dir_fd, &st) < 0)
		return err_host(err, errno, "stat the root");
	stat_check(v, t->root, &st);
	xattrs_check(v, t->root, dir_fd);
	return dir_verify(v, t->root, dir_fd, err);
}

/* --- scanning --- */

struct scan {
	struct tree *tree;
	const struct pulse *pulse;
};

static int file_scan(struct scan *s, int dir_fd, const char *name, struct item *item,
		     struct err *err)
{
	scoped_fd int fd = sys_openat(dir_fd, name, FILE_FLAGS, 0);
	struct content *c = arena_new(&s->tree->arena, struct content);

	if (fd < 0)
		return err_host(err, errno, "open it");
	TRY(file_hash(fd, name, s->pulse, c->sha256, &c->size, err));
	item->type = NODE_FILE;
	item->content = c;
	return interrupted(err);
}

static int link_scan(struct scan *s, int dir_fd, const char *name, struct item *item,
		     struct err *err)
{
	char target[TREE_PATH_MAX];
	ssize_t len = readlinkat(dir_fd, name, target, sizeof(target) - 1);

	if (len < 0)
		return err_host(err, errno, "read the symlink");
	item->type = NODE_SYMLINK;
	item->target = arena_strn(&s->tree->arena, target, (size_t)len);
	return 0;
}

static int dir_scan(struct scan *s, int fd, const char *path, struct err *err)
{
	scoped_arena struct arena a = { 0 };
	struct names names = { 0 };

	TRY(names_read(fd, &a, &names, err));
	for (size_t i = 0; i < names.n; i++) {
		const char *name = names.v[i], *full = arena_printf(&a, "%s/%s", path, name);
		struct item item = { .source = 1 };
		scoped_fd int sub = -1;
		struct stat st;
		int r = 0;

		if (fstatat(fd, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
			return err_host(err, errno, "stat %s", Q(full));
		item.mode = st.st_mode & 07777;
		if (S_ISREG(st.st_mode))
			r = file_scan(s, fd, name, &item, err);
		else if (S_ISLNK(st.st_mode))
			r = link_scan(s, fd, name, &item, err);
		else if (!S_ISDIR(st.st_mode))
			r = err_input(err, "a device, fifo or socket");
		if (r < 0)
			return err_in(err, "entry %s", Q(full));
		TRY(tree_put(s->tree, full, &item, err));
		if (!S_ISDIR(st.st_mode))
			continue;
		sub = sys_openat(fd, name, DIR_FLAGS, 0);
		if (sub < 0)
			return err_host(err, errno, "open %s", Q(full));
		TRY(dir_scan(s, sub, full, err));
	}
	return 0;
}

int scan_tree(int dir_fd, struct tree *t, const struct pulse *pulse, struct err *err)
{
	struct scan s = { .tree = t, .pulse = pulse };
	struct stat st;

	if (fstat(dir_fd, &st) < 0)
		return err_host(err, errno, "stat the root");
	t->root->mode = st.st_mode & 07777;
	return dir_scan(&s, dir_fd, "", err);
}

int node_open(int dir_fd, const struct node *n, struct err *err)
{
	char buf[TREE_PATH_MAX];
	const char *path = tree_path(n, buf);
	int fd = open_beneath(dir_fd, path + 1, FILE_FLAGS);

	return fd < 0 ? err_host(err, errno, "open %s", Q(path)) : fd;
}
