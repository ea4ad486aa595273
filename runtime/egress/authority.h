/* SPDX-License-Identifier: Apache-2.0 */
/* authority.h - "HOST[:PORT]" as proxies are told it: a name, an IPv4 address, an IPv6 address in brackets; pure. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "runtime/egress/egress.h"

struct authority {
	char host[EGRESS_HOST_MAX + 1]; /* lower case; an address without brackets */
	uint16_t port; /* never 0 */
};

/* authority_read: n bytes; port where they say none, 0: they must. */
bool authority_read(const char *s, size_t n, uint16_t port, struct authority *ret);
