/* SPDX-License-Identifier: Apache-2.0 */
/* test_json_emit.c - JSON text as it is written, and strings as messages show them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "spec/json/emit.h"
#include "spec/json/quote.h"
#include "spec/json/tree.h"
#include "spec/json/utf8.h"

static void write_sample(struct emit *e)
{
	emit_object(e, NULL);
	emit_str(e, "s", "a\"b\\c\n\x01\xc3\xa4");
	emit_str(e, "absent", NULL);
	emit_array(e, "list");
	emit_int(e, NULL, INT64_MIN);
	emit_uint(e, NULL, UINT64_MAX);
	emit_bool(e, NULL, false);
	emit_null(e, NULL);
	emit_end_array(e);
	emit_object(e, "empty");
	emit_end_object(e);
	emit_raw(e, "raw", "[1]");
	emit_end_object(e);
}

static void writes_one_line_without_spaces(void **state)
{
	scoped_arena struct arena a = { 0 };
	struct text t = { .arena = &a };
	struct emit e = { .out = &t };

	(void)state;
	write_sample(&e);
	assert_string_equal(t.s, "{\"s\":\"a\\\"b\\\\c\\n\\u0001\xc3\xa4\","
				 "\"list\":[-9223372036854775808,18446744073709551615,false,null],"
				 "\"empty\":{},\"raw\":[1]}");
}

static void writes_indented_lines(void **state)
{
	scoped_arena struct arena a = { 0 };
	struct text t = { .arena = &a };
	struct emit e = { .out = &t, .indent = 2 };

	(void)state;
	emit_object(&e, NULL);
	emit_array(&e, "a");
	emit_int(&e, NULL, 1);
	emit_int(&e, NULL, 2);
	emit_end_array(&e);
	emit_array(&e, "b");
	emit_end_array(&e);
	emit_end_object(&e);
	assert_string_equal(t.s, "{\n  \"a\": [\n    1,\n    2\n  ],\n  \"b\": []\n}");
}

static void what_is_written_can_be_read(void **state)
{
	static const struct json_limits limits = { 4096, 8, 100 };
	scoped_arena struct arena a = { 0 };
	struct text t = { .arena = &a };
	struct emit e = { .out = &t, .indent = 4 };
	struct json *n;
	struct err err;

	(void)state;
	write_sample(&e);
	assert_int_equal(json_parse(t.s, t.len, "t", &limits, &a, &n, &err), 0);
	assert_string_equal(json_member(n, "s")->text, "a\"b\\c\n\x01\xc3\xa4");
	assert_int_equal(json_member(n, "list")->count, 4);
}

static void bytes_that_are_not_utf8_become_a_mark(void **state)
{
	scoped_arena struct arena a = { 0 };
	struct text t = { .arena = &a };
	struct emit e = { .out = &t };

	(void)state;
	emit_str(&e, NULL, "a\xff\xc3");
	assert_string_equal(t.s, "\"a\xef\xbf\xbd\xef\xbf\xbd\"");
}

static void only_well_formed_characters_have_a_length(void **state)
{
	(void)state;
	assert_int_equal(utf8_char("a", 1), 1);
	assert_int_equal(utf8_char("\xc3\xa4", 2), 2);
	assert_int_equal(utf8_char("\xe2\x82\xac", 3), 3);
	assert_int_equal(utf8_char("\xf0\x9f\x98\x80", 4), 4);
	assert_int_equal(utf8_char("", 0), 0);
	assert_int_equal(utf8_char("\xc3", 1), 0);
	assert_int_equal(utf8_char("\x80", 1), 0);
	assert_int_equal(utf8_char("\xc1\xbf", 2), 0);
	assert_int_equal(utf8_char("\xe0\x80\x80", 3), 0);
	assert_int_equal(utf8_char("\xed\xa0\x80", 3), 0);
	assert_int_equal(utf8_char("\xf0\x80\x80\x80", 4), 0);
	assert_int_equal(utf8_char("\xf5\x80\x80\x80", 4), 0);
}

static void a_quote_is_one_short_line(void **state)
{
	char huge[4000];

	(void)state;
	assert_string_equal(Q("a"), "\"a\"");
	assert_string_equal(Q("a\nb\"\x1b\x7f"), "\"a\\u000ab\\\"\\u001b\\u007f\"");
	assert_string_equal(Q("\xff"), "\"\xef\xbf\xbd\"");
	for (int c = 1; c < 256; c++) {
		memset(huge, c, sizeof(huge));
		huge[sizeof(huge) - 1] = '\0';
		assert_true(strlen(Q(huge)) < QUOTE_MAX);
		assert_true(strlen(Q(huge)) > QUOTE_MAX - 15);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(writes_one_line_without_spaces),
		cmocka_unit_test(writes_indented_lines),
		cmocka_unit_test(what_is_written_can_be_read),
		cmocka_unit_test(bytes_that_are_not_utf8_become_a_mark),
		cmocka_unit_test(only_well_formed_characters_have_a_length),
		cmocka_unit_test(a_quote_is_one_short_line),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
