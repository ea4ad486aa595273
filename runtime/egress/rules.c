/* SPDX-License-Identifier: Apache-2.0 */
/* rules.c - any that allows and none that denies; of an address also the one that is hidden in it. */
#include "runtime/egress/rules.h"

#include "spec/base/names.h"

static const struct name reasons[] = {
	{ "allowed", EGRESS_ALLOWED },
	{ "no rule allows it", EGRESS_NO_RULE },
	{ "a rule denies it", EGRESS_DENIED },
	{ "a local or reserved address", EGRESS_LOCAL },
	{ "an address that stands for no name", EGRESS_STALE },
	{ "the name has no address", EGRESS_UNRESOLVED },
	{ "no address of it answered", EGRESS_UNREACHABLE },
	{ "too many connections at once", EGRESS_BUSY },
	{ "not understood by the proxy", EGRESS_MALFORMED },
	{ NULL, 0 },
};

const char *egress_reason_text(enum egress_reason reason)
{
	const char *text = name_of(reasons, reason);

	return text ? text : "refused";
}

int rules_read(const struct policy_domains *domains, struct arena *a, struct rules *ret,
	       struct err *err)
{
	struct rule *v = arena_alloc(a, domains->n * sizeof(*v) + 1);

	for (size_t i = 0; i < domains->n; i++) {
		TRY(domain_rule_parse(domains->v[i].pattern, &v[i].of, err));
		v[i].allow = domains->v[i].allow;
	}
	*ret = (struct rules){ v, domains->n };
	return 0;
}

/* Of any port (0) a deny rule speaks only where it is about all ports, an allow rule in any case. */
static bool speaks_of(const struct rule *rule, const char *name, uint16_t port)
{
	if (port == 0 && !rule->allow && rule->of.port != 0)
		return false;
	return domain_rule_matches(&rule->of, name, port ? port : rule->of.port);
}

enum egress_reason rules_name(const struct rules *rules, const char *name, uint16_t port)
{
	enum egress_reason reason = EGRESS_NO_RULE;

	for (size_t i = 0; i < rules->n; i++) {
		if (!speaks_of(&rules->v[i], name, port))
			continue;
		if (!rules->v[i].allow)
			return EGRESS_DENIED;
		reason = EGRESS_ALLOWED;
	}
	return reason;
}

static bool denied(const struct rules *rules, const uint8_t a[ADDRESS_BYTES], uint16_t port)
{
	for (size_t i = 0; i < rules->n; i++)
		if (!rules->v[i].allow && domain_rule_matches_address(&rules->v[i].of, a, port))
			return true;
	return false;
}

/* Some rule about networks no wider than that many bits allows it. */
static bool allowed_narrowly(const struct rules *rules, const uint8_t a[ADDRESS_BYTES],
			     uint16_t port, unsigned int bits)
{
	for (size_t i = 0; i < rules->n; i++) {
		const struct domain_rule *rule = &rules->v[i].of;

		if (rules->v[i].allow && rule->kind == DOMAIN_ADDRESS && rule->bits >= bits &&
		    domain_rule_matches_address(rule, a, port))
			return true;
	}
	return false;
}

static bool allowed(const struct rules *rules, const uint8_t a[ADDRESS_BYTES], uint16_t port)
{
	for (size_t i = 0; i < rules->n; i++)
		if (rules->v[i].allow && domain_rule_matches_address(&rules->v[i].of, a, port))
			return true;
	return false;
}

enum egress_reason rules_address(const struct rules *rules, const uint8_t a[ADDRESS_BYTES],
				 uint16_t port, bool named, bool own)
{
	const struct address_range *range = address_special(a);
	uint8_t inner[ADDRESS_BYTES];
	bool embeds = address_embedded(a, inner);

	if (denied(rules, a, port) || (embeds && denied(rules, inner, port)))
		return EGRESS_DENIED;
	if (own && !allowed_narrowly(rules, a, port, 128))
		return EGRESS_LOCAL;
	if (range && !allowed_narrowly(rules, a, port, range->bits))
		return EGRESS_LOCAL;
	/* What hides an address is no literal of it: only the hiding one's own rule opens it. */
	if (embeds && address_special(inner) && !allowed_narrowly(rules, a, port, 128))
		return EGRESS_LOCAL;
	return named || allowed(rules, a, port) ? EGRESS_ALLOWED : EGRESS_NO_RULE;
}
