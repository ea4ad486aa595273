/* SPDX-License-Identifier: Apache-2.0 */
/* client.h - one connection from its acceptance to its end. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "runtime/egress/dial.h"
#include "runtime/egress/relay.h"
#include "runtime/egress/talk.h"

struct guest;
struct client {
	struct grave grave; /* first: loop_bury */
	struct guest *guest; /* whose it is */
	struct client *next, *before; /* of the same guest */
	int fd; /* -1: the relay's, or closed */
	uint32_t number; /* of the pool, held; 0: none */
	struct dial dial;
	struct relay relay;
	struct talk *talk; /* of a proxy's client, until it is connected */
	struct client *after; /* in a queue of who waits for a socket inside */
	uint16_t inside_port;
};

/* client_new: of an accepted socket, which is its own from now on. NULL where there are too many: then it is reset. */
struct client *client_new(struct guest *g, int fd);
/* client_redirected: the destination is where the connection was meant for. */
void client_redirected(struct client *c);
/* client_dial: to a host and port; a refusal is reported, and told to the client in its own way. */
void client_dial(struct client *c, const char *host, uint16_t port);
/* client_inside: by a socket of the container's to its loopback. */
void client_inside(struct client *c, int fd);
/* client_end: nobody is told why but by a reset. client_break: likewise, whatever is under way. */
void client_end(struct client *c);
void client_break(struct client *c);
