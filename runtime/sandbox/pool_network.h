/* SPDX-License-Identifier: Apache-2.0 */
/* pool_network.h - the network helper that all tasks of a pool share, where their network is filtered.
 *
 * Each task has a line to it, a SEQPACKET pair, of which the helper has one end. The other one has the task's first process,
 * which sends its listeners over it and closes it before the task's code is there; and the pool, then the worker, which reads
 * the task's refusals there. When that is closed, the helper drops all that is the task's. */
#pragma once

#include "runtime/life/way.h"
#include "runtime/sandbox/pool_source.h"

struct pool_network {
	struct source source; /* our end of the line by which tasks come; -1: there is no helper */
	struct way *way;
	uint64_t handed; /* tasks of the pool when the helper began */
};

/* network_begin: starts the helper, for so many tasks that wait. network_why: what it said of its end, if it did; else a text of ours. network_end: ends it;
 * its tasks have no network any more. */
int network_begin(struct pool_network *n, uint32_t size, int epoll, struct err *err);
void network_why(const struct pool_network *n, struct err *ret);
void network_end(struct pool_network *n, int epoll);
/* network_join: a new line for a task; *ret is the end that is not the helper's. */
int network_join(const struct pool_network *n, int *ret, struct err *err);
/* network_give: for struct act, whose context is the task's end of its line: a listener of the task's. */
int network_give(void *line, int way, int fd, struct err *err);
