/* SPDX-License-Identifier: Apache-2.0 */
/* pool_made.h - what any process of the same user may set of the calling one: its limits (prlimit(2)), its priority (setpriority(2),
 * sched_setattr(2), ioprio_set(2)) and its processors (sched_setaffinity(2)). All else about the first process of a sandbox needs ptrace's
 * right, and it is closed to that. */
#pragma once

#include <sched.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/resource.h>

/* Without gaps: two are the same where all their bytes are. */
struct made {
	struct rlimit limits[RLIM_NLIMITS];
	unsigned char priority[128]; /* struct sched_attr, whatever its size is */
	int64_t io_priority;
	cpu_set_t processors;
};

/* made_look: as it is now; false where it cannot be told. made_is_same: it is as it was then. */
bool made_look(struct made *ret);
bool made_is_same(const struct made *then);
