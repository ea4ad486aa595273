/* SPDX-License-Identifier: Apache-2.0 */
/* pool_made.h - what of its sandbox a task could change, told by that sandbox's first process: where it is the same after a task as
 * it was before it, the sandbox is as it was made.
 *
 * What makes a socket, an object of IPC, a key or an instance of inotify is told of when it happens (init.h); who is left, the first
 * process sees, as all orphans are its own. What remains is the private space, the node that makes terminals, and what any process of
 * the same user may set of the first process itself: its limits (prlimit(2)), its priority (setpriority(2), sched_setattr(2),
 * ioprio_set(2)) and its processors (sched_setaffinity(2)), and of what /proc has of it, that user's times (utimensat(2)). All else
 * about it needs ptrace's right, and it is closed to that. */
#pragma once

#include <sched.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/resource.h>
#include <time.h>

#include "runtime/plan/plan.h"

#define MADE_FILES_MAX 8
#define MADE_NOTES 7

/* Without gaps: two are the same where all their bytes are. */
struct made {
	struct made_file {
		uint64_t device, inode, links, size, mode, uid, gid;
		int64_t names; /* bytes of those of its attributes, access lists among them */
		struct timespec read, written, changed;
	} files[MADE_FILES_MAX];
	uint64_t blocks_free, files_free; /* of the file system that the directories are on */
	struct made_note {
		struct timespec read, written, changed;
	} notes[MADE_NOTES]; /* of what is in /proc; zeroed: it is not there */
	struct rlimit limits[RLIM_NLIMITS];
	unsigned char priority[128]; /* struct sched_attr, whatever its size is */
	int64_t io_priority;
	cpu_set_t processors;
};

/* made_look: false where it cannot be told. task: the plan that made the private space.
 * made_again: it is as it was then, or is so again now that the files that a task left are removed, as long as they are few, and all times
 * are new, as those of what is made are; m has these. Nobody else may be in the sandbox. */
bool made_look(const struct plan *task, struct made *ret);
bool made_again(const struct plan *task, struct made *m);
