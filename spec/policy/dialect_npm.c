/* SPDX-License-Identifier: Apache-2.0 */
/* dialect_npm.c - the settings of the npm package @anthropic-ai/sandbox-runtime: the host's files are
 * readable but what is denied, and writable only where allowed; the network only to allowed domains. */
#include "spec/base/path.h"
#include "spec/json/bind.h"
#include "spec/oci/config.h"
#include "spec/policy/dialect.h"
#include "spec/policy/match.h"

struct npm_network {
	struct strings allowed, denied, unix_sockets;
	struct opt_bool all_unix_sockets, local_binding;
};
struct npm_files {
	struct strings deny_read, allow_read, allow_write, deny_write;
};
struct npm {
	struct npm_network network;
	struct npm_files files;
	struct opt_bool weaker;
};

static const struct bind_row network_rows[] = {
	ROW(npm_network, allowed, "allowedDomains", STRINGS, 0, "domains that may be reached"),
	ROW(npm_network, denied, "deniedDomains", STRINGS, 0, "domains that may not"),
	ROW(npm_network, unix_sockets, "allowUnixSockets", STRINGS, 0, "paths of unix sockets"),
	ROW(npm_network, all_unix_sockets, "allowAllUnixSockets", OPT_BOOL, 0, "any unix socket"),
	ROW(npm_network, local_binding, "allowLocalBinding", OPT_BOOL, 0, "listen on the loopback"),
};
static const struct bind_table network_table = TABLE(npm_network, network_rows);

static const struct bind_row files_rows[] = {
	ROW(npm_files, deny_read, "denyRead", STRINGS, 0, "paths that are not seen"),
	ROW(npm_files, allow_read, "allowRead", STRINGS, 0, "paths that are, below a denied one"),
	ROW(npm_files, allow_write, "allowWrite", STRINGS, 0, "paths that may be written"),
	ROW(npm_files, deny_write, "denyWrite", STRINGS, 0,
	    "paths that may not, below a writable one"),
};
static const struct bind_table files_table = TABLE(npm_files, files_rows);

static const struct bind_row rows[] = {
	ROW_INLINE(npm, network, "network", network_table, REQUIRED, "the network"),
	ROW_INLINE(npm, files, "filesystem", files_table, REQUIRED, "files"),
	ROW(npm, weaker, "enableWeakerNestedSandbox", OPT_BOOL, 0, "refused where it is true"),
};
static const struct bind_table table = TABLE(npm, rows);

/* What is never written, below the home directory and the working directory. */
static const char *const protected_names[] = {
	".gitconfig", ".gitmodules", ".bashrc",		 ".bash_profile",  ".profile",	  ".zshrc",
	".zprofile",  ".ripgreprc",  ".mcp.json",	 ".git/hooks",	   ".git/config", ".vscode",
	".idea",      ".ssh",	     ".claude/commands", ".claude/agents",
};

static bool is_npm(const struct json *top)
{
	return json_member(top, "network") || json_member(top, "filesystem");
}

/* The three lists that a path is looked up in, resolved. */
struct lists {
	struct policy_paths write, no_write, no_read, read;
};

static int resolve(const struct strings *list, const char *place, enum policy_access access,
		   const struct caller *caller, struct arena *a, struct policy_paths *ret,
		   struct err *err)
{
	ret->v = arena_array(a, struct policy_path, list->n + 1);
	for (size_t i = 0; i < list->n; i++) {
		const char *from = arena_printf(a, "%s/%zu", place, i), *path;

		if (settings_path(list->v[i], caller, a, &path, err) < 0)
			return err_in(err, "%s", from);
		ret->v[ret->n++] = (struct policy_path){ .path = path,
							 .access = (uint8_t)access,
							 .from = from };
	}
	return 0;
}

static bool covers(const struct policy_paths *list, const char *path)
{
	return paths_access(list, path) >= 0;
}

static size_t nearest(const struct policy_paths *list, const char *path)
{
	size_t longest = 0;

	for (size_t i = 0; i < list->n; i++) {
		size_t n = strlen(list->v[i].path);

		if (path_beneath(path, list->v[i].path) && n > longest)
			longest = n;
	}
	return longest;
}

/* A denied path is seen again only by what is named at or below it. */
static bool is_hidden(const struct lists *l, const char *path)
{
	size_t hidden = nearest(&l->no_read, path);

	return hidden && nearest(&l->read, path) < hidden && nearest(&l->write, path) < hidden;
}

static int add(struct policy *p, const struct policy_path *rule, enum policy_access access,
	       struct err *err)
{
	return policy_add_path(p, rule->path, access, true, rule->from, err);
}

/* What is never written: only where something there may be is there anything to protect. */
static int add_protected(const char *dir, const struct lists *l, struct policy *p, struct err *err)
{
	for (size_t i = 0; dir && i < ARRAY_LEN(protected_names); i++) {
		const char *path = path_join(p->arena, dir, protected_names[i]);

		if (covers(&l->write, path) && !is_hidden(l, path))
			TRY(policy_add_path(p, path, ACCESS_READ, true, "always protected", err));
	}
	return 0;
}

/* denyWrite wins over allowWrite, allowRead over denyRead. Mounts follow the order: denials of reading first, so that what
 * is allowed at the same place lies on top, and denials of writing last. */
static int add_rules(const struct lists *l, const struct caller *caller, struct policy *p,
		     struct err *err)
{
	for (size_t i = 0; i < l->no_read.n; i++)
		TRY(add(p, &l->no_read.v[i], ACCESS_DENY, err));
	for (size_t i = 0; i < l->read.n; i++)
		TRY(add(p, &l->read.v[i],
			covers(&l->write, l->read.v[i].path) &&
					!covers(&l->no_write, l->read.v[i].path)
				? ACCESS_WRITE
				: ACCESS_READ,
			err));
	for (size_t i = 0; i < l->write.n; i++)
		if (!covers(&l->no_write, l->write.v[i].path))
			TRY(add(p, &l->write.v[i], ACCESS_WRITE, err));
	for (size_t i = 0; i < l->no_write.n; i++)
		if (covers(&l->write, l->no_write.v[i].path) &&
		    !is_hidden(l, l->no_write.v[i].path))
			TRY(add(p, &l->no_write.v[i], ACCESS_READ, err));
	TRY(add_protected(caller->home, l, p, err));
	return add_protected(caller->cwd, l, p, err);
}

static int read_files(const struct npm_files *f, const struct caller *caller, struct policy *p,
		      struct err *err)
{
	struct arena *a = p->arena;
	struct lists l = { 0 };

	TRY(resolve(&f->allow_write, "/filesystem/allowWrite", ACCESS_WRITE, caller, a, &l.write,
		    err));
	TRY(resolve(&f->deny_write, "/filesystem/denyWrite", ACCESS_DENY, caller, a, &l.no_write,
		    err));
	TRY(resolve(&f->deny_read, "/filesystem/denyRead", ACCESS_DENY, caller, a, &l.no_read,
		    err));
	TRY(resolve(&f->allow_read, "/filesystem/allowRead", ACCESS_READ, caller, a, &l.read, err));
	return add_rules(&l, caller, p, err);
}

static int read_network(const struct npm_network *n, struct policy *p, struct err *err)
{
	for (size_t i = 0; i < n->allowed.n; i++)
		TRY(policy_add_domain(p, n->allowed.v[i], true,
				      arena_printf(p->arena, "/network/allowedDomains/%zu", i),
				      err));
	for (size_t i = 0; i < n->denied.n; i++)
		TRY(policy_add_domain(p, n->denied.v[i], false,
				      arena_printf(p->arena, "/network/deniedDomains/%zu", i),
				      err));
	p->no_unix_sockets = !(n->all_unix_sockets.set && n->all_unix_sockets.v);
	return 0;
}

static int ignore_of(const struct json *member, struct policy *p, struct err *err)
{
	if (member->type != JSON_ARRAY)
		return err_input(err, "expected an array of paths");
	for (const struct json *path = member->first; path; path = path->next) {
		if (path->type != JSON_STRING)
			return err_input(err, "expected an array of paths");
		TRY(policy_add_word(p, &p->ignored, path->text, "/ignoreViolations", err));
	}
	return 0;
}

/* "ignoreViolations": {"a command or *": ["path", …]}. Only the report is the shorter for it. */
static int read_ignored(const struct json *top, struct policy *p, struct err *err)
{
	const struct json *object = json_member(top, "ignoreViolations");

	if (!object)
		return 0;
	if (object->type != JSON_OBJECT) {
		(void)err_input(err, "expected an object");
		return err_in(err, "/ignoreViolations");
	}
	for (const struct json *m = object->first; m; m = m->next)
		if (ignore_of(m, p, err) < 0)
			return err_in(err, "/ignoreViolations/%.64s", m->key);
	return 0;
}

/* The document without the member that no table can describe. */
static struct json *without(const struct json *top, const char *key, struct arena *a)
{
	struct json *copy = arena_new(a, struct json), **end;

	*copy = *top;
	copy->first = NULL;
	end = &copy->first;
	for (const struct json *m = top->first; m; m = m->next) {
		if (str_eq(m->key, key))
			continue;
		*end = arena_new(a, struct json);
		**end = *m;
		(*end)->next = NULL;
		end = &(*end)->next;
	}
	return copy;
}

/* The package knows no limits: only those that somebody asked for are held. */
static void lift_defaults(struct policy *p)
{
	static const enum policy_item items[] = { POLICY_TIMEOUT, POLICY_MEMORY, POLICY_CPU,
						  POLICY_PROCESSES, POLICY_OPEN_FILES };

	for (size_t i = 0; i < ARRAY_LEN(items); i++)
		if (p->v[items[i]].origin == ORIGIN_DEFAULT)
			p->v[items[i]] = (struct policy_value){ 0 };
}

static int read_npm(const struct json *top, const struct caller *caller, struct policy *p,
		    struct err *err)
{
	const struct json *known = without(top, "ignoreViolations", p->arena);
	struct npm n = { 0 };

	TRY(bind_object(known, &table, BIND_STRICT, &n, p->arena, err));
	TRY(read_ignored(top, p, err));
	if (n.weaker.set && n.weaker.v) {
		(void)err_input(err, "a weaker sandbox is not made; drop the setting");
		return err_in(err, "/enableWeakerNestedSandbox");
	}
	lift_defaults(p);
	p->view = VIEW_HOST;
	p->inherit_env = p->stay = true;
	TRY(read_network(&n.network, p, err));
	return read_files(&n.files, caller, p, err);
}

const struct dialect dialect_npm = { "@anthropic-ai/sandbox-runtime", is_npm, read_npm };
