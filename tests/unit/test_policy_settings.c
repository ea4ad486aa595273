/* SPDX-License-Identifier: Apache-2.0 */
/* test_policy_settings.c - the dialects of settings files are told by their keys and read strictly. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "spec/base/str.h"
#include "spec/policy/dialect.h"
#include "spec/policy/match.h"
#include "spec/policy/result.h"

static const char *const envp[] = { "TOKEN=hunter2", "HOME=/home/u", NULL };
static const struct caller caller = { "/home/u", "/home/u/work", envp, NULL };

static int parse(const char *json, struct arena *a, struct policy *p, struct err *err)
{
	policy_begin(p, a);
	return settings_parse(json, strlen(json), "s.json", &caller, p, err);
}

static void refused(const char *json, const char *text)
{
	scoped_arena struct arena a = { 0 };
	struct policy p;
	struct err err = { 0 };
	char line[ERR_LINE_MAX];

	if (parse(json, &a, &p, &err) == 0)
		fail_msg("%s was taken", json);
	if (!strstr(err_line(&err, line, sizeof(line)), text))
		fail_msg("\"%s\" has not \"%s\"", line, text);
}

static void what_is_no_settings_file_is_refused(void **state)
{
	(void)state;
	refused("", "s.json");
	refused("{", "s.json");
	refused("[]", "no object");
	refused("{}", "no known dialect");
	refused("{\"timeout\": 3}", "no known dialect");
}

static void unknown_keys_are_refused_in_every_dialect(void **state)
{
	(void)state;
	refused("{\"network\":{\"allowedDomains\":[],\"deniedDomain\":[]},\"filesystem\":{}}",
		"did you mean");
	refused("{\"network\":{},\"filesystem\":{},\"extra\":1}", "unknown key");
	refused("{\"network\":{\"allowedDomains\":[]}}", "filesystem");
	refused("{\"resource_limits\":{\"timeout\":1}}", "unknown key");
	refused("{\"name\":\"x\",\"network_mode\":\"none\",\"more\":1}", "unknown key");
	refused("{\"network_mode\":\"open\"}", "/network_mode");
}

static void a_saved_policy_says_one_thing_of_the_network(void **state)
{
	static const struct {
		const char *text;
		bool full;
	} rows[] = {
		{ "{\"network_mode\":\"full\"}", true },
		{ "{\"network_mode\":\"full\",\"network\":{\"rules\":[]}}", true },
		{ "{\"network_mode\":\"full\",\"network\":{\"mode\":\"full\"}}", true },
		{ "{\"environment\":{},\"network\":{\"mode\":\"full\"}}", true },
		{ "{\"environment\":{}}", false },
		{ "{\"network_mode\":\"restricted\"}", false },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		scoped_arena struct arena a = { 0 };
		struct policy p;
		struct err err = { 0 };

		assert_int_equal(parse(rows[i].text, &a, &p, &err), 0);
		assert_int_equal(policy_n(&p, POLICY_NETWORK), rows[i].full);
	}
	refused("{\"network_mode\":\"full\",\"network\":{\"mode\":\"none\"}}",
		"/network/mode: \"none\"");
	refused("{\"network_mode\":\"none\",\"network\":{\"mode\":\"full\"}}",
		"/network/mode: \"full\"");
}

static void a_version_of_another_major_number_is_refused(void **state)
{
	static const char *const fine[] = { "1", "1.0", "1.2", "1.10.3" };
	static const char *const wrong[] = { "9.0", "2",    "10",  "0.9",   "",
					     "1.",  "1..0", "one", "1.0-x", "v1" };

	(void)state;
	for (size_t d = 0; d < 2; d++) {
		const char *member = d ? "\"network_mode\":\"none\"" : "\"sandbox_id\":\"s\"";
		char text[128];

		for (size_t i = 0; i < ARRAY_LEN(fine); i++) {
			scoped_arena struct arena a = { 0 };
			struct policy p;
			struct err err = { 0 };

			(void)snprintf(text, sizeof(text), "{\"version\":\"%s\",%s}", fine[i],
				       member);
			assert_int_equal(parse(text, &a, &p, &err), 0);
		}
		for (size_t i = 0; i < ARRAY_LEN(wrong); i++) {
			(void)snprintf(text, sizeof(text), "{\"version\":\"%s\",%s}", wrong[i],
				       member);
			refused(text, "/version: ");
		}
	}
	refused("{\"version\":\"9.0\",\"sandbox_id\":\"s\"}",
		"\"9.0\" is not known; known are 1 and 1.N");
}

static void npm_settings_deny_writes_but_where_allowed(void **state)
{
	scoped_arena struct arena a = { 0 };
	struct policy p;
	struct err err = { 0 };

	(void)state;
	assert_int_equal(
		parse("{\"network\":{\"allowedDomains\":[],\"deniedDomains\":[]},\"filesystem\":{"
		      "\"denyRead\":[\"~/.ssh\",\"~/work/secret\"],\"allowRead\":[\"~/work/secret/ok\"],"
		      "\"allowWrite\":[\".\",\"/tmp\",\"./ro/deep\"],\"denyWrite\":[\"./ro\"]},"
		      "\"ignoreViolations\":{\"*\":[\"/usr/bin\"]}}",
		      &a, &p, &err),
		0);
	assert_int_equal(p.view, VIEW_HOST);
	assert_true(p.no_unix_sockets && p.inherit_env && p.stay);
	assert_false(policy_filtered(&p));
	assert_int_equal(paths_access(&p.paths, "/home/u/.ssh/id"), ACCESS_DENY);
	assert_int_equal(paths_access(&p.paths, "/home/u/work/x"), ACCESS_WRITE);
	assert_int_equal(paths_access(&p.paths, "/home/u/work/secret/x"), ACCESS_DENY);
	assert_int_equal(paths_access(&p.paths, "/home/u/work/secret/ok"), ACCESS_WRITE);
	assert_int_equal(paths_access(&p.paths, "/home/u/work/ro/x"), ACCESS_READ);
	assert_int_equal(paths_access(&p.paths, "/home/u/work/ro/deep/x"), ACCESS_READ);
	assert_int_equal(paths_access(&p.paths, "/home/u/work/.git/hooks/x"), ACCESS_READ);
	assert_int_equal(paths_access(&p.paths, "/home/u/other"), -1);
	assert_string_equal(p.ignored.v[0], "/usr/bin");
}

/* A denial of writing must not show what is denied to readers. */
static void npm_denied_reads_stay_denied(void **state)
{
	scoped_arena struct arena a = { 0 };
	struct policy p;
	struct err err = { 0 };

	(void)state;
	assert_int_equal(
		parse("{\"network\":{},\"filesystem\":{\"denyRead\":[\"./keys\"],\"allowWrite\":[\".\"],"
		      "\"denyWrite\":[\"./keys/one\"]}}",
		      &a, &p, &err),
		0);
	assert_int_equal(paths_access(&p.paths, "/home/u/work/keys/one"), ACCESS_DENY);
}

static void npm_domains_ask_for_the_filter(void **state)
{
	scoped_arena struct arena a = { 0 };
	struct policy p;
	struct err err = { 0 };

	(void)state;
	assert_int_equal(parse("{\"network\":{\"allowedDomains\":[\"*.github.com\"],"
			       "\"allowAllUnixSockets\":true},\"filesystem\":{}}",
			       &a, &p, &err),
			 0);
	assert_true(policy_filtered(&p));
	assert_false(p.no_unix_sockets);
	refused("{\"network\":{},\"filesystem\":{},\"enableWeakerNestedSandbox\":true}", "weaker");
	refused("{\"network\":{\"allowedDomains\":[\"http://x\"]},\"filesystem\":{}}",
		"/network/allowedDomains/0");
	refused("{\"network\":{},\"filesystem\":{\"denyRead\":[\"/a/*.pem\"]}}", "pattern");
}

static void npm_keys_without_effect_here_are_taken(void **state)
{
	scoped_arena struct arena a = { 0 };
	struct policy p;
	struct err err = { 0 };

	(void)state;
	assert_int_equal(
		parse("{\"network\":{\"allowLocalBinding\":true,\"strictAllowlist\":true,\"allowMachLookup\":[]},"
		      "\"filesystem\":{},\"allowAppleEvents\":true,\"allowPty\":true,"
		      "\"enableWeakerNetworkIsolation\":true,\"allowNestedUserNamespaces\":false,"
		      "\"bwrapPath\":\"/b\",\"socatPath\":\"/s\",\"ripgrep\":{\"command\":\"rg\"},"
		      "\"seccomp\":{},\"mandatoryDenySearchDepth\":10}",
		      &a, &p, &err),
		0);
	refused("{\"network\":{},\"filesystem\":{},\"allowNestedUserNamespaces\":true}",
		"namespaces");
	refused("{\"network\":{},\"filesystem\":{\"disabled\":true}}", "/filesystem/disabled");
	refused("{\"network\":{},\"filesystem\":{},\"mandatoryDenySearchDepth\":0}", "1 to 10");
	refused("{\"network\":{},\"filesystem\":{},\"mandatoryDenySearchDepth\":11}",
		"/mandatoryDenySearchDepth");
}

static void npm_paths_may_be_marked_as_no_patterns(void **state)
{
	scoped_arena struct arena a = { 0 };
	struct policy p;
	struct err err = { 0 };

	(void)state;
	assert_int_equal(parse("{\"network\":{},\"filesystem\":{\"denyRead\":[\"/x\","
			       "{\"path\":\"./[a]*\",\"literal\":true}]}}",
			       &a, &p, &err),
			 0);
	assert_int_equal(paths_access(&p.paths, "/home/u/work/[a]*"), ACCESS_DENY);
	assert_int_equal(paths_access(&p.paths, "/home/u/work/a"), -1);
	refused("{\"network\":{},\"filesystem\":{\"denyRead\":[{\"path\":\"a\"}]}}",
		"/filesystem/denyRead/0");
	refused("{\"network\":{},\"filesystem\":{\"denyRead\":[{\"path\":\"a\",\"literal\":false}]}}",
		"literal");
	refused("{\"network\":{},\"filesystem\":{\"allowWrite\":[3]}}", "/filesystem/allowWrite/0");
}

/* A host where ~/work/link and ~/work/out lead out of where they are. */
static enum lookup_kind fake_kind(const char *path)
{
	return str_eq(path, "/home/u/work/.git") || str_eq(path, "/tmp/claude") ? LOOKUP_DIR
										: LOOKUP_NOTHING;
}
static int fake_real(const char *path, struct arena *a, const char **ret, struct err *err)
{
	(void)a;
	(void)err;
	*ret = str_eq(path, "/home/u/work/link")  ? "/home/u/work/keys"
	       : str_eq(path, "/home/u/work/out") ? "/home/u/other"
						  : path;
	return 0;
}
static int fake_fitting(const char *pattern, struct arena *a, struct policy_words *ret,
			struct err *err)
{
	static const char *found[] = { "/home/u/work/a.pem" };

	(void)a;
	(void)err;
	assert_string_equal(pattern, "/home/u/work/*.pem");
	*ret = (struct policy_words){ found, 1 };
	return 0;
}
static int fake_below(const char *dir, const char *const *names, size_t n, unsigned int depth,
		      struct arena *a, struct policy_words *ret, struct err *err)
{
	static const char *found[] = { "/home/u/work/x/.bashrc" };

	(void)names;
	(void)a;
	(void)err;
	assert_string_equal(dir, "/home/u/work");
	assert_int_equal(depth, 3);
	if (n > 1)
		*ret = (struct policy_words){ found, 1 };
	return 0;
}

static void npm_rules_are_compared_by_what_they_name(void **state)
{
	static const struct lookup look = { fake_kind, fake_real, fake_fitting, fake_below };
	static const struct caller host = { "/home/u", "/home/u/work", envp, &look };
	static const char text[] =
		"{\"network\":{},\"filesystem\":{\"denyRead\":[\"./keys\",\"*.pem\"],"
		"\"allowRead\":[\"./link\"],\"allowWrite\":[\".\",\"./out\"],\"denyWrite\":[\"./f\"]}}";
	scoped_arena struct arena a = { 0 };
	struct policy p;
	struct err err = { 0 };

	(void)state;
	policy_begin(&p, &a);
	assert_int_equal(settings_parse(text, strlen(text), "s", &host, &p, &err), 0);
	/* Neither link opens what it leads to. */
	assert_int_equal(paths_access(&p.paths, "/home/u/work/keys/k"), ACCESS_DENY);
	assert_int_equal(paths_access(&p.paths, "/home/u/other"), -1);
	assert_int_equal(paths_access(&p.paths, "/home/u/work/a.pem"), ACCESS_DENY);
	assert_int_equal(paths_access(&p.paths, "/home/u/work/x/.bashrc"), ACCESS_READ);
	assert_int_equal(paths_access(&p.paths, "/tmp/claude/x"), ACCESS_WRITE);
	assert_true(paths_rule(&p.paths, "/home/u/work/f")->kept);
	assert_true(paths_rule(&p.paths, "/home/u/work/.git/hooks")->kept);
	assert_true(paths_rule(&p.paths, "/home/u/work/.bashrc")->kept);
}

static void executor_settings_set_limits_and_paths(void **state)
{
	scoped_arena struct arena a = { 0 };
	struct policy p;
	struct err err = { 0 };

	(void)state;
	assert_int_equal(
		parse("{\"version\":\"1.0\",\"sandbox_id\":\"s1\",\"resource_limits\":{\"timeout_seconds\":5,"
		      "\"max_memory_mb\":64,\"max_processes\":3},\"filesystem\":{\"allow_read\":true,"
		      "\"allow_write\":false,\"allowed_paths\":[\"/data\"],\"blocked_paths\":[\"/data/x\"]},"
		      "\"network\":{\"allow\":false,\"allow_http\":false,\"blocked_domains\":[\"a.b\"]}}",
		      &a, &p, &err),
		0);
	assert_string_equal(p.dialect, "executor");
	assert_int_equal(policy_n(&p, POLICY_TIMEOUT), 5000);
	assert_int_equal(policy_n(&p, POLICY_MEMORY), 64u << 20);
	assert_int_equal(policy_n(&p, POLICY_PROCESSES), 3);
	assert_int_equal(paths_access(&p.paths, "/data/y"), ACCESS_READ);
	assert_int_equal(paths_access(&p.paths, "/data/x"), ACCESS_DENY);
	assert_false(policy_filtered(&p));
	refused("{\"resource_limits\":{\"timeout_seconds\":0}}",
		"/resource_limits/timeout_seconds");
}

static void what_allows_the_scratch_is_met_by_the_sandboxs_own(void **state)
{
	scoped_arena struct arena a = { 0 };
	struct policy p;
	struct err err = { 0 };

	(void)state;
	assert_int_equal(
		parse("{\"name\":\"s\",\"network_mode\":\"none\",\"filesystem\":{\"rules\":["
		      "{\"path\":\"/tmp/./\",\"mode\":\"allow\"},{\"path\":\"/dev/shm\",\"mode\":\"read_only\"},"
		      "{\"path\":\"/tmp/input\",\"mode\":\"read_only\"},{\"path\":\"/tmp\",\"mode\":\"deny\"}]}}",
		      &a, &p, &err),
		0);
	assert_true(p.paths.v[0].own && p.paths.v[1].own);
	assert_false(p.paths.v[2].own || p.paths.v[3].own);
	assert_int_equal(
		parse("{\"network\":{\"allowedDomains\":[],\"deniedDomains\":[]},\"filesystem\":"
		      "{\"denyRead\":[],\"allowWrite\":[\"/tmp\"],\"denyWrite\":[]}}",
		      &a, &p, &err),
		0);
	assert_false(p.paths.v[0].own);
}

static void a_saved_policy_takes_masked_values_from_the_caller(void **state)
{
	scoped_arena struct arena a = { 0 };
	struct policy p;
	struct err err = { 0 };

	(void)state;
	assert_int_equal(
		parse("{\"name\":\"research\",\"network_mode\":\"restricted\",\"filesystem\":{\"rules\":["
		      "{\"path\":\"~/.ssh\",\"mode\":\"deny\",\"recursive\":true,\"description\":\"\"},"
		      "{\"path\":\"/data\",\"mode\":\"read_only\"}]},\"network\":{\"mode\":\"restricted\","
		      "\"rules\":[{\"domain\":\"pypi.org\",\"mode\":\"allow\",\"ports\":[443],"
		      "\"protocols\":null,\"description\":\"\"}]},\"environment\":{\"TOKEN\":{\"name\":"
		      "\"TOKEN\",\"value\":\"***\",\"sensitive\":true,\"description\":\"\"}}}",
		      &a, &p, &err),
		0);
	assert_string_equal(p.name, "research");
	assert_string_equal(p.variables.v[0].value, "hunter2");
	assert_true(p.variables.v[0].secret);
	assert_true(p.paths.v[1].shallow);
	assert_string_equal(p.domains.v[0].pattern, "pypi.org:443");
	refused("{\"network_mode\":\"none\",\"environment\":{\"NONE\":{\"value\":\"***\",\"sensitive\":true}}}",
		"NONE is not set");
}

static void the_result_and_its_schema_have_the_same_members(void **state)
{
	static const struct json_limits limits = { 1 << 20, 32, 10000 };
	scoped_arena struct arena a = { 0 };
	struct text doc = { .arena = &a }, schema = { .arena = &a };
	struct emit e = { .out = &doc }, s = { .out = &schema };
	struct result r = { .sandbox_id = "x",
			    .backend = "supervisor",
			    .timestamp = "t",
			    .out = { "a\0b", 3, false },
			    .err = { "gr\xc3\xbc", 4, false } };
	struct json *document, *described;
	const struct json *properties;
	struct policy p;
	struct err err;

	(void)state;
	policy_begin(&p, &a);
	result_emit(&r, &p, &e);
	result_schema(&s);
	assert_int_equal(json_parse(doc.s, doc.len, "doc", &limits, &a, &document, &err), 0);
	assert_int_equal(json_parse(schema.s, schema.len, "schema", &limits, &a, &described, &err),
			 0);
	properties = json_member(described, "properties");
	assert_int_equal(document->count, properties->count);
	for (const struct json *m = document->first; m; m = m->next)
		assert_non_null(json_member(properties, m->key));
	assert_string_equal(json_member(document, "stdout")->text, "YQBi");
	assert_string_equal(json_member(document, "stdout_encoding")->text, "base64");
	assert_string_equal(json_member(document, "stderr_encoding")->text, "utf-8");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_no_settings_file_is_refused),
		cmocka_unit_test(unknown_keys_are_refused_in_every_dialect),
		cmocka_unit_test(a_saved_policy_says_one_thing_of_the_network),
		cmocka_unit_test(a_version_of_another_major_number_is_refused),
		cmocka_unit_test(npm_settings_deny_writes_but_where_allowed),
		cmocka_unit_test(npm_denied_reads_stay_denied),
		cmocka_unit_test(npm_domains_ask_for_the_filter),
		cmocka_unit_test(npm_keys_without_effect_here_are_taken),
		cmocka_unit_test(npm_paths_may_be_marked_as_no_patterns),
		cmocka_unit_test(npm_rules_are_compared_by_what_they_name),
		cmocka_unit_test(executor_settings_set_limits_and_paths),
		cmocka_unit_test(what_allows_the_scratch_is_met_by_the_sandboxs_own),
		cmocka_unit_test(a_saved_policy_takes_masked_values_from_the_caller),
		cmocka_unit_test(the_result_and_its_schema_have_the_same_members),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
