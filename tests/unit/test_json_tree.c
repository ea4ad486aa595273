/* SPDX-License-Identifier: Apache-2.0 */
/* test_json_tree.c - bytes become nodes, and what is no JSON, or too much of it, does not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <time.h>

#include "spec/base/str.h"
#include "spec/json/tree.h"
#include "tests/unit/document.h"

static const struct json_limits usual = { 1 << 20, 64, 100000 };

static int parse(struct arena *a, const char *text, size_t len, struct json **ret, struct err *err)
{
	scoped_arena struct arena own = { 0 };
	char *bytes = arena_strn(&own, text, len);
	struct json *node;
	struct err other;
	int r = json_parse(text, len, "t.json", &usual, a, ret, err);

	/* In place the answer is the same. */
	assert_int_equal(json_parse_in_place(bytes, len, "t.json", &usual, &own, &node, &other), r);
	if (r < 0)
		assert_string_equal(other.text, err->text);
	return r;
}

static struct json *parsed(struct arena *a, const char *text)
{
	struct json *node = NULL;
	struct err err;
	char *s = document(a, text);

	if (parse(a, s, strlen(s), &node, &err) < 0)
		fail_msg("%s", err.text);
	return node;
}

static void texts_may_stay_where_they_are(void **state)
{
	scoped_arena struct arena a = { 0 };
	char *bytes = document(
		&a, "{'key': 'text', 'k\\u0065y2': 'te\\u0078t', '': '', 'n': [12, 'last']}");
	char *before = arena_str(&a, bytes);
	size_t len = strlen(bytes);
	struct json *top = NULL;
	struct err err;

	(void)state;
	assert_int_equal(json_parse_in_place(bytes, len, "t", &usual, &a, &top, &err), 0);
	assert_ptr_equal(top->first->key, bytes + 2);
	assert_string_equal(json_member(top, "key")->text, "text");
	assert_ptr_equal(json_member(top, "key")->text, strstr(before, "text") - before + bytes);
	assert_string_equal(json_member(top, "key2")->text, "text");
	assert_string_equal(json_member(top, "")->text, "");
	assert_string_equal(json_member(top, "n")->first->text, "12");
	assert_string_equal(json_member(top, "n")->first->next->text, "last");
	json_restore(bytes, len);
	assert_memory_equal(bytes, before, len);
}

static void refused(const char *text, size_t len, const char *message)
{
	scoped_arena struct arena a = { 0 };
	struct json *node = NULL;
	struct err err;

	assert_int_equal(parse(&a, text, len, &node, &err), -1);
	assert_string_equal(err.text, message);
	assert_null(strchr(err.text, '\n'));
	assert_null(node);
}

static void reads_values_of_every_type_in_order(void **state)
{
	static const enum json_type types[] = { JSON_NULL,   JSON_BOOL,	 JSON_BOOL,  JSON_NUMBER,
						JSON_STRING, JSON_ARRAY, JSON_OBJECT };
	scoped_arena struct arena a = { 0 };
	struct json *n = parsed(&a, " [null, true, false, -12.5e3, 'x', [], {}] ");
	size_t i = 0;

	(void)state;
	assert_int_equal(n->type, JSON_ARRAY);
	assert_int_equal(n->count, 7);
	for (const struct json *m = n->first; m; m = m->next)
		assert_int_equal(m->type, types[i++]);
	assert_true(n->first->next->truth);
	assert_false(n->first->next->next->truth);
	assert_string_equal(n->first->next->next->next->text, "-12.5e3");
}

static void numbers_are_kept_as_written(void **state)
{
	scoped_arena struct arena a = { 0 };
	struct json *n =
		parsed(&a, "{'max': 18446744073709551615, 'more': 123456789012345678901234567890}");

	(void)state;
	assert_string_equal(json_member(n, "max")->text, "18446744073709551615");
	assert_string_equal(json_member(n, "more")->text, "123456789012345678901234567890");
	assert_null(json_member(n, "none"));
	assert_null(json_member(json_member(n, "max"), "max"));
	assert_string_equal(parsed(&a, "7")->text, "7");
}

static void decodes_escapes_and_pairs(void **state)
{
	scoped_arena struct arena a = { 0 };
	struct json *n = parsed(&a, "['a\\n\\t\\u00e4\\ud83d\\ude00\\/b', '\\\\u0000']");

	(void)state;
	assert_string_equal(n->first->text, "a\n\t\xc3\xa4\xf0\x9f\x98\x80/b");
	assert_int_equal(n->first->len, 11);
	assert_string_equal(n->first->next->text, "\\u0000");
}

static void every_node_knows_its_offset(void **state)
{
	static const char text[] = "{ \"a\" : [ 1,\n \"x\\ny\" , true ], \"b\": {}, \"c\" :null }";
	scoped_arena struct arena a = { 0 };
	struct json *n;
	struct err err;
	const struct json *list;

	(void)state;
	assert_int_equal(parse(&a, text, strlen(text), &n, &err), 0);
	assert_int_equal(n->offset, 0);
	list = n->first;
	assert_int_equal(text[list->offset], '[');
	assert_int_equal(text[list->first->offset], '1');
	assert_int_equal(text[list->first->next->offset], '"');
	assert_int_equal(text[list->first->next->offset + 1], 'x');
	assert_int_equal(text[list->first->next->next->offset], 't');
	assert_int_equal(text[list->next->offset], '{');
	assert_int_equal(list->next->offset > list->offset + 20, 1);
	assert_int_equal(text[list->next->next->offset], 'n');
}

static void syntax_errors_name_line_and_column(void **state)
{
	static const struct {
		const char *text, *message;
	} cases[] = {
		{ "", "t.json: the document is empty" },
		{ " \n\t ", "t.json: the document is empty" },
		{ "{]", "t.json:1:2: invalid object key (must be a string)" },
		{ "{\n  \"a\": nulx\n}", "t.json:2:8: this is none of true, false and null" },
		{ "[1,,2]", "t.json:1:4: this may not stand here" },
		{ "{\"a\" 1}",
		  "t.json:1:6: object key and value must be separated by a colon (':')" },
		{ "{\"a\":1", "t.json:1:7: the document ends before its last value does" },
		{ "[\"ab", "t.json:1:2: the document ends before its last value does" },
		{ "[", "t.json:1:2: the document ends before its last value does" },
		{ "{} x", "t.json:1:4: something follows the end of the document" },
		{ "[1] [2]", "t.json:1:5: something follows the end of the document" },
		{ "[1 2]", "t.json:1:4: after array element, I expect ',' or ']'" },
		{ "['a']", "t.json:1:2: no value begins with this character" },
		{ "[\"a\tb\"]", "t.json:1:4: invalid character inside string" },
		{ "[\"\\x\"]",
		  "t.json:1:4: inside a string, '\\' occurs before a character which it may not" },
		{ "[01]", "t.json:1:3: after array element, I expect ',' or ']'" },
		{ "[1.]",
		  "t.json:1:4: malformed number, a digit is required after the decimal point" },
		{ "[// c\n1]",
		  "t.json:1:2: probable comment found in input text, comments are not enabled" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		refused(cases[i].text, strlen(cases[i].text), cases[i].message);
}

static void bytes_that_yajl_would_take_are_refused(void **state)
{
	static const struct {
		const char *text;
		size_t len;
		const char *message;
	} cases[] = {
#define CASE(text, message) { text, sizeof(text) - 1, message }
		CASE("\xef\xbb\xbf{}",
		     "t.json:1:1: a byte order mark comes first; save the document without it"),
		CASE("[\"a\\u0000b\"]", "t.json:1:4: a string may not hold the character NUL"),
		CASE("[\"\\ud800\"]", "t.json:1:3: half of a surrogate pair is no character"),
		CASE("[\"\\udc00\\ud800\"]",
		     "t.json:1:3: half of a surrogate pair is no character"),
		CASE("[\"\\ud800\\u0041\"]",
		     "t.json:1:3: half of a surrogate pair is no character"),
		CASE("\"\\ud800", "t.json:1:2: half of a surrogate pair is no character"),
		CASE("\"\\uD8",
		     "t.json:1:1: invalid (non-hex) character occurs after '\\u' inside string"),
		CASE("[\"\xff\"]", "t.json:1:3: this is not UTF-8"),
		CASE("[\"\xc0\xaf\"]", "t.json:1:3: this is not UTF-8"),
		CASE("[\"\xed\xa0\x80\"]", "t.json:1:3: this is not UTF-8"),
		CASE("[\"\xf4\x90\x80\x80\"]", "t.json:1:3: this is not UTF-8"),
		CASE("[\"\xc3\xa4\xe2\x82\"]", "t.json:1:4: this is not UTF-8"),
		CASE("[\"\xe2\x82", "t.json:1:3: this is not UTF-8"),
		CASE("[\"a\0b\"]", "t.json:1:4: invalid character inside string"),
		CASE("[1]\0", "t.json:1:4: something follows the end of the document"),
#undef CASE
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		refused(cases[i].text, cases[i].len, cases[i].message);
}

static void a_key_twice_in_one_object_is_refused(void **state)
{
	static const char few[] = "{\"a\":1,\n\"b\":{\"a\":2},\n \"a\":3}";
	scoped_arena struct arena a = { 0 };
	struct text many = { .arena = &a };

	(void)state;
	refused(few, strlen(few), "t.json:3:6: the key \"a\" stands twice in one object");
	text_add(&many, "{");
	for (int i = 0; i < 100; i++)
		text_addf(&many, "\"k%d\":0,\n", i);
	text_add(&many, "\"k\\u0034\":1}");
	refused(many.s, many.len, "t.json:101:11: the key \"k4\" stands twice in one object");
}

static void a_strange_key_stays_on_one_line(void **state)
{
	static const char text[] = "{\"a\\nb\\u001b\":1,\"a\\nb\\u001b\":2}";

	(void)state;
	refused(text, strlen(text),
		"t.json:1:30: the key \"a\\u000ab\\u001b\" stands twice in one object");
}

static double seconds(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void a_large_object_is_no_quadratic_work(void **state)
{
	scoped_arena struct arena a = { 0 };
	struct text t = { .arena = &a };
	double start;
	struct json *n;
	struct err err;

	(void)state;
	text_add(&t, "{");
	for (int i = 0; i < 60000; i++)
		text_addf(&t, "%s\"%06d\":0", i ? "," : "", i);
	text_add(&t, "}");
	start = seconds();
	assert_int_equal(parse(&a, t.s, t.len, &n, &err), 0);
	assert_int_equal(n->count, 60000);
	assert_true(seconds() - start < 2);
}

static void limited(const char *text, size_t len, const struct json_limits *limits,
		    const char *message)
{
	scoped_arena struct arena a = { 0 };
	struct json *n = NULL;
	struct err err;

	assert_int_equal(json_parse(text, len, "t.json", limits, &a, &n, &err), -1);
	assert_int_equal(err.kind, ERR_LIMIT);
	assert_string_equal(err.text, message);
}

static void passing_a_bound_is_an_error(void **state)
{
	scoped_arena struct arena a = { 0 };
	char *deep = arena_alloc(&a, 10001);

	(void)state;
	memset(deep, '[', 10000);
	limited(deep, 10000, &usual, "t.json:1:65: nested too deep");
	/* The size alone decides: the bytes are not touched. */
	limited((const char *)8, 100u << 20, &usual,
		"t.json: 104857600 bytes are too many: at most 1048576 are read");
	limited("[1,2,3]", 7, &(struct json_limits){ 100, 2, 3 }, "t.json:1:6: too many values");
	limited("[[[]]]", 6, &(struct json_limits){ 100, 2, 9 }, "t.json:1:3: nested too deep");
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_values_of_every_type_in_order),
		cmocka_unit_test(numbers_are_kept_as_written),
		cmocka_unit_test(decodes_escapes_and_pairs),
		cmocka_unit_test(every_node_knows_its_offset),
		cmocka_unit_test(syntax_errors_name_line_and_column),
		cmocka_unit_test(bytes_that_yajl_would_take_are_refused),
		cmocka_unit_test(a_key_twice_in_one_object_is_refused),
		cmocka_unit_test(texts_may_stay_where_they_are),
		cmocka_unit_test(a_strange_key_stays_on_one_line),
		cmocka_unit_test(a_large_object_is_no_quadratic_work),
		cmocka_unit_test(passing_a_bound_is_an_error),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
