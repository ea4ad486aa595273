/* SPDX-License-Identifier: Apache-2.0 */
/* publish.h - ports of the host that lead into the container. */
#pragma once

#include "runtime/egress/client.h"
#include "runtime/egress/egress.h"

/* Who waits for a socket of the container's, in the order of coming. */
struct publishing {
	struct helper *h;
	int inside; /* see struct egress_setup; -1: gone */
	struct watch watch;
	struct client *first, **end;
};

/* publish_open: the answers of `inside` from now on. */
int publish_open(struct publishing *p, struct helper *h, int inside, struct err *err);
/* publish_client: asks for a socket, by which the client goes to that port inside. */
void publish_client(struct publishing *p, struct client *c, uint16_t port);
