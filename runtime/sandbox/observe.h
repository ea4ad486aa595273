/* SPDX-License-Identifier: Apache-2.0 */
/* observe.h - answers the filter's questions: what a payload tries and will not get becomes an event.
 *
 * Advisory: a call is looked at before the kernel does it, and its words may change in between; what is refused is refused by
 * mounts, namespaces and limits, not here. The one exception is "the program may start no other", which needs no words of
 * the payload's to be right. */
#pragma once

#include "runtime/sandbox/sandbox.h"
#include "spec/oci/config.h"

struct observe {
	const struct policy *policy;
	struct result *result;
	struct arena *a;
	const struct caller *caller;
	int fd; /* the listener; -1: nothing is asked */
	int proc_fd; /* the host's /proc */
	uint64_t programs; /* that were started */
	uint64_t open_files; /* the payload's limit */
	bool full_descriptors; /* a process had as many */
};

/* observe_rows: the names of calls that the filter is to ask about. NULL ends the list. */
extern const char *const observe_calls[], *const observe_exec_calls[];
/* observe_answer: one question, with an answer in any case. */
void observe_answer(void *ctx, int fd);
