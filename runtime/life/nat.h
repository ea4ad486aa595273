/* SPDX-License-Identifier: Apache-2.0 */
/* nat.h - the way out of a container whose network goes everywhere: pasta or slirp4netns, run beside it.
 *
 * Between us and that program stands a keeper, a process of ours: it begins it, says when it is ready or why it failed, and
 * ends it with the container's first process, whatever becomes of us. */
#pragma once

#include <stdbool.h>
#include <sys/types.h>

#include "spec/base/arena.h"
#include "spec/base/err.h"

struct nat {
	const char *program; /* absolute; NULL: there is none to be */
	int mode; /* enum network_mode */
	pid_t keeper; /* 0: none */
	int pidfd; /* of it */
	int line; /* where it tells that the program has ended; -1: nowhere */
};
#define NAT_INIT                        \
	{                               \
		.pidfd = -1, .line = -1 \
	}

/* nat_find: that mode's program by PATH; an error names its package. nat_prepare: likewise, for a container to come. */
int nat_find(int mode, struct arena *a, const char **ret, struct err *err);
int nat_prepare(struct nat *n, int mode, struct arena *a, struct err *err);
/* nat_begin: for the container's first process, which is ours and has not been waited for; returns once there is a network. */
int nat_begin(struct nat *n, pid_t pid, int pidfd, struct err *err);
/* nat_lost: the program, or its keeper, has ended before the container: why. For when the line has something to read, or the
 * container has ended. */
bool nat_lost(const struct nat *n, struct err *ret);
/* nat_lacks_names: the host's name servers have IPv6 addresses alone, and the programs pass questions on to IPv4 ones.
 * NAT_LACKS_NAMES: in words. */
bool nat_lacks_names(struct arena *a);
#define NAT_LACKS_NAMES                                                                              \
	"the name servers of this host have IPv6 addresses alone (/etc/resolv.conf), and %s passes " \
	"names on to IPv4 ones only, so none will be found: add one there, or have a filtered "      \
	"network (rules that allow), which asks both"
/* nat_end: ends both and waits for them, where the keeper is our child. nat_done: closes what is ours. */
void nat_end(struct nat *n);
void nat_done(struct nat *n);
