/* SPDX-License-Identifier: Apache-2.0 */
/* compose_paths.c - the policy's mounts and paths as mounts: those nearer to the root first, so that the most specific one
 * lies on top.
 * Should: look at where links lead.  Mustn't: show by a link what is not allowed by its own name. */
#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "runtime/sandbox/compose.h"
#include "spec/base/path.h"
#include "spec/policy/match.h"

/* Files shown of one directory that is not recursive. */
#define SHALLOW_MAX 1024

enum kind { KIND_BIND, KIND_HIDE_DIR, KIND_HIDE_FILE };

struct wish {
	const char *source, *destination;
	uint8_t kind;
	bool writable, noexec;
	size_t order; /* as it was given */
};
struct wishes {
	struct composition *c;
	struct wish *v;
	size_t n;
};

static int add_wish(struct wishes *w, const struct wish *wish, struct err *err)
{
	if (w->n >= POLICY_LIST_MAX)
		return err_limit(err, "more than %d mounts", POLICY_LIST_MAX);
	w->v = compose_more(w->c, w->v, w->n, sizeof(*w->v));
	w->v[w->n] = *wish;
	w->v[w->n].order = w->n;
	w->n++;
	return 0;
}

static int by_depth(const void *a, const void *b)
{
	const struct wish *x = a, *y = b;
	size_t m = strlen(x->destination), n = strlen(y->destination);

	if (m != n)
		return m < n ? -1 : 1;
	return x->order < y->order ? -1 : 1;
}

static const char *absolute(const struct composition *c, const char *path)
{
	return path_clean(c->a,
			  path_is_absolute(path) ? path : path_join(c->a, c->q->caller.cwd, path));
}

/* --- the policy's paths --- */

static bool is_shown(const struct composition *c, const char *path)
{
	if (c->p->view == VIEW_HOST)
		return true;
	for (size_t i = 0; i < c->config.mounts.n; i++) {
		const struct mount *m = &c->config.mounts.v[i];

		if (path_beneath(path, m->destination) && str_eq(m->type, "bind"))
			return true;
	}
	for (size_t i = 0; i < c->p->paths.n; i++)
		if (c->p->paths.v[i].access != ACCESS_DENY && !c->p->paths.v[i].own &&
		    path_beneath(path, c->p->paths.v[i].path))
			return true;
	for (size_t i = 0; i < c->p->mounts.n; i++)
		if (path_beneath(path, c->p->mounts.v[i].destination))
			return true;
	return false;
}

/* What is asked for and missing is its author's fault, not the host's. */
static int not_there(const char *from, const char *path, struct err *err)
{
	return err_input(err, "%s: %s: %s", from, path, strerror(errno));
}

/* Where a rule's path leads. By a link only to what a rule allows as well. */
static int follow(const struct composition *c, const struct policy_path *rule, const char **ret,
		  struct err *err)
{
	const struct policy_path *other;
	char real[PATH_MAX];

	if (!realpath(rule->path, real)) {
		if (errno == ENOENT || errno == ENOTDIR)
			return rule->optional ? 1 : not_there(rule->from, rule->path, err);
		return err_host(err, errno, "%s: look at %s", rule->from, rule->path);
	}
	*ret = arena_str(c->a, real);
	/* The dialect of this view has looked before: a link since then is somebody's who is faster than his sandbox. */
	if (c->p->view == VIEW_HOST && rule->optional && rule->access != ACCESS_DENY &&
	    !str_eq(real, rule->path))
		return err_input(err, "%s: %s has become a link", rule->from, rule->path);
	if (rule->access == ACCESS_DENY || c->p->view == VIEW_HOST || str_eq(real, rule->path))
		return 0;
	other = paths_rule(&c->p->paths, real);
	if (other && other->access > ACCESS_DENY && !other->own)
		return 0;
	return err_input(err, "%s: %s is a link to %s, which is not allowed itself", rule->from,
			 rule->path, real);
}

/* The sandbox's own home lies in that directory: it would be hidden by a mount of the whole. */
static bool has_home(const struct composition *c, const struct policy_path *rule)
{
	return c->p->view != VIEW_HOST && rule->access != ACCESS_DENY &&
	       path_beneath(SANDBOX_HOME, rule->path) && !str_eq(rule->path, SANDBOX_HOME);
}

/* Each name of the directory, of files alone or of directories, too; but for the sandbox's own. */
static int add_names(const struct composition *c, const struct policy_path *rule, const char *real,
		     struct wishes *w, struct err *err)
{
	DIR *dir = opendir(real);
	struct dirent *d;
	int r = 0, n = 0;

	if (!dir)
		return err_host(err, errno, "read the directory %s", real);
	while (r == 0 && (d = readdir(dir))) {
		struct wish wish = { .source = path_join(c->a, real, d->d_name),
				     .destination = path_join(c->a, rule->path, d->d_name),
				     .writable = rule->access == ACCESS_WRITE };
		struct stat st;

		if (str_eq(d->d_name, ".") || str_eq(d->d_name, "..") ||
		    path_beneath(SANDBOX_HOME, wish.destination) || lstat(wish.source, &st) < 0 ||
		    (!S_ISREG(st.st_mode) && (rule->shallow || !S_ISDIR(st.st_mode))))
			continue;
		if (++n > SHALLOW_MAX)
			r = err_limit(err, "%s has more than %d files; name some of them", real,
				      SHALLOW_MAX);
		else
			r = add_wish(w, &wish, err);
	}
	(void)closedir(dir);
	return r;
}

/* What stands for the path is as good as the path: read-only, and nobody takes it away. */
static int add_kept(struct composition *c, const struct policy_path *rule, struct wishes *w,
		    struct err *err)
{
	const char *part = compose_keep(c, rule->path);
	struct wish wish = { .source = part, .destination = part };

	if (part && placeholder_is(part))
		placeholders_add(&c->placeholders, part, !str_eq(part, rule->path), c->a);
	for (size_t i = 0; part && i < w->n; i++)
		if (str_eq(w->v[i].destination, part) && !w->v[i].writable)
			return 0;
	return part ? add_wish(w, &wish, err) : 0;
}

static int add_path(struct composition *c, const struct policy_path *rule, struct wishes *w,
		    struct err *err)
{
	struct wish wish = { .writable = rule->access == ACCESS_WRITE };
	const char *real;
	struct stat st;
	int missing;

	if (rule->own || (rule->access == ACCESS_DENY && !is_shown(c, rule->path)))
		return 0;
	missing = follow(c, rule, &real, err);
	if (missing < 0)
		return missing;
	if (missing)
		return rule->kept ? add_kept(c, rule, w, err) : 0;
	if (rule->kept && placeholder_is(real))
		return add_kept(c, rule, w, err);
	if (stat(real, &st) < 0)
		return err_host(err, errno, "look at %s", real);
	/* What would hide the root, or show it, says more than is meant. */
	if (str_eq(real, "/") && rule->access != ACCESS_READ)
		return err_input(err, "%s: \"/\" is too wide; name directories", rule->from);
	if (str_eq(real, "/"))
		return c->p->view == VIEW_HOST
			       ? 0
			       : err_input(err, "%s: \"/\" is too wide; name directories",
					   rule->from);
	wish.source = real;
	wish.destination = c->p->view == VIEW_HOST ? real : rule->path;
	if (rule->access == ACCESS_DENY)
		wish.kind = S_ISDIR(st.st_mode) ? KIND_HIDE_DIR : KIND_HIDE_FILE;
	if ((rule->shallow || has_home(c, rule)) && S_ISDIR(st.st_mode))
		return add_names(c, rule, real, w, err);
	return add_wish(w, &wish, err);
}

static int add_mount(const struct composition *c, const struct policy_mount *m, struct wishes *w,
		     struct err *err)
{
	struct wish wish = { .source = absolute(c, m->source),
			     .destination = m->destination,
			     .writable = m->writable,
			     .noexec = m->noexec };
	struct stat st;

	if (stat(wish.source, &st) < 0)
		return errno == ENOENT || errno == ENOTDIR
			       ? not_there(m->from, wish.source, err)
			       : err_host(err, errno, "%s: %s", m->from, wish.source);
	return add_wish(w, &wish, err);
}

/* --- pins --- */

static bool is_wished(const struct wishes *w, const char *path)
{
	for (size_t i = 0; i < w->n; i++)
		if (str_eq(w->v[i].destination, path))
			return true;
	return false;
}

/* The nearest writable directory around a place that is not writable; NULL: none. */
static const char *writable_around(const struct wishes *w, const char *path)
{
	const char *nearest = NULL;

	for (size_t i = 0; i < w->n; i++)
		if (w->v[i].writable && path_beneath(path, w->v[i].destination) &&
		    !str_eq(path, w->v[i].destination) &&
		    (!nearest || strlen(w->v[i].destination) > strlen(nearest)))
			nearest = w->v[i].destination;
	return nearest;
}

/* A directory above a protected place could be moved aside, with what is mounted in it, and another made by its name. What is
 * mounted on stays: so each is mounted on, below the writable mount that then hides it, and in nobody's way. */
static int add_pins(const struct wishes *w, struct wishes *pins, struct err *err)
{
	for (size_t i = 0; i < w->n; i++) {
		const char *path = w->v[i].destination, *root = writable_around(w, path);

		if (w->v[i].writable || !root)
			continue;
		for (size_t n = strlen(root) + 1; path[n]; n++) {
			struct wish pin = { .writable = true };

			if (path[n] != '/')
				continue;
			pin.source = pin.destination = arena_strn(w->c->a, path, n);
			if (!is_wished(w, pin.source) && !is_wished(pins, pin.source))
				TRY(add_wish(pins, &pin, err));
		}
	}
	return 0;
}

/* --- wishes become mounts --- */

static bool has_below(const struct wishes *w, size_t at)
{
	for (size_t i = 0; i < w->n; i++)
		if (w->v[i].kind == KIND_BIND && i != at &&
		    path_beneath(w->v[i].destination, w->v[at].destination))
			return true;
	return false;
}

static void hide_dir(struct composition *c, const char *path, bool entered)
{
	const char *const options[] = { "ro",
					"nosuid",
					"nodev",
					"noexec",
					"size=64k",
					entered ? "mode=0111" : "mode=0000",
					arena_printf(c->a, "uid=%u,gid=%u", c->uid, c->gid),
					NULL };

	(void)compose_mount(c, path, "tmpfs", "tmpfs", options);
}

/* A device that may not be opened: nobody reads it, nobody writes it. */
static void hide_file(struct composition *c, const char *path)
{
	(void)compose_bind(c, "/dev/null", path, false, true);
}

/* "allow-fs-write": the caller's working directory, where it is. */
static int working_directory(struct composition *c, struct wishes *w, struct err *err)
{
	const char *cwd = c->q->caller.cwd;
	const struct wish wish = { .source = cwd, .destination = cwd, .writable = true };

	if (!policy_n(c->p, POLICY_FS_WRITE))
		return 0;
	if (str_eq(cwd, "/"))
		return err_input(err, "%s: the working directory is \"/\", which is never writable",
				 c->p->v[POLICY_FS_WRITE].from);
	return add_wish(w, &wish, err);
}

static const char *choose_cwd(const struct composition *c)
{
	if (policy_text(c->p, POLICY_CWD))
		return policy_text(c->p, POLICY_CWD);
	if (c->workspace)
		return SANDBOX_WORKSPACE;
	if (c->p->stay || policy_n(c->p, POLICY_FS_WRITE))
		return c->q->caller.cwd;
	return SANDBOX_HOME;
}

int compose_paths(struct composition *c, struct err *err)
{
	struct wishes w = { .c = c }, pins = { .c = c };

	TRY(working_directory(c, &w, err));
	for (size_t i = 0; i < c->p->paths.n; i++)
		TRY(add_path(c, &c->p->paths.v[i], &w, err));
	for (size_t i = 0; i < c->p->mounts.n; i++)
		TRY(add_mount(c, &c->p->mounts.v[i], &w, err));
	if (c->p->view == VIEW_HOST)
		TRY(add_pins(&w, &pins, err));
	for (size_t i = 0; i < pins.n; i++)
		compose_lend(c, pins.v[i].source, pins.v[i].destination, true, false);
	if (w.n)
		qsort(w.v, w.n, sizeof(*w.v), by_depth);
	for (size_t i = 0; i < w.n; i++) {
		if (w.v[i].kind == KIND_HIDE_DIR)
			hide_dir(c, w.v[i].destination, has_below(&w, i));
		else if (w.v[i].kind == KIND_HIDE_FILE)
			hide_file(c, w.v[i].destination);
		else
			compose_lend(c, w.v[i].source, w.v[i].destination, w.v[i].writable,
				     w.v[i].noexec);
	}
	c->cwd = choose_cwd(c);
	return 0;
}
