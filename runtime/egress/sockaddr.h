/* SPDX-License-Identifier: Apache-2.0 */
/* sockaddr.h - the kernel's addresses of sockets, and ours. */
#pragma once

#include <netinet/in.h>
#include <string.h>

#include "runtime/egress/address.h"

struct sockaddr_any {
	union {
		struct sockaddr any;
		struct sockaddr_in v4;
		struct sockaddr_in6 v6;
		sa_family_t family;
	};
	socklen_t len;
};

/* sockaddr_set: an IPv4 address gets IPv4's family. */
static inline void sockaddr_set(struct sockaddr_any *s, const uint8_t a[ADDRESS_BYTES],
				uint16_t port)
{
	memset(s, 0, sizeof(*s));
	if (address_is_v4(a)) {
		s->v4.sin_family = AF_INET;
		s->v4.sin_port = htons(port);
		memcpy(&s->v4.sin_addr, a + 12, 4);
		s->len = sizeof(s->v4);
	} else {
		s->v6.sin6_family = AF_INET6;
		s->v6.sin6_port = htons(port);
		memcpy(&s->v6.sin6_addr, a, ADDRESS_BYTES);
		s->len = sizeof(s->v6);
	}
}

/* sockaddr_get: false where it is neither IPv4 nor IPv6. */
static inline bool sockaddr_get(const struct sockaddr_any *s, uint8_t a[ADDRESS_BYTES],
				uint16_t *port)
{
	if (s->family == AF_INET) {
		address_from_v4((const uint8_t *)&s->v4.sin_addr, a);
		*port = ntohs(s->v4.sin_port);
		return true;
	}
	if (s->family != AF_INET6)
		return false;
	memcpy(a, &s->v6.sin6_addr, ADDRESS_BYTES);
	*port = ntohs(s->v6.sin6_port);
	return true;
}
