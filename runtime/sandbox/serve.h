/* SPDX-License-Identifier: Apache-2.0 */
/* serve.h - a pool behind a unix socket that only its owner may open.
 *
 *   client --frames (spec/policy/serve.h)--> worker, a process a connection --words, fds--> the pool's process
 *
 * A worker reads what its client sends, takes a task from the pool, watches it as exec does its payload, and answers. So what
 * goes wrong with one request ends one connection. */
#pragma once

#include "runtime/sandbox/pool.h"
#include "runtime/sandbox/watch.h"

#define SERVE_CLIENTS_MAX 2048

struct serve_options {
	const char *socket; /* path */
	bool until_eof; /* of standard input: then we end, too */
	struct pool_options pool;
};

/* serve_run: until a signal ends it. ready (may be NULL) is called once the first task waits and the socket is there. */
int serve_run(const struct request *q, const struct serve_options *o, int (*ready)(void),
	      struct arena *a, struct err *err);

/* --- for its parts --- */

/* Between worker and pool, as struct init_msg's word. A worker that has had a task is lent the next one, TASK, before it wants one,
 * so that its client need not wait for two to wake; WANT then says that it is used, RETURN, with its fds, answers RECALL where it was not,
 * and comes before the worker's end. DONE: its task has ended. READY: it was made, where the number of TASK
 * was 1: then it may still be in the making; or FAILED. SLEEPS: its task does, with the fd that tells and, as its number, how many
 * ms there may be between two looks at it; WOKEN: no more. After FAILED, NONE, STATS and SLEEPS follows a datagram: struct err,
 * struct pool_stats, or struct ran. */
enum serve_word {
	WORD_WANT = 1,
	WORD_WANT_STATS,
	WORD_DONE,
	WORD_READY,
	WORD_FAILED,
	WORD_RETURN,
	WORD_TASK,
	WORD_RECALL,
	WORD_SLEEPS,
	WORD_WOKEN,
	WORD_NONE,
	WORD_STATS
};

/* owner_connects: whether who has the other end of that socket may give the pool tasks: its own user, and no task of it. */
bool owner_connects(const struct pool *p, int connection);

/* Tasks that sleep, which one process looks at together. */
struct sleeper {
	int fd; /* -1: it cannot be looked at */
	struct ran ran;
	uint32_t every_ms; /* 0: it does not sleep */
};
#define SLEEPER_NONE          \
	{                     \
		-1, { "" }, 0 \
	}
/* sleeper_hear: what follows the word SLEEPS at that socket; takes the fd. sleeper_woke: whether it has run. */
void sleeper_hear(struct sleeper *s, int sock, int fd, int every_ms);
bool sleeper_woke(const struct sleeper *s);
void sleeper_done(struct sleeper *s);

/* worker_main: serves one connection, to its end; both fds are its only ones. */
_Noreturn void worker_main(const struct request *q, const struct recipe *recipe, int connection,
			   int channel);

/* job_run: code in a task whose ends are fds; asked_us: when it was wanted. caller: the connection, on whose end the task ends.
 * 1 where the task has gone before it had the code: another one may have it. job_done:
 * what is left of it, the task's sandbox among it; who waits for the result need not wait for this. */
struct serve_request;
struct job {
	const struct request *q;
	const struct serve_request *request;
	const struct recipe *recipe;
	int fds[TASK_FDS];
	bool early; /* it may be in the making: on_failed is called where it is not made, with the reason */
	void (*on_begun)(void *ctx); /* it has the code and was made */
	void (*on_failed)(void *ctx, const struct err *why);
	void *ctx;
	int caller;
	int signals; /* as a watch's signal_fd */
	const struct watcher *watcher; /* as a watch's */
	uint64_t asked_us;
	/* inside, until job_done */
	struct watch watch;
	struct output output;
	struct refusals refusals;
};
#define JOB_INIT                                                               \
	{                                                                      \
		.fds = TASK_NO_FDS, .watch = WATCH_INIT, .output = OUTPUT_INIT \
	}
int job_run(struct job *j, const struct policy *p, struct arena *a, struct result *ret,
	    struct err *err);
void job_done(struct job *j);
