/* SPDX-License-Identifier: Apache-2.0 */
/* met.h - which limit of "srt.limits" it was that a container did not cope with. */
#pragma once

#include "runtime/life/cgroup.h"
#include "spec/policy/result.h"

/* What is kept of the config, and of the cgroup while it is there. */
struct met {
	uint64_t memory, processes, file_size; /* the limits; 0: none of srt.limits */
	int memory_fd, pids_fd; /* what the kernel counts of them; -1: nothing */
	int above_fd; /* memory's of the cgroup above, for where the own one goes with the payload; -1 */
	uint64_t above; /* what stood there at the start */
};
#define MET_INIT                                               \
	{                                                      \
		.memory_fd = -1, .pids_fd = -1, .above_fd = -1 \
	}

/* met_begin: while the container's cgroups are there. What cannot be looked at is not told. */
void met_begin(struct met *m, const struct config *config, const struct container *c);
/* met_end: of a payload that has ended with that status, or with less than memory allows: the limit, as the event of a result; false
 * where it was none. *status is 137 then where it was memory. */
bool met_end(const struct met *m, int *status, struct arena *a, struct event *ret);
/* met_event: a limit by name. */
void met_event(const char *limit, const char *description, struct arena *a, struct event *ret);
void met_done(struct met *m);
