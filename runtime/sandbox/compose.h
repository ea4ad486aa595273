/* SPDX-License-Identifier: Apache-2.0 */
/* compose.h - a policy becomes the configuration of a container, in memory: from here on a sandbox is a container like any
 * other. What lies on this host is looked at here (links, directories, the bundle), and nothing is changed. */
#pragma once

#include "runtime/sandbox/placeholder.h"
#include <time.h>

#include "runtime/sandbox/sandbox.h"
#include "spec/oci/config.h"

#define SANDBOX_USER "sandbox"
#define SANDBOX_HOME "/home/sandbox"
#define SANDBOX_SCRATCH "/tmp"
#define SANDBOX_WORKSPACE "/workspace"
/* The first process is ours and counts. */
#define COMPOSE_OWN_PROCESSES 1

/* One composition; zeroed, then filled by its parts. All memory is the arena's. */
struct composition {
	const struct request *q;
	const struct policy *p;
	struct arena *a;
	struct config config;
	struct root root;
	struct process process;
	uint32_t uid, gid; /* inside */
	uint32_t outer_uid, outer_gid; /* outside */
	bool by_caller; /* the process will not have the caller's rights over files */
	const struct config *bundle; /* NULL: the host's view */
	const char *rootfs; /* of the bundle */
	const char *workspace; /* absolute; NULL: none */
	bool copied; /* it is a copy of every file, not an overlay … */
	struct timespec copied_at; /* … of what there was at this time … */
	uint64_t copied_bytes, copied_files; /* … and that much */
	const char *cwd;
	struct placeholders
		placeholders; /* to be made before the start, taken away after the end */
	uint64_t open_files; /* of the payload; 0: no limit of ours */
	bool by_cgroup; /* memory, processes and processors are the kernel's to limit */
	bool by_oneself; /* the filter cannot ask the supervisor here, so it is not to */
	bool sees_descriptors; /* the filter asks where a process may have met its limit of open files */
	bool scopes; /* Landlock knows scopes here */
	bool notify; /* the filter asks the supervisor about some calls */
};

/* compose: c->q, c->a and c->by_cgroup are set. The result has passed config_check. */
int compose(struct composition *c, struct err *err);

/* The parts. */
int compose_ids(struct composition *c, struct err *err);
int compose_view(struct composition *c, struct err *err);
int compose_workspace(struct composition *c, struct err *err);
int compose_paths(struct composition *c, struct err *err);
/* compose_keep: the nearest part of a path that has to be mounted on so that nothing is made there while nothing is; NULL:
 * none. */
const char *compose_keep(struct composition *c, const char *path);
int compose_etc(struct composition *c, struct err *err);
int compose_env(struct composition *c, struct err *err);
void compose_seccomp(struct composition *c);
/* compose_network: srt.network, where the policy has rules for it. compose_network_place: an error about it is one about the
 * flag or the setting behind it; -1. */
void compose_network(struct composition *c);
int compose_network_place(const struct composition *c, struct err *err);
/* compose_refusal: the errno that the filter answers a call with that it refuses; of one that it asks about, in this case.
 * name: a row of the dictionary of calls. 0: the call is not refused. */
int compose_refusal(const struct policy *p, int name, const uint64_t *args);

/* For the parts. compose_more: a list of n elements with room for one more, perhaps elsewhere. compose_mount, compose_seed:
 * one more of them. */
void *compose_more(struct composition *c, void *v, size_t n, size_t size);
struct mount *compose_mount(struct composition *c, const char *destination, const char *type,
			    const char *source, const char *const *options);
/* compose_bind: what anybody on the host may read. compose_lend: what is the caller's, with the caller's rights. */
struct mount *compose_bind(struct composition *c, const char *source, const char *destination,
			   bool writable, bool noexec);
void compose_lend(struct composition *c, const char *source, const char *destination, bool writable,
		  bool noexec);
void compose_seed(struct composition *c, enum seed_kind kind, const char *path, const char *text,
		  uint32_t mode);
