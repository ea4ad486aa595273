/* SPDX-License-Identifier: Apache-2.0 */
/* test_policy_serve.c - requests to a pool are read strictly, and lower its limits only. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "spec/policy/serve.h"

static int parse(const char *json, struct arena *a, struct serve_request *q, struct err *err)
{
	return serve_request_parse(json, strlen(json), a, q, err);
}

static void refused(const char *json, const char *text)
{
	scoped_arena struct arena a = { 0 };
	struct serve_request q;
	struct err err = { 0 };
	char line[ERR_LINE_MAX];

	if (parse(json, &a, &q, &err) == 0)
		fail_msg("%s was taken", json);
	if (!strstr(err_line(&err, line, sizeof(line)), text))
		fail_msg("\"%s\" has not \"%s\"", line, text);
}

static void what_is_no_request_is_refused(void **state)
{
	(void)state;
	refused("", "request");
	refused("[]", "object");
	refused("{}", "\"version\" is missing");
	refused("{\"version\":1}", "\"op\" is missing");
	refused("{\"version\":2,\"op\":\"ping\"}", "version 2");
	refused("{\"version\":1,\"op\":\"stop\"}", "/op");
	refused("{\"version\":1,\"op\":\"execute\"}", "needs code");
	refused("{\"version\":1,\"op\":\"ping\",\"more\":1}", "unknown key");
	refused("{\"version\":1,\"op\":\"execute\",\"code\":\"\",\"language\":\"bash\"}",
		"python alone");
	refused("{\"version\":1,\"op\":\"execute\",\"code\":\"\",\"env\":{\"\":\"\"}}", "no name");
	refused("{\"version\":1,\"op\":\"execute\",\"code\":\"\",\"env\":{\"a=\":\"\"}}",
		"no name");
	refused("{\"version\":1,\"op\":\"execute\",\"code\":\"\",\"timeout_ms\":-1}",
		"/timeout_ms");
}

static void a_request_has_what_it_says(void **state)
{
	scoped_arena struct arena a = { 0 };
	struct serve_request q;
	struct err err;

	(void)state;
	assert_int_equal(parse("{\"version\":1,\"op\":\"execute\",\"id\":\"7\",\"code\":\"x=1\","
			       "\"stdin\":\"in\",\"env\":{\"A\":\"b\"},\"timeout_ms\":9}",
			       &a, &q, &err),
			 0);
	assert_int_equal(q.op, SERVE_EXECUTE);
	assert_string_equal(q.id, "7");
	assert_string_equal(q.code, "x=1");
	assert_string_equal(q.input, "in");
	assert_int_equal(q.env.n, 1);
	assert_string_equal(q.env.v[0].value, "b");
	assert_true(q.timeout_ms.set && q.timeout_ms.v == 9 && !q.memory.set);
}

static int lower(uint64_t timeout_ms, uint64_t memory, struct policy *p, struct err *err)
{
	const struct serve_request q = { .timeout_ms = { true, timeout_ms },
					 .memory = { true, memory } };

	return serve_request_limits(&q, p, err);
}

static void limits_are_lowered_and_never_raised(void **state)
{
	scoped_arena struct arena a = { 0 };
	struct policy p;
	struct err err;

	(void)state;
	policy_begin(&p, &a);
	assert_int_equal(lower(1000, 1 << 20, &p, &err), 0);
	assert_int_equal(policy_n(&p, POLICY_TIMEOUT), 1000);
	assert_int_equal(policy_n(&p, POLICY_MEMORY), 1 << 20);
	assert_int_equal(lower(1001, 1, &p, &err), -1);
	assert_int_equal(lower(0, 1, &p, &err), -1);
	assert_int_equal(lower(1, 1 << 21, &p, &err), -1);
}

static void lengths_are_bounded_and_come_back(void **state)
{
	unsigned char bytes[SERVE_LENGTH];

	(void)state;
	serve_length_put(0x01020304, bytes);
	assert_memory_equal(bytes, "\1\2\3\4", 4);
	assert_int_equal(serve_length(bytes, 0x01020304), 0x01020304);
	assert_int_equal(serve_length(bytes, 0x01020303), 0);
	assert_int_equal(serve_length((const unsigned char *)"\xff\xff\xff\xff", 1 << 20), 0);
}

static void an_error_says_whose_it_is(void **state)
{
	scoped_arena struct arena a = { 0 };
	struct text out = { .arena = &a };
	struct emit e = { .out = &out };
	const struct serve_request q = { .id = "x" };
	struct err err;

	(void)state;
	(void)err_input(&err, "no");
	serve_answer_error(&q, &err, &e);
	assert_string_equal(out.s, "{\"version\":1,\"id\":\"x\",\"error\":{\"kind\":\"request\","
				   "\"message\":\"no\"}}");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_no_request_is_refused),
		cmocka_unit_test(a_request_has_what_it_says),
		cmocka_unit_test(limits_are_lowered_and_never_raised),
		cmocka_unit_test(lengths_are_bounded_and_come_back),
		cmocka_unit_test(an_error_says_whose_it_is),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
