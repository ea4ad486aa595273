/* SPDX-License-Identifier: Apache-2.0 */
/* dialect_npm.c - the settings of the npm package @anthropic-ai/sandbox-runtime: the host's files are
 * readable but what is denied, and writable only where allowed; the network only to allowed domains. */
#include "spec/base/path.h"
#include "spec/json/bind.h"
#include "spec/oci/config.h"
#include "spec/policy/dialect.h"
#include "spec/policy/match.h"

/* Directories down to which protected names are looked for: where the settings say nothing, and at most. */
#define DEPTH 3
#define DEPTH_MAX 10

struct npm_network {
	struct strings allowed, denied, unix_sockets;
	struct opt_bool all_unix_sockets, local_binding, strict;
	struct strings mach;
};
struct npm {
	struct npm_network network;
	struct opt_bool weaker, nested;
	struct opt_bool weaker_network, apple_events, pty;
	const char *bwrap, *socat, *java_agent;
	uint64_t depth;
};

static const struct bind_row network_rows[] = {
	ROW(npm_network, allowed, "allowedDomains", STRINGS, 0, "domains that may be reached"),
	ROW(npm_network, denied, "deniedDomains", STRINGS, 0, "domains that may not"),
	ROW(npm_network, unix_sockets, "allowUnixSockets", STRINGS, 0, "paths of unix sockets"),
	ROW(npm_network, all_unix_sockets, "allowAllUnixSockets", OPT_BOOL, 0, "any unix socket"),
	ROW(npm_network, local_binding, "allowLocalBinding", OPT_BOOL, 0,
	    "no effect: the loopback is the sandbox's own"),
	ROW(npm_network, strict, "strictAllowlist", OPT_BOOL, 0, "no effect: nobody is asked"),
	ROW(npm_network, mach, "allowMachLookup", STRINGS, 0, "no effect: of macOS"),
};
static const struct bind_table network_table = TABLE(npm_network, network_rows);

static const struct bind_row rows[] = {
	ROW_INLINE(npm, network, "network", network_table, REQUIRED, "the network"),
	ROW(npm, weaker, "enableWeakerNestedSandbox", OPT_BOOL, 0, "refused where it is true"),
	ROW(npm, nested, "allowNestedUserNamespaces", OPT_BOOL, 0, "refused where it is true"),
	ROW(npm, depth, "mandatoryDenySearchDepth", UINT, 0, "how deep protected names are sought",
	    .max = DEPTH_MAX, .fallback = DEPTH),
	ROW(npm, weaker_network, "enableWeakerNetworkIsolation", OPT_BOOL, 0,
	    "no effect: of macOS"),
	ROW(npm, apple_events, "allowAppleEvents", OPT_BOOL, 0, "no effect: of macOS"),
	ROW(npm, pty, "allowPty", OPT_BOOL, 0, "no effect: of macOS"),
	ROW(npm, bwrap, "bwrapPath", STR, 0, "no effect: no such program is needed"),
	ROW(npm, socat, "socatPath", STR, 0, "no effect: no such program is needed"),
	ROW(npm, java_agent, "javaAgentJarPath", STR, 0, "no effect: no such program is needed"),
};
static const struct bind_table table = TABLE(npm, rows);

static bool is_npm(const struct json *top)
{
	return json_member(top, "network") || json_member(top, "filesystem");
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

static bool is_among(const char *word, const char *const *words, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (str_eq(word, words[i]))
			return true;
	return false;
}

/* The document without the members that no table can describe. */
static struct json *without(const struct json *top, const char *const *keys, size_t n,
			    struct arena *a)
{
	struct json *copy = arena_new(a, struct json), **end;

	*copy = *top;
	copy->first = NULL;
	end = &copy->first;
	for (const struct json *m = top->first; m; m = m->next) {
		if (is_among(m->key, keys, n))
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

static int refuse_weaker(const struct npm *n, struct err *err)
{
	if (n->weaker.set && n->weaker.v) {
		(void)err_input(err, "a weaker sandbox is not made; drop the setting");
		return err_in(err, "/enableWeakerNestedSandbox");
	}
	if (n->nested.set && n->nested.v) {
		(void)err_input(err,
				"namespaces of its own would undo the sandbox; drop the setting");
		return err_in(err, "/allowNestedUserNamespaces");
	}
	if (!n->depth) {
		(void)err_input(err, "must be 1 to %d", DEPTH_MAX);
		return err_in(err, "/mandatoryDenySearchDepth");
	}
	return 0;
}

static int read_npm(const struct json *top, const struct caller *caller, struct policy *p,
		    struct err *err)
{
	/* Members that no table describes. "ripgrep" and "seccomp" name helper programs, of which none is needed. */
	static const char *const apart[] = { "ignoreViolations", "filesystem", "ripgrep",
					     "seccomp" };
	const struct json *files = json_member(top, "filesystem");
	struct json *known = without(top, apart, ARRAY_LEN(apart), p->arena);
	struct npm n = { .depth = DEPTH };

	TRY(bind_object(known, &table, BIND_STRICT, &n, p->arena, err));
	if (!files)
		return err_input(err, "filesystem is required");
	TRY(read_ignored(top, p, err));
	TRY(refuse_weaker(&n, err));
	lift_defaults(p);
	p->view = VIEW_HOST;
	p->inherit_env = p->stay = true;
	/* By which programs know that they are in a sandbox of the package's kind. */
	TRY(policy_add_variable(p, "SANDBOX_RUNTIME", "1", false, "the dialect", err));
	TRY(read_network(&n.network, p, err));
	if (npm_files(files, caller, (unsigned int)n.depth, p, err) < 0)
		return err_in(err, "/filesystem");
	return 0;
}

const struct dialect dialect_npm = { "@anthropic-ai/sandbox-runtime", is_npm, read_npm };
