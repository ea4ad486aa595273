/* SPDX-License-Identifier: Apache-2.0 */
/* responder.h - the container's name server: names that the rules allow get an address of the pool, nothing goes further. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "runtime/egress/dns.h"
#include "runtime/egress/egress.h"
#include "runtime/egress/loop.h"

/* Clients by TCP at once. */
#define RESPONDER_STREAMS 64

struct listener {
	struct responder *r;
	struct watch watch;
	struct timer timer; /* until it listens again */
	int fd; /* the watch forgets its own */
};
struct guest;
struct stream;
/* Of each two: IPv4, IPv6. */
struct responder {
	struct guest *guest;
	struct watch datagrams[2];
	struct listener listeners[2];
	struct stream *streams;
	size_t streams_n;
};

/* responder_reply: the answer to one message, 0: none is due. Asks the pool and the rules, and reports what is refused. */
size_t responder_reply(struct guest *g, const uint8_t *m, size_t n, uint8_t ret[DNS_REPLY_MAX]);
/* responder_begin: has no socket yet. responder_take: answers on that one (EGRESS_DNS_x) from now on. responder_end: on none
 * any more; all are closed. */
void responder_begin(struct responder *r, struct guest *g);
int responder_take(struct responder *r, enum egress_socket way, int fd, struct err *err);
void responder_end(struct responder *r);
