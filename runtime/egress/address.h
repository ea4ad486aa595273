/* SPDX-License-Identifier: Apache-2.0 */
/* address.h - which addresses stand for this machine, its link, its cloud's secrets or many machines at once; pure. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

/* An IPv4 address is ::ffff:a.b.c.d everywhere in the helper. */
#define ADDRESS_BYTES 16
#define ADDRESS_TEXT_MAX 46

struct address_range {
	const char *text; /* of the network */
	uint8_t bits; /* that count, of 128 */
	const char *what;
};

/* address_special: the narrowest range of those that no name may lead to, or NULL. */
const struct address_range *address_special(const uint8_t a[ADDRESS_BYTES]);
/* address_embedded: the IPv4 address that a translator or a tunnel would take out of an IPv6 one (NAT64, 6to4, SIIT,
 * ISATAP, the old compatible form). */
bool address_embedded(const uint8_t a[ADDRESS_BYTES], uint8_t ret[ADDRESS_BYTES]);
bool address_is_v4(const uint8_t a[ADDRESS_BYTES]);
void address_from_v4(const uint8_t v4[4], uint8_t ret[ADDRESS_BYTES]);
/* address_within: the first bits of both are the same. */
bool address_within(const uint8_t a[ADDRESS_BYTES], const uint8_t network[ADDRESS_BYTES],
		    unsigned int bits);
/* address_text: as people write it; returns buf. */
const char *address_text(const uint8_t a[ADDRESS_BYTES], char buf[ADDRESS_TEXT_MAX]);
