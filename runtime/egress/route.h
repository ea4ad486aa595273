/* SPDX-License-Identifier: Apache-2.0 */
/* route.h - what this host's kernel would do with a packet to an address, asked by rtnetlink(7). */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "runtime/egress/address.h"
#include "spec/base/err.h"

enum route_kind {
	ROUTE_AWAY, /* to another machine */
	ROUTE_OWN, /* to this host itself, or to all of a link */
	ROUTE_NONE, /* nowhere */
};

struct route {
	int fd;
	uint32_t asked; /* the number of the last question */
};

/* route_open: the socket for it, before the helper may make such sockets no more. */
int route_open(struct route *ret, struct err *err);
/* route_ask: what cannot be told is ROUTE_NONE. */
enum route_kind route_ask(struct route *r, const uint8_t a[ADDRESS_BYTES]);
/* route_is_own: it leads to this host, itself or by the IPv4 address that is hidden in it; kind is what route_ask said. */
bool route_is_own(struct route *r, const uint8_t a[ADDRESS_BYTES], enum route_kind kind);
