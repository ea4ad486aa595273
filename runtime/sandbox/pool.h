/* SPDX-License-Identifier: Apache-2.0 */
/* pool.h - zygotes, and the tasks that wait ready, each in a sandbox of its own.
 *
 * One process has the pool and one epoll for all it waits for. It makes tasks ahead, so that whoever wants one takes what is
 * there. A zygote that ends is replaced; one that is old enough is followed by another and ends with its last task. */
#pragma once

#include <signal.h>

#include "runtime/sandbox/pool_agent.h"
#include "runtime/sandbox/pool_ends.h"
#include "runtime/sandbox/pool_network.h"

#define POOL_SIZE_MAX 1024
/* Tasks that are being made at one time. */
#define POOL_MAKING_MAX 32

struct pool_options {
	uint32_t size; /* tasks that wait ready */
	bool fresh; /* no sandbox has more than one task */
	uint32_t rotate_tasks; /* after so many tasks the zygote is followed by another; 0: never */
	uint64_t rotate_ms; /* likewise after so much time */
	const char *preload; /* modules, separated by commas; NULL: none */
};

struct pool_zygote {
	struct source source; /* the agent's socket */
	struct start start;
	uint64_t began_ms;
	uint64_t tasks; /* that were made */
	uint32_t users; /* tasks of it that are there */
	bool ready; /* a task of it was ready */
	bool retired; /* there is a newer one */
	bool ended; /* code and status say how */
	int code, status;
	struct pool_zygote *next;
};

struct pool_task {
	struct source source; /* the line: one byte when it is ready */
	struct pool_zygote *zygote;
	int fds[TASK_FDS]; /* our ends */
	bool ready;
	struct pool_task *next;
};

/* As it is now; to and from a worker as one datagram. */
struct pool_stats {
	uint64_t size, idle, making, running, waiting, workers;
	uint64_t tasks; /* handed out */
	uint64_t zygotes; /* that were started */
	uint64_t lost; /* zygotes that ended by themselves */
	uint64_t
		idle_bytes; /* memory of a waiting task, shared pages divided among their users; the mean of some */
};

struct pool {
	const struct pool_options *o;
	const struct request *q;
	struct recipe recipe;
	struct pool_network network; /* where a task's is filtered */
	const sigset_t *outside; /* the signals of what is started */
	int epoll;
	struct pool_zygote *zygotes; /* the newest, of which tasks are made, first */
	struct pool_task *tasks; /* ready and in the making; the oldest first */
	struct task_ends ends; /* of the next task */
	uint32_t idle, making;
	uint32_t offered; /* ready, lent to who may want one next */
	uint32_t changes; /* so often what is lent was to be called back */
	uint32_t networks; /* so many helpers have gone, and with them the way out of what waited */
	uint32_t
		early; /* handed out in the making, for whoever waits to be told by the task itself */
	uint32_t failures; /* in a row: zygotes without a ready task, or tasks that were not */
	uint64_t again_ms; /* no zygote is started before */
	bool unfilled; /* for a failure that nothing else need follow */
	uint64_t fill_ms; /* no task is made before, where one is ready */
	struct err why; /* of the last failure */
	uint64_t handed, started, lost;
	uint64_t idle_bytes, measured_ms; /* of a waiting task, as it was then */
};

/* pool_begin: plans, starts the first zygote. pool_event: of a source of ours. */
int pool_begin(struct pool *p, struct arena *a, struct err *err);
void pool_event(struct pool *p, struct source *source);
/* pool_fill: makes what is missing for that many who wait beside the size; pool_wait_ms: when it wants to be called again
 * although nothing happens, -1 never. */
void pool_fill(struct pool *p, uint32_t waiting);
int pool_wait_ms(const struct pool *p);
/* pool_take: the oldest that is ready; else, where hasty, the oldest that is being made: pool_proven once it was ready; else
 * NULL. It is the caller's: pool_release when it has ended, with what is left of it. pool_used: it is run now. pool_return: one
 * that was lent, with p->networks as it was then; takes fds. */
struct pool_task *pool_take(struct pool *p, bool hasty);
void pool_used(struct pool *p);
void pool_return(struct pool *p, struct pool_zygote *z, uint32_t networks, const int fds[TASK_FDS]);
void pool_release(struct pool *p, struct pool_zygote *z);
/* pool_proven: a task of it was ready; pool_failed: one was not. */
void pool_proven(struct pool *p, struct pool_zygote *z);
void pool_failed(struct pool *p, const struct err *why);
void pool_task_free(struct pool_task *t);
/* pool_task_why: what it has said there of its failure; false where it said nothing. */
bool pool_task_why(int fd, struct err *ret);
/* pool_is_broken: no task can be made for the time being; p->why says why. */
bool pool_is_broken(const struct pool *p);
void pool_stats(struct pool *p, struct pool_stats *ret);
/* pool_measure: the memory of what waits, where that was last looked up a while ago. */
void pool_measure(struct pool *p);
void pool_done(struct pool *p);
