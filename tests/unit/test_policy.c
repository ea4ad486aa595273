/* SPDX-License-Identifier: Apache-2.0 */
/* test_policy.c - values, precedence, lists, domains and paths of a policy. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "spec/base/str.h"
#include "spec/oci/value.h"
#include "spec/policy/match.h"
#include "spec/policy/policy.h"

static void refused(const struct err *err, const char *place, const char *text)
{
	if (!strstr(err->place, place) || !strstr(err->text, text))
		fail_msg("\"%s: %s\" has not \"%s\" and \"%s\"", err->place, err->text, place,
			 text);
}

static void what_two_rules_have_in_common(void **state)
{
	static const struct {
		const char *a, *b, *common; /* NULL: nothing */
	} rows[] = {
		{ "*", "a.test", "a.test" },
		{ "*:443", "a.test", "a.test:443" },
		{ "a.test:80", "a.test:443", NULL },
		{ "A.Test.", "a.test", "a.test" },
		{ "*.a.test", "b.a.test:443", "b.a.test:443" },
		{ "*.a.test", "a.test", NULL },
		{ "*.a.test", "ba.test", NULL },
		{ "*.a.test:443", "*.b.a.test", "*.b.a.test:443" },
		{ "*.a.test", "*.a.test", "*.a.test" },
		{ "*.a.test", "*.ba.test", NULL },
		{ "192.0.2.0/24", "192.0.2.7:80", "192.0.2.7:80" },
		{ "192.0.2.0/25", "192.0.2.0/24", "192.0.2.0/25" },
		{ "192.0.2.0/25", "192.0.2.128/25", NULL },
		{ "::/0", "192.0.2.7", "192.0.2.7" },
		{ "[2001:db8::/32]:443", "2001:db8::1", "[2001:db8::1]:443" },
		{ "*:53", "2001:db8::/32", "[2001:db8::/32]:53" },
		{ "192.0.2.7", "a.test", NULL },
	};
	struct arena a = { 0 };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		for (int turned = 0; turned < 2; turned++) {
			struct domain_rule x, y, common, again;
			struct err err;

			assert_int_equal(
				domain_rule_parse(turned ? rows[i].b : rows[i].a, &x, &err), 0);
			assert_int_equal(
				domain_rule_parse(turned ? rows[i].a : rows[i].b, &y, &err), 0);
			assert_int_equal(domain_rule_common(&x, &y, &common),
					 rows[i].common != NULL);
			if (!rows[i].common)
				continue;
			assert_string_equal(domain_rule_text(&common, &a), rows[i].common);
			assert_int_equal(
				domain_rule_parse(domain_rule_text(&common, &a), &again, &err), 0);
		}
	arena_done(&a);
}

static void durations_sizes_and_shares_are_read_whole(void **state)
{
	static const struct {
		int (*read)(const char *, uint64_t *, struct err *);
		const char *text;
		uint64_t value; /* 0: refused */
	} rows[] = {
		{ value_duration, "30", 30000 },
		{ value_duration, "30s", 30000 },
		{ value_duration, "1500ms", 1500 },
		{ value_duration, "1.5m", 90000 },
		{ value_duration, "2h", 7200000 },
		{ value_duration, "0", 0 },
		{ value_duration, "", 0 },
		{ value_duration, "-1", 0 },
		{ value_duration, "1d", 0 },
		{ value_duration, "1s ", 0 },
		{ value_duration, "99999999999999", 0 },
		{ value_duration, "1.", 0 },
		{ value_duration, ".5", 0 },
		{ value_size, "512M", 512u << 20 },
		{ value_size, "1.5G", 1610612736 },
		{ value_size, "64k", 65536 },
		{ value_size, "64KiB", 65536 },
		{ value_size, "100", 100 },
		{ value_size, "0", 0 },
		{ value_size, "1X", 0 },
		{ value_size, "999999999999T", 0 },
		{ value_size, "1 G", 0 },
		{ value_cpu, "0.5", 500 },
		{ value_cpu, "2", 2000 },
		{ value_cpu, "0.001", 0 },
		{ value_cpu, "1e3", 0 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		uint64_t got = 0;
		struct err err = { 0 };
		int r = rows[i].read(rows[i].text, &got, &err);

		if ((r == 0) != (rows[i].value != 0) || got != rows[i].value)
			fail_msg("%s: %d, %llu", rows[i].text, r, (unsigned long long)got);
		assert_true(r == 0 || err.kind == ERR_INPUT);
	}
}

static void flag_wins_over_settings_over_environment_over_default(void **state)
{
	static const char *const envp[] = { "SANDBOX_TIMEOUT=7s", "SANDBOX_MEMORY_LIMIT=64M",
					    NULL };
	scoped_arena struct arena a = { 0 };
	struct policy p;
	struct err err;

	(void)state;
	policy_begin(&p, &a);
	assert_int_equal(policy_n(&p, POLICY_TIMEOUT), 30000);
	assert_int_equal(policy_n(&p, POLICY_MEMORY), 512u << 20);
	assert_int_equal(policy_set(&p, POLICY_TIMEOUT, "5s", ORIGIN_FLAG, "--timeout", &err), 0);
	assert_int_equal(policy_set(&p, POLICY_MEMORY, "32M", ORIGIN_SETTINGS, "/m", &err), 0);
	assert_int_equal(policy_environment(&p, envp, &err), 0);
	assert_int_equal(policy_n(&p, POLICY_TIMEOUT), 5000);
	assert_string_equal(p.v[POLICY_TIMEOUT].from, "--timeout");
	assert_int_equal(policy_n(&p, POLICY_MEMORY), 32u << 20);
	assert_int_equal(p.v[POLICY_MEMORY].origin, ORIGIN_SETTINGS);
	assert_int_equal(p.v[POLICY_DISK].origin, ORIGIN_DEFAULT);
}

/* Also where a flag would win: a wrong value is somebody's mistake. */
static void malformed_variable_is_named(void **state)
{
	static const char *const bad[] = {
		"SANDBOX_TIMEOUT=soon",		 "SANDBOX_MEMORY_LIMIT=much",
		"SANDBOX_CPU_LIMIT=all",	 "SANDBOX_CPU_SHARES=1",
		"SANDBOX_ALLOW_NETWORK=perhaps", "SANDBOX_ALLOW_FS_WRITE=2",
		"SANDBOX_ALLOW_EXEC=maybe",	 "SANDBOX_LOG_LEVEL=loud",
		"SANDBOX_CPU_TIME=soon",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		const char *envp[] = { bad[i], NULL };
		scoped_arena struct arena a = { 0 };
		struct policy p;
		struct err err = { 0 };

		policy_begin(&p, &a);
		assert_int_equal(
			policy_set(&p, POLICY_TIMEOUT, "5", ORIGIN_FLAG, "--timeout", &err), 0);
		assert_int_equal(policy_environment(&p, envp, &err), -1);
		assert_int_equal(err.kind, ERR_INPUT);
		assert_true(str_starts(bad[i], err.place));
	}
}

static void mounts_take_escaped_colons_and_options(void **state)
{
	scoped_arena struct arena a = { 0 };
	struct policy p;
	struct err err = { 0 };

	(void)state;
	policy_begin(&p, &a);
	assert_int_equal(policy_mount(&p, "/a\\:b:/in//put/:rw,noexec", "--mount", &err), 0);
	assert_int_equal(policy_mount(&p, "here:/x", "--mount", &err), 0);
	assert_string_equal(p.mounts.v[0].source, "/a:b");
	assert_string_equal(p.mounts.v[0].destination, "/in/put");
	assert_true(p.mounts.v[0].writable && p.mounts.v[0].noexec);
	assert_false(p.mounts.v[1].writable);
	assert_int_equal(policy_mount(&p, "/a", "--mount", &err), -1);
	refused(&err, "--mount", "SOURCE:DESTINATION");
	assert_int_equal(policy_mount(&p, "/a:b", "--mount", &err), -1);
	refused(&err, "--mount", "absolute");
	assert_int_equal(policy_mount(&p, "/a:/b:rwx", "--mount", &err), -1);
	refused(&err, "--mount", "ro, rw and noexec");
}

static void a_secret_is_never_repeated(void **state)
{
	static const char *const envp[] = { "TOKEN=hunter2", NULL };
	scoped_arena struct arena a = { 0 };
	struct text out = { .arena = &a };
	struct emit e = { .out = &out };
	struct policy p;
	struct err err = { 0 };

	(void)state;
	policy_begin(&p, &a);
	assert_int_equal(policy_secret(&p, "KEY=env:TOKEN", envp, &err), 0);
	assert_string_equal(p.variables.v[0].value, "hunter2");
	policy_explain(&p, &out);
	policy_emit(&p, &e);
	assert_null(strstr(out.s, "hunter2"));
	assert_non_null(strstr(out.s, "KEY=***"));
	assert_int_equal(policy_secret(&p, "KEY=hunter2", envp, &err), -1);
	assert_null(strstr(err.text, "hunter2"));
	assert_int_equal(policy_secret(&p, "KEY=env:NONE", envp, &err), -1);
	refused(&err, "--secret", "is not set");
}

static void domains_match_as_they_are_written(void **state)
{
	static const struct {
		const char *rule, *name;
		uint16_t port;
		bool matches;
	} rows[] = {
		{ "example.org", "example.org", 443, true },
		{ "example.org", "EXAMPLE.org.", 1, true },
		{ "example.org", "www.example.org", 443, false },
		{ "*.example.org", "www.example.org", 443, true },
		{ "*.example.org", "a.b.example.org", 443, true },
		{ "*.example.org", "example.org", 443, false },
		{ "*.example.org", "notexample.org", 443, false },
		{ "*", "anything", 1, true },
		{ "*:80", "anything", 443, false },
		{ "example.org:8080", "example.org", 8080, true },
		{ "example.org:8080", "example.org", 80, false },
		{ "192.0.2.0/24", "192.0.2.1", 80, false },
	};
	static const char *const wrong[] = { "",	   "a..b",	"*.",	   "*a.b", "a.*",
					     "ex ample",   "a:0",	"a:65536", "a:",   "[::1",
					     "1.2.3.0/33", "https://a", "a/b",	   "-:x" };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct domain_rule r;
		struct err err;

		assert_int_equal(domain_rule_parse(rows[i].rule, &r, &err), 0);
		if (domain_rule_matches(&r, rows[i].name, rows[i].port) != rows[i].matches)
			fail_msg("%s and %s", rows[i].rule, rows[i].name);
	}
	for (size_t i = 0; i < ARRAY_LEN(wrong); i++) {
		struct domain_rule r;
		struct err err = { 0 };

		if (domain_rule_parse(wrong[i], &r, &err) == 0)
			fail_msg("%s was taken", wrong[i]);
		assert_int_equal(err.kind, ERR_INPUT);
	}
}

static void addresses_match_their_networks(void **state)
{
	static const struct {
		const char *rule, *address;
		uint16_t port;
		bool matches;
	} rows[] = {
		{ "192.0.2.0/24", "192.0.2.77", 80, true },
		{ "192.0.2.0/24", "192.0.3.77", 80, false },
		{ "192.0.2.128/25", "192.0.2.77", 80, false },
		{ "0.0.0.0/0", "203.0.113.9", 80, true },
		{ "0.0.0.0/0", "2001:db8::1", 80, false },
		{ "192.0.2.1:443", "192.0.2.1", 443, true },
		{ "192.0.2.1:443", "192.0.2.1", 80, false },
		{ "[::1]:443", "::1", 443, true },
		{ "::1", "::1", 9, true },
		{ "2001:db8::/32", "2001:db8:5::1", 1, true },
		{ "2001:db8::/33", "2001:db8:8000::1", 1, false },
		{ "192.0.2.1", "::ffff:192.0.2.1", 1, true },
		{ "example.org", "192.0.2.1", 1, false },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct domain_rule r;
		uint8_t address[16];
		struct err err;

		assert_int_equal(domain_rule_parse(rows[i].rule, &r, &err), 0);
		assert_true(address_parse(rows[i].address, address));
		if (domain_rule_matches_address(&r, address, rows[i].port) != rows[i].matches)
			fail_msg("%s and %s", rows[i].rule, rows[i].address);
	}
}

static void published_ports_are_read_whole(void **state)
{
	static const struct {
		const char *text;
		uint16_t host_port, port;
	} rows[] = {
		{ "127.0.0.1:8080:80", 8080, 80 },
		{ "0.0.0.0:1:65535", 1, 65535 },
		{ "[::1]:8080:80", 8080, 80 },
		{ "[::ffff:192.0.2.1]:8080:80", 8080, 80 },
	};
	static const char *const wrong[] = { "",
					     "80",
					     "8080:80",
					     ":8080:80",
					     "localhost:8080:80",
					     "::1:8080:80",
					     "127.0.0.1:0:80",
					     "127.0.0.1:8080:",
					     "127.0.0.1::80",
					     "127.0.0.1:8080:65536",
					     "127.0.0.1:+1:80",
					     "[127.0.0.1]:8080:80",
					     "127.0.0.1:8080:80:1" };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct published p;
		struct err err;

		if (published_parse(rows[i].text, &p, &err) < 0)
			fail_msg("%s was refused", rows[i].text);
		assert_int_equal(p.host_port, rows[i].host_port);
		assert_int_equal(p.port, rows[i].port);
	}
	for (size_t i = 0; i < ARRAY_LEN(wrong); i++) {
		struct published p;
		struct err err = { 0 };

		if (published_parse(wrong[i], &p, &err) == 0)
			fail_msg("%s was taken", wrong[i]);
		assert_int_equal(err.kind, ERR_INPUT);
	}
}

static void a_denied_domain_wins(void **state)
{
	scoped_arena struct arena a = { 0 };
	struct policy p;
	struct err err;

	(void)state;
	policy_begin(&p, &a);
	assert_false(domains_allow(&p.domains, "a.example.org", NULL, 443));
	assert_int_equal(policy_add_domain(&p, "*.example.org", true, "", &err), 0);
	assert_int_equal(policy_add_domain(&p, "evil.example.org", false, "", &err), 0);
	assert_true(domains_allow(&p.domains, "a.example.org", NULL, 443));
	assert_false(domains_allow(&p.domains, "evil.example.org", NULL, 443));
	assert_false(domains_allow(&p.domains, "example.org", NULL, 443));
	assert_true(policy_filtered(&p));
}

static void the_most_specific_path_wins_and_on_a_tie_the_denial(void **state)
{
	scoped_arena struct arena a = { 0 };
	struct policy p;
	struct err err;

	(void)state;
	policy_begin(&p, &a);
	assert_int_equal(policy_add_path(&p, "/home", ACCESS_READ, true, "", &err), 0);
	assert_int_equal(policy_add_path(&p, "/home/u/.ssh", ACCESS_DENY, true, "", &err), 0);
	assert_int_equal(policy_add_path(&p, "/home/u/.ssh/known", ACCESS_WRITE, true, "", &err),
			 0);
	assert_int_equal(policy_add_path(&p, "/home/tie", ACCESS_DENY, true, "", &err), 0);
	assert_int_equal(policy_add_path(&p, "/home/tie", ACCESS_WRITE, true, "", &err), 0);
	assert_int_equal(paths_access(&p.paths, "/home/u"), ACCESS_READ);
	assert_int_equal(paths_access(&p.paths, "/home/u/.ssh"), ACCESS_DENY);
	assert_int_equal(paths_access(&p.paths, "/home/u/.ssh/id"), ACCESS_DENY);
	assert_int_equal(paths_access(&p.paths, "/home/u/.sshx"), ACCESS_READ);
	assert_int_equal(paths_access(&p.paths, "/home/u/.ssh/known"), ACCESS_WRITE);
	assert_int_equal(paths_access(&p.paths, "/home/tie/x"), ACCESS_DENY);
	assert_int_equal(paths_access(&p.paths, "/etc"), -1);
}

static void users_are_two_numbers(void **state)
{
	scoped_arena struct arena a = { 0 };
	uint32_t uid = 0, gid = 0;
	struct policy p;
	struct err err;

	(void)state;
	policy_begin(&p, &a);
	assert_int_equal(policy_user(&p, &uid, &gid, &err), 0);
	assert_int_equal(uid, 1000);
	assert_int_equal(policy_set(&p, POLICY_USER, "5", ORIGIN_FLAG, "--user", &err), 0);
	assert_int_equal(policy_user(&p, &uid, &gid, &err), 0);
	assert_int_equal(gid, 5);
	assert_int_equal(policy_set(&p, POLICY_USER, "root", ORIGIN_FLAG, "--user", &err), 0);
	assert_int_equal(policy_user(&p, &uid, &gid, &err), -1);
	assert_string_equal(err.place, "--user");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_two_rules_have_in_common),
		cmocka_unit_test(durations_sizes_and_shares_are_read_whole),
		cmocka_unit_test(flag_wins_over_settings_over_environment_over_default),
		cmocka_unit_test(malformed_variable_is_named),
		cmocka_unit_test(mounts_take_escaped_colons_and_options),
		cmocka_unit_test(a_secret_is_never_repeated),
		cmocka_unit_test(domains_match_as_they_are_written),
		cmocka_unit_test(addresses_match_their_networks),
		cmocka_unit_test(published_ports_are_read_whole),
		cmocka_unit_test(a_denied_domain_wins),
		cmocka_unit_test(the_most_specific_path_wins_and_on_a_tie_the_denial),
		cmocka_unit_test(users_are_two_numbers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
