/* SPDX-License-Identifier: Apache-2.0 */
/* guest.h - one container that a helper serves, with all that is its own: sockets, connections, the names that it asked for,
 * and whom its refusals are told to. Nothing of it is another guest's to find. */
#pragma once

#include "runtime/egress/client.h"
#include "runtime/egress/door.h"
#include "runtime/egress/helper.h"
#include "runtime/egress/pool.h"
#include "runtime/egress/report.h"
#include "runtime/egress/responder.h"

/* Connections at once of a guest that is the only one, and of one of many; fewer where RLIMIT_NOFILE gives less. Beyond they
 * are refused. */
#define CLIENTS_MAX 1024
#define GUEST_CLIENTS_MAX 256

struct guest {
	struct grave grave; /* first: loop_bury */
	struct helper *h;
	struct pool *pool; /* NULL: no name was asked for yet */
	struct report report;
	bool ipv6; /* inside */
	size_t clients;
	size_t brought; /* sockets */
	struct client *first;
	struct door *doors;
	struct responder responder;
	struct watch
		line; /* of one of many: sockets come here, refusals go there, its end is the guest's */
};

/* guest_begin: g, zeroed, is a guest of h's, without a socket yet; refusals go to events (-1: nobody listens). */
void guest_begin(struct guest *g, struct helper *h, int events);
/* guest_take: a socket that was made inside; way is enum egress_socket, or EGRESS_PORT. The fd is the guest's, unless it
 * fails. */
int guest_take(struct guest *g, unsigned int way, int fd, struct err *err);
/* guest_door: a listener whose clients fn gets. */
int guest_door(struct guest *g, int fd, void (*fn)(struct door *d, struct client *c),
	       struct door **ret, struct err *err);
/* guest_come: one of many comes, by its end of a line on which its sockets follow; that is its own from now on. */
void guest_come(struct helper *h, int line);

/* guest_admits: whether it may have one more connection. guest_count: it has, or one less. */
bool guest_admits(const struct guest *g);
void guest_count(struct guest *g, bool more);
/* guest_number: of the pool, for a name; 0: none is left. guest_name: back again, or NULL. */
uint32_t guest_number(struct guest *g, const char *name);
const char *guest_name(const struct guest *g, uint32_t number);
