/* SPDX-License-Identifier: Apache-2.0 */
/* test_base_text.c - strings, numbers, words and paths of the ground floor. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "spec/base/names.h"
#include "spec/base/path.h"
#include "spec/base/str.h"

static void reads_numbers_up_to_their_bound(void **state)
{
	struct err err;
	uint64_t v = 7;

	(void)state;
	assert_int_equal(str_u64("18446744073709551615", 10, UINT64_MAX, &v, &err), 0);
	assert_true(v == UINT64_MAX);
	assert_int_equal(str_u64("ff", 16, 255, &v, &err), 0);
	assert_int_equal(v, 255);
	assert_int_equal(str_u64("0777", 8, 0777, &v, &err), 0);
	assert_int_equal(v, 0777);
}

static void shows_what_a_terminal_would_obey(void **state)
{
	scoped_arena struct arena a = { 0 };
	struct text t = { .arena = &a };

	(void)state;
	text_visible(&t, "a\x1b[2J\n\x7f b\xc3\xa4");
	assert_string_equal(t.s, "a\\033[2J\\012\\177 b\xc3\xa4");
}

static void refuses_what_is_no_whole_number(void **state)
{
	static const char *const bad[] = { "",
					   " 1",
					   "1 ",
					   "+1",
					   "-1",
					   "1x",
					   "0x1",
					   "1.5",
					   "1e3",
					   "a",
					   "18446744073709551616",
					   "99999999999999999999999999" };
	struct err err;
	uint64_t v = 7;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		assert_int_equal(str_u64(bad[i], 10, UINT64_MAX, &v, &err), -1);
		assert_int_equal(err.kind, ERR_INPUT);
		assert_int_equal(v, 7);
	}
	assert_int_equal(str_u64("256", 10, 255, &v, &err), -1);
	assert_int_equal(str_u64("8", 8, 255, &v, &err), -1);
}

static void reads_signed_numbers_at_both_ends(void **state)
{
	struct err err;
	int64_t v;

	(void)state;
	assert_int_equal(str_i64("-9223372036854775808", INT64_MIN, INT64_MAX, &v, &err), 0);
	assert_true(v == INT64_MIN);
	assert_int_equal(str_i64("9223372036854775807", INT64_MIN, INT64_MAX, &v, &err), 0);
	assert_true(v == INT64_MAX);
	assert_int_equal(str_i64("9223372036854775808", INT64_MIN, INT64_MAX, &v, &err), -1);
	assert_int_equal(str_i64("-9223372036854775809", INT64_MIN, INT64_MAX, &v, &err), -1);
	assert_int_equal(str_i64("-1001", -1000, 1000, &v, &err), -1);
	assert_int_equal(str_i64("--1", -1000, 1000, &v, &err), -1);
	assert_int_equal(str_i64("-", -1000, 1000, &v, &err), -1);
}

static void text_grows_and_stays_terminated(void **state)
{
	scoped_arena struct arena a = { 0 };
	struct text t = { .arena = &a };

	(void)state;
	for (int i = 0; i < 1000; i++) {
		text_addf(&t, "%d,", i % 10);
		assert_int_equal(strlen(t.s), t.len);
	}
	assert_int_equal(t.len, 2000);
	text_addf(&t, "%0300d", 5);
	assert_int_equal(t.len, 2300);
	assert_true(str_ends(t.s, "0005"));
}

static void finds_words_and_what_was_meant(void **state)
{
	static const struct name words[] = { { "SCMP_ACT_ERRNO", 1 },
					     { "SCMP_ACT_ALLOW", 2 },
					     { NULL, 0 } };

	(void)state;
	assert_int_equal(name_find(words, "SCMP_ACT_ALLOW")->value, 2);
	assert_null(name_find(words, "SCMP_ACT"));
	assert_string_equal(name_of(words, 1), "SCMP_ACT_ERRNO");
	assert_null(name_of(words, 3));
	assert_string_equal(name_near(words, "SCMP_ACT_ERNO"), "SCMP_ACT_ERRNO");
	assert_null(name_near(words, "REJECT"));
	assert_int_equal(word_distance("cwd", "cwd"), 0);
	assert_int_equal(word_distance("hostname", "hotsname"), 2);
	assert_int_equal(word_distance("", "abc"), 3);
}

static void sees_dotdot_only_as_a_component(void **state)
{
	(void)state;
	assert_true(path_has_dotdot(".."));
	assert_true(path_has_dotdot("/a/../b"));
	assert_true(path_has_dotdot("a//.."));
	assert_false(path_has_dotdot("/a/..b/c.."));
	assert_false(path_has_dotdot("/a/.../b"));
	assert_false(path_has_dotdot(""));
}

static void cleans_paths_and_never_leaves_the_root(void **state)
{
	static const struct {
		const char *from, *to;
	} cases[] = {
		{ "", "/" },
		{ "/", "/" },
		{ "//a///b/", "/a/b" },
		{ "a/./b", "/a/b" },
		{ "/a/../b", "/b" },
		{ "/../../etc", "/etc" },
		{ "/a/b/..", "/a" },
		{ "/a/b/../../..", "/" },
		{ "/..a/b", "/..a/b" },
	};
	scoped_arena struct arena a = { 0 };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		assert_string_equal(path_clean(&a, cases[i].from), cases[i].to);
}

static void knows_what_lies_beneath_a_directory(void **state)
{
	scoped_arena struct arena a = { 0 };

	(void)state;
	assert_true(path_beneath("/a/b", "/a"));
	assert_true(path_beneath("/a", "/a"));
	assert_true(path_beneath("/a", "/"));
	assert_false(path_beneath("/ab", "/a"));
	assert_false(path_beneath("/", "/a"));
	assert_string_equal(path_base("/a/b"), "b");
	assert_string_equal(path_base("b"), "b");
	assert_string_equal(path_join(&a, "/a/", "/b"), "/a/b");
	assert_string_equal(path_join(&a, "/", "b"), "/b");
	assert_string_equal(path_join(&a, "a", "b"), "a/b");
	assert_string_equal(path_join(&a, "/", "/"), "/");
	assert_string_equal(path_index(&a, "/mounts", 0), "/mounts/0");
	assert_string_equal(path_index(&a, "", SIZE_MAX), "/18446744073709551615");
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_numbers_up_to_their_bound),
		cmocka_unit_test(shows_what_a_terminal_would_obey),
		cmocka_unit_test(refuses_what_is_no_whole_number),
		cmocka_unit_test(reads_signed_numbers_at_both_ends),
		cmocka_unit_test(text_grows_and_stays_terminated),
		cmocka_unit_test(finds_words_and_what_was_meant),
		cmocka_unit_test(sees_dotdot_only_as_a_component),
		cmocka_unit_test(cleans_paths_and_never_leaves_the_root),
		cmocka_unit_test(knows_what_lies_beneath_a_directory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
