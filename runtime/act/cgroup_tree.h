/* SPDX-License-Identifier: Apache-2.0 */
/* cgroup_tree.h - cgroups as directories: found, made, emptied and removed beneath a verified mount. Allocates nothing. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "spec/base/err.h"

/* Levels of cgroups in one tree that are walked; more is an error. */
#define CGROUP_DEPTH_MAX 64
/* Longest path of a cgroup below its mount. */
#define CGROUP_PATH_MAX 4096

/* cgroup_mount_open: the mount point, verified to be a cgroup file system of that version. */
int cgroup_mount_open(const char *mount, bool v2, int *ret_fd, struct err *err);
/* cgroup_open: a cgroup beneath that fd; no symlink, no "..", no other mount. 1: it is not there. */
int cgroup_open(int mount_fd, const char *path, int *ret_fd, struct err *err);
/* cgroup_existing: how many bytes of path name cgroups that are there already. */
size_t cgroup_existing(int mount_fd, const char *path);
/* cgroup_make: likewise, made where missing, as cgroup_existing would tell; on v2 each level above it hands down the
 * controllers that it has, as far as it may, and needs (space separated; "" is none) must arrive. */
int cgroup_make(int mount_fd, const char *path, bool v2, const char *needs, int *ret_fd,
		struct err *err);
/* cgroup_check_empty: whoever is there already would get our limits, and die with our container: ERR_STATE. */
int cgroup_check_empty(int fd, const char *path, struct err *err);
/* cgroup_take_back: what cgroup_make made, from the last to the one that begins after the first `existing` bytes, as far as
 * nobody else uses it by now, or it is not ours. -1 with errno where something else stands in the way. */
int cgroup_take_back(int mount_fd, const char *path, size_t existing);

/* cgroup_read: a small file of the cgroup as text; its length, or -1 with errno. */
ssize_t cgroup_read(int fd, const char *name, char *buf, size_t room);
/* cgroup_write: 0, or -1 with errno. */
int cgroup_write(int fd, const char *name, const char *text);
/* cgroup_failed: err_host for a cgroup: engines take "no such file" for a missing program, so it is never said. */
int cgroup_failed(struct err *err, int errnum, const char *fmt, ...) printf_like(3, 4);

/* cgroup_each: calls fn for every process of the cgroup and of those below it, as numbered here (those that have no number
 * here are left out). */
int cgroup_each(int fd, int (*fn)(void *ctx, pid_t pid, struct err *err), void *ctx,
		struct err *err);
/* cgroup_is_frozen: it, or one above it: 1 or 0; -1 with errno. */
int cgroup_is_frozen(int fd, bool v2);
/* cgroup_freeze: stops all its processes, or lets them go on, and waits until that is so. On v1 fd is in the hierarchy
 * "freezer". */
int cgroup_freeze(int fd, bool v2, bool frozen, struct err *err);
/* cgroup_kill: SIGKILL to every process in and below it, without waiting. On v1 the freezer's must be thawed afterwards. */
int cgroup_kill(int fd, bool v2, struct err *err);
/* cgroup_remove: the cgroup and all below it, once their processes are dead, which is waited for. What is not there is fine. */
int cgroup_remove(int mount_fd, const char *path, struct err *err);
