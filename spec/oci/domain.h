/* SPDX-License-Identifier: Apache-2.0 */
/* domain.h - what a rule for the network says: of a name, a domain, an address or a network, and a port; pure. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "spec/base/arena.h"
#include "spec/base/err.h"

/* Longest name of a host (RFC 1035, without the last dot). */
#define DOMAIN_MAX 253

enum domain_kind {
	DOMAIN_ANY, /* "*" */
	DOMAIN_NAME, /* "example.org" */
	DOMAIN_BELOW, /* "*.example.org": names below it, not itself */
	DOMAIN_ADDRESS, /* "192.0.2.1", "192.0.2.0/24", "[2001:db8::1]", "2001:db8::/32" */
};

struct domain_rule {
	uint8_t kind; /* enum domain_kind */
	uint16_t port; /* 0: any */
	char name[DOMAIN_MAX +
		  1]; /* lower case, without the last dot; of BELOW what follows "*." */
	uint8_t address[16]; /* an IPv4 one as ::ffff:a.b.c.d */
	uint8_t bits; /* of the address that count, of 128 */
};

/* domain_rule_parse: HOST[:PORT]; a literal IPv6 address with a port stands in brackets. */
int domain_rule_parse(const char *text, struct domain_rule *ret, struct err *err);
/* domain_rule_matches: the rule speaks of that name and port. A name never matches an address rule,
 * nor an address a name rule: what a name resolves to is the resolver's to ask about. */
bool domain_rule_matches(const struct domain_rule *rule, const char *name, uint16_t port);
bool domain_rule_matches_address(const struct domain_rule *rule, const uint8_t address[16],
				 uint16_t port);
/* domain_rule_common: the rule for what both speak of; false where that is nothing. domain_rule_text: as domain_rule_parse reads it. */
bool domain_rule_common(const struct domain_rule *a, const struct domain_rule *b,
			struct domain_rule *ret);
const char *domain_rule_text(const struct domain_rule *rule, struct arena *a);
/* address_parse: an IPv4 or IPv6 literal, without brackets. */
bool address_parse(const char *text, uint8_t ret[16]);

/* Ports that one container may publish. */
#define PUBLISHED_MAX 16

/* A port inside that is reached by one of the host's. */
struct published {
	uint8_t address[16]; /* of the host; an IPv4 one as ::ffff:a.b.c.d */
	uint16_t host_port, port;
};
/* published_parse: HOST:PORT:PORT; HOST is a literal address, an IPv6 one in brackets. */
int published_parse(const char *text, struct published *ret, struct err *err);
