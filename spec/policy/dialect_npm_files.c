/* SPDX-License-Identifier: Apache-2.0 */
/* dialect_npm_files.c - what the npm package's settings say of files: read but where denied, written only where allowed, and
 * some names never written.
 *
 * Paths are looked up first, so that rules are compared by what they name and not by how they are spelled. allowRead wins
 * over denyRead, denyWrite over allowWrite. The source of what is done here is the package's README.md, "Filesystem
 * Configuration", "Filesystem Isolation" and "Mandatory Deny Paths". */
#include "spec/base/path.h"
#include "spec/json/bind.h"
#include "spec/oci/config.h"
#include "spec/policy/dialect.h"
#include "spec/policy/match.h"

struct npm_files {
	struct strings deny_read, allow_read, allow_write, deny_write;
	struct opt_bool disabled, git_config;
};

static const struct bind_row rows[] = {
	ROW(npm_files, deny_read, "denyRead", STRINGS, 0, "paths that are not seen"),
	ROW(npm_files, allow_read, "allowRead", STRINGS, 0, "paths that are, below a denied one"),
	ROW(npm_files, allow_write, "allowWrite", STRINGS, 0, "paths that may be written"),
	ROW(npm_files, deny_write, "denyWrite", STRINGS, 0,
	    "paths that may not, below a writable one"),
	ROW(npm_files, git_config, "allowGitConfig", OPT_BOOL, 0, ".git/config may be written"),
	ROW(npm_files, disabled, "disabled", OPT_BOOL, 0, "refused where it is true"),
};
static const struct bind_table table = TABLE(npm_files, rows);

/* What is never written: below the working directory and, as deep as is looked, the directories in it; and in the home. */
static const char *const protected_names[] = {
	".gitconfig", ".gitmodules",	  ".bashrc",	    ".bash_profile", ".zshrc",
	".zprofile",  ".profile",	  ".ripgreprc",	    ".mcp.json",     ".vscode",
	".idea",      ".claude/commands", ".claude/agents",
};
/* Of a repository; the last one may be allowed. */
static const char *const protected_git[] = { ".git/hooks", ".git/config" };
/* In the home also what lets others in. */
static const char *const protected_home[] = { ".ssh" };
/* The package's directory for temporary files, and what it leaves writable in the home. */
static const char temporary[] = "/tmp/claude";
static const char *const spared[] = { ".npm/_logs", ".claude/debug" };

/* A list whose paths have been looked up, and how they were written. */
struct list {
	struct policy_paths paths;
	const char **spelled;
};

/* The four lists, resolved, while the policy's own is made of them. */
struct files {
	struct caller caller; /* its directories resolved, too */
	struct policy *p;
	struct list write, no_write, no_read, read;
	bool git_config;
};

/* --- one entry --- */

static void *room_for_one(void *v, size_t n, size_t size, struct arena *a)
{
	/* Twice as much whenever the count is a power of two. */
	return n & (n - 1) ? v : arena_grow(a, v, n * size, (n ? 2 * n : 1) * size);
}

static int look(struct files *f, const char *path, const char **ret, struct err *err)
{
	*ret = path;
	return f->caller.look ? f->caller.look->real(path, f->p->arena, ret, err) : 0;
}

static enum lookup_kind kind_of(const struct files *f, const char *path)
{
	return f->caller.look ? f->caller.look->kind(path) : LOOKUP_NOTHING;
}

static int add_real(struct files *f, const char *path, const char *from, struct list *list,
		    struct err *err)
{
	struct policy_paths *l = &list->paths;
	struct policy_path entry = { .from = from };

	TRY(look(f, path, &entry.path, err));
	if (l->n >= POLICY_LIST_MAX)
		return err_limit(err, "more than %d paths", POLICY_LIST_MAX);
	l->v = room_for_one(l->v, l->n, sizeof(*l->v), f->p->arena);
	list->spelled = room_for_one(list->spelled, l->n, sizeof(*list->spelled), f->p->arena);
	list->spelled[l->n] = path;
	l->v[l->n++] = entry;
	return 0;
}

/* A pattern stands for what is there that fits. Only lists of reading take them: what would be skipped in those of writing is
 * refused, as nobody who denies something means to have it ignored. */
static int add_pattern(struct files *f, const char *pattern, const char *from, struct list *list,
		       struct err *err)
{
	bool reading = list == &f->no_read || list == &f->read;
	struct policy_words found = { 0 };

	/* A name may have such characters, too. */
	if (kind_of(f, pattern) != LOOKUP_NOTHING) {
		TRY(add_real(f, pattern, from, list, err));
		if (!reading)
			return 0;
	}
	if (!reading || !f->caller.look)
		return err_input(err, "%.64s: patterns are not supported here; name the directory",
				 pattern);
	TRY(f->caller.look->fitting(pattern, f->p->arena, &found, err));
	for (size_t i = 0; i < found.n; i++)
		TRY(add_real(f, found.v[i], from, list, err));
	return 0;
}

static int add_entry(struct files *f, const char *text, bool literal, const char *from,
		     struct list *list, struct err *err)
{
	char *path;
	size_t n;

	if (!*text)
		return err_input(err, "the path is empty");
	TRY(settings_absolute(text, &f->caller, f->p->arena, &path, err));
	if (literal)
		return add_real(f, path, from, list, err);
	n = strlen(path);
	/* All below a directory is the directory. */
	if (str_ends(path, "/**"))
		path[n - 3 ? n - 3 : 1] = '\0';
	if (settings_is_pattern(path))
		return add_pattern(f, path, from, list, err);
	return add_real(f, path, from, list, err);
}

/* --- a list --- */

/* {"path": P, "literal": true}: a path that is no pattern, whatever is in its name. */
static int literal_of(const struct json *object, struct json *ret, struct err *err)
{
	const struct json *path = json_member(object, "path"),
			  *literal = json_member(object, "literal");

	if (object->count != 2 || !path || !literal || path->type != JSON_STRING ||
	    literal->type != JSON_BOOL || !literal->truth)
		return err_input(err, "an object here is {\"path\": PATH, \"literal\": true}");
	ret->type = JSON_STRING;
	ret->text = path->text;
	ret->len = path->len;
	ret->first = NULL;
	return 0;
}

/* A list with each such object as its path. */
static int flat_list(struct json *list, struct arena *a, struct err *err)
{
	struct json **end = &list->first;
	size_t i = 0;

	for (const struct json *e = list->first; e; e = e->next, i++) {
		struct json *copy = arena_new(a, struct json);

		*copy = *e;
		*end = copy;
		end = &copy->next;
		if (e->type == JSON_OBJECT && literal_of(e, copy, err) < 0)
			return err_in(err, "/%.64s/%zu", list->key, i);
	}
	return 0;
}

static int flat(const struct json *object, struct arena *a, struct json **ret, struct err *err)
{
	struct json *copy = arena_new(a, struct json), **end = &copy->first;

	*copy = *object;
	for (const struct json *m = object->first; m; m = m->next) {
		struct json *list = arena_new(a, struct json);

		*list = *m;
		*end = list;
		end = &list->next;
		if (m->type == JSON_ARRAY)
			TRY(flat_list(list, a, err));
	}
	*ret = copy;
	return 0;
}

static int add_list(struct files *f, const struct json *object, const char *key,
		    const struct strings *list, struct list *ret, struct err *err)
{
	const struct json *array = json_member(object, key);
	const struct json *e = array ? array->first : NULL;

	for (size_t i = 0; i < list->n; i++, e = e->next) {
		const char *from = arena_printf(f->p->arena, "/filesystem/%s/%zu", key, i);

		if (add_entry(f, list->v[i], e->type == JSON_OBJECT, from, ret, err) < 0)
			return err_in(err, "/%s/%zu", key, i);
	}
	return 0;
}

/* --- which rule wins --- */

static bool covers(const struct list *list, const char *path)
{
	return paths_access(&list->paths, path) >= 0;
}

static size_t nearest(const struct list *list, const char *path)
{
	const struct policy_paths *l = &list->paths;
	size_t longest = 0;

	for (size_t i = 0; i < l->n; i++) {
		size_t n = strlen(l->v[i].path);

		if (path_beneath(path, l->v[i].path) && n > longest)
			longest = n;
	}
	return longest;
}

/* A denied path is seen again only by what is named at or below it. */
static bool is_hidden(const struct files *f, const char *path)
{
	size_t hidden = nearest(&f->no_read, path);

	return hidden && nearest(&f->read, path) < hidden && nearest(&f->write, path) < hidden;
}

static int add_rule(struct files *f, const char *path, const char *from, enum policy_access access,
		    bool kept, struct err *err)
{
	struct policy_paths *list = &f->p->paths;

	TRY(policy_add_path(f->p, path, access, true, from, err));
	list->v[list->n - 1].kept = kept;
	return 0;
}

/* What is never written, wherever it could be. */
static int protect(struct files *f, const char *dir, const char *name, struct err *err)
{
	const char *path;

	TRY(look(f, path_join(f->p->arena, dir, name), &path, err));
	if (!covers(&f->write, path) || covers(&f->no_write, path) || is_hidden(f, path))
		return 0;
	return add_rule(f, path, "always protected", ACCESS_READ, true, err);
}

static int protect_all(struct files *f, const char *dir, const char *const *names, size_t n,
		       struct err *err)
{
	for (size_t i = 0; i < n; i++)
		TRY(protect(f, dir, names[i], err));
	return 0;
}

/* Only where there is a repository: what kept a name in none from being made would keep one from being made. Of a worktree
 * or a submodule it is a file. */
static int protect_git(struct files *f, const char *dir, struct err *err)
{
	enum lookup_kind kind = kind_of(f, path_join(f->p->arena, dir, ".git"));

	if (kind == LOOKUP_OTHER)
		return protect(f, dir, ".git", err);
	if (kind == LOOKUP_NOTHING && f->caller.look)
		return 0;
	return protect_all(f, dir, protected_git, ARRAY_LEN(protected_git) - f->git_config, err);
}

static int protect_in(struct files *f, const char *dir, struct err *err)
{
	TRY(protect_all(f, dir, protected_names, ARRAY_LEN(protected_names), err));
	return protect_git(f, dir, err);
}

/* The directories below the working directory: what is there, and of a repository also what is not. */
static int protect_below(struct files *f, unsigned int depth, struct err *err)
{
	static const char *const git[] = { ".git" };
	struct policy_words found = { 0 }, repositories = { 0 };
	const struct lookup *host = f->caller.look;
	struct arena *a = f->p->arena;

	if (!host || !covers(&f->write, f->caller.cwd))
		return 0;
	TRY(host->below(f->caller.cwd, protected_names, ARRAY_LEN(protected_names), depth, a,
			&found, err));
	for (size_t i = 0; i < found.n; i++)
		TRY(protect(f, "/", found.v[i], err));
	TRY(host->below(f->caller.cwd, git, 1, depth, a, &repositories, err));
	for (size_t i = 0; i < repositories.n; i++)
		if (host->kind(repositories.v[i]) == LOOKUP_DIR)
			TRY(protect_git(f, path_join(a, repositories.v[i], ".."), err));
	return 0;
}

/* Denials of reading first, so that what is allowed at the same place lies on top, and denials of writing last. */
static int add_rules(struct files *f, struct err *err)
{
	for (size_t i = 0; i < f->no_read.paths.n; i++)
		TRY(add_rule(f, f->no_read.paths.v[i].path, f->no_read.paths.v[i].from, ACCESS_DENY,
			     false, err));
	for (size_t i = 0; i < f->read.paths.n; i++)
		TRY(add_rule(f, f->read.paths.v[i].path, f->read.paths.v[i].from,
			     covers(&f->write, f->read.paths.v[i].path) &&
					     !covers(&f->no_write, f->read.paths.v[i].path)
				     ? ACCESS_WRITE
				     : ACCESS_READ,
			     false, err));
	for (size_t i = 0; i < f->write.paths.n; i++)
		if (!covers(&f->no_write, f->write.paths.v[i].path))
			TRY(add_rule(f, f->write.paths.v[i].path, f->write.paths.v[i].from,
				     ACCESS_WRITE, false, err));
	for (size_t i = 0; i < f->no_write.paths.n; i++)
		if (covers(&f->write, f->no_write.paths.v[i].path) &&
		    !is_hidden(f, f->no_write.paths.v[i].path))
			TRY(add_rule(f, f->no_write.paths.v[i].path, f->no_write.paths.v[i].from,
				     ACCESS_READ, true, err));
	return 0;
}

/* What may be written without being named. */
static int add_spared(struct files *f, struct err *err)
{
	const char *home = f->caller.home;

	if (kind_of(f, temporary) == LOOKUP_DIR) {
		TRY(add_real(f, temporary, "the dialect", &f->write, err));
		TRY(policy_add_variable(f->p, "TMPDIR", temporary, false, "the dialect", err));
	}
	for (size_t i = 0; home && i < ARRAY_LEN(spared); i++) {
		const char *path = path_join(f->p->arena, home, spared[i]);

		if (kind_of(f, path) == LOOKUP_DIR && !is_hidden(f, path))
			TRY(add_real(f, path, "the dialect", &f->write, err));
	}
	return 0;
}

static int add_protected(struct files *f, unsigned int depth, struct err *err)
{
	const char *home = f->caller.home;

	if (home)
		TRY(protect_all(f, home, protected_home, ARRAY_LEN(protected_home), err));
	if (home && !str_eq(home, f->caller.cwd))
		TRY(protect_in(f, home, err));
	TRY(protect_in(f, f->caller.cwd, err));
	return protect_below(f, depth, err);
}

/* By a link an allowance opens nothing that is denied by its own name, and nothing where a program that was allowed to write
 * may have put the link. */
static bool is_astray(const struct files *f, const struct list *list, size_t i)
{
	const char *spelled = list->spelled[i], *real = list->paths.v[i].path;

	return !str_eq(spelled, real) &&
	       (covers(&f->no_read, real) ||
		covers(&f->write, path_clean(f->p->arena, path_join(f->p->arena, spelled, ".."))));
}

static void drop_astray(const struct files *f, struct list *list)
{
	struct list kept = { 0 };

	kept.paths.v = arena_array(f->p->arena, struct policy_path, list->paths.n + 1);
	for (size_t i = 0; i < list->paths.n; i++)
		if (!is_astray(f, list, i))
			kept.paths.v[kept.paths.n++] = list->paths.v[i];
	*list = kept;
}

/* The caller's own directories are where they really are: what is below them is spelled by no link of theirs. */
static int look_at_caller(struct files *f, const struct caller *caller, struct err *err)
{
	f->caller = *caller;
	TRY(look(f, caller->cwd, &f->caller.cwd, err));
	return caller->home ? look(f, caller->home, &f->caller.home, err) : 0;
}

int npm_files(const struct json *object, const struct caller *caller, unsigned int depth,
	      struct policy *p, struct err *err)
{
	struct files f = { .p = p };
	struct npm_files n = { 0 };
	struct json *copy;

	if (object->type != JSON_OBJECT)
		return err_input(err, "expected an object");
	TRY(flat(object, p->arena, &copy, err));
	TRY(bind_object(copy, &table, BIND_STRICT, &n, p->arena, err));
	if (n.disabled.set && n.disabled.v) {
		(void)err_input(err,
				"a sandbox without rules for files is not made; drop the setting");
		return err_in(err, "/disabled");
	}
	f.git_config = n.git_config.set && n.git_config.v;
	TRY(look_at_caller(&f, caller, err));
	TRY(add_list(&f, object, "denyRead", &n.deny_read, &f.no_read, err));
	TRY(add_list(&f, object, "denyWrite", &n.deny_write, &f.no_write, err));
	TRY(add_list(&f, object, "allowRead", &n.allow_read, &f.read, err));
	TRY(add_list(&f, object, "allowWrite", &n.allow_write, &f.write, err));
	drop_astray(&f, &f.read);
	drop_astray(&f, &f.write);
	TRY(add_spared(&f, err));
	TRY(add_rules(&f, err));
	return add_protected(&f, depth, err);
}
