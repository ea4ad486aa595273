/* SPDX-License-Identifier: Apache-2.0 */
/* lookup.c - what lies on the host where a settings file names it: links, patterns, names below a directory.
 * Should: end, on whatever tree.  Mustn't: change anything. */
#include "runtime/sandbox/lookup.h"

#include <dirent.h>
#include <errno.h>
#include <fnmatch.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "spec/base/path.h"
#include "spec/base/str.h"

/* Dangling links that are followed one after the other. */
#define LINKS_MAX 16
/* Directories that are looked through for one rule, and what may be found. */
#define DIRS_MAX 65536
#define FOUND_MAX POLICY_LIST_MAX

static enum lookup_kind kind(const char *path)
{
	struct stat st;

	if (stat(path, &st) < 0)
		return LOOKUP_NOTHING;
	return S_ISDIR(st.st_mode) ? LOOKUP_DIR : LOOKUP_OTHER;
}

/* --- where a path leads --- */

static char *parent_of(struct arena *a, const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash == path ? arena_str(a, "/") : arena_strn(a, path, (size_t)(slash - path));
}

/* The nearest directory above that is there, and the rest as it is written. */
static const char *as_far_as_there(const char *path, struct arena *a)
{
	const char *above = path, *rest = "";
	char real[PATH_MAX];

	while (!realpath(above, real)) {
		if (str_eq(above, "/"))
			return path;
		rest = path_join(a, path_base(above), rest);
		above = parent_of(a, above);
	}
	return path_clean(a, path_join(a, real, rest));
}

/* What a link that leads nowhere would lead to, once it were there. */
static int look(const char *path, struct arena *a, const char **ret, struct err *err)
{
	for (int i = 0; i < LINKS_MAX; i++) {
		char target[PATH_MAX], real[PATH_MAX];
		const char *there;
		ssize_t n;

		if (realpath(path, real)) {
			*ret = arena_str(a, real);
			return 0;
		}
		there = as_far_as_there(path, a);
		n = readlink(there, target, sizeof(target));
		if (n <= 0) {
			*ret = there;
			return 0;
		}
		path = arena_strn(a, target, (size_t)n);
		if (!path_is_absolute(path))
			path = path_join(a, parent_of(a, there), path);
		path = path_clean(a, path);
	}
	return err_input(err, "%.200s: more than %d links, one after the other", path, LINKS_MAX);
}

/* --- what is found --- */

static int add_found(const char *path, struct arena *a, struct policy_words *ret, struct err *err)
{
	if (ret->n >= FOUND_MAX)
		return err_limit(err, "more than %d files are meant; name a directory", FOUND_MAX);
	if ((ret->n & (ret->n - 1)) == 0)
		ret->v = arena_grow(a, ret->v, ret->n * sizeof(*ret->v),
				    (ret->n ? 2 * ret->n : 1) * sizeof(*ret->v));
	ret->v[ret->n++] = path;
	return 0;
}

/* --- patterns --- */

/* One search. A directory is looked through once for each rest of the pattern, whatever links lead to it: by a table that
 * is never more than half full. */
struct seen {
	dev_t dev;
	ino_t ino;
	const char *rest; /* NULL: a free place */
};
struct search {
	struct arena *a;
	struct policy_words *ret;
	struct seen *seen;
	size_t n, size; /* size: a power of two */
};

static struct seen *place_of(const struct search *s, const struct seen *wanted)
{
	size_t i = (size_t)(wanted->ino * 2654435761u + (uintptr_t)wanted->rest) & (s->size - 1);

	while (s->seen[i].rest && (s->seen[i].ino != wanted->ino || s->seen[i].dev != wanted->dev ||
				   s->seen[i].rest != wanted->rest))
		i = (i + 1) & (s->size - 1);
	return &s->seen[i];
}

static void more_places(struct search *s)
{
	struct search old = *s;

	s->size = old.size ? 2 * old.size : 64;
	s->seen = arena_array(s->a, struct seen, s->size);
	for (size_t i = 0; i < old.size; i++)
		if (old.seen[i].rest)
			*place_of(s, &old.seen[i]) = old.seen[i];
}

/* 1: it is none, or was looked through before. */
static int see(struct search *s, const char *dir, const char *rest, struct err *err)
{
	struct seen one = { .rest = rest }, *place;
	struct stat st;

	if (stat(dir, &st) < 0 || !S_ISDIR(st.st_mode))
		return 1;
	one.dev = st.st_dev;
	one.ino = st.st_ino;
	if (s->n >= DIRS_MAX)
		return err_limit(err, "more than %d directories to look through; name a nearer one",
				 DIRS_MAX);
	if (2 * s->n >= s->size)
		more_places(s);
	place = place_of(s, &one);
	if (place->rest)
		return 1;
	*place = one;
	s->n++;
	return 0;
}

static int search(struct search *s, const char *dir, const char *rest, struct err *err);

/* One name of a directory against the next part of the pattern, of which nothing or more follows. */
static int search_name(struct search *s, const char *dir, const char *name, const char *part,
		       const char *more, struct err *err)
{
	const char *path = path_join(s->a, dir, name);

	if (fnmatch(part, name, FNM_NOESCAPE) != 0)
		return 0;
	return *more ? search(s, path, more, err) : add_found(path, s->a, s->ret, err);
}

/* Of "**" any name that is a directory's, and the same again below. */
static int search_deep(struct search *s, const char *dir, const struct dirent *e, const char *rest,
		       struct err *err)
{
	return e->d_type == DT_REG ? 0 : search(s, path_join(s->a, dir, e->d_name), rest, err);
}

static int each_name(struct search *s, const char *dir, const char *rest, const char *part,
		     const char *more, struct err *err)
{
	bool deep = str_eq(part, "**");
	DIR *d = opendir(dir);
	struct dirent *e;
	int r = 0;

	/* What cannot be looked through cannot be read inside either, unless its owner opens it first: then all of it is meant. */
	if (!d)
		return add_found(dir, s->a, s->ret, err);
	while (r == 0 && (e = readdir(d)))
		if (!str_eq(e->d_name, ".") && !str_eq(e->d_name, ".."))
			r = deep ? search_deep(s, dir, e, rest, err)
				 : search_name(s, dir, e->d_name, part, more, err);
	(void)closedir(d);
	return r;
}

static int search(struct search *s, const char *dir, const char *rest, struct err *err)
{
	size_t n = strcspn(rest, "/");
	const char *part = arena_strn(s->a, rest, n), *more = rest + n + (rest[n] == '/');
	int known;

	if (strstr(part, "**") && !str_eq(part, "**"))
		return err_input(err, "%.64s: \"**\" stands for whole names; write \"**/*\"", part);
	known = see(s, dir, rest, err);
	if (known)
		return known < 0 ? -1 : 0;
	if (str_eq(part, "**") && *more)
		TRY(search(s, dir, more, err));
	return each_name(s, dir, rest, part, more, err);
}

static int fitting(const char *pattern, struct arena *a, struct policy_words *ret, struct err *err)
{
	struct search s = { .a = a, .ret = ret };
	size_t n = strcspn(pattern, "*?[");
	const char *dir;

	while (n > 0 && pattern[n] != '/')
		n--;
	if (n == 0)
		return err_input(err, "%.64s: a pattern begins with a directory", pattern);
	dir = arena_strn(a, pattern, n);
	return search(&s, dir, pattern + n + 1, err);
}

/* --- names below a directory --- */

struct hunt {
	const char *const *names;
	size_t names_n;
	struct arena *a;
	struct policy_words *ret;
	size_t dirs;
};

static int hunt_names(struct hunt *h, const char *dir, const char *name, struct err *err)
{
	for (size_t i = 0; i < h->names_n; i++) {
		const char *path;
		struct stat st;

		if (!str_starts(h->names[i], name) ||
		    (h->names[i][strlen(name)] && h->names[i][strlen(name)] != '/'))
			continue;
		path = path_join(h->a, dir, h->names[i]);
		if (lstat(path, &st) == 0)
			TRY(add_found(path, h->a, h->ret, err));
	}
	return 0;
}

static bool is_dir(const char *path, const struct dirent *e)
{
	struct stat st;

	if (e->d_type != DT_UNKNOWN)
		return e->d_type == DT_DIR;
	return lstat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

/* A directory of the caller's own that cannot be read is meant as a whole: nobody knows what is in it. */
static int hunt_in(struct hunt *h, const char *dir, unsigned int depth, bool here, struct err *err)
{
	DIR *d = opendir(dir);
	struct dirent *e;
	int r = 0;

	if (!d)
		return errno == EACCES ? add_found(dir, h->a, h->ret, err) : 0;
	if (++h->dirs > DIRS_MAX)
		r = err_limit(err,
			      "%.200s: more than %d directories; lower "
			      "mandatoryDenySearchDepth",
			      dir, DIRS_MAX);
	while (r == 0 && (e = readdir(d))) {
		const char *path;

		if (str_eq(e->d_name, ".") || str_eq(e->d_name, ".."))
			continue;
		/* Those of the directory itself are not below it. */
		if (e->d_name[0] == '.' && !here)
			r = hunt_names(h, dir, e->d_name, err);
		if (r < 0 || depth == 0 || e->d_type == DT_REG || str_eq(e->d_name, ".git"))
			continue;
		path = path_join(h->a, dir, e->d_name);
		if (is_dir(path, e))
			r = hunt_in(h, path, depth - 1, false, err);
	}
	(void)closedir(d);
	return r;
}

static int below(const char *dir, const char *const *names, size_t n, unsigned int depth,
		 struct arena *a, struct policy_words *ret, struct err *err)
{
	struct hunt h = { .names = names, .names_n = n, .a = a, .ret = ret };

	return hunt_in(&h, dir, depth, true, err);
}

const struct lookup lookup_host = { kind, look, fitting, below };
