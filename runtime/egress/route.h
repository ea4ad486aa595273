/* SPDX-License-Identifier: Apache-2.0 */
/* route.h - what this host's kernel would do with a packet to an address, asked by rtnetlink(7). */
#pragma once

#include "runtime/egress/address.h"
#include "spec/base/err.h"

enum route_kind {
	ROUTE_AWAY, /* to another machine */
	ROUTE_OWN, /* to this host itself, or to all of a link */
	ROUTE_NONE, /* nowhere */
};

/* route_open: the socket for it, before the helper may make such sockets no more. */
int route_open(int *ret, struct err *err);
/* route_ask: what cannot be told is ROUTE_NONE. */
enum route_kind route_ask(int fd, const uint8_t a[ADDRESS_BYTES]);
