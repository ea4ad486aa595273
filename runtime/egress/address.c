/* SPDX-License-Identifier: Apache-2.0 */
/* address.c - the ranges that only a rule about them opens (RFC 6890 and its register, and the metadata services of clouds). */
#include "runtime/egress/address.h"

#include <arpa/inet.h>
#include <stddef.h>
#include <string.h>

#include "runtime/egress/egress.h"
#include "spec/policy/match.h"

#define V4(bits) (96 + (bits))

static const uint8_t v4_mapped[12] = { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff };

/* A range within another one stands before it. */
static const struct address_range special[] = {
	{ "0.0.0.0", V4(8), "this network" },
	{ "127.0.0.0", V4(8), "loopback" },
	{ "169.254.0.0", V4(16), "link-local, where clouds keep metadata" },
	{ "100.100.100.200", V4(32), "metadata of a cloud" },
	{ "168.63.129.16", V4(32), "metadata of a cloud" },
	{ "192.0.0.192", V4(32), "metadata of a cloud" },
	{ "198.18.0.0", V4(15), "the pool of names" },
	{ "224.0.0.0", V4(4), "multicast" },
	{ "240.0.0.0", V4(4), "reserved, and broadcast" },
	{ "::", 128, "unspecified" },
	{ "::1", 128, "loopback" },
	{ "64:ff9b:1::", 48, "translation of this site" },
	{ "2001::", 32, "Teredo" },
	{ "fd00:ec2::254", 128, "metadata of a cloud" },
	{ "fd20:ce::254", 128, "metadata of a cloud" },
	{ "fd73:7274:6f63::", 48, "the pool of names" },
	{ "fe80::", 10, "link-local" },
	{ "fec0::", 10, "site-local" },
	{ "ff00::", 8, "multicast" },
};

/* Where an IPv4 address hides in an IPv6 one: these bytes under this mask, and its place. */
static const struct {
	uint8_t bytes[12], mask[12];
	uint8_t at;
} embeddings[] = {
	{ { 0 },
	  { 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255 },
	  12 }, /* ::a.b.c.d */
	{ { 0, 0, 0, 0, 0, 0, 0, 0, 255, 255, 0, 0 },
	  { 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255 },
	  12 }, /* ::ffff:0:a.b.c.d, RFC 7915 */
	{ { 0x00, 0x64, 0xff, 0x9b, 0, 0, 0, 0, 0, 0, 0, 0 },
	  { 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255 },
	  12 }, /* 64:ff9b::a.b.c.d, RFC 6052 */
	{ { 0x20, 0x02 }, { 255, 255 }, 2 }, /* 2002:aabb:ccdd::, RFC 3056 */
	{ { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x5e, 0xfe },
	  { 0, 0, 0, 0, 0, 0, 0, 0, 0xfc, 255, 255, 255 },
	  12 }, /* …:0:5efe:a.b.c.d, RFC 5214 */
};

bool address_is_v4(const uint8_t a[ADDRESS_BYTES])
{
	return memcmp(a, v4_mapped, sizeof(v4_mapped)) == 0;
}

void address_from_v4(const uint8_t v4[4], uint8_t ret[ADDRESS_BYTES])
{
	memcpy(ret, v4_mapped, sizeof(v4_mapped));
	memcpy(ret + 12, v4, 4);
}

bool address_within(const uint8_t a[ADDRESS_BYTES], const uint8_t network[ADDRESS_BYTES],
		    unsigned int bits)
{
	unsigned int whole = bits / 8, rest = bits % 8;

	if (memcmp(a, network, whole) != 0)
		return false;
	return rest == 0 || ((a[whole] ^ network[whole]) >> (8 - rest)) == 0;
}

const struct address_range *address_special(const uint8_t a[ADDRESS_BYTES])
{
	for (size_t i = 0; i < ARRAY_LEN(special); i++) {
		uint8_t network[ADDRESS_BYTES];

		if (address_parse(special[i].text, network) &&
		    address_within(a, network, special[i].bits))
			return &special[i];
	}
	return NULL;
}

static bool embeds(const uint8_t a[ADDRESS_BYTES], const uint8_t bytes[12], const uint8_t mask[12])
{
	for (size_t i = 0; i < 12; i++)
		if ((a[i] & mask[i]) != bytes[i])
			return false;
	return true;
}

bool address_embedded(const uint8_t a[ADDRESS_BYTES], uint8_t ret[ADDRESS_BYTES])
{
	for (size_t i = 0; i < ARRAY_LEN(embeddings); i++) {
		if (!embeds(a, embeddings[i].bytes, embeddings[i].mask))
			continue;
		address_from_v4(a + embeddings[i].at, ret);
		return true;
	}
	return false;
}

const char *address_text(const uint8_t a[ADDRESS_BYTES], char buf[ADDRESS_TEXT_MAX])
{
	bool v4 = address_is_v4(a);

	return inet_ntop(v4 ? AF_INET : AF_INET6, v4 ? a + 12 : a, buf, ADDRESS_TEXT_MAX);
}
