/* SPDX-License-Identifier: Apache-2.0 */
/* srtoci.h - the runtime's face: what the command line, and whoever links the runtime, may call. */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "spec/base/arena.h"
#include "spec/base/err.h"
#include "spec/base/log.h"
#include "spec/base/names.h"
#include "spec/oci/config.h"

/* Exit statuses of the programs that are not the payload's. */
enum {
	EXIT_RUNTIME = 1, /* the runtime failed; engines expect 1 */
	EXIT_USAGE = 2, /* unknown command, flag or argument */
	EXIT_NOT_EXECUTABLE = 126,
	EXIT_NOT_FOUND = 127,
};

/* What all commands share: the global flags. */
struct runtime {
	const char *root; /* state directory, absolute */
	const char *const *argv; /* of main, to start again from a sealed copy */
	struct log log;
	bool strict;
	const char *criu; /* program of checkpoint and restore */
	bool systemd_cgroup;
	const char *cgroup_manager; /* "cgroupfs", "systemd", "disabled" */
};

struct create_options {
	const char *id;
	const char *bundle; /* directory, as given */
	const char *config; /* file name, default "config.json" in the bundle */
	const char *console_socket; /* path of a unix socket that gets the terminal's master */
	const char *pidfd_socket;
	const char *pid_file;
	const char *violations; /* file to which what was refused is appended; NULL: none */
	bool no_pivot, no_new_keyring, no_subreaper;
	bool detach; /* run only: return once the payload runs */
	bool keep; /* run only: leave the state of an ended container for `delete` */
	uint32_t preserve_fds;
};

struct exec_options {
	const char *id;
	const char *process_file; /* --process: the rest below is then ignored but for the sockets,
				     pid file and detach */
	const char *console_socket, *pidfd_socket, *pid_file;
	bool detach, tty, ignore_paused;
	const char *cwd, *user, *apparmor, *process_label; /* NULL: the container's */
	struct strings env, caps, additional_gids, args;
	struct strings cgroups; /* below the container's */
	bool no_new_privs;
	uint32_t preserve_fds;
};

/* checkpoint and restore: what CRIU is told. */
struct checkpoint_options {
	struct create_options create; /* of restore */
	const char *image_path, *work_path, *parent_path, *manage_cgroups, *page_server;
	const char *status_fd, *lsm_profile, *lsm_mount_context;
	struct strings empty_ns;
	bool leave_running, tcp_established, ext_unix_sk, shell_job, file_locks, lazy_pages;
	bool pre_dump, auto_dedup;
};

enum container_status {
	STATUS_CREATING,
	STATUS_CREATED,
	STATUS_RUNNING,
	STATUS_PAUSED,
	STATUS_STOPPED
};
extern const struct name status_names[]; /* "creating" … */

/* What state and list know about one container. */
struct container {
	const char *id;
	enum container_status status;
	pid_t pid; /* 0 when stopped */
	uint64_t pid_start; /* start time in clock ticks since boot, against pid reuse */
	pid_t helper; /* of a filtered network; 0: none */
	uint64_t helper_start;
	const char *bundle, *rootfs;
	const char *created; /* RFC 3339 */
	uint32_t owner_uid;
	bool systemd_cgroup;
	const char *cgroup; /* "" if none */
	const char *scope; /* systemd's unit for it: "system:NAME" or "user:NAME"; "" if none */
	struct pairs cgroups; /* by hierarchy; see runtime/life/cgroup.h */
	const char *oci_version; /* of its config */
	struct pairs annotations;
	struct strings warnings; /* what was asked for and not applied */
	bool nothing_later; /* its config has no hooks or listener for `start` and `delete` to read it for */
};
struct containers {
	struct container *v;
	size_t n;
};
struct pids_list {
	pid_t *v;
	size_t n;
};

/* life_create, life_run: err on failure; *status is the payload's exit status (128+N after signal
 * N); for create and detached runs 0. A failure leaves nothing behind. err.errnum ENOENT or EACCES
 * of exec picks 127 or 126 in life_run. */
int life_create(const struct runtime *rt, const struct create_options *o, struct err *err);
int life_run(const struct runtime *rt, const struct create_options *o, int *status,
	     struct err *err);
int life_start(const struct runtime *rt, const char *id, struct err *err);
int life_exec(const struct runtime *rt, const struct exec_options *o, int *status, struct err *err);
int life_state(const struct runtime *rt, const char *id, struct arena *a, struct container *ret,
	       struct err *err);
int life_list(const struct runtime *rt, struct arena *a, struct containers *ret, struct err *err);
int life_kill(const struct runtime *rt, const char *id, int sig, bool all, struct err *err);
int life_delete(const struct runtime *rt, const char *id, bool force, struct err *err);
/* life_mounts: adds or removes the mounts of a JSON file in a container that runs. */
int life_mounts(const struct runtime *rt, const char *id, bool add, const char *file,
		struct err *err);
/* life_checkpoint: CRIU writes the container to files; it is stopped then unless told otherwise. life_restore: and makes one
 * of them, as life_run does. Without CRIU ERR_HOST says so. */
int life_checkpoint(const struct runtime *rt, const char *id, const struct checkpoint_options *o,
		    struct err *err);
int life_restore(const struct runtime *rt, const struct checkpoint_options *o, int *status,
		 struct err *err);
int life_ps(const struct runtime *rt, const char *id, struct arena *a, struct pids_list *ret,
	    struct err *err);
/* life_pause: stops (by the freezer; where there is none, SIGSTOP to each of its processes) or resumes. */
int life_pause(const struct runtime *rt, const char *id, bool pause, struct err *err);
/* What update takes beside resources: lines of resctrl's schemata; NULL: none. */
struct update_caches {
	const char *l3_cache, *mem_bw;
};
/* life_update: new limits. said is one line for each that only something weaker stands in for, or nothing, as there is no
 * cgroup. */
int life_update(const struct runtime *rt, const char *id, struct resources *r,
		const struct update_caches *caches, struct arena *a, struct strings *said,
		struct err *err);
/* life_events: a line of JSON for each event, to say (negative ends it): what it uses, once, or every interval_ms (0: never),
 * and whenever memory ran out; until its process ends. */
int life_events(const struct runtime *rt, const char *id, bool once, uint32_t interval_ms,
		int (*say)(void *ctx, const char *line, struct err *err), void *ctx,
		struct err *err);
/* life_check: reads and checks a bundle and plans it; all findings, not just the first, one per
 * call of report. */
int life_check(const struct runtime *rt, const char *bundle, const char *config, struct err *err);
/* life_plan: the plan as text or JSON; facts_file (may be NULL) stands in for this host. */
int life_plan(const struct runtime *rt, const struct create_options *o, const char *facts_file,
	      bool json, struct arena *a, const char **ret, struct err *err);
