/* SPDX-License-Identifier: Apache-2.0 */
/* store.c - the state directory: claims, locks, removal.
 * Should: hold every directory by its descriptor and check its owner.  Mustn't: follow a symlink,
 * or leave what a kill -9 at any line could not be cleaned up from. */
#include "runtime/life/store.h"

#include <dirent.h>
#include <sys/file.h>
#include <time.h>

#include "spec/base/fd.h"
#include "spec/base/path.h"
#include "spec/base/str.h"
#include "spec/base/sys.h"

#define ID_MAX 255
#define LOCK_WAIT_MS 10000
#define LOCK_STEP_MS 20
/* Foreign names in an entry: what is removed at most, and how deep. */
#define LEFTOVERS_MAX 10000
#define LEFTOVERS_DEPTH 16
#define IDS_MAX 65536

/* What we make in an entry, in the order of removal: the state goes last, so that a half-removed
 * container is still a stopped one. */
/* What a container that has run leaves; anything else is found by looking. */
static const char *const known_names[] = { STORE_CONFIG, STORE_STATE };

void entry_done(struct entry *e)
{
	scope_close(&e->dir_fd);
	e->dir_fd = -1;
	if (e->in_root)
		(void)sys_close(e->root_fd);
	e->locked = e->in_root = false;
}

static bool id_char(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       c == '_' || c == '+' || c == '.' || c == '-';
}

int store_id_check(const char *id, struct err *err)
{
	size_t n = strnlen(id, ID_MAX + 1);

	if (n == 0)
		return err_input(err, "a container id is missing");
	if (n > ID_MAX)
		return err_input(err, "container id \"%.32s…\" is longer than %d bytes", id,
				 ID_MAX);
	if (id[0] == '-' || id[0] == '.')
		return err_input(err, "container id \"%s\" begins with \"%c\"", id, id[0]);
	for (const char *c = id; *c; c++)
		if (!id_char(*c))
			return err_input(
				err, "container id: only letters, digits and _ + . - are allowed");
	return 0;
}

static int missing(const char *id, struct err *err)
{
	(void)err_state(err, "container \"%s\" does not exist", id);
	err->errnum = ESRCH;
	return -1;
}

/* Makes the missing directories above and at path, 0700. */
static int make_dirs(char *path, struct err *err)
{
	for (char *slash = strchr(path + 1, '/');; slash = strchr(slash + 1, '/')) {
		int rc, saved;

		if (slash)
			*slash = '\0';
		rc = sys_mkdirat(AT_FDCWD, path, 0700);
		saved = errno;
		if (rc < 0 && saved != EEXIST)
			return err_host(err, saved, "make state directory %s", path);
		if (!slash)
			return 0;
		*slash = '/';
	}
}

static int root_check(int fd, const char *path, bool claim, uint32_t *owner, struct err *err)
{
	uid_t me = geteuid();
	struct stat st;

	if (sys_fstat(fd, &st) < 0)
		return err_host(err, errno, "stat state directory %s", path);
	if (st.st_uid != me && (me != 0 || claim))
		return err_state(err, "state directory %s belongs to uid %u, not to the caller",
				 path, st.st_uid);
	if ((st.st_mode & S_IWOTH) && !(st.st_mode & S_ISVTX))
		return err_state(err, "state directory %s is writable by everybody; chmod it",
				 path);
	*owner = st.st_uid;
	return 0;
}

/* One component further down. Root must not be led by a symlink that somebody else made: those of
 * the owner of "/" are the system's (/var/run). */
static int step_down(int dir_fd, const char *name, uid_t system)
{
	scoped_fd int fd = sys_openat(dir_fd, name, O_PATH | O_NOFOLLOW | O_CLOEXEC, 0);
	struct stat st;

	if (fd < 0 || sys_fstat(fd, &st) < 0)
		return -1;
	if (!S_ISLNK(st.st_mode))
		return take_fd(&fd);
	if (st.st_uid != 0 && st.st_uid != system) {
		errno = ELOOP;
		return -1;
	}
	return sys_openat(dir_fd, name, O_PATH | O_DIRECTORY | O_CLOEXEC, 0);
}

/* The directory that a clean path's last component lies in; path is cut up in place and *last is
 * that component. */
static int walk_down(char *path, const char **last)
{
	scoped_fd int fd = sys_openat(AT_FDCWD, "/", O_PATH | O_DIRECTORY | O_CLOEXEC, 0);
	char *name = path + 1, *slash;
	struct stat st;

	if (fd < 0 || sys_fstat(fd, &st) < 0)
		return -1;
	for (; (slash = strchr(name, '/')); name = slash + 1) {
		int next;

		*slash = '\0';
		next = step_down(fd, name, st.st_uid);
		if (next < 0)
			return -1;
		(void)sys_close(fd);
		fd = next;
	}
	*last = *name ? name : ".";
	return take_fd(&fd);
}

/* Opens ROOT itself, which is no symlink; as root with care for the way there. */
static int root_fd_open(const char *clean, struct arena *a)
{
	const int flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
	scoped_fd int dir = -1;
	const char *last;

	if (geteuid() != 0)
		return sys_openat(AT_FDCWD, clean, flags, 0);
	dir = walk_down(arena_str(a, clean), &last);
	return dir < 0 ? -1 : sys_openat(dir, last, flags, 0);
}

/* ROOT as a descriptor; made first for a claim. 1: it is not there. */
static int root_open(const struct runtime *rt, bool claim, int *ret, uint32_t *owner,
		     struct err *err)
{
	scoped_arena struct arena a = ARENA_ROOM(1024);
	scoped_fd int fd = -1;
	char *path;

	if (!path_is_absolute(rt->root))
		return err_input(err, "state directory \"%s\" must be absolute", rt->root);
	path = path_clean(&a, rt->root);
	fd = root_fd_open(path, &a);
	if (fd < 0 && errno == ENOENT) {
		if (!claim)
			return 1;
		TRY(make_dirs(path, err));
		fd = root_fd_open(path, &a);
	}
	if (fd < 0)
		return err_host(err, errno, "open state directory %s", path);
	TRY(root_check(fd, path, claim, owner, err));
	*ret = take_fd(&fd);
	return 0;
}

static int64_t now_ms(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* Waits in steps, as flock has no time-out: the first ones short, for a lock is held briefly. */
static int lock_wait(int fd, const char *id, struct err *err)
{
	int64_t deadline = 0;

	for (int step = 1;; step = step * 2 > LOCK_STEP_MS ? LOCK_STEP_MS : step * 2) {
		struct timespec pause = { .tv_nsec = step * 1000000L };

		if (sys_flock(fd, LOCK_EX | LOCK_NB) == 0)
			return 0;
		if (errno != EWOULDBLOCK && errno != EINTR)
			return err_host(err, errno, "lock container \"%s\"", id);
		if (!deadline)
			deadline = now_ms() + LOCK_WAIT_MS;
		if (now_ms() >= deadline)
			return err_state(err, "container \"%s\" is busy: another command holds it",
					 id);
		(void)nanosleep(&pause, NULL);
	}
}

/* The entry behind dir_fd, whose owner must be owner. 1: it was removed while we waited. */
static int entry_take(struct entry *e, const char *id, uint32_t owner, bool lock, struct err *err)
{
	struct stat st;

	if (lock)
		TRY(lock_wait(e->dir_fd, id, err));
	e->locked = lock;
	if (sys_fstat(e->dir_fd, &st) < 0)
		return err_host(err, errno, "stat container \"%s\"", id);
	if (st.st_uid != owner)
		return err_state(err, "container \"%s\" belongs to uid %u, not to uid %u", id,
				 st.st_uid, owner);
	e->owner = st.st_uid;
	return st.st_nlink == 0;
}

static void entry_give(struct entry *from, struct entry *to)
{
	*to = *from;
	from->dir_fd = -1;
	from->in_root = false;
}

static int entry_open(int root_fd, const char *id)
{
	return sys_openat(root_fd, id, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC, 0);
}

/* Opens and locks the directory that was just made. */
static int claim_take(int root_fd, const char *id, uint32_t owner, struct entry *ret,
		      struct err *err)
{
	scoped_entry struct entry e = { .dir_fd = entry_open(root_fd, id) };
	int rc;

	if (e.dir_fd < 0)
		return err_host(err, errno, "open container \"%s\"", id);
	rc = entry_take(&e, id, owner, true, err);
	if (rc > 0)
		return err_state(err, "container \"%s\" was deleted while it was made", id);
	TRY(rc);
	entry_give(&e, ret);
	return 0;
}

int store_claim(const struct runtime *rt, const char *id, struct entry *ret, struct err *err)
{
	scoped_fd int root_fd = -1;
	uint32_t owner;

	TRY(store_id_check(id, err));
	TRY(root_open(rt, true, &root_fd, &owner, err));
	if (sys_mkdirat(root_fd, id, 0700) < 0) {
		if (errno == EEXIST)
			return err_state(err, "container \"%s\" already exists", id);
		return err_host(err, errno, "make state of container \"%s\"", id);
	}
	if (claim_take(root_fd, id, owner, ret, err) < 0) {
		/* Empty if it is still ours; otherwise this does nothing. */
		(void)sys_unlinkat(root_fd, id, AT_REMOVEDIR);
		return -1;
	}
	ret->root_fd = take_fd(&root_fd);
	ret->in_root = true;
	return 0;
}

int store_open(const struct runtime *rt, const char *id, bool lock, struct entry *ret,
	       struct err *err)
{
	scoped_entry struct entry e = { .dir_fd = -1 };
	scoped_fd int root_fd = -1;
	uint32_t owner;
	int rc;

	TRY(store_id_check(id, err));
	rc = root_open(rt, false, &root_fd, &owner, err);
	if (rc > 0)
		return missing(id, err);
	TRY(rc);
	e.dir_fd = entry_open(root_fd, id);
	if (e.dir_fd < 0 && errno == ENOENT)
		return missing(id, err);
	if (e.dir_fd < 0)
		return err_host(err, errno, "open state of container \"%s\"", id);
	rc = entry_take(&e, id, owner, lock, err);
	if (rc > 0)
		return missing(id, err);
	TRY(rc);
	entry_give(&e, ret);
	return 0;
}

int store_lock(struct entry *e, const char *id, struct err *err)
{
	return entry_take(e, id, e->owner, true, err);
}

void store_unlock(struct entry *e)
{
	if (e->locked)
		(void)sys_flock(e->dir_fd, LOCK_UN); /* can only fail where there is no lock */
	e->locked = false;
}

/* --- removal ---------------------------------------------------------------------------------- */

static bool is_dot(const char *name)
{
	return str_eq(name, ".") || str_eq(name, "..");
}

static int empty_dir(int dir_fd, int depth, unsigned int *left, struct err *err);

/* One foreign name: unlinked, or, as a directory on the same file system, emptied and removed. */
static int remove_leftover(int dir_fd, const char *name, int depth, unsigned int *left,
			   struct err *err)
{
	if ((*left)-- == 0 || depth == 0)
		return err_limit(err, "more than %d files, or deeper than %d, lie in the state",
				 LEFTOVERS_MAX, LEFTOVERS_DEPTH);
	if (sys_unlinkat(dir_fd, name, 0) == 0 || errno == ENOENT)
		return 0;
	if (errno != EISDIR && errno != EPERM)
		return err_host(err, errno, "remove %s", name);
	scoped_fd int fd = open_beneath(dir_fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
	if (fd < 0)
		return err_host(err, errno, "remove %s", name);
	TRY(empty_dir(fd, depth - 1, left, err));
	if (sys_unlinkat(dir_fd, name, AT_REMOVEDIR) < 0 && errno != ENOENT)
		return err_host(err, errno, "remove %s", name);
	return 0;
}

static void scope_closedir(DIR **d)
{
	if (*d)
		(void)closedir(*d);
}

/* A stream on a descriptor of its own, so that dir_fd keeps its lock and its place. */
static DIR *dir_stream(int dir_fd)
{
	scoped_fd int fd = sys_openat(dir_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0);
	DIR *d = fd < 0 ? NULL : fdopendir(fd);

	if (d)
		(void)take_fd(&fd);
	return d;
}

static int empty_dir(int dir_fd, int depth, unsigned int *left, struct err *err)
{
	scoped(scope_closedir) DIR *d = dir_stream(dir_fd);
	const struct dirent *entry;

	if (!d)
		return err_host(err, errno, "read state directory");
	while ((entry = readdir(d)))
		if (!is_dot(entry->d_name))
			TRY(remove_leftover(dir_fd, entry->d_name, depth, left, err));
	return 0;
}

/* ROOT, as it was when the id was claimed, or opened anew. 1: it is not there. */
static int root_again(const struct runtime *rt, struct entry *e, struct err *err)
{
	uint32_t owner;
	int rc = e->in_root ? 0 : root_open(rt, false, &e->root_fd, &owner, err);

	if (rc == 0)
		e->in_root = true;
	return rc;
}

int store_remove(const struct runtime *rt, struct entry *e, const char *id, struct err *err)
{
	unsigned int left = LEFTOVERS_MAX;
	struct stat st;
	int rc;

	TRY(store_id_check(id, err));
	if (sys_fstat(e->dir_fd, &st) < 0)
		return err_host(err, errno, "stat container \"%s\"", id);
	rc = root_again(rt, e, err);
	if (rc > 0 || st.st_nlink == 0) {
		entry_done(e);
		return 0;
	}
	TRY(rc);
	for (size_t i = 0; i < ARRAY_LEN(known_names); i++)
		if (sys_unlinkat(e->dir_fd, known_names[i], 0) < 0 && errno != ENOENT &&
		    errno != EISDIR)
			return err_host(err, errno, "remove %s of container \"%s\"", known_names[i],
					id);
	rc = sys_unlinkat(e->root_fd, id, AT_REMOVEDIR);
	if (rc < 0 && (errno == ENOTEMPTY || errno == EEXIST)) {
		TRY(empty_dir(e->dir_fd, LEFTOVERS_DEPTH, &left, err));
		rc = sys_unlinkat(e->root_fd, id, AT_REMOVEDIR);
	}
	if (rc < 0 && errno != ENOENT)
		return err_host(err, errno, "remove state of container \"%s\"", id);
	entry_done(e);
	return 0;
}

static int by_name(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

int store_ids(const struct runtime *rt, struct arena *a, struct strings *ret, struct err *err)
{
	struct strings ids = { .v = arena_array(a, const char *, 1) };
	scoped(scope_closedir) DIR *d = NULL;
	scoped_fd int root_fd = -1;
	struct err ignored = { 0 };
	const struct dirent *entry;
	uint32_t owner;
	size_t room = 1;
	int rc;

	rc = root_open(rt, false, &root_fd, &owner, err);
	TRY(rc);
	d = rc > 0 ? NULL : dir_stream(root_fd);
	if (rc == 0 && !d)
		return err_host(err, errno, "read state directory %s", rt->root);
	while (d && (entry = readdir(d))) {
		if (store_id_check(entry->d_name, &ignored) < 0)
			continue;
		if (ids.n == IDS_MAX)
			return err_limit(err, "more than %d containers in %s", IDS_MAX, rt->root);
		if (ids.n + 1 == room) {
			ids.v = arena_grow(a, ids.v, room * sizeof(*ids.v),
					   room * 2 * sizeof(*ids.v));
			room *= 2;
		}
		ids.v[ids.n++] = arena_str(a, entry->d_name);
	}
	ids.v[ids.n] = NULL;
	qsort(ids.v, ids.n, sizeof(*ids.v), by_name);
	*ret = ids;
	return 0;
}
