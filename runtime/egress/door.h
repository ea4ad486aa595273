/* SPDX-License-Identifier: Apache-2.0 */
/* door.h - a listener: whoever comes becomes a client. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "runtime/egress/client.h"

/* Without descriptors or memory a listener rests so long, instead of being told again and again that somebody waits. */
#define DOOR_REST_MS 100

struct door {
	struct grave grave; /* first: loop_bury */
	struct guest *guest;
	struct door *next; /* of the same guest */
	int fd;
	struct watch watch;
	struct timer timer;
	void (*fn)(struct door *d, struct client *c); /* what the client does next */
	uint16_t port; /* of a published one, inside */
	struct publishing *publishing;
};

/* door_has_to_rest: whether accept failed with this because something is used up. */
bool door_has_to_rest(int error);
/* door_open: takes clients of the listener fd for the guest from now on. door_close: no more, for ever. */
int door_open(struct door *d, struct guest *g, int fd, void (*fn)(struct door *d, struct client *c),
	      struct err *err);
void door_close(struct door *d);
