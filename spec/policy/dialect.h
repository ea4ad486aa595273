/* SPDX-License-Identifier: Apache-2.0 */
/* dialect.h - settings files in three dialects, told by their keys, become a policy. */
#pragma once

#include "spec/json/tree.h"
#include "spec/policy/policy.h"

#define SETTINGS_MAX_BYTES (1u << 20)
#define SETTINGS_MAX_DEPTH 16
#define SETTINGS_MAX_NODES 65536

/* What a dialect may ask about its caller. */
struct caller {
	const char *home, *cwd; /* absolute; home may be NULL */
	const char *const *envp;
};

/* settings_parse: the bytes of a settings file into *p (after policy_begin). ERR_INPUT for what is no
 * JSON, no dialect's, or has an unknown key: nothing of it is to be used then. name is what messages
 * call the file. */
int settings_parse(const char *bytes, size_t len, const char *name, const struct caller *caller,
		   struct policy *p, struct err *err);

/* One dialect: does the document look like it, and read it. */
struct dialect {
	const char *name;
	bool (*is)(const struct json *top);
	int (*read)(const struct json *top, const struct caller *caller, struct policy *p,
		    struct err *err);
};
extern const struct dialect dialect_saved, dialect_executor, dialect_npm;

/* settings_path: "~" and "~/…" are the caller's home, a relative path is below its working directory.
 * Two stars at the end are left out, as the path stands for all below it. */
int settings_path(const char *path, const struct caller *caller, struct arena *a, const char **ret,
		  struct err *err);
