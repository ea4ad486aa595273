/* SPDX-License-Identifier: Apache-2.0 */
/* making.h - a container on its way from a bundle to a plan, a process and a state. */
#pragma once

#include "runtime/life/deadline.h"
#include "runtime/life/met.h"
#include "runtime/life/store.h"
#include "runtime/life/way.h"
#include "runtime/plan/plan.h"
#include "runtime/stage/stage.h"

struct making {
	const struct runtime *rt;
	const struct create_options *o;
	struct arena arena;
	const char *bundle; /* absolute */
	const char *bytes; /* of config.json */
	size_t len;
	struct config *config;
	struct plan *plan;
	struct container c; /* the state as it will be written */
	struct entry entry;
	struct start start;
	struct way way;
	struct deadline deadline;
	struct met met;
	int listener_sock; /* to whoever gets the seccomp listener; -1: nobody */
	const char *below; /* exec: the cgroup below the scope's where init is; "" is its own */
	bool claimed; /* the entry is ours, and goes if we fail */
	bool in_cgroup; /* a cgroup was made for it, or begun to */
	bool lost; /* a limit of srt.limits is not held */
	bool dirty; /* the state on disk, if any, is not all */
};

#define MAKING_INIT(runtime, options)                                                            \
	{                                                                                        \
		.rt = (runtime), .o = (options), .entry = { .dir_fd = -1 }, .listener_sock = -1, \
		.start = START_INIT, .way = WAY_INIT, .met = MET_INIT                            \
	}

/* making_read: bundle → checked config. making_plan: config and this host → plan, with its warnings. */
int making_read(struct making *m, struct err *err);
int making_plan(struct making *m, const struct facts *facts, struct err *err);
/* making_wants: the facts that its plan needs (enum facts_want). */
unsigned int making_wants(const struct making *m);
/* making_begin: claims the id, clones the child and accompanies it (start_begin). With listen the
 * child then waits for `start`. */
int making_begin(struct making *m, bool wait, bool listen, struct err *err);
/* making_pidfd_socket: who gets a pidfd, by option or annotation; NULL nobody. */
const char *making_pidfd_socket(const struct making *m);
/* making_claim: plans and claims the id without a start of ours. making_adopt: pid is the container's process. */
int making_claim(struct making *m, struct err *err);
int making_adopt(struct making *m, pid_t pid, struct err *err);
/* making_settle: writes the state, where what is on disk is not all. */
int making_settle(struct making *m, struct err *err);
/* making_fail: nothing is left behind. */
void making_fail(struct making *m);
void making_done(struct making *m);
#define scoped_making scoped(making_done)
/* making_connect: reaches whoever gets the seccomp listener, before anything is begun that would need it. */
int making_connect(struct making *m, struct err *err);
/* making_listener: hands a seccomp listener on, with the container process state (for struct start). */
int making_listener(void *ctx, int fd, struct err *err);
