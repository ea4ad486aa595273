/* SPDX-License-Identifier: Apache-2.0 */
/* workspace.h - what a run has changed in its copy of a directory: found, taken over, or picked from.
 *
 * The copy is an overlay whose upper layer lies in the sandbox's own space, so that it counts as disk and files and goes with
 * the run. It is read when no process of the sandbox is left. */
#pragma once

#include "runtime/sandbox/sandbox.h"

/* Where it lies in the sandbox's root. */
#define WORKSPACE_HIDDEN "/.workspace"
#define WORKSPACE_UPPER WORKSPACE_HIDDEN "/upper"
#define WORKSPACE_WORK WORKSPACE_HIDDEN "/work"
#define WORKSPACE_LOWER WORKSPACE_HIDDEN "/lower"

/* Bounds on a tree that the payload made. */
#define WORKSPACE_DEPTH_MAX 64
#define WORKSPACE_CHANGES_MAX 100000

/* workspace_changes: the changes below upper_fd against the directory lower, sorted by path. */
int workspace_changes(int upper_fd, int lower_fd, struct arena *a, struct changes *ret,
		      struct err *err);
/* workspace_commit: makes them in lower: each file is written beside and renamed. Neither follows a symlink. */
int workspace_commit(int upper_fd, int lower_fd, const struct changes *changes, struct err *err);
/* workspace_artifacts: regular files below from_fd whose path fits one of the patterns, copied into the directory to_fd with
 * their path below it. *count is how many. */
int workspace_artifacts(int from_fd, int to_fd, const struct policy_words *patterns,
			struct arena *a, size_t *count, struct err *err);
