/* SPDX-License-Identifier: Apache-2.0 */
/* socks.h - what a client of a SOCKS5 proxy says (RFC 1928); pure. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "runtime/egress/authority.h"

#define SOCKS_VERSION 5

enum socks_reply {
	SOCKS_DONE = 0,
	SOCKS_FAILED = 1,
	SOCKS_NOT_ALLOWED = 2,
	SOCKS_UNREACHABLE = 4,
	SOCKS_NO_COMMAND = 7,
	SOCKS_NO_ADDRESS = 8,
};

/* socks_greeting: bytes read; 0: more are needed; -1: none of its ways to log in is "none", or it is no greeting. */
int socks_greeting(const uint8_t *s, size_t n);
/* socks_request: likewise; *ret is where to. Of a negative result the amount is the answer (enum socks_reply). */
int socks_request(const uint8_t *s, size_t n, struct authority *ret);
