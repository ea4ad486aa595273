/* SPDX-License-Identifier: Apache-2.0 */
/* match.h - which rule of a policy speaks of a path, a name or an address; pure. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "spec/base/err.h"
#include "spec/policy/policy.h"

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
/* address_parse: an IPv4 or IPv6 literal, without brackets. */
bool address_parse(const char *text, uint8_t ret[16]);
/* domains_allow: what the rules say of a name (address NULL) or of a literal address: some rule allows
 * it and none denies it. */
bool domains_allow(const struct policy_domains *domains, const char *name, const uint8_t *address,
		   uint16_t port);

/* paths_rule: the rule that decides about an absolute clean path, or NULL. paths_access: what the rules say of an absolute clean path: the most specific one decides, among
 * equals DENY; -1 where none speaks of it. */
const struct policy_path *paths_rule(const struct policy_paths *paths, const char *path);
int paths_access(const struct policy_paths *paths, const char *path);
