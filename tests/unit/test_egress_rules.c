/* SPDX-License-Identifier: Apache-2.0 */
/* test_egress_rules.c - which names and addresses the network helper may dial, and the pool of addresses for names. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "runtime/egress/pool.h"
#include "runtime/egress/rules.h"
#include "spec/base/str.h"

#define RULES_MAX 8

/* "+pattern" allows, "-pattern" denies. */
static void read_rules(const char *const *words, struct arena *a, struct rules *ret)
{
	struct policy_domain v[RULES_MAX];
	struct policy_domains domains = { v, 0 };
	struct err err = { 0 };

	for (; *words; words++)
		v[domains.n++] = (struct policy_domain){ .pattern = *words + 1,
							 .allow = (*words)[0] == '+' };
	if (rules_read(&domains, a, ret, &err) < 0)
		fail_msg("%s", err.text);
}

static void names_are_allowed_by_any_rule_and_denied_by_one(void **state)
{
	static const char *const words[] = { "+good.test",	"+*.wide.test:443",
					     "-bad.wide.test",	"+ported.test:8080",
					     "-ported.test:22", "-*.gone.test:80",
					     "+*.gone.test",	NULL };
	static const struct {
		const char *name;
		uint16_t port;
		enum egress_reason reason;
	} rows[] = {
		{ "good.test", 0, EGRESS_ALLOWED },	 { "good.test", 25, EGRESS_ALLOWED },
		{ "sub.good.test", 25, EGRESS_NO_RULE }, { "a.wide.test", 0, EGRESS_ALLOWED },
		{ "a.wide.test", 443, EGRESS_ALLOWED },	 { "a.wide.test", 80, EGRESS_NO_RULE },
		{ "wide.test", 443, EGRESS_NO_RULE },	 { "bad.wide.test", 0, EGRESS_DENIED },
		{ "bad.wide.test", 443, EGRESS_DENIED }, { "ported.test", 0, EGRESS_ALLOWED },
		{ "ported.test", 22, EGRESS_DENIED },	 { "ported.test", 8080, EGRESS_ALLOWED },
		{ "x.gone.test", 0, EGRESS_ALLOWED },	 { "x.gone.test", 80, EGRESS_DENIED },
		{ "x.gone.test", 81, EGRESS_ALLOWED },	 { "other.test", 0, EGRESS_NO_RULE },
		{ "good.test.evil", 0, EGRESS_NO_RULE }, { "", 0, EGRESS_NO_RULE },
	};
	scoped_arena struct arena a = { 0 };
	struct rules rules;

	(void)state;
	read_rules(words, &a, &rules);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		if (rules_name(&rules, rows[i].name, rows[i].port) != rows[i].reason)
			fail_msg("%s:%u", rows[i].name, rows[i].port);
}

struct address_row {
	const char *address;
	uint16_t port;
	bool named, own;
	enum egress_reason reason;
};

static void judged_as(const struct rules *rules, const struct address_row *rows, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		uint8_t a[ADDRESS_BYTES];
		enum egress_reason got;

		assert_true(address_parse(rows[i].address, a));
		got = rules_address(rules, a, rows[i].port, rows[i].named, rows[i].own);
		if (got != rows[i].reason)
			fail_msg("%s:%u is \"%s\", not \"%s\"", rows[i].address, rows[i].port,
				 egress_reason_text(got), egress_reason_text(rows[i].reason));
	}
}

static void a_name_that_is_allowed_leads_to_no_special_address(void **state)
{
	static const char *const words[] = { "+*", "+0.0.0.0/0", "+::/0", NULL };
	static const char *const special[] = {
		"0.0.0.0",
		"0.1.2.3",
		"127.0.0.1",
		"127.255.255.255",
		"169.254.1.1",
		"169.254.169.254",
		"100.100.100.200",
		"168.63.129.16",
		"192.0.0.192",
		"198.18.0.1",
		"198.19.255.255",
		"224.0.0.1",
		"255.255.255.255",
		"240.0.0.1",
		"::",
		"::1",
		"fe80::1",
		"febf::1",
		"fec0::1",
		"ff02::1",
		"fd00:ec2::254",
		"fd20:ce::254",
		"fd73:7274:6f63::1",
		"::ffff:127.0.0.1",
		"::127.0.0.1",
		"::ffff:0:127.0.0.1",
		"64:ff9b::127.0.0.1",
		"64:ff9b::a9fe:a9fe",
		"64:ff9b:1::1",
		"2002:7f00:1::1",
		"2002:a9fe:a9fe::",
		"2001::1",
		"2001:db8::5efe:127.0.0.1",
		"2001:db8::200:5efe:169.254.169.254",
	};
	static const char *const plain[] = {
		"192.0.2.1",	  "10.0.0.1",	    "172.16.0.1",	  "192.168.1.1",
		"100.64.0.1",	  "2001:db8::1",    "64:ff9b::192.0.2.1", "2002:c000:201::1",
		"fd00::1",	  "198.17.255.255", "198.20.0.0",	  "223.255.255.255",
		"126.255.255.255"
	};
	scoped_arena struct arena a = { 0 };
	struct rules rules;

	(void)state;
	read_rules(words, &a, &rules);
	for (size_t i = 0; i < ARRAY_LEN(special); i++) {
		const struct address_row rows[] = { { special[i], 80, true, false, EGRESS_LOCAL },
						    { special[i], 80, false, false,
						      EGRESS_LOCAL } };

		judged_as(&rules, rows, ARRAY_LEN(rows));
	}
	for (size_t i = 0; i < ARRAY_LEN(plain); i++) {
		const struct address_row rows[] = { { plain[i], 80, true, false, EGRESS_ALLOWED },
						    { plain[i], 80, false, false, EGRESS_ALLOWED },
						    { plain[i], 80, true, true, EGRESS_LOCAL } };

		judged_as(&rules, rows, ARRAY_LEN(rows));
	}
}

static void a_literal_opens_what_it_names_and_no_more(void **state)
{
	static const char *const words[] = {
		"+127.0.0.1:8080", "+169.254.0.0/16", "+10.0.0.0/8", "-10.9.0.0/16",
		"+192.0.2.7",	   "+[::1]:443",      NULL
	};
	static const struct address_row rows[] = {
		{ "127.0.0.1", 8080, false, true, EGRESS_ALLOWED },
		{ "127.0.0.1", 8080, true, true, EGRESS_ALLOWED },
		{ "127.0.0.1", 8081, false, true, EGRESS_LOCAL },
		{ "127.0.0.2", 8080, false, true, EGRESS_LOCAL },
		{ "::1", 443, false, true, EGRESS_ALLOWED },
		{ "::1", 80, false, true, EGRESS_LOCAL },
		{ "169.254.169.254", 80, false, false, EGRESS_ALLOWED },
		{ "169.254.169.254", 80, false, true, EGRESS_LOCAL },
		{ "10.1.2.3", 1, false, false, EGRESS_ALLOWED },
		{ "10.1.2.3", 1, false, true, EGRESS_LOCAL },
		{ "10.9.2.3", 1, false, false, EGRESS_DENIED },
		{ "10.9.2.3", 1, true, false, EGRESS_DENIED },
		{ "64:ff9b::10.9.2.3", 1, true, false, EGRESS_DENIED },
		{ "64:ff9b::10.1.2.3", 1, false, false, EGRESS_NO_RULE },
		{ "64:ff9b::127.0.0.1", 8080, true, false, EGRESS_LOCAL },
		{ "192.0.2.7", 1, false, true, EGRESS_ALLOWED },
		{ "192.0.2.8", 1, false, false, EGRESS_NO_RULE },
		{ "192.0.2.8", 1, true, false, EGRESS_ALLOWED },
		{ "2001:db8::1", 1, false, false, EGRESS_NO_RULE },
	};
	scoped_arena struct arena a = { 0 };
	struct rules rules;

	(void)state;
	read_rules(words, &a, &rules);
	judged_as(&rules, rows, ARRAY_LEN(rows));
}

static void a_pattern_that_is_none_is_named(void **state)
{
	struct policy_domain v = { .pattern = "exa mple", .allow = true };
	const struct policy_domains domains = { &v, 1 };
	scoped_arena struct arena a = { 0 };
	struct err err = { 0 };
	struct rules rules;

	(void)state;
	assert_int_equal(rules_read(&domains, &a, &rules, &err), -1);
	assert_non_null(strstr(err.text, "exa mple"));
}

static void a_name_keeps_its_address_while_it_is_used(void **state)
{
	struct pool *p = pool_new();
	char name[32];
	uint32_t first = pool_give(p, "first.test", 1000), held = pool_give(p, "held.test", 1000);

	(void)state;
	assert_int_not_equal(first, 0);
	assert_int_not_equal(first, held);
	assert_int_equal(pool_give(p, "first.test", 1001), first);
	pool_hold(p, held, true);
	for (unsigned int i = 0; i < POOL_NAMES - 2; i++) {
		(void)snprintf(name, sizeof(name), "n%u.test", i);
		assert_int_not_equal(pool_give(p, name, 1001), 0);
	}
	assert_int_equal(pool_give(p, "one.more", 1001 + POOL_TTL_S), 0);
	/* Now what is not held may go, the one asked for longest ago first. */
	assert_int_not_equal(pool_give(p, "one.more", 1002 + POOL_TTL_S), 0);
	assert_null(pool_find(p, first));
	assert_string_equal(pool_find(p, held), "held.test");
	pool_hold(p, held, false);
	assert_int_not_equal(pool_give(p, "first.test", 1002 + POOL_TTL_S), first);
	pool_free(p);
}

static void an_address_is_not_given_again_soon(void **state)
{
	enum { TURNS = 3 * POOL_NAMES };
	static uint8_t seen[1u << 17];
	struct pool *p = pool_new();
	char name[32];

	(void)state;
	for (unsigned int i = 0; i < TURNS; i++) {
		uint32_t number;

		(void)snprintf(name, sizeof(name), "n%u.test", i);
		number = pool_give(p, name, i * (POOL_TTL_S + 1));
		assert_in_range(number, POOL_NAMES, (1u << 17) - 1);
		assert_int_equal(seen[number]++, 0);
	}
	/* And after all of them it begins anew, without losing its way. */
	for (unsigned int i = TURNS; i < 40u * POOL_NAMES; i++) {
		uint32_t number;

		(void)snprintf(name, sizeof(name), "n%u.test", i);
		number = pool_give(p, name, i * (POOL_TTL_S + 1ull));
		assert_string_equal(pool_find(p, number), name);
	}
	pool_free(p);
}

static void addresses_and_numbers_lead_to_each_other(void **state)
{
	static const uint32_t numbers[] = { POOL_NAMES, POOL_NAMES + 1, 65535, 65536, 131071 };
	static const char *const none[] = { "198.18.0.1", "198.18.15.255", "fd73:7274:6f63::1",
					    "fd73:7274:6f63:1::1:1", "fd73:7274:6f63::2:0" };
	bool within;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(numbers); i++) {
		uint8_t v4[4], a[ADDRESS_BYTES];

		pool_v4(numbers[i], v4);
		address_from_v4(v4, a);
		assert_int_equal(pool_number(a, &within), numbers[i]);
		assert_true(within);
		pool_v6(numbers[i], a);
		assert_int_equal(pool_number(a, &within), numbers[i]);
		assert_true(within);
	}
	for (size_t i = 0; i < ARRAY_LEN(none); i++) {
		uint8_t a[ADDRESS_BYTES];

		assert_true(address_parse(none[i], a));
		assert_int_equal(pool_number(a, &within), 0);
		assert_true(within);
	}
	uint8_t other[ADDRESS_BYTES];
	assert_true(address_parse("192.0.2.1", other));
	assert_int_equal(pool_number(other, &within), 0);
	assert_false(within);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_are_allowed_by_any_rule_and_denied_by_one),
		cmocka_unit_test(a_name_that_is_allowed_leads_to_no_special_address),
		cmocka_unit_test(a_literal_opens_what_it_names_and_no_more),
		cmocka_unit_test(a_pattern_that_is_none_is_named),
		cmocka_unit_test(a_name_keeps_its_address_while_it_is_used),
		cmocka_unit_test(an_address_is_not_given_again_soon),
		cmocka_unit_test(addresses_and_numbers_lead_to_each_other),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
