/* SPDX-License-Identifier: Apache-2.0 */
/* test_cli_global.c - what the options before the command come to. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "runtime/cli/global.h"
#include "spec/base/str.h"

static struct globals read_line(struct arena *a, const char *const *argv)
{
	struct globals g = { 0 };
	struct strings args;
	struct err err;

	assert_int_equal(options_parse(&global_options, a, argv, &g, &args, &err), 0);
	return g;
}
#define READ(a, ...) read_line((a), (const char *const[]){ __VA_ARGS__, NULL })

static void assert_manager(const struct globals *g, const char *manager)
{
	struct runtime rt = { 0 };

	globals_runtime(g, &rt);
	assert_string_equal(rt.cgroup_manager, manager);
	assert_int_equal(rt.systemd_cgroup, str_eq(manager, "systemd"));
}

static void the_named_cgroup_manager_wins_over_the_flag(void **state)
{
	struct arena a = { 0 };
	struct globals none = READ(&a, "run"), flag = READ(&a, "--systemd-cgroup"),
		       named = READ(&a, "--cgroup-manager", "systemd"),
		       both = READ(&a, "--systemd-cgroup", "--cgroup-manager=disabled");

	(void)state;
	assert_manager(&none, "cgroupfs");
	assert_manager(&flag, "systemd");
	assert_manager(&named, "systemd");
	assert_manager(&both, "disabled");
	arena_done(&a);
}

static void assert_level(const struct globals *g, enum log_level level, bool json)
{
	struct err err;
	struct log log;

	assert_int_equal(globals_log(g, &log, &err), 0);
	assert_int_equal(log.level, level);
	assert_int_equal(log.json, json);
	if (log.fd > 2)
		scope_close(&log.fd);
}

static void warnings_go_to_a_log_and_not_to_standard_error(void **state)
{
	struct arena a = { 0 };
	struct globals none = READ(&a, "run"), file = READ(&a, "--log", "/dev/null"),
		       empty = READ(&a, "--log", ""), json = READ(&a, "--log-format=json"),
		       engine = READ(&a, "--log-format=json", "--log", "/dev/null"),
		       info = READ(&a, "--log-level", "info"),
		       debug = READ(&a, "--debug", "--log=file:/dev/null"),
		       fatal = READ(&a, "--log-level=fatal", "--log=/dev/null");

	(void)state;
	assert_level(&none, LOG_LEVEL_ERROR, false);
	assert_level(&empty, LOG_LEVEL_ERROR, false);
	assert_level(&json, LOG_LEVEL_ERROR, true);
	assert_level(&file, LOG_LEVEL_WARN, false);
	assert_level(&engine, LOG_LEVEL_ERROR, true);
	assert_level(&info, LOG_LEVEL_INFO, false);
	assert_level(&debug, LOG_LEVEL_DEBUG, false);
	assert_level(&fatal, LOG_LEVEL_ERROR, false);
	arena_done(&a);
}

static void the_given_root_is_made_absolute(void **state)
{
	struct arena a = { 0 };
	struct globals absolute = READ(&a, "--root", "/x/y"), relative = READ(&a, "--root=y"),
		       empty = READ(&a, "--root=");
	const char *root = NULL;
	struct err err;

	(void)state;
	assert_int_equal(globals_root(&absolute, &a, &root, &err), 0);
	assert_string_equal(root, "/x/y");
	assert_int_equal(globals_root(&relative, &a, &root, &err), 0);
	assert_true(root[0] == '/' && str_ends(root, "/y"));
	assert_int_equal(globals_root(&empty, &a, &root, &err), -1);
	arena_done(&a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_named_cgroup_manager_wins_over_the_flag),
		cmocka_unit_test(warnings_go_to_a_log_and_not_to_standard_error),
		cmocka_unit_test(the_given_root_is_made_absolute),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
