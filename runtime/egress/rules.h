/* SPDX-License-Identifier: Apache-2.0 */
/* rules.h - may this name, may this address be connected to; pure. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "runtime/egress/address.h"
#include "runtime/egress/egress.h"
#include "spec/base/arena.h"
#include "spec/policy/match.h"

struct rule {
	struct domain_rule of;
	bool allow;
};
struct rules {
	struct rule *v;
	size_t n;
};

/* rules_read: the policy's patterns; one that is none is an error that names it. */
int rules_read(const struct policy_domains *domains, struct arena *a, struct rules *ret,
	       struct err *err);
/* rules_name: what the rules say of a name; port 0 asks whether any port could be allowed. */
enum egress_reason rules_name(const struct rules *rules, const char *name, uint16_t port);
/* rules_address: what they say of an address before it is dialled. named: a name that is allowed led here. own: it is one
 * of this host's own. A special range is opened by an allow rule about it or a part of it alone, an own address by a rule
 * about just that address; never by "*" or a wider network. */
enum egress_reason rules_address(const struct rules *rules, const uint8_t a[ADDRESS_BYTES],
				 uint16_t port, bool named, bool own);
