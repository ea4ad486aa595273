/* SPDX-License-Identifier: Apache-2.0 */
/* pool_source.h - what the pool's process waits for, all in one epoll. */
#pragma once

#include <stdint.h>

#include "spec/base/err.h"

/* The first member of all that is in the epoll. */
enum source_kind {
	SOURCE_ZYGOTE,
	SOURCE_TASK,
	SOURCE_NETWORK,
	/* of serve.c */
	SOURCE_LISTENER,
	SOURCE_SIGNALS, /* we are to end */
	SOURCE_INPUT, /* likewise, at its end */
	SOURCE_WORKER
};
struct source {
	uint8_t kind; /* enum source_kind */
	int fd;
};

/* source_remove: before its fd is closed: a process that was forked meanwhile may have a copy for a moment, and while there is
 * one the kernel would go on telling of it. */
int source_add(int epoll, struct source *s, struct err *err);
void source_remove(int epoll, const struct source *s);
