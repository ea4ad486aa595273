/* SPDX-License-Identifier: Apache-2.0 */
/* pool_agent.h - the first process of the zygote's sandbox: makes the sandboxes of tasks, and hands each to the zygote.
 *
 *   supervisor --TASK, 4 or 5 fds--> agent --clone--> first process of the task's sandbox (init.h) --HELLO--> supervisor
 *                                 `--TASK, 6 fds--> zygote --fork--> the task --"R"--> supervisor
 *
 * The zygote does not wait for the sandbox: it forks into its pid namespace at once, and the copy joins the other namespaces, once the first
 * process says that all are there (JOIN), while that makes the mounts. By the same socket between the two the copy says that it has joined (LISTENER). When all is in
 * its place, the first process closes itself to others, says HELLO, and answers. The copy gives up the rest, says "R", and reads its
 * code, which may be there long before: nobody can join any more, and nobody reads it sooner.
 * The agent ends with its zygote or its keeper (pool_keeper.h), and with the agent all that is in its sandbox. */
#pragma once

#include "runtime/sandbox/pool_recipe.h"
#include "runtime/stage/stage.h"

/* What a task is made with: its end of each; -1 of the last one where its network is not filtered. */
enum task_fd {
	TASK_INIT, /* the socket of its first process */
	TASK_LINE, /* where its code comes from */
	TASK_OUT,
	TASK_ERR, /* its standard error; before it is ready, why it will not be */
	TASK_WAY, /* the line to the network helper (pool_network.h) */
	TASK_FDS
};
#define TASK_NO_FDS                \
	{                          \
		-1, -1, -1, -1, -1 \
	}
/* task_fds_n: how many of them there are to hand over. */
static inline size_t task_fds_n(const int fds[TASK_FDS])
{
	return fds[TASK_WAY] < 0 ? TASK_WAY : TASK_FDS;
}

/* What comes by the line: this, with the standard input as a descriptor where there is one; then so many bytes of code, and
 * of variables, each "NAME=VALUE" with a NUL behind it. The task says one byte when it is ready for it. */
struct task_frame {
	uint32_t code, variables;
};

/* A task is the first process that joins its sandbox, whose init is number 1. */
#define TASK_PID 2

/* agent_split: for struct start's split, with the recipe as its context. */
int agent_split(const struct start *s, struct err *err);
