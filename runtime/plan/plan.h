/* SPDX-License-Identifier: Apache-2.0 */
/* plan.h - (config, facts) → plan: which namespaces, which ops, in which order, and why. Pure: no
 * system call. */
#pragma once

#include "runtime/plan/facts.h"
#include "runtime/plan/op.h"
#include "spec/json/emit.h"
#include "spec/oci/config.h"

/* Inside a container whose network is filtered, on its loopback: the proxy for programs that want one. */
#define NETWORK_PROXY_PORT 3128
/* Where names are asked for behind a full NAT: of pasta an address that it is told, of slirp4netns its own. */
#define NETWORK_PASTA_NAMES "169.254.1.1"
#define NETWORK_SLIRP_NAMES "10.0.2.3"
#define NETWORK_NAMES_FILE "/etc/resolv.conf"
#define NETWORK_PASTA_FILE "nameserver " NETWORK_PASTA_NAMES "\n"
#define NETWORK_SLIRP_FILE "nameserver " NETWORK_SLIRP_NAMES "\n"
#define PLAN_OPS_MAX 4096
#define PLAN_WARNINGS_MAX 256

/* Who makes the container's cgroup. */
enum cgroup_manager {
	CGROUP_MANAGER_FS, /* we do, by its files */
	CGROUP_MANAGER_SYSTEMD,
	CGROUP_MANAGER_NONE /* nobody */
};

/* What was asked on the command line and bears on the plan. */
struct plan_options {
	const char *bundle; /* absolute path of the bundle */
	const char *id;
	bool no_pivot;
	bool no_new_keyring;
	bool strict; /* what cannot be applied is an error, not a warning */
	uint32_t preserve_fds; /* fds 3 … 3+n-1 stay open */
	uint32_t listen_fds; /* of LISTEN_FDS, likewise */
	bool console; /* there is somebody to hand a terminal to */
	bool beside; /* the parent has nothing else to do while the child makes its root, and no hook looks at it */
	enum cgroup_manager cgroup_manager;
};

/* Something asked for that will not be done. */
struct plan_warning {
	const char *cause, *text;
};

struct plan {
	struct arena *arena;
	uint64_t clone_flags; /* CLONE_NEWx of the child */
	uint64_t
		middle_flags; /* CLONE_NEWUSER where the process in the middle must own the rest, else 0 */
	bool middle; /* a process between parent and child is needed: namespaces to join or offsets
			first */
	bool maps_by_parent; /* the child waits while the parent writes its id maps (stage IDS) */
	struct id_mappings uid_maps,
		gid_maps; /* as they will be; empty without a new user namespace */
	bool joins; /* a container that runs: the host is not in sight there */
	bool asks_parent; /* ops marked OP_BY_PARENT are there */
	bool beside; /* there is a stage BESIDE: the child is born without what that makes, and joins it */
	int *held; /* fds of mounts that later ops are about (op.held), -1 none; the appliers' */
	size_t held_n;
	bool cgroup; /* there are ops OP_CGROUP */
	bool scope; /* there is an op OP_CGROUP_SCOPE: stage PREPARE comes once the process is there */
	bool setgroups_denied; /* additional groups cannot be set inside */
	const char *rootfs; /* absolute */
	uint64_t timeout_ms; /* of wall clock, kept by a process beside it; 0: none */
	struct op *ops;
	size_t n, room;
	struct plan_warning *warnings;
	size_t warnings_n, warnings_room;
	bool strict;
	/* exec */
	const char **argv, **envp;
	size_t envp_n; /* one more place is free, for HOME */
	bool home_missing; /* HOME comes from the container's passwd file */
	uint32_t uid;
	uint32_t keep_fds; /* fds 3 … 3+keep_fds-1 stay open over exec */
	bool terminal;
	bool ways; /* sockets will have to be handed to the network helper */
	bool listener; /* a seccomp listener will have to be handed on */
};

/* plan_container: everything that create and run do for a container. The config has passed
 * config_check. Errors: place is the JSON pointer, text the reason and the way out. */
int plan_container(const struct config *config, const struct facts *facts,
		   const struct plan_options *options, struct arena *a, struct plan **ret,
		   struct err *err);
/* plan_exec: what a further process in a running container needs: stages JOIN (by the caller's
 * pidfd), PROCESS and LAST. process is the one to run, config the container's. */
int plan_exec(const struct config *config, const struct process *process, const struct facts *facts,
	      const struct plan_options *options, struct arena *a, struct plan **ret,
	      struct err *err);
/* plan_change_mounts: config is the running container's, with the mounts to add or to remove in place of its own. */
int plan_change_mounts(const struct config *config, bool add, const struct facts *facts,
		       const struct plan_options *options, struct arena *a, struct plan **ret,
		       struct err *err);
/* plan_wants: which facts a config needs (enum facts_want). */
unsigned int plan_wants(const struct config *config);
unsigned int plan_wants_process(const struct process *process);

/* For planners. plan_add: a new op with that stage, cause and code, zeroed otherwise. plan_warn: an
 * error under strict. */
struct op *plan_add(struct plan *p, enum stage stage, enum op_code code, const char *cause);
int plan_warn(struct plan *p, struct err *err, const char *cause, const char *fmt, ...)
	printf_like(4, 5);
const char *plan_cause(struct plan *p, const char *fmt, ...) printf_like(2, 3);

/* The chapters, in the order of the corridor; each appends its ops. */
int plan_ids(struct plan *p, const struct config *c, const struct facts *f,
	     const struct plan_options *o, struct err *err);
/* plan_user_mapped: the process's uid and gid are among the plan's maps; an error names the one that is not. */
int plan_user_mapped(const struct plan *p, const struct process *process, struct err *err);
/* plan_ids_inside: the switch to an id that is mapped, once the root is open. */
int plan_ids_inside(struct plan *p, const struct config *c, const struct facts *f, struct err *err);
int plan_namespaces(struct plan *p, const struct config *c, const struct facts *f,
		    const struct plan_options *o, struct err *err);
/* plan_network: what makes a new network namespace the one that srt.network asks for. plan_network_calls: the filter of
 * system calls that belongs to it, in that stage; nothing where none is asked for. */
int plan_network(struct plan *p, const struct config *c, struct err *err);
/* plan_network_beside: whether it is made in the stage BESIDE, where it is planned then. */
bool plan_network_beside(struct plan *p, const struct config *c, const struct plan_options *o);
/* plan_names: the file that says where names are asked for; nothing where the config has one of its own. */
void plan_names(struct plan *p, const struct config *c);
int plan_network_calls(struct plan *p, const struct config *c, enum stage stage, struct err *err);
/* plan_rdt: the resctrl group of linux.intelRdt. */
int plan_rdt(struct plan *p, const struct config *c, const struct facts *f,
	     const struct plan_options *o, struct err *err);
int plan_mounts(struct plan *p, const struct config *c, const struct facts *f,
		const struct plan_options *o, struct err *err);
/* plan_mounts_add, plan_mounts_remove: the mounts of c in a container that runs. */
int plan_mounts_add(struct plan *p, const struct config *c, const struct facts *f,
		    const struct plan_options *o, struct err *err);
void plan_mounts_remove(struct plan *p, const struct config *c);
/* plan_fresh_root: an empty root with its directories, where the config has one; plan_default_dev: a tmpfs on /dev, where
 * nothing else is there; plan_seed_files: its files and links, after
 * the mounts. */
void plan_fresh_root(struct plan *p, const struct config *c);
void plan_default_dev(struct plan *p, const struct config *c);
void plan_seed_files(struct plan *p, const struct config *c);
/* plan_readonly_late: makes those read-only that had to wait (OP_READONLY_LATE). */
void plan_readonly_late(struct plan *p);
/* plan_terminal: a new terminal for the process, mounted on path (NULL: nowhere). */
void plan_terminal(struct plan *p, const struct process *process, const char *path);
int plan_devices(struct plan *p, const struct config *c, const struct facts *f, struct err *err);
int plan_paths(struct plan *p, const struct config *c, const struct facts *f, struct err *err);
int plan_root(struct plan *p, const struct config *c, const struct plan_options *o,
	      struct err *err);
int plan_process(struct plan *p, const struct config *c, const struct process *process,
		 const struct facts *f, const struct plan_options *o, struct err *err);
/* plan_memory_policy: the op of linux.memoryPolicy; there are the nodes that its process has, "" where they are unknown. */
int plan_memory_policy(struct plan *p, const struct memory_policy *m, const struct facts *f,
		       const char *there, struct err *err);
/* plan_joiner: likewise of a process that exec adds. */
int plan_joiner(struct plan *p, const struct config *c, const struct process *process,
		const struct facts *f, const struct plan_options *o, struct err *err);
int plan_resources(struct plan *p, const struct config *c, const struct facts *f,
		   const struct plan_options *o, struct err *err);

/* plan_print: one line an op, by stage, for people; plan_emit: the same as JSON. */
void plan_print(const struct plan *p, struct text *out);
void plan_emit(const struct plan *p, struct emit *e);
