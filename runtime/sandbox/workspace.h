/* SPDX-License-Identifier: Apache-2.0 */
/* workspace.h - what a run has changed in its copy of a directory: found, taken over, or picked from.
 *
 * The copy is an overlay whose upper layer lies in the sandbox's own space, so that it counts as disk and files and goes with
 * the run; or, where an overlay is not to be had, a copy of every file there. It is read when no process of the sandbox is
 * left. */
#pragma once

#include <time.h>

#include "runtime/sandbox/sandbox.h"

/* Where it lies in the sandbox's root. */
#define WORKSPACE_HIDDEN "/.workspace"
#define WORKSPACE_UPPER WORKSPACE_HIDDEN "/upper"
#define WORKSPACE_WORK WORKSPACE_HIDDEN "/work"
#define WORKSPACE_LOWER WORKSPACE_HIDDEN "/lower"

/* Bounds on a tree that the payload made. */
#define WORKSPACE_DEPTH_MAX 64
#define WORKSPACE_CHANGES_MAX 100000
/* Of one that is copied (runtime/act/copyup.c has the same). */
#define WORKSPACE_COPY_DEPTH 32
#define WORKSPACE_COPY_MAX 100000

/* workspace_changes: the changes below upper_fd against the directory lower, sorted by path. */
int workspace_changes(int upper_fd, int lower_fd, struct arena *a, struct changes *ret,
		      struct err *err);
/* workspace_copy_changes: likewise of a copy of every file, against what the directory holds now. What has changed there
 * since `at`, and later than in the copy, is not the run's doing and no change: it stays as it is. */
int workspace_copy_changes(int copy_fd, int dir_fd, const struct timespec *at, struct arena *a,
			   struct changes *ret, struct err *err);
/* workspace_measure: what a copy of the directory takes of the disk, and how many files it has. */
int workspace_measure(int dir_fd, struct arena *a, uint64_t *bytes, uint64_t *files,
		      struct err *err);
/* workspace_commit: makes them in lower: each file is written beside and renamed. Neither follows a symlink. */
int workspace_commit(int upper_fd, int lower_fd, const struct changes *changes, uint64_t most,
		     struct err *err);
/* workspace_artifacts: regular files below from_fd whose path fits one of the patterns, copied into the directory to_fd with
 * their path below it. *count is how many. Of both: no more than `most` bytes are copied. */
int workspace_artifacts(int from_fd, int to_fd, const struct policy_words *patterns, uint64_t most,
			struct arena *a, size_t *count, struct err *err);
/* workspace_picked: likewise of the files that have changed in a copy. */
int workspace_picked(int from_fd, int to_fd, const struct changes *changes,
		     const struct policy_words *patterns, uint64_t most, struct arena *a,
		     size_t *count, struct err *err);
