/* SPDX-License-Identifier: Apache-2.0 */
/* test_base_memory.c - the arena and the flat error. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "spec/base/arena.h"
#include "spec/base/err.h"

static void memory_is_zeroed_aligned_and_apart(void **state)
{
	scoped_arena struct arena a = { 0 };
	unsigned char *last = NULL;

	(void)state;
	for (size_t size = 1; size < 40000; size = size * 3 + 1) {
		unsigned char *p = arena_alloc(&a, size);

		assert_int_equal((uintptr_t)p % 16, 0);
		for (size_t i = 0; i < size; i++)
			assert_int_equal(p[i], 0);
		memset(p, 0xff, size);
		assert_ptr_not_equal(p, last);
		last = p;
	}
}

static void what_grows_keeps_its_bytes(void **state)
{
	scoped_arena struct arena a = { 0 };
	char *p = NULL;
	size_t size = 0;

	(void)state;
	for (size_t next = 5; next < 300000; next = next * 2 + 1) {
		p = arena_grow(&a, p, size, next);
		memset(p + size, 'a' + (int)(next % 20), next - size);
		size = next;
		if (next % 3 == 0)
			(void)arena_alloc(&a, 100);
	}
	assert_memory_equal(p, "fffff", 5);
	assert_int_equal(p[5], 'a' + 11 % 20);
}

static void the_last_piece_grows_in_place(void **state)
{
	scoped_arena struct arena a = { 0 };
	char *p = arena_strn(&a, "abc", 3);

	(void)state;
	assert_ptr_equal(arena_grow(&a, p, 4, 400), p);
	assert_string_equal(arena_printf(&a, "%s-%d", "x", 5), "x-5");
}

static void what_is_given_back_is_handed_out_anew(void **state)
{
	scoped_arena struct arena a = { 0 };
	char *p = arena_alloc(&a, 1000), *kept = arena_str(&a, "kept"), *q;

	(void)state;
	memset(p, 'x', 600);
	arena_give(&a, p, 600, 1000);
	q = arena_alloc(&a, 400);
	assert_ptr_equal(q, p);
	assert_int_equal(q[0] | q[399], 0);
	/* In place there, too, while there is room. */
	assert_ptr_equal(arena_grow(&a, q, 400, 700), q);
	assert_int_equal(q[599], 0);
	assert_ptr_not_equal(arena_grow(&a, q, 700, 5000), q);
	assert_string_equal(kept, "kept");
}

static void a_trimmed_piece_leaves_its_end_to_the_next(void **state)
{
	scoped_arena struct arena a = { 0 };
	char *p = arena_alloc(&a, 1000), *next;

	(void)state;
	arena_trim(&a, p, 1000, 100);
	next = arena_alloc(&a, 10);
	assert_ptr_equal(next, p + 112);
	/* It is not the last any more. */
	arena_trim(&a, p, 100, 10);
	assert_true((char *)arena_alloc(&a, 10) > next);
}

static void an_error_names_place_text_and_errno(void **state)
{
	char line[ERR_LINE_MAX];
	struct err err;

	(void)state;
	assert_int_equal(err_input(&err, "cwd must be absolute, is %s", "tmp"), -1);
	assert_string_equal(err_line(&err, line, sizeof(line)), "cwd must be absolute, is tmp");
	assert_int_equal(err_in(&err, "/cwd"), -1);
	(void)err_in(&err, "/process");
	assert_string_equal(err_line(&err, line, sizeof(line)),
			    "/process/cwd: cwd must be absolute, is tmp");
	(void)err_host(&err, ETOOMANYREFS, "send");
	assert_string_equal(err.text, "send: Too many descriptors on their way in sockets");
	(void)err_host(&err, ENOENT, "open %s", "f");
	assert_int_equal(err.kind, ERR_HOST);
	assert_int_equal(err.errnum, ENOENT);
	assert_string_equal(err.text, "open f: No such file or directory");
}

static void a_long_error_is_cut(void **state)
{
	char line[ERR_LINE_MAX], huge[2000];
	struct err err;

	(void)state;
	memset(huge, 'x', sizeof(huge));
	huge[sizeof(huge) - 1] = '\0';
	(void)err_host(&err, EPERM, "%s", huge);
	for (int i = 0; i < 10; i++)
		(void)err_in(&err, "/%s", huge);
	assert_true(strlen(err_line(&err, line, sizeof(line))) < sizeof(line));
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(memory_is_zeroed_aligned_and_apart),
		cmocka_unit_test(what_grows_keeps_its_bytes),
		cmocka_unit_test(the_last_piece_grows_in_place),
		cmocka_unit_test(what_is_given_back_is_handed_out_anew),
		cmocka_unit_test(a_trimmed_piece_leaves_its_end_to_the_next),
		cmocka_unit_test(an_error_names_place_text_and_errno),
		cmocka_unit_test(a_long_error_is_cut),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
