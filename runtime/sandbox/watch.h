/* SPDX-License-Identifier: Apache-2.0 */
/* watch.h - the supervisor: from the payload's start to the end of its last process, with its limits held. */
#pragma once

#include <signal.h>

#include "runtime/life/nat.h"
#include "runtime/life/refusal.h"
#include "runtime/sandbox/measure.h"
#include "runtime/sandbox/output.h"

/* Why the supervisor ended it, or 0. */
enum breach {
	BREACH_NONE,
	BREACH_TIMEOUT,
	BREACH_MEMORY,
	BREACH_OUTPUT,
	BREACH_CALLER,
	BREACH_CPU
};

/* Somebody who looks at many that sleep. How often the payload runs is said by ran_fd, and was so far ran; he looks there as often as
 * that, or says false. woken_fd is readable once it has run: on_woken says whether it was that. */
struct watcher {
	bool (*on_sleep)(void *ctx, int ran_fd, const struct ran *ran, uint64_t every_ms);
	bool (*on_woken)(void *ctx);
	void *ctx;
	int woken_fd;
};

struct watch {
	const struct policy *policy;
	struct output *output;
	int sock; /* to the sandbox's first process */
	int pidfd; /* of it */
	pid_t pid; /* 0: it is not our child, and sends the pidfd itself */
	int caller_fd; /* whoever asked, on whose hanging up all ends; -1: none */
	int payload; /* its number in its own /proc, where it tells that it ends before it does; else 0 */
	int signal_fd; /* for all signals, where the caller has one; else it is made */
	int notify_fd; /* of the filter's questions; -1: none */
	void (*on_notify)(void *ctx, int fd);
	void *notify_ctx;
	struct nat *nat; /* the program that is its way out; NULL: there is none */
	void (*on_lost)(void *ctx, const struct err *why); /* that has ended */
	void *lost_ctx;
	struct refusals *refusals; /* of the network helper; NULL: there is none */
	/* Where memory and processors are the kernel's to limit: what it has counted is looked up; else NULL. */
	void (*on_look)(void *ctx, struct watch *w);
	void *look_ctx;
	const struct watcher *watcher; /* NULL: nobody looks at it while it sleeps */
	uint64_t open_files; /* the payload's limit; 0: none of ours */
	/* found out */
	bool ended; /* by itself: code and status say how */
	int code, status; /* CLD_x; exit status or signal */
	enum breach breach;
	int caller_signal; /* that we passed on last; 0: none */
	uint64_t peak, cpu_us;
	bool killed_for_memory; /* by the kernel */
	bool full_tasks, full_disk, full_files; /* the limit was met at some time */
	bool full_descriptors; /* likewise, by one process */
	bool cut_file; /* a file has been written up to the limit of its size */
	int32_t unreached; /* where the payload failed: what was sent where nobody can be (witness.h) */
	bool finished; /* it had said so, was killed, and nobody else is there: it may be ending still */
	uint64_t looks; /* how often the tree was measured */
	/* inside */
	bool woken; /* the watcher has just said that it has run */
	struct measure measure;
	int scratch_fd, own_signal_fd, own_pidfd;
	time_t since; /* when it began, by the wall clock in seconds, or a little before */
	uint64_t began, deadline, kill_at, look_at, resume_at; /* monotonic ms; 0: never */
	int64_t tokens; /* microseconds of processor time that may be used */
	uint64_t cpu_seen, tokens_at;
	struct account account; /* of processor time */
	uint64_t pause; /* between looks */
	struct usage last; /* of the last one, and before it how often the payload had run */
	struct ran ran;
};
#define WATCH_INIT                                                                           \
	{                                                                                    \
		.sock = -1, .pidfd = -1, .caller_fd = -1, .notify_fd = -1, .scratch_fd = -1, \
		.signal_fd = -1, .own_signal_fd = -1, .own_pidfd = -1, .measure = {          \
			MEASURE_INIT                                                         \
		}                                                                            \
	}

/* watch_signals: a fd that tells of all signals, which are blocked, or -1 with errno. */
int watch_signals(void);
/* watch_prepare: takes from the first process's socket what watch_run will, as long as nobody waits; what is said there stays to be
 * heard. payload as above. False where it has said nothing: then watch_run hears it. */
bool watch_prepare(struct watch *w, int sock, int payload);
/* watch_run: returns when no process of the sandbox is left. Negative where we could not watch: then all of it was ended,
 * too. */
int watch_run(struct watch *w, struct err *err);
/* watch_hello: its part: hears the first word, which is already there: the payload's exec came after it. */
int watch_hello(struct watch *w, struct err *err);
void watch_done(struct watch *w);
/* watch_succeeded: it ended by itself, with status 0. */
bool watch_succeeded(const struct watch *w);
uint64_t watch_now_us(void);
