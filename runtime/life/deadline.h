/* SPDX-License-Identifier: Apache-2.0 */
/* deadline.h - the wall clock of a container (srt.limits.timeout): a process beside it that ends it when its time is over, whoever
 * waits for it, or nobody. */
#pragma once

#include <sys/types.h>

#include "spec/base/err.h"
#include "spec/policy/result.h"

struct deadline {
	pid_t pid; /* of the process that watches; 0: none */
	uint64_t ms;
};

/* deadline_begin: from now on, for the container's first process, a pidfd; nothing where the config has no timeout. */
int deadline_begin(struct deadline *d, const struct config *config, int container, struct err *err);
/* deadline_end: once the container has ended: where that was for the time, true, *status is 124, and *ret says so. Waits for the
 * watching process, where it is our child. */
bool deadline_end(struct deadline *d, int *status, struct arena *a, struct event *ret);
