/* SPDX-License-Identifier: Apache-2.0 */
/* dialect.h - settings files in three dialects, told by their keys, become a policy. */
#pragma once

#include "spec/json/tree.h"
#include "spec/policy/policy.h"

#define SETTINGS_MAX_BYTES (1u << 20)
#define SETTINGS_MAX_DEPTH 16
#define SETTINGS_MAX_NODES 65536

enum lookup_kind { LOOKUP_NOTHING, LOOKUP_DIR, LOOKUP_OTHER };

/* What a dialect may ask about files of the host, answered from above: nothing here asks the kernel itself. */
struct lookup {
	/* What lies at the path, links followed. */
	enum lookup_kind (*kind)(const char *path);
	/* Where the path leads, as far as it is there; what is missing of it follows as it is written. */
	int (*real)(const char *path, struct arena *a, const char **ret, struct err *err);
	/* What is there that fits an absolute pattern: of "*", "?" and "[]" within a name, of "**" over any number of names. */
	int (*fitting)(const char *pattern, struct arena *a, struct policy_words *ret,
		       struct err *err);
	/* Each of the names, which may be of more than one part, that lies below dir in a directory not deeper than depth. */
	int (*below)(const char *dir, const char *const *names, size_t n, unsigned int depth,
		     struct arena *a, struct policy_words *ret, struct err *err);
};

/* What a dialect may ask about its caller. */
struct caller {
	const char *home, *cwd; /* absolute; home may be NULL */
	const char *const *envp;
	const struct lookup *look; /* NULL: paths are taken as they are written */
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

/* settings_version: of a document's member "version" (NULL: it has none); one that this program may not know is an error. */
int settings_version(const char *version, struct err *err);

/* npm_files: the member "filesystem" of that dialect. depth: how far below the working directory names that are always
 * protected are looked for. */
int npm_files(const struct json *object, const struct caller *caller, unsigned int depth,
	      struct policy *p, struct err *err);

/* settings_absolute: "~" and "~/…" are the caller's home, a relative path is below its working directory.
 * settings_path: likewise; two stars at the end are left out, as the path stands for all below it, and other patterns are
 * refused. */
int settings_absolute(const char *path, const struct caller *caller, struct arena *a, char **ret,
		      struct err *err);
bool settings_is_pattern(const char *path);
int settings_path(const char *path, const struct caller *caller, struct arena *a, const char **ret,
		  struct err *err);
