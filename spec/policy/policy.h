/* SPDX-License-Identifier: Apache-2.0 */
/* policy.h - what a sandbox may do: one struct that flags, settings files, the environment and the
 * defaults become, each value with its origin.
 *
 * Nothing here asks the kernel. Precedence: flag > settings > preset > environment > bundle > default; among
 * equals the later one counts. What a bundle says is a bound besides: none of the others goes beyond it. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "spec/base/arena.h"
#include "spec/base/err.h"
#include "spec/base/names.h"
#include "spec/json/emit.h"
#include "spec/oci/config.h"

/* What one policy may hold of each list. */
#define POLICY_LIST_MAX 4096

enum policy_origin {
	ORIGIN_DEFAULT,
	ORIGIN_BUNDLE, /* and what bounds all others; see policy_bundle */
	ORIGIN_ENVIRONMENT,
	ORIGIN_PRESET,
	ORIGIN_SETTINGS,
	ORIGIN_FLAG,
};

/* The single values, in the order in which they are explained. */
enum policy_item {
	POLICY_TIMEOUT, /* ms */
	POLICY_KILL_AFTER, /* ms */
	POLICY_MEMORY, /* bytes */
	POLICY_CPU, /* thousandths of a processor */
	POLICY_CPU_TIME, /* ms; 0: unbounded */
	POLICY_CPU_SHARES,
	POLICY_PROCESSES,
	POLICY_FILES,
	POLICY_FILE_SIZE, /* bytes; 0: only the disk bounds it */
	POLICY_DISK, /* bytes */
	POLICY_OUTPUT, /* bytes; 0: unbounded */
	POLICY_OPEN_FILES,
	POLICY_NETWORK, /* truth */
	POLICY_NETWORK_MODE, /* enum network_mode; absent: as POLICY_NETWORK and the rules say */
	POLICY_FS_WRITE, /* truth */
	POLICY_EXEC, /* truth */
	POLICY_BUNDLE,
	POLICY_IMAGE,
	POLICY_USER, /* "UID[:GID]" */
	POLICY_CWD,
	POLICY_WORK_DIR,
	POLICY_WORKSPACE,
	POLICY_WORKSPACE_BY, /* enum policy_copying */
	POLICY_COMMIT, /* enum policy_commit */
	POLICY_ARTIFACTS_DIR,
	POLICY_HOSTS_FILE,
	POLICY_BACKEND, /* enum policy_backend */
	POLICY_TRACE, /* truth */
	POLICY_AUDIT_LOG,
	POLICY_VIOLATIONS,
	POLICY_LOG_LEVEL, /* enum log_level */
	POLICY_ITEMS
};

enum policy_commit { COMMIT_NEVER, COMMIT_ON_SUCCESS, COMMIT_ALWAYS };
enum policy_backend { BACKEND_AUTO, BACKEND_CGROUP2, BACKEND_CGROUP1, BACKEND_SUPERVISOR };

enum policy_copying { COPYING_AUTO, COPYING_OVERLAY, COPYING_COPY };

enum policy_kind {
	KIND_DURATION,
	KIND_SIZE,
	KIND_CPU,
	KIND_COUNT,
	KIND_TRUTH,
	KIND_TEXT,
	KIND_WORD,
};

/* How one item is called and read. */
struct policy_row {
	const char *name; /* in `explain` and as --NAME */
	const char *env; /* its environment variable; NULL: none */
	uint8_t kind; /* enum policy_kind */
	const char *fallback; /* the default, as text; NULL: absent */
	const struct name *words; /* of KIND_WORD */
	uint64_t least, most; /* of KIND_COUNT */
	const char *help;
};
extern const struct policy_row policy_rows[POLICY_ITEMS];
/* policy_networks: by enum network_mode; what filters is asked for by its rules alone. */
extern const struct name policy_origins[], policy_commits[], policy_backends[], policy_networks[];

struct policy_value {
	uint64_t n; /* of all kinds but KIND_TEXT; of limits 0: none */
	const char *text; /* as written; NULL: absent */
	uint8_t origin; /* enum policy_origin */
	const char *from; /* "--timeout", "SANDBOX_TIMEOUT", "/resource_limits/timeout_seconds" */
};

enum policy_access { ACCESS_DENY, ACCESS_READ, ACCESS_WRITE };

struct policy_mount {
	const char *source, *destination; /* absolute once settled */
	bool writable, noexec;
	const char *from;
};
struct policy_path {
	const char *path; /* of the host, and the same inside */
	uint8_t access; /* enum policy_access */
	bool optional; /* what is not there is left out */
	bool shallow; /* of a directory only the files directly in it */
	bool kept; /* where nothing is, nothing is made either */
	bool own; /* met by a directory of the sandbox's own: the host's is not shown */
	const char *from;
};
struct policy_variable {
	const char *name, *value;
	bool secret; /* shown nowhere */
	const char *from;
};
struct policy_domain {
	const char *pattern; /* HOST[:PORT] */
	bool allow;
	const char *from;
};
struct policy_mounts {
	struct policy_mount *v;
	size_t n;
};
struct policy_paths {
	struct policy_path *v;
	size_t n;
};
struct policy_variables {
	struct policy_variable *v;
	size_t n;
};
struct policy_domains {
	struct policy_domain *v;
	size_t n;
};
struct policy_words {
	const char **v;
	size_t n;
};

/* What is seen at the root. */
enum policy_view {
	VIEW_SYSTEM, /* the system's directories read-only, nothing of homes and state (or a bundle) */
	VIEW_HOST, /* all of the host read-only, as the npm package does */
};

struct policy {
	struct arena *arena;
	struct policy_value v[POLICY_ITEMS];
	struct policy_mounts mounts;
	struct policy_paths paths;
	struct policy_variables variables;
	struct policy_domains domains;
	struct policy_words artifacts, publish;
	struct policy_words ignored; /* beginnings of paths that are no violation */
	uint8_t view; /* enum policy_view */
	bool inherit_env; /* the caller's environment goes along */
	bool stay; /* the working directory is the caller's */
	bool no_unix_sockets; /* none is made by connect or bind; pairs are */
	bool bundle_network; /* its rules are those of the bundle's config.json, or a part of them */
	struct policy_words narrowed; /* lines: what was asked for and the bundle does not have */
	const char *dialect; /* of the settings file; NULL: none was read */
	const char *name; /* what the settings call themselves; NULL */
};

/* policy_begin: the defaults. policy_environment: the SANDBOX_* variables of envp; the error names the
 * variable. */
void policy_begin(struct policy *p, struct arena *a);
int policy_environment(struct policy *p, const char *const *envp, struct err *err);
/* policy_set: one item from its text; of lower origin than what is there it is read, checked, and left.
 * policy_set_number: likewise, of a number in the item's own unit. The error's place is `from`. */
int policy_set(struct policy *p, enum policy_item item, const char *text, enum policy_origin origin,
	       const char *from, struct err *err);
int policy_set_number(struct policy *p, enum policy_item item, uint64_t n,
		      enum policy_origin origin, const char *from, struct err *err);
/* policy_preset: the named set of values ("strict", "default", "permissive", "research", "development"). */
int policy_preset(struct policy *p, const char *name, struct err *err);
extern const struct name policy_presets[];

/* The lists. policy_mount: "SRC:DST[:ro|rw[,noexec]]", "\:" is a colon. policy_variable: "K=V". */
int policy_mount(struct policy *p, const char *text, const char *from, struct err *err);
int policy_variable(struct policy *p, const char *text, const char *from, struct err *err);
int policy_add_variable(struct policy *p, const char *name, const char *value, bool secret,
			const char *from, struct err *err);
/* policy_pass: the variable of envp by that name, if it is there. policy_secret: "NAME=env:VAR"; that
 * VAR must be there. */
int policy_pass(struct policy *p, const char *name, const char *const *envp, struct err *err);
int policy_secret(struct policy *p, const char *text, const char *const *envp, struct err *err);
/* policy_add_path: what allows exactly /tmp or /dev/shm is met by the sandbox's own, unless all of the host is in view. */
int policy_add_path(struct policy *p, const char *path, enum policy_access access, bool optional,
		    const char *from, struct err *err);
int policy_add_domain(struct policy *p, const char *pattern, bool allow, const char *from,
		      struct err *err);
int policy_add_word(struct policy *p, struct policy_words *list, const char *word, const char *from,
		    struct err *err);

/* policy_user: the ids of POLICY_USER. */
int policy_user(const struct policy *p, uint32_t *uid, uint32_t *gid, struct err *err);
static inline uint64_t policy_n(const struct policy *p, enum policy_item item)
{
	return p->v[item].n;
}
static inline const char *policy_text(const struct policy *p, enum policy_item item)
{
	return p->v[item].text;
}
/* policy_settle_network: of POLICY_NETWORK_MODE and POLICY_NETWORK the one of higher origin counts; what contradicts it is an
 * error. Once, when all has been set. policy_network: what of a network there is. policy_filtered: it is to be filtered by
 * rules. policy_is_hosts_network: it is the host's, whole. */
int policy_settle_network(struct policy *p, struct err *err);
enum network_mode policy_network(const struct policy *p);
bool policy_filtered(const struct policy *p);
bool policy_is_hosts_network(const struct policy *p);

/* policy_bundle: "srt" of the config.json whose root file system is used, once all else has been set: what it says is there where
 * nobody said anything else, and bounds what was said. Of a limit the stricter one counts; a network that would be wider than
 * the bundle's, and a whole one that nobody asked for, are errors. */
int policy_bundle(struct policy *p, const struct config *config, struct err *err);

/* policy_explain: every value with its origin, one a line; policy_emit: the same as JSON. Secrets are
 * shown as "***". */
void policy_explain(const struct policy *p, struct text *out);
void policy_emit(const struct policy *p, struct emit *e);

/* env_of: the value of a name in envp, or NULL. */
const char *env_of(const char *const *envp, const char *name);
