/* SPDX-License-Identifier: Apache-2.0 */
/* talk.h - what a client of the proxy says before bytes are relayed, and what it is answered. */
#pragma once

#include <stdint.h>

#include "runtime/egress/http.h"
#include "runtime/egress/loop.h"
#include "runtime/egress/socks.h"

enum talk_way { TALK_UNKNOWN, TALK_HTTP, TALK_SOCKS_HELLO, TALK_SOCKS };

struct client;
struct talk {
	struct grave grave; /* first: loop_bury */
	struct client *client;
	struct watch watch;
	struct timer timer;
	uint8_t way; /* enum talk_way */
	struct http_request request;
	size_t n;
	uint8_t bytes[HTTP_PASSED_MAX]; /* not taken yet */
};

/* talk_begin: listens to a new client of the proxy. */
void talk_begin(struct client *c);
/* talk_connected: tells the client; *n bytes in ret are what its destination gets first. */
void talk_connected(struct talk *t, uint8_t ret[2 * HTTP_PASSED_MAX], size_t *n);
/* talk_refused: tells the client why, with the way out. */
void talk_refused(struct talk *t, const char *host, uint16_t port, enum egress_reason reason);
void talk_free(struct talk *t);
