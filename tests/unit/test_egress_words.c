/* SPDX-License-Identifier: Apache-2.0 */
/* test_egress_words.c - what the network helper reads: names asked for, answers, proxies' requests, hosts and resolv.conf. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "runtime/egress/dns.h"
#include "runtime/egress/hosts.h"
#include "runtime/egress/http.h"
#include "runtime/egress/socks.h"
#include "spec/base/str.h"
#include "spec/policy/match.h"

/* A literal's bytes and how many, without the NUL. */
#define BYTES(s) (const uint8_t *)(s), sizeof(s) - 1
#define QUERY(flags, counts) "\x12\x34" flags counts
#define ONE "\0\1\0\0\0\0\0\0"
#define NAME "\3wWw\4GOOD\4test\0"
#define A_IN "\0\1\0\1"

static void reads_a_question_in_lower_case(void **state)
{
	struct dns_query q;

	(void)state;
	assert_true(dns_query_read(BYTES(QUERY("\1\0", ONE) NAME A_IN), &q));
	assert_int_equal(q.code, DNS_OK);
	assert_int_equal(q.id, 0x1234);
	assert_int_equal(q.type, DNS_A);
	assert_true(q.recursion && q.is_name && !q.edns);
	assert_string_equal(q.name, "www.good.test");
	assert_int_equal(q.question, sizeof(NAME A_IN) - 1);
}

static void answers_what_is_no_question_without_a_guess(void **state)
{
	static const struct {
		const uint8_t *m;
		size_t n;
		int code; /* -1: no answer at all */
	} rows[] = {
		{ BYTES(""), -1 },
		{ BYTES("\x12\x34\1\0\0\1\0\0\0\0\0"), -1 },
		{ BYTES(QUERY("\x81\x80", ONE) NAME A_IN), -1 }, /* an answer */
		{ BYTES(QUERY("\x28\0", ONE) NAME A_IN), DNS_NOT_DONE }, /* update */
		{ BYTES(QUERY("\1\0", "\0\0\0\0\0\0\0\0")), DNS_BAD_FORM },
		{ BYTES(QUERY("\1\0", "\0\2\0\0\0\0\0\0") NAME A_IN NAME A_IN), DNS_BAD_FORM },
		{ BYTES(QUERY("\1\0", ONE) NAME "\0\1\0"), DNS_BAD_FORM },
		{ BYTES(QUERY("\1\0", ONE) NAME "\0\1\0\3"), DNS_NOT_DONE }, /* CHAOS */
		{ BYTES(QUERY("\1\0", ONE) "\x40x\0" A_IN), DNS_BAD_FORM },
		{ BYTES(QUERY("\1\0", ONE) "\xc0\x0c" A_IN), DNS_BAD_FORM }, /* to itself */
		{ BYTES(QUERY("\1\0", ONE) "\1a\xc0\x0c" A_IN), DNS_BAD_FORM },
		{ BYTES(QUERY("\1\0", ONE) "\xc0\x10\xc0\x0c" A_IN), DNS_BAD_FORM },
		{ BYTES(QUERY("\1\0", ONE) "\xc0\0" A_IN), DNS_BAD_FORM }, /* into the header */
		{ BYTES(QUERY("\1\0", ONE) "\xc0"), DNS_BAD_FORM },
		{ BYTES(QUERY("\1\0", ONE) "\5abc"), DNS_BAD_FORM },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct dns_query q = { 0 };
		bool answered = dns_query_read(rows[i].m, rows[i].n, &q);
		uint8_t reply[DNS_REPLY_MAX];
		const struct dns_reply r = { .code = q.code };

		if (answered != (rows[i].code >= 0) || (answered && q.code != rows[i].code))
			fail_msg("row %zu: %d, %u", i, answered, q.code);
		if (answered)
			assert_in_range(dns_reply_write(rows[i].m, &q, &r, reply), DNS_HEADER,
					DNS_REPLY_MAX);
	}
}

static void a_name_of_other_letters_is_none(void **state)
{
	static const struct {
		const uint8_t *m;
		size_t n;
	} rows[] = {
		{ BYTES(QUERY("\1\0", ONE) "\4a.bc\0" A_IN) }, /* a dot within a label */
		{ BYTES(QUERY("\1\0", ONE) "\3a\0b\0" A_IN) },
		{ BYTES(QUERY("\1\0", ONE) "\2\xc3\xa4\0" A_IN) },
		{ BYTES(QUERY("\1\0", ONE) "\1*\0" A_IN) },
		{ BYTES(QUERY("\1\0", ONE) "\0" A_IN) }, /* the root */
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct dns_query q;

		assert_true(dns_query_read(rows[i].m, rows[i].n, &q));
		assert_int_equal(q.code, DNS_OK);
		assert_false(q.is_name);
	}
}

static void names_end_at_253_letters(void **state)
{
	uint8_t m[512] = { 0x12, 0x34, 1, 0, 0, 1 };
	struct dns_query q;

	(void)state;
	for (int longer = 0; longer < 2; longer++) {
		size_t at = DNS_HEADER;

		/* Three labels of 63 and one of 61: 63 × 3 + 3 + 61 = 253. */
		for (int i = 0; i < 4; i++) {
			size_t n = i < 3 ? 63u : 61u + (size_t)longer;

			m[at++] = (uint8_t)n;
			memset(m + at, 'a', n);
			at += n;
		}
		memcpy(m + at, "\0\0\1\0\1", 5);
		assert_true(dns_query_read(m, at + 5, &q));
		assert_int_equal(q.code, longer ? DNS_BAD_FORM : DNS_OK);
		assert_int_equal(strlen(q.name), longer ? 0 : 253);
	}
}

static void an_answer_repeats_the_question_as_it_was_written(void **state)
{
	static const uint8_t m[] =
		QUERY("\1\0", "\0\1\0\0\0\0\0\1") NAME A_IN "\0\0\x29\x10\0\0\0\0\0\0\0";
	const struct dns_reply yes = { .address_n = 4, .address = { 198, 18, 16, 1 }, .ttl_s = 60 };
	const struct dns_reply no = { .code = DNS_NO_NAME, .prohibited = "no" };
	uint8_t reply[DNS_REPLY_MAX];
	struct dns_query q;
	size_t n;

	(void)state;
	assert_true(dns_query_read(m, sizeof(m) - 1, &q));
	assert_true(q.edns);
	n = dns_reply_write(m, &q, &yes, reply);
	assert_memory_equal(reply, "\x12\x34\x81\x80\0\1\0\1\0\0\0\1", 12);
	assert_memory_equal(reply + 12, NAME A_IN, sizeof(NAME A_IN) - 1);
	assert_memory_equal(
		reply + 12 + sizeof(NAME A_IN) - 1,
		"\xc0\x0c\0\1\0\1\0\0\0\x3c\0\4\xc6\x12\x10\1\0\0\x29\x04\xd0\0\0\0\0\0\0", 27);
	assert_int_equal(n, 12 + sizeof(NAME A_IN) - 1 + 27);
	n = dns_reply_write(m, &q, &no, reply);
	assert_int_equal(reply[3] & 15, DNS_NO_NAME);
	assert_memory_equal(reply + n - 8, "\0\x0f\0\4\0\x12no", 8);
}

/* Our question, and behind it the records of an answer. */
static size_t answer(const char *name, uint16_t type, unsigned int records, const void *bytes,
		     size_t n, uint8_t ret[DNS_QUERY_MAX])
{
	/* The question ends with 11 bytes of EDNS. */
	size_t at = dns_question_write(0x4321, name, type, ret) - 11;

	ret[2] = 0x81;
	ret[3] = 0x80;
	ret[7] = (uint8_t)records;
	ret[11] = 0;
	memcpy(ret + at, bytes, n);
	return at + n;
}

#define OWNER "\xc0\x0c"
#define RR(type, length) "\0" type "\0\1\0\0\0\0\0" length

static void follows_aliases_to_addresses(void **state)
{
	static const char records[] = "\1b" OWNER RR("\1", "\4") "\xc0\0\2\2" /* b.x.test */
		OWNER RR("\5", "\4") "\1b" OWNER /* x.test → b.x.test */
				     "\1c" OWNER RR("\1", "\4") "\xc0\0\2\3"; /* somebody else's */
	uint8_t m[DNS_QUERY_MAX], want[ADDRESS_BYTES];
	size_t n = answer("x.test", DNS_A, 3, records, sizeof(records) - 1, m);
	struct dns_answer a;

	(void)state;
	assert_true(dns_answer_read(m, n, 0x4321, "x.test", DNS_A, &a));
	assert_int_equal(a.n, 1);
	assert_true(address_parse("192.0.2.2", want));
	assert_memory_equal(a.addresses[0], want, sizeof(want));
}

static void aliases_in_a_circle_end(void **state)
{
	static const char records[] =
		OWNER RR("\5", "\4") "\1b" OWNER /* x → b.x */
				     "\1b" OWNER RR("\5", "\2") OWNER; /* b.x → x */
	uint8_t m[DNS_QUERY_MAX];
	size_t n = answer("x.test", DNS_A, 2, records, sizeof(records) - 1, m);
	struct dns_answer a;

	(void)state;
	assert_true(dns_answer_read(m, n, 0x4321, "x.test", DNS_A, &a));
	assert_int_equal(a.n, 0);
}

static void takes_no_answer_to_another_question(void **state)
{
	static const char records[] = OWNER RR("\1", "\4") "\xc0\0\2\2";
	uint8_t m[DNS_QUERY_MAX];
	size_t n = answer("x.test", DNS_A, 1, records, sizeof(records) - 1, m);
	struct dns_answer a;

	(void)state;
	assert_true(dns_answer_read(m, n, 0x4321, "x.test", DNS_A, &a));
	assert_int_equal(a.n, 1);
	assert_false(dns_answer_read(m, n, 0x4322, "x.test", DNS_A, &a));
	assert_false(dns_answer_read(m, n, 0x4321, "y.test", DNS_A, &a));
	assert_false(dns_answer_read(m, n, 0x4321, "x.test", DNS_AAAA, &a));
	m[2] = 1;
	assert_false(dns_answer_read(m, n, 0x4321, "x.test", DNS_A, &a));
	m[2] = 0x83;
	assert_true(dns_answer_read(m, n, 0x4321, "x.test", DNS_A, &a));
	assert_true(a.truncated);
	for (size_t cut = 0; cut < n; cut++)
		(void)dns_answer_read(m, cut, 0x4321, "x.test", DNS_A, &a);
}

static void no_question_is_made_of_what_is_no_name(void **state)
{
	static const char *const names[] = {
		"", ".", "a..b", ".a",
		"abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyzabcdefghijklmn.x"
	};
	uint8_t m[DNS_QUERY_MAX];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		assert_int_equal(dns_question_write(1, names[i], DNS_A, m), 0);
}

static void reads_where_a_proxy_is_to_go(void **state)
{
	static const struct {
		const char *head;
		const char *host; /* NULL: refused; "": more is needed */
		uint16_t port;
		bool tunnel;
	} rows[] = {
		{ "CONNECT Good.test:443 HTTP/1.1\r\nHost: x\r\n\r\n", "good.test", 443, true },
		{ "CONNECT [2001:DB8::1]:443 HTTP/1.1\r\n\r\n", "2001:db8::1", 443, true },
		{ "CONNECT 192.0.2.1:8080 HTTP/1.0\r\n\r\n", "192.0.2.1", 8080, true },
		{ "GET http://good.test/a?b HTTP/1.1\r\nHost: good.test\r\n\r\n", "good.test", 80,
		  false },
		{ "GET HTTP://good.test:8080 HTTP/1.1\r\n\r\n", "good.test", 8080, false },
		{ "CONNECT good.test:443 HTTP/1.1\r\nHost: x\r\n", "", 0, false },
		{ "", "", 0, false },
		{ "CONNECT good.test HTTP/1.1\r\n\r\n", NULL, 0, false },
		{ "CONNECT good.test:0 HTTP/1.1\r\n\r\n", NULL, 0, false },
		{ "CONNECT good.test:65536 HTTP/1.1\r\n\r\n", NULL, 0, false },
		{ "CONNECT good.test:443: HTTP/1.1\r\n\r\n", NULL, 0, false },
		{ "CONNECT :443 HTTP/1.1\r\n\r\n", NULL, 0, false },
		{ "CONNECT [good.test]:443 HTTP/1.1\r\n\r\n", NULL, 0, false },
		{ "CONNECT [::1:443 HTTP/1.1\r\n\r\n", NULL, 0, false },
		{ "CONNECT ::1:443 HTTP/1.1\r\n\r\n", NULL, 0, false },
		{ "CONNECT good.test:443 HTTP/2.0\r\n\r\n", NULL, 0, false },
		{ "CONNECT good.test:443  HTTP/1.1\r\n\r\n", NULL, 0, false },
		{ "GET / HTTP/1.1\r\nHost: good.test\r\n\r\n", NULL, 0, false },
		{ "GET https://good.test/ HTTP/1.1\r\n\r\n", NULL, 0, false },
		{ "GET http://user:word@good.test/ HTTP/1.1\r\n\r\n", NULL, 0, false },
		{ "GET http://good.test/ HTTP/1.1\r\nHost : x\r\n\r\n", NULL, 0, false },
		{ "GET http://good.test/ HTTP/1.1\r\nA: b\r\n c\r\n\r\n", NULL, 0, false },
		{ "GET http://good.test/ HTTP/1.1\r\nA: b\nHost: c\r\n\r\n", NULL, 0, false },
		{ "GET http://good.test/ HTTP/1.1\r\nA: b\rHost: c\r\n\r\n", NULL, 0, false },
		{ "GET http://good.test/ HTTP/1.1\r\nno colon\r\n\r\n", NULL, 0, false },
		{ "G\tT http://good.test/ HTTP/1.1\r\n\r\n", NULL, 0, false },
		{ "\r\n\r\n", NULL, 0, false },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct http_request r = { 0 };
		int got = http_read(rows[i].head, strlen(rows[i].head), &r);
		int want = !rows[i].host ? -1 : rows[i].host[0] != '\0';

		if (got != want)
			fail_msg("%s: %d", rows[i].head, got);
		if (got <= 0)
			continue;
		assert_string_equal(r.to.host, rows[i].host);
		assert_int_equal(r.to.port, rows[i].port);
		assert_int_equal(r.tunnel, rows[i].tunnel);
	}
}

static void a_head_without_end_is_refused(void **state)
{
	static char head[HTTP_HEAD_MAX + 1];
	struct http_request r;

	(void)state;
	memset(head, 'a', sizeof(head));
	assert_int_equal(http_read(head, HTTP_HEAD_MAX - 1, &r), 0);
	assert_int_equal(http_read(head, HTTP_HEAD_MAX, &r), -1);
}

static void passes_a_request_on_for_one_host_only(void **state)
{
	static const char head[] =
		"POST http://good.test:8080?x#y HTTP/1.1\r\nHost: evil.test\r\n"
		"Proxy-Authorization: Basic x\r\nproxy-connection: keep-alive\r\n"
		"Accept: */*\r\nConnection: keep-alive, x\r\nHosted: y\r\n\r\nbody";
	static const char want[] =
		"POST /?x HTTP/1.1\r\nHost: good.test:8080\r\nAccept: */*\r\nHosted: y\r\n"
		"Connection: close\r\n\r\n";
	char passed[HTTP_PASSED_MAX];
	struct http_request r;
	size_t n;

	(void)state;
	assert_int_equal(http_read(head, sizeof(head) - 1, &r), 1);
	assert_int_equal(r.head, sizeof(head) - 1 - 4);
	n = http_pass(head, &r, passed);
	assert_int_equal(n, sizeof(want) - 1);
	assert_memory_equal(passed, want, n);
}

static void reads_what_a_client_of_socks_says(void **state)
{
	static const struct {
		const uint8_t *m;
		size_t n;
		int read;
		const char *host;
		uint16_t port;
	} rows[] = {
		{ BYTES("\5\1\0\3\11good.test\1\273"), 16, "good.test", 443 },
		{ BYTES("\5\1\0\1\300\0\2\1\0\120"), 10, "192.0.2.1", 80 },
		{ BYTES("\5\1\0\4\x20\1\r\xb8\0\0\0\0\0\0\0\0\0\0\0\1\0\120"), 22, "2001:db8::1",
		  80 },
		{ BYTES("\5\1\0\3\11good.tes"), 0, "", 0 },
		{ BYTES("\5\1\0"), 0, "", 0 },
		{ BYTES("\4\1\0\3\11"), -SOCKS_FAILED, "", 0 },
		{ BYTES("\4"), -SOCKS_FAILED, "", 0 },
		{ BYTES("\5\2\0\1\300\0\2\1\0\120"), -SOCKS_NO_COMMAND, "", 0 },
		{ BYTES("\5\1\0\2\300\0\2\1\0\120"), -SOCKS_NO_ADDRESS, "", 0 },
		{ BYTES("\5\1\0\1\300\0\2\1\0\0"), -SOCKS_FAILED, "", 0 },
		{ BYTES("\5\1\0\3\0\0\120"), -SOCKS_FAILED, "", 0 },
		{ BYTES("\5\1\0\3\4a:80\0\120"), -SOCKS_FAILED, "", 0 },
		{ BYTES("\5\1\0\3\3a\0b\0\120"), -SOCKS_FAILED, "", 0 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct authority a = { 0 };
		int got = socks_request(rows[i].m, rows[i].n, &a);

		if (got != rows[i].read || !str_eq(a.host, rows[i].host) || a.port != rows[i].port)
			fail_msg("row %zu: %d %s:%u", i, got, a.host, a.port);
	}
	assert_int_equal(socks_greeting(BYTES("\5\2\2\0")), 4);
	assert_int_equal(socks_greeting(BYTES("\5\1\2")), -1);
	assert_int_equal(socks_greeting(BYTES("\5\0")), -1);
	assert_int_equal(socks_greeting(BYTES("\5\2\0")), 0);
	assert_int_equal(socks_greeting(BYTES("\4\1\0")), -1);
}

static void finds_names_of_a_hosts_file(void **state)
{
	char text[] = "# a comment\n192.0.2.1\tGood.test  alias # more\n\nnonsense line\n"
		      "2001:db8::1 good.test\r\n192.0.2.2 good.test";
	uint8_t found[4][ADDRESS_BYTES], want[ADDRESS_BYTES];
	scoped_arena struct arena a = { 0 };
	struct hosts h;

	(void)state;
	hosts_read(text, &a, &h);
	assert_int_equal(hosts_find(&h, "good.test", found, 4), 3);
	assert_true(address_parse("192.0.2.1", want));
	assert_memory_equal(found[0], want, sizeof(want));
	assert_true(address_parse("192.0.2.2", want));
	assert_memory_equal(found[2], want, sizeof(want));
	assert_int_equal(hosts_find(&h, "good.test", found, 2), 2);
	assert_int_equal(hosts_find(&h, "alias", found, 4), 1);
	assert_int_equal(hosts_find(&h, "line", found, 4), 0);
	assert_int_equal(hosts_find(&h, "more", found, 4), 0);
}

static void reads_servers_and_options_of_resolv_conf(void **state)
{
	char text[] =
		"search example.org\nnameserver 192.0.2.53\n; no\nnameserver [2001:db8::53]:5353\n"
		"nameserver fe80::1%eth0\nnameserver 127.0.0.1:54 # ours\nnameserver 192.0.2.54\n"
		"options ndots:2 timeout:1 attempts:9 rotate\n";
	char none[] = "search x\n";
	uint8_t want[ADDRESS_BYTES];
	struct resolv r;

	(void)state;
	resolv_read(text, &r);
	assert_int_equal(r.n, 3);
	assert_int_equal(r.servers[0].port, 53);
	assert_true(address_parse("2001:db8::53", want));
	assert_memory_equal(r.servers[1].address, want, sizeof(want));
	assert_int_equal(r.servers[1].port, 5353);
	assert_int_equal(r.servers[2].port, 54);
	assert_int_equal(r.timeout_s, 1);
	assert_int_equal(r.attempts, 5);
	resolv_read(none, &r);
	assert_int_equal(r.n, 1);
	assert_true(address_parse("127.0.0.1", want));
	assert_memory_equal(r.servers[0].address, want, sizeof(want));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_a_question_in_lower_case),
		cmocka_unit_test(answers_what_is_no_question_without_a_guess),
		cmocka_unit_test(a_name_of_other_letters_is_none),
		cmocka_unit_test(names_end_at_253_letters),
		cmocka_unit_test(an_answer_repeats_the_question_as_it_was_written),
		cmocka_unit_test(follows_aliases_to_addresses),
		cmocka_unit_test(aliases_in_a_circle_end),
		cmocka_unit_test(takes_no_answer_to_another_question),
		cmocka_unit_test(no_question_is_made_of_what_is_no_name),
		cmocka_unit_test(reads_where_a_proxy_is_to_go),
		cmocka_unit_test(a_head_without_end_is_refused),
		cmocka_unit_test(passes_a_request_on_for_one_host_only),
		cmocka_unit_test(reads_what_a_client_of_socks_says),
		cmocka_unit_test(finds_names_of_a_hosts_file),
		cmocka_unit_test(reads_servers_and_options_of_resolv_conf),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
