/* SPDX-License-Identifier: Apache-2.0 */
/* test_cli_text.c - what the command line reads from others: passwd and the output of ps. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "runtime/cli/failure.h"
#include "runtime/cli/owner.h"
#include "runtime/cli/ps_filter.h"

static void assert_owner(const char *passwd, uint32_t uid, const char *name)
{
	struct arena a = { 0 };
	const char *got = owner_in(&a, passwd, uid);

	if (name)
		assert_string_equal(got, name);
	else
		assert_null(got);
	arena_done(&a);
}

static void finds_the_name_of_a_uid(void **state)
{
	static const char passwd[] = "root:x:0:0:root:/root:/bin/sh\n"
				     "broken\nhalf:x\nempty:x::\n:x:7:\nbig:x:4294967296:1\n"
				     "ada:x:1000:1000::/:/bin/sh\nada2:x:1000:1::/:/\nlast:x:5";

	(void)state;
	assert_owner(passwd, 0, "root");
	assert_owner(passwd, 1000, "ada");
	assert_owner(passwd, 5, "last");
	assert_owner(passwd, 7, NULL);
	assert_owner(passwd, 100, NULL);
	assert_owner("", 0, NULL);
}

static void an_unknown_uid_is_called_by_its_number(void **state)
{
	struct arena a = { 0 };

	(void)state;
	assert_string_equal(owner_name(&a, 4294967294u), "#4294967294");
	arena_done(&a);
}

static void assert_filtered(const char *output, const char *expected)
{
	pid_t pids[] = { 12, 345 };
	struct pids_list list = { pids, ARRAY_LEN(pids) };
	struct arena a = { 0 };
	struct text out = { .arena = &a };
	struct err err;

	assert_int_equal(ps_filter(output, &list, &out, &err), 0);
	assert_string_equal(out.s, expected);
	arena_done(&a);
}

static void keeps_the_lines_of_our_processes(void **state)
{
	(void)state;
	assert_filtered("UID   PID  PPID CMD\n0      12     1 sh\n0       1    12 init\n"
			"0     345    12 sleep 12\n0 3456 1 x\n",
			"UID   PID  PPID CMD\n0      12     1 sh\n0     345    12 sleep 12\n");
	assert_filtered("  PID CMD\n   12 a\n  345 b", "  PID CMD\n   12 a\n  345 b");
	assert_filtered("PID\n\n012x\n-12\n99999999999\n", "PID\n");
}

static void refuses_a_table_without_pids(void **state)
{
	struct pids_list list = { 0 };
	struct arena a = { 0 };
	struct text out = { .arena = &a };
	struct err err;

	(void)state;
	assert_int_equal(ps_filter("CMD PPID\nsh 1\n", &list, &out, &err), -1);
	assert_int_equal(err.kind, ERR_INPUT);
	assert_int_equal(ps_filter("", &list, &out, &err), -1);
	assert_int_equal(out.len, 0);
	arena_done(&a);
}

static void only_a_failed_exec_has_a_status_of_its_own(void **state)
{
	struct err err = { .kind = ERR_HOST, .errnum = ENOENT, .place = "exec" };

	(void)state;
	assert_int_equal(failure_status(&err), 127);
	err.errnum = EACCES;
	assert_int_equal(failure_status(&err), 126);
	err.errnum = E2BIG;
	assert_int_equal(failure_status(&err), 1);
	err = (struct err){ .kind = ERR_HOST, .errnum = ENOENT, .place = "/mounts/3" };
	assert_int_equal(failure_status(&err), 1);
	err = (struct err){ .kind = ERR_INPUT, .place = "exec" };
	assert_int_equal(failure_status(&err), 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(finds_the_name_of_a_uid),
		cmocka_unit_test(an_unknown_uid_is_called_by_its_number),
		cmocka_unit_test(keeps_the_lines_of_our_processes),
		cmocka_unit_test(refuses_a_table_without_pids),
		cmocka_unit_test(only_a_failed_exec_has_a_status_of_its_own),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
