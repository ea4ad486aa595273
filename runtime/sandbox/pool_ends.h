/* SPDX-License-Identifier: Apache-2.0 */
/* pool_ends.h - what lies between the pool and a task: two sockets and its two outputs. They are opened before somebody waits for
 * the task. */
#pragma once

#include "runtime/sandbox/pool_agent.h"

struct task_ends {
	int ours[TASK_FDS], theirs[TASK_FDS]; /* -1: not open */
};

/* ends_prepare: opens what is not open; where it cannot be had now, ends_take says so. */
void ends_prepare(struct task_ends *e);
/* ends_take: the four that every task has, the caller's; 0 or -1 with errno. */
int ends_take(struct task_ends *e, int ours[TASK_FDS], int theirs[TASK_FDS]);
void ends_close(int fds[TASK_FDS]);
