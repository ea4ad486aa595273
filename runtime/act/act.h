/* SPDX-License-Identifier: Apache-2.0 */
/* act.h - carries out the ops of a plan: one file per kernel facility. Allocates nothing: it runs after clone, too. */
#pragma once

#include <sys/types.h>

#include "runtime/act/cgroup.h"
#include "runtime/plan/plan.h"
#include "spec/base/err.h"

/* What the appliers of one process share. Every fd is close-on-exec; -1 is none. */
struct act {
	const struct plan *plan;
	int proc_fd; /* the host's /proc, verified: for what is written about processes and sysctls */
	int root_fd; /* root of the container's tree, once OP_ROOT_OPEN is done */
	bool root_new; /* it is a tmpfs of our own making (OP_ROOT_NEW) … */
	dev_t root_dev; /* … which is that device */
	bool root_alone; /* nobody else changes names in it: what was found by a path is found by it again */
	int empty_fd; /* the read-only empty directory that masks, once it is mounted */
	int null_fd; /* the container's /dev/null, verified, once something is masked with it */
	int dir_fd; /* the directory that the last name was made in … */
	const char *dir_path; /* … and its path, dir_len bytes of it */
	size_t dir_len;
	bool dir_new; /* it is in a tmpfs of our own making (OP_HOLD, OP_ROOT_NEW): whatever it holds, we put there */
	int console_fd; /* the terminal's master, for whoever asked */
	int tty_fd; /* its other end */
	int listener_fd; /* of seccomp notifications */
	struct cgroup_dirs *cgroups; /* of the container; NULL where no op is about them */
	pid_t child; /* whose ids are mapped (stage IDS), or who gets a scope */
	const char *companion; /* the program that speaks to systemd; NULL: there is no scope */
	char *scope; /* CGROUP_PATH_MAX bytes: the cgroup that systemd made, below the mount */
	mode_t umask; /* the caller's, which the payload gets unless it has its own */
	/* What only the parent can do (OP_BY_PARENT): done, and the fd that it opened, or -1. */
	int (*ask)(void *ctx, const struct op *op, int *ret_fd, struct err *err);
	/* A socket that was made inside (enum way_socket), to the parent; the fd stays the caller's. */
	int (*give)(void *ctx, int way, int fd, struct err *err);
	/* The network namespace that was made beside, as an fd that is the caller's. */
	int (*beside)(void *ctx, int *ret_fd, struct err *err);
	void *ask_ctx;
	int child_pidfd; /* in the parent: whose namespaces are meant */
	int net_fd; /* in the parent: a netlink socket in the child's network namespace, once a device has moved there */
	/* A failed optional op. */
	void (*warn)(void *ctx, const struct op *op, const struct err *why);
	void *warn_ctx;
};

#define ACT_INIT                                                                                   \
	{                                                                                          \
		.proc_fd = -1, .root_fd = -1, .empty_fd = -1, .null_fd = -1, .dir_fd = -1,         \
		.console_fd = -1, .tty_fd = -1, .listener_fd = -1, .child_pidfd = -1, .net_fd = -1 \
	}

/* act_stage: all ops of that stage in order. An op marked OP_ELSE runs only where the one before failed; a failed OP_OPTIONAL
 * is a warning. On failure place is the op's cause. */
int act_stage(struct act *x, enum stage stage, struct err *err);
/* act_has: the plan has ops of that stage. */
bool act_has(const struct plan *plan, enum stage stage);
/* act_open_proc: the host's /proc as a verified directory fd. */
int act_open_proc(int *ret, struct err *err);

/* act_find: args[0] looked up as execvp would, with the PATH of envp, as the user that we are now. err.errnum is ENOENT or
 * EACCES and err.place "exec" where it cannot be run; of a path, without look, execve will tell likewise. path has room for
 * PATH_MAX. */
int act_find(const char *const argv[], const char *const envp[], bool look, char *path, size_t room,
	     struct err *err);
/* act_ready: HOME (whose room must last until execve), file descriptors, umask and signals: all that a filter of the
 * payload's may forbid. act_exec: execve alone; returns only on failure. */
#define ACT_HOME_ROOM 1024
int act_ready(struct act *x, char home[ACT_HOME_ROOM], struct err *err);
int act_exec(struct act *x, const char *path, struct err *err);

/* The appliers; each does one op (op.h says what the fields mean). */
typedef int act_fn(struct act *x, const struct op *op, struct err *err);
act_fn act_id_map, act_id_map_service, act_id_map_helper, act_deny_setgroups, act_become_root;
act_fn act_cgroup, act_cgroup_write, act_cgroup_devices, act_cgroup_owner;
act_fn act_cgroup_scope, act_cgroup_below;
act_fn act_oom_score, act_sysctl, act_time_offset;
act_fn act_oom_score_of; /* the parent does it, of the child */
act_fn act_asked; /* all of it is the parent's */
act_fn act_join, act_join_beside, act_unshare, act_hostname, act_domainname, act_loopback_up;
act_fn act_route_local, act_redirect, act_listen, act_listen_ports;
act_fn act_propagation_all, act_root_open, act_root_new, act_space, act_file, act_file_over,
	act_root_readonly, act_pivot, act_move_root, act_root_propagation;
act_fn act_mount, act_bind, act_setattr, act_propagation, act_umount;
act_fn act_copy, act_mkdir, act_mknod, act_device_bind, act_symlink;
act_fn act_mask, act_readonly;
act_fn act_console, act_session;
act_fn act_keyring, act_cwd, act_umask, act_personality;
act_fn act_rlimit, act_scheduler, act_io_priority, act_affinity, act_memory_policy;
act_fn act_bounding, act_groups, act_user, act_caps, act_no_new_privs, act_not_dumpable;
act_fn act_apparmor, act_selinux, act_landlock_scope, act_seccomp;

/* For appliers. act_target: the place for a mount as an O_PATH fd, made where missing; refuses one that lies on procfs
 * without being below /proc, and with OP_NOFOLLOW_DEST a symlink. */
int act_target(struct act *x, const struct op *op, bool file, int *ret, struct err *err);
/* act_found: likewise of a directory that is there already, and of no op with a flag; 1 where there is none. */
int act_found(struct act *x, const struct op *op, int *ret, struct err *err);
/* act_forget_covered: what is about to be mounted on place may cover the directory that is held. */
int act_forget_covered(struct act *x, const struct op *op, int place, struct err *err);
/* The warning of act_listen_ports. */
#define ACT_PORTS_ALONE                                                                   \
	"this kernel cannot redirect by nf_tables: of TCP only the ports that the rules " \
	"name, or 80 and 443, reach the filter; others are refused"
/* act_no_ipv6: that errno says that the kernel has no IPv6 here, or that it is switched off. */
bool act_no_ipv6(int errnum);
/* act_attach: a detached mount onto an O_PATH fd. */
int act_attach(const struct op *op, int mount_fd, int target_fd, struct err *err);
/* act_directory: the directory that path's last component is in, made where missing; x keeps it for the next op. act_hold: fd, a
 * new and empty tmpfs on path, is that directory from now on; x closes it. */
int act_directory(struct act *x, const char *path, int *ret, struct err *err);
void act_hold(struct act *x, const char *path, int fd);
/* act_new_name: the last component of path, where nobody but us can have put anything into the directory that it is in, which x
 * holds then (dir_fd). What is made there by that name is no symlink, covers nothing and does not lie on procfs. NULL where the
 * name has to be looked up. act_enter_new: likewise, and the directory is the working directory. */
const char *act_new_name(struct act *x, const char *path);
const char *act_enter_new(struct act *x, const char *path);
/* act_clone_source: the source of a bind as a detached mount. act_map_ids: the ids of such a one as user, the fd of a user
 * namespace, has them. */
int act_clone_source(const struct op *op, int *ret, struct err *err);
int act_map_ids(const struct op *op, int fd, int user, struct err *err);
/* act_copy_up: the tree below from (a directory fd) into the directory to, bounded in count and depth. */
int act_copy_up(int from, int to, const char *path, struct err *err);
/* act_by_parent: the parent's part of an op marked OP_BY_PARENT, for the child that x tells of. *ret_fd is what it opened:
 * of a bind the detached mount, of OP_ROOT_OPEN its place; -1 none. */
int act_by_parent(struct act *x, const struct op *op, int *ret_fd, struct err *err);
/* act_idmap_fd: a user namespace with these maps, as an fd; needs CAP_SETUID and CAP_SETGID. */
int act_idmap_fd(struct act *x, const struct mount_idmap *map, int *ret, struct err *err);
