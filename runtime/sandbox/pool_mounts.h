/* SPDX-License-Identifier: Apache-2.0 */
/* pool_mounts.h - a task's own file systems: its private space, /proc and the terminals with the masks. They are made, looked at, and after
 * the task are as they were made: because it changed nothing, or because they are mounted anew.
 *
 * Whatever a task does to the private space, the times of one of its directories tell, and no task sets the clock that the kernel
 * takes these from; but for files without a name, which its filter tells of, and for hints, which that refuses (compose_seccomp.c). What it
 * looks up in /proc the kernel keeps with the time of that: it is made to drop these entries. Of the terminals only the file that makes them
 * stays, and its times tell. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#include "runtime/plan/plan.h"

/* What a file's owner or its users may change. Without gaps: two are the same where all their bytes are. */
struct mounts_file {
	uint64_t device, inode, links, size, mode, uid, gid;
	struct timespec read, written, changed;
};
#define MOUNTS_FILES_MAX 8

/* Of the plan's operations those from..to. */
struct mounts_part {
	size_t from, to;
	bool known; /* the rest is as it was made */
	size_t masks; /* paths that are there, and so are masked */
	size_t n;
	struct mounts_file files[MOUNTS_FILES_MAX];
};
struct task_mounts {
	struct mounts_part space, rest;
	bool settled; /* what is written from now on has another time than what was before */
};

/* mounts_make: what plan has of this stage and those before it; way: as network_give; warned: was there a warning? */
int mounts_make(const struct plan *plan, enum stage stage, int way, bool *warned, struct err *err);
/* mounts_look: as they are now, just made. mounts_begin: before a task may write. */
void mounts_look(const struct plan *plan, struct task_mounts *ret);
void mounts_begin(const struct plan *plan, struct task_mounts *m);
/* mounts_again: they are as they were made, m too; nobody else is in the sandbox. nameless: files without a name may have been made. False
 * where it cannot be. */
bool mounts_again(const struct plan *plan, struct task_mounts *m, bool nameless);
