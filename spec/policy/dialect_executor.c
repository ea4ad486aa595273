/* SPDX-License-Identifier: Apache-2.0 */
/* dialect_executor.c - the JSON that executors hand over: limits, and what of files and network is allowed. */
#include "spec/json/bind.h"
#include "spec/oci/config.h"
#include "spec/policy/dialect.h"

struct executor_limits {
	struct opt_u64 timeout, memory, processes;
};
struct executor_files {
	struct opt_bool read, write;
	struct strings allowed, blocked;
};
struct executor_network {
	struct opt_bool allow, http;
	const char *mode;
	struct strings blocked;
};
struct executor {
	const char *version, *sandbox_id;
	struct executor_limits limits;
	struct executor_files files;
	struct executor_network network;
};

static const struct bind_row limit_rows[] = {
	ROW(executor_limits, timeout, "timeout_seconds", OPT_UINT, 0, "wall clock"),
	ROW(executor_limits, memory, "max_memory_mb", OPT_UINT, 0, "memory of all processes"),
	ROW(executor_limits, processes, "max_processes", OPT_UINT, 0, "processes and threads"),
};
static const struct bind_table limit_table = TABLE(executor_limits, limit_rows);

static const struct bind_row file_rows[] = {
	ROW(executor_files, read, "allow_read", OPT_BOOL, 0, "allowed_paths are seen"),
	ROW(executor_files, write, "allow_write", OPT_BOOL, 0, "and may be written"),
	ROW(executor_files, allowed, "allowed_paths", STRINGS, 0, "the paths"),
	ROW(executor_files, blocked, "blocked_paths", STRINGS, 0, "paths that are not seen"),
};
static const struct bind_table file_table = TABLE(executor_files, file_rows);

static const struct bind_row network_rows[] = {
	ROW(executor_network, allow, "allow", OPT_BOOL, 0, "the host's network"),
	ROW(executor_network, mode, "mode", STR, 0, "as --network"),
	ROW(executor_network, http, "allow_http", OPT_BOOL, 0, "ports 80 and 443 alone"),
	ROW(executor_network, blocked, "blocked_domains", STRINGS, 0,
	    "domains that may not be reached"),
};
static const struct bind_table network_table = TABLE(executor_network, network_rows);

static const struct bind_row rows[] = {
	ROW(executor, version, "version", STR, 0, "of the document"),
	ROW(executor, sandbox_id, "sandbox_id", STR, 0, "of the caller's"),
	ROW_INLINE(executor, limits, "resource_limits", limit_table, 0, "limits"),
	ROW_INLINE(executor, files, "filesystem", file_table, 0, "files"),
	ROW_INLINE(executor, network, "network", network_table, 0, "the network"),
};
static const struct bind_table table = TABLE(executor, rows);

static bool has(const struct json *top, const char *object, const char *key)
{
	const struct json *o = json_member(top, object);

	return o && o->type == JSON_OBJECT && json_member(o, key);
}

static bool is_executor(const struct json *top)
{
	return json_member(top, "resource_limits") || json_member(top, "sandbox_id") ||
	       json_member(top, "version") || has(top, "network", "allow") ||
	       has(top, "network", "allow_http") || has(top, "filesystem", "allow_read") ||
	       has(top, "filesystem", "allowed_paths");
}

static int set(struct policy *p, enum policy_item item, const struct opt_u64 *v, const char *unit,
	       const char *from, struct err *err)
{
	return v->set ? policy_set(p, item,
				   arena_printf(p->arena, "%llu%s", (unsigned long long)v->v, unit),
				   ORIGIN_SETTINGS, from, err)
		      : 0;
}

static int add_paths(const struct strings *list, const char *place, enum policy_access access,
		     const struct caller *caller, struct policy *p, struct err *err)
{
	for (size_t i = 0; i < list->n; i++) {
		const char *from = arena_printf(p->arena, "%s/%zu", place, i), *path;

		if (settings_path(list->v[i], caller, p->arena, &path, err) < 0)
			return err_in(err, "%s", from);
		TRY(policy_add_path(p, path, access, access == ACCESS_DENY, from, err));
	}
	return 0;
}

static int read_network(const struct executor_network *n, struct policy *p, struct err *err)
{
	if (n->http.set && n->http.v && !(n->allow.set && n->allow.v)) {
		TRY(policy_add_domain(p, "*:80", true, "/network/allow_http", err));
		TRY(policy_add_domain(p, "*:443", true, "/network/allow_http", err));
	}
	for (size_t i = 0; i < n->blocked.n; i++)
		TRY(policy_add_domain(p, n->blocked.v[i], false,
				      arena_printf(p->arena, "/network/blocked_domains/%zu", i),
				      err));
	if (n->mode)
		TRY(policy_set(p, POLICY_NETWORK_MODE, n->mode, ORIGIN_SETTINGS, "/network/mode",
			       err));
	return n->allow.set ? policy_set_number(p, POLICY_NETWORK, n->allow.v, ORIGIN_SETTINGS,
						"/network/allow", err)
			    : 0;
}

static int read_executor(const struct json *top, const struct caller *caller, struct policy *p,
			 struct err *err)
{
	struct executor x = { 0 };
	bool read, write;

	TRY(bind_object(top, &table, BIND_STRICT, &x, p->arena, err));
	TRY(settings_version(x.version, err));
	p->name = x.sandbox_id;
	TRY(set(p, POLICY_TIMEOUT, &x.limits.timeout, "s", "/resource_limits/timeout_seconds",
		err));
	TRY(set(p, POLICY_MEMORY, &x.limits.memory, "M", "/resource_limits/max_memory_mb", err));
	TRY(set(p, POLICY_PROCESSES, &x.limits.processes, "", "/resource_limits/max_processes",
		err));
	TRY(read_network(&x.network, p, err));
	read = !x.files.read.set || x.files.read.v;
	write = x.files.write.set && x.files.write.v;
	if (read || write)
		TRY(add_paths(&x.files.allowed, "/filesystem/allowed_paths",
			      write ? ACCESS_WRITE : ACCESS_READ, caller, p, err));
	return add_paths(&x.files.blocked, "/filesystem/blocked_paths", ACCESS_DENY, caller, p,
			 err);
}

const struct dialect dialect_executor = { "executor", is_executor, read_executor };
