/* SPDX-License-Identifier: Apache-2.0 */
/* store.c - the directory of the store: opening, names, lists. */
#include "bundle/store.h"

#include <dirent.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/random.h>

#include "bundle/recipe.h"
#include "spec/base/fd.h"
#include "spec/base/path.h"
#include "spec/base/str.h"
#include "spec/base/sys.h"
#include "spec/json/quote.h"

#define DIR_FLAGS (O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
#define PREFIX_MIN 12
#define REF_MAX 128

void store_done(struct store *s)
{
	const int fds[] = { s->dir, s->objects, s->bundles, s->refs, s->tmp, s->lock };

	for (size_t i = 0; i < ARRAY_LEN(fds); i++)
		if (fds[i] >= 0)
			(void)sys_close(fds[i]);
	*s = (struct store)STORE_NONE;
}

static int store_path(struct arena *a, const char **ret, struct err *err)
{
	const char *base = getenv("XDG_DATA_HOME"), *home = getenv("HOME");

	if (base && path_is_absolute(base))
		*ret = arena_printf(a, "%s/srt-oci/store", base);
	else if (home && path_is_absolute(home))
		*ret = arena_printf(a, "%s/.local/share/srt-oci/store", home);
	else
		return err_input(err, "no directory for the store: set XDG_DATA_HOME or HOME");
	return 0;
}

static int dirs_make(const char *path, struct arena *a, int *ret, struct err *err)
{
	char *part = arena_str(a, path);

	for (char *p = part + 1;; p++) {
		char keep = *p;

		if (keep != '/' && keep != '\0')
			continue;
		*p = '\0';
		if (mkdir(part, 0700) < 0 && errno != EEXIST)
			return err_host(err, errno, "make %s", part);
		*p = keep;
		if (!keep)
			break;
	}
	*ret = sys_openat(AT_FDCWD, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0);
	if (*ret < 0)
		return err_host(err, errno, "open %s", path);
	return 0;
}

/* What others may put into the directory would be believed. */
static int owner_check(const struct store *s, int dir, const char *name, struct err *err)
{
	struct stat st;

	if (sys_fstat(dir, &st) < 0)
		return err_host(err, errno, "stat %s/%s", s->path, name);
	if (st.st_uid != geteuid() || st.st_mode & 022)
		return err_set(err, ERR_HOSTILE, 0,
			       "the store %s%s%s can be written by others than its owner", s->path,
			       *name ? "/" : "", name);
	return 0;
}

static int shelf_open(const struct store *s, const char *name, int *ret, struct err *err)
{
	if (sys_mkdirat(s->dir, name, 0700) == 0) {
		*ret = sys_openat(s->dir, name, DIR_FLAGS, 0);
		if (*ret >= 0)
			(void)sys_fchmod(*ret,
					 0755); /* whatever the umask; the store keeps others out */
	} else {
		*ret = sys_openat(s->dir, name, DIR_FLAGS, 0);
	}
	if (*ret < 0)
		return err_host(err, errno, "open %s/%s", s->path, name);
	return owner_check(s, *ret, name, err);
}

int store_open(struct store *s, enum store_lock lock, struct arena *a, struct err *err)
{
	static const int locks[] = {
		[STORE_READ] = LOCK_SH, [STORE_WRITE] = LOCK_SH, [STORE_REMOVE] = LOCK_EX
	};
	scoped_store struct store o = STORE_NONE;

	TRY(store_path(a, &o.path, err));
	TRY(dirs_make(o.path, a, &o.dir, err));
	TRY(owner_check(&o, o.dir, "", err));
	TRY(shelf_open(&o, "objects", &o.objects, err));
	TRY(shelf_open(&o, "bundles", &o.bundles, err));
	TRY(shelf_open(&o, "refs", &o.refs, err));
	TRY(shelf_open(&o, "tmp", &o.tmp, err));
	o.lock = sys_openat(o.dir, "lock", O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (o.lock < 0)
		return err_host(err, errno, "open %s/lock", o.path);
	while (sys_flock(o.lock, locks[lock]) < 0)
		if (errno != EINTR)
			return err_host(err, errno, "lock %s", o.path);
	*s = o;
	o = (struct store)STORE_NONE;
	return 0;
}

/* --- names --- */

static int entry_order(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static void close_dir(DIR **d)
{
	if (*d)
		(void)closedir(*d);
}

int store_list(int dir, struct arena *a, struct entries *ret, struct err *err)
{
	scoped_fd int again = sys_openat(dir, ".", DIR_FLAGS, 0);
	scoped(close_dir) DIR *d = again < 0 ? NULL : fdopendir(again);
	struct entries list = { 0 };
	struct dirent *e;
	size_t room = 0;

	if (!d)
		return err_host(err, errno, "list the store");
	(void)take_fd(&again);
	while ((e = readdir(d))) {
		if (e->d_name[0] == '.')
			continue;
		if (list.n == room) {
			size_t more = room ? 2 * room : 64;

			list.v = arena_grow(a, list.v, room * sizeof(*list.v),
					    more * sizeof(*list.v));
			room = more;
		}
		list.v[list.n++] = arena_str(a, e->d_name);
	}
	if (list.n)
		qsort(list.v, list.n, sizeof(*list.v), entry_order);
	*ret = list;
	return 0;
}

static bool is_hex(const char *s, size_t min)
{
	size_t n = strspn(s, "0123456789abcdef");

	return n >= min && n <= SHA256_HEX && !s[n];
}

static int prefix_find(const struct store *s, const char *prefix, struct arena *a, const char **ret,
		       struct err *err)
{
	struct entries all = { 0 };
	size_t hits = 0;

	TRY(store_list(s->bundles, a, &all, err));
	for (size_t i = 0; i < all.n; i++)
		if (str_starts(all.v[i], prefix)) {
			*ret = all.v[i];
			hits++;
		}
	if (hits > 1)
		return err_state(err, "%zu bundles begin with %s", hits, prefix);
	return hits ? 0 : err_state(err, "no bundle begins with %s", prefix);
}

const char *store_ref(const struct store *s, const char *name, struct arena *a)
{
	struct err ignored;
	char *text;
	size_t len;

	if (file_read(s->refs, name, REF_MAX, a, &text, &len, &ignored) < 0)
		return "";
	text[strcspn(text, "\n")] = '\0';
	return text;
}

bool store_named(const struct store *s, const struct entries *names, const char *id,
		 const char *but, struct arena *a)
{
	for (size_t i = 0; i < names->n; i++)
		if ((!but || !str_eq(names->v[i], but)) && str_eq(store_ref(s, names->v[i], a), id))
			return true;
	return false;
}

int store_find(const struct store *s, const char *name, struct arena *a, const char **ret,
	       struct err *err)
{
	const char *id = str_starts(name, "sha256:") ? name + 7 : name, *meant;
	struct err ignored;
	struct stat st;

	if (id == name && recipe_name_check(name, &ignored) == 0 &&
	    fstatat(s->refs, name, &st, AT_SYMLINK_NOFOLLOW) == 0) {
		meant = store_ref(s, name, a);
		if (!is_hex(meant, SHA256_HEX))
			return err_set(err, ERR_INTEGRITY, 0, "%s: a damaged name", Q(name));
		if (fstatat(s->bundles, meant, &st, AT_SYMLINK_NOFOLLOW) < 0)
			return err_state(err, "%s names a bundle that is gone", Q(name));
		*ret = meant;
		return 0;
	}
	if (is_hex(id, PREFIX_MIN))
		return prefix_find(s, id, a, ret, err);
	return err_state(
		err,
		"no bundle is called %s; srt-oci bundle ls lists them, srt-oci bundle build makes one",
		Q(name));
}

int store_name(const struct store *s, const char *name, const char *id, struct err *err)
{
	char tmp[80], line[SHA256_HEX + 2];
	unsigned long long number;
	scoped_fd int fd = -1;

	TRY(recipe_name_check(name, err));
	if (getrandom(&number, sizeof(number), 0) != sizeof(number))
		return err_host(err, errno, "find a name");
	(void)snprintf(tmp, sizeof(tmp), "ref-%016llx", number);
	(void)snprintf(line, sizeof(line), "%s\n", id);
	fd = sys_openat(s->tmp, tmp, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0 || fd_write_all(fd, line, strlen(line)) < 0 || fsync(fd) < 0 ||
	    sys_renameat(s->tmp, tmp, s->refs, name) < 0) {
		(void)err_host(err, errno, "name the bundle %s", name);
		(void)sys_unlinkat(s->tmp, tmp, 0);
		return -1;
	}
	return 0;
}
