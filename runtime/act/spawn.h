/* SPDX-License-Identifier: Apache-2.0 */
/* spawn.h - runs another program and waits for it, for a bounded time. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "spec/base/err.h"

struct spawn_output {
	const char *out, *err; /* files that are appended to, NULL: ours */
	const int *fd; /* in place of both; NULL: there is none */
	const int *
		stop_fd; /* once it is readable nobody waits any more, and the program is left to itself; NULL: none */
};
/* spawn_wait_into: path with argv and exactly envp, cwd "/", input (may be NULL: empty) on its stdin, output,
 * signals at their defaults, no other fd. timeout_ms 0 waits for ever; on expiry it is killed and the result is ERR_HOST.
 * *status is its exit status, 128+N after signal N. A program that cannot be run is ERR_HOST with errnum. */
int spawn_wait_into(const char *path, const char *const argv[], const char *const envp[],
		    const char *input, const struct spawn_output *output, uint64_t timeout_ms,
		    int *status, struct err *err);
/* spawn_wait_here: likewise, but with our standard input and working directory, and without a time limit. */
int spawn_wait_here(const char *path, const char *const argv[], const char *const envp[],
		    int *status, struct err *err);
/* spawn_wait: likewise with our output. */
int spawn_wait(const char *path, const char *const argv[], const char *const envp[],
	       const char *input, uint64_t timeout_ms, int *status, struct err *err);
/* spawn_ask: likewise, but what it says on stdout and stderr goes to answer, NUL-terminated; what has no room is cut off. */
int spawn_ask(const char *path, const char *const argv[], const char *const envp[],
	      const char *input, uint64_t timeout_ms, char *answer, size_t room, int *status,
	      struct err *err);
