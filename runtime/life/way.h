/* SPDX-License-Identifier: Apache-2.0 */
/* way.h - the way out of a container whose network is filtered: the helper that is started beside it, outside. Of one whose
 * network goes everywhere it is another program (nat.h).
 *
 * The container's sockets come while it is being made; with the last of them the helper starts. It ends with the container's
 * first process, whatever becomes of us. */
#pragma once

#include <sys/types.h>

#include "runtime/egress/egress.h"
#include "runtime/life/nat.h"
#include "runtime/plan/op.h"
#include "spec/oci/domain.h"

struct way {
	const struct srt_network *network; /* NULL: there is no helper to be */
	struct policy_domains rules;
	int sockets[WAY_SOCKETS], ports[WAY_PORTS_MAX];
	size_t ports_n;
	struct egress_publish publish[PUBLISHED_MAX];
	size_t publish_n;
	int events; /* struct egress_event, one a datagram; -1: there is no helper yet */
	bool in_userns; /* its network belongs to a user namespace of its own */
	pid_t maker; /* of sockets inside, for published ports; 0: none */
	pid_t pid; /* the helper; 0: none */
	int pidfd; /* of it */
	struct nat nat;
};

#define WAY_INIT                                                                      \
	{                                                                             \
		.sockets = { -1, -1, -1, -1, -1, -1, -1 }, .events = -1, .pidfd = -1, \
		.nat = NAT_INIT                                                       \
	}

/* way_prepare: for that config, before its first process is there: the ports that it publishes are the host's. Nothing where
 * its network is not filtered. */
int way_prepare(struct way *w, const struct config *config, struct arena *a, struct err *err);
/* way_take: a socket that was made inside; takes the fd. container is a pidfd of the container's first process. */
int way_take(struct way *w, int way, int fd, int container, struct err *err);
/* way_share: instead, one helper for many containers, which come over a line (egress_run_shared), of which *ret is our end;
 * what it says there, before its end, is why it could not begin. */
int way_share(struct way *w, int *ret, struct err *err);
/* way_end: the helper is ended and waited for, where it is our child. way_done: closes what is ours. */
void way_end(struct way *w);
void way_done(struct way *w);
