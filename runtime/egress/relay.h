/* SPDX-License-Identifier: Apache-2.0 */
/* relay.h - two connected sockets and the bytes between them. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "runtime/egress/loop.h"

/* Bytes of one read; a read that fills it begins to splice. */
#define RELAY_BUFFER 65536
/* Empty pipes that are kept for the next flow. */
#define PIPES_KEPT 64

struct relay_pipe {
	int fds[2]; /* -1: none */
	size_t room; /* bytes; less than usual where this user has many pipes (pipe(7)) */
};
struct pipes {
	struct relay_pipe kept[PIPES_KEPT];
	size_t n;
	uint8_t buffer[RELAY_BUFFER];
};

struct relay;
struct relay_end {
	struct relay *relay;
	struct watch watch;
	int fd;
	bool readable, writable, hung;
};
/* From one end to the other. */
struct relay_flow {
	struct relay_pipe pipe;
	size_t held; /* bytes in it */
	bool ended; /* nothing more comes */
	bool shut; /* and the other end was told so */
	bool bulk; /* spliced, not copied */
};
struct relay {
	struct loop *loop;
	struct pipes *pipes;
	struct relay_end ends[2];
	struct relay_flow flows[2]; /* flows[0]: from ends[0] to ends[1] */
	struct turn turn;
	void (*fn)(struct relay *r); /* NULL: not under way */
};

/* relay_begin: a and b are the relay's from now on; first: bytes that b gets before a's own. fn once it is over, which may
 * be at once; both are closed then. */
void relay_begin(struct relay *r, struct loop *l, struct pipes *p, int a, int b, const void *first,
		 size_t first_n, void (*fn)(struct relay *r));
/* relay_break: both ends are reset; fn is called. */
void relay_break(struct relay *r);
/* socket_reset: closes it so that its peer is told of a failure, not of an end. */
void socket_reset(int fd);
