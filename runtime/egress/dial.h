/* SPDX-License-Identifier: Apache-2.0 */
/* dial.h - from a name or an address to a connection that the rules allow. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "runtime/egress/helper.h"

struct dial {
	struct helper *h;
	void (*fn)(struct dial *d, enum egress_reason reason); /* NULL: not under way */
	char host[EGRESS_HOST_MAX + 1]; /* name or literal, for reports, too */
	uint16_t port;
	bool named;
	int fd; /* of the connection; whoever gets EGRESS_ALLOWED takes it */
	struct watch watch;
	struct timer timer;
	struct lookup lookup; /* its addresses are those that passed */
	uint8_t next;
};

/* dial_host: fn once it is connected (EGRESS_ALLOWED: d->fd) or not, which may be at once. host is a name or a literal
 * address, without brackets. */
void dial_host(struct dial *d, struct helper *h, const char *host, uint16_t port,
	       void (*fn)(struct dial *d, enum egress_reason reason));
/* dial_inside: by a socket of the container's, to its loopback; no rule is about that. It takes the fd. */
void dial_inside(struct dial *d, struct helper *h, int fd, uint16_t port,
		 void (*fn)(struct dial *d, enum egress_reason reason));
/* dial_end: forgets what is under way and closes what nobody took. */
void dial_end(struct dial *d);
