/* SPDX-License-Identifier: Apache-2.0 */
/* responder.h - the container's name server: names that the rules allow get an address of the pool, nothing goes further. */
#pragma once

#include "runtime/egress/dns.h"
#include "runtime/egress/helper.h"

/* Clients by TCP at once. */
#define RESPONDER_STREAMS 64

struct listener {
	struct responder *r;
	struct watch watch;
	struct timer timer; /* until it listens again */
	int fd; /* the watch forgets its own */
};
/* Of each two: IPv4, IPv6. */
struct responder {
	struct helper *h;
	struct watch datagrams[2];
	struct listener listeners[2];
	size_t streams;
};

/* responder_reply: the answer to one message, 0: none is due. Asks the pool and the rules, and reports what is refused. */
size_t responder_reply(struct helper *h, const uint8_t *m, size_t n, uint8_t ret[DNS_REPLY_MAX]);
/* responder_open: answers on the sockets of s from now on. */
int responder_open(struct responder *r, struct helper *h, const struct egress_setup *s,
		   struct err *err);
