/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz_dns.c - the same bytes as a question of the container's, as an answer of a name server's, and as hosts and
 * resolv.conf. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/egress/guest.h"
#include "runtime/egress/hosts.h"
#include "spec/base/arena.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void hold(int truth)
{
	if (!truth)
		abort();
}

/* Everything is allowed, so that every name that is one gets an address. One pool for all runs: a new one each time is
 * slow, and it forgets nothing that matters here. */
static void read_question(const uint8_t *data, size_t size)
{
	static struct rule any = { .of = { .kind = DOMAIN_ANY }, .allow = true };
	static struct helper h;
	static struct guest g;
	uint8_t reply[DNS_REPLY_MAX];
	struct dns_query q, again;
	size_t n;

	if (!g.h) {
		h.rules = (struct rules){ &any, 1 };
		guest_begin(&g, &h, -1);
		g.ipv6 = true;
	}
	n = responder_reply(&g, data, size, reply);
	hold(n == 0 || (n >= DNS_HEADER && n <= DNS_REPLY_MAX));
	hold((n != 0) == dns_query_read(data, size, &q));
	/* Our answer is no question. */
	hold(n == 0 || !dns_query_read(reply, n, &again));
}

/* The question that the bytes repeat, if they do; else one of ours. */
static void read_answer(const uint8_t *data, size_t size)
{
	uint16_t id = size >= 2 ? (uint16_t)(data[0] << 8 | data[1]) : 0;
	static const uint16_t types[] = { DNS_A, DNS_AAAA };
	struct dns_answer a;
	struct dns_query q;
	uint8_t *copy = malloc(size + 1);

	hold(copy != NULL);
	memcpy(copy, data, size);
	if (size > 2)
		copy[2] &= 0x7f;
	if (!dns_query_read(copy, size, &q) || q.code != DNS_OK)
		memcpy(q.name, "x.test", sizeof("x.test"));
	free(copy);
	for (size_t i = 0; i < ARRAY_LEN(types); i++)
		if (dns_answer_read(data, size, id, q.name, types[i], &a))
			hold(a.n <= DNS_ADDRESSES);
}

static void read_lines(const uint8_t *data, size_t size)
{
	scoped_arena struct arena arena = { 0 };
	uint8_t found[4][ADDRESS_BYTES];
	struct hosts hosts;
	struct resolv conf;

	hosts_read(arena_strn(&arena, (const char *)data, size), &arena, &hosts);
	for (size_t i = 0; i < hosts.n; i++)
		hold(hosts_find(&hosts, hosts.v[i].name, found, ARRAY_LEN(found)) > 0);
	resolv_read(arena_strn(&arena, (const char *)data, size), &conf);
	hold(conf.n > 0 && conf.n <= NAMESERVERS && conf.attempts > 0 && conf.timeout_s > 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	read_question(data, size);
	read_answer(data, size);
	read_lines(data, size);
	return 0;
}
