/* SPDX-License-Identifier: Apache-2.0 */
/* test_act_rdt.c - groups of resctrl on plain directories: which one is joined, compared or refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "runtime/act/rdt.h"
#include "spec/base/fd.h"

static char top[64];

static void put(const char *name, const char *text)
{
	char path[256];
	FILE *f;

	(void)snprintf(path, sizeof(path), "%s/%s", top, name);
	f = fopen(path, "we");
	assert_non_null(f);
	assert_true(fputs(text, f) >= 0);
	assert_int_equal(fclose(f), 0);
}

static void make(const char *name)
{
	char path[256];

	(void)snprintf(path, sizeof(path), "%s/%s", top, name);
	assert_int_equal(mkdir(path, 0755), 0);
}

static void says(const char *name, const char *text)
{
	char path[256], got[256] = "";
	FILE *f;

	(void)snprintf(path, sizeof(path), "%s/%s", top, name);
	f = fopen(path, "re");
	assert_non_null(f);
	(void)!fread(got, 1, sizeof(got) - 1, f);
	assert_int_equal(fclose(f), 0);
	assert_string_equal(got, text);
}

static int setup(void **state)
{
	(void)state;
	(void)snprintf(top, sizeof(top), "/tmp/rdt-XXXXXX");
	if (!mkdtemp(top))
		return -1;
	put("tasks", "");
	put("schemata", "    L3:0=f\n");
	make("mon_groups");
	make("gold");
	put("gold/tasks", "");
	put("gold/schemata", "    L3:0=3;1=f\n    MB:0=50\n");
	make("gold/mon_groups");
	make("gold/mon_groups/box");
	put("gold/mon_groups/box/tasks", "");
	return 0;
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *where)
{
	(void)st;
	(void)type;
	(void)where;
	return remove(path);
}

static int teardown(void **state)
{
	(void)state;
	return nftw(top, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

static int join(const char *group, const char *lines, const char *monitor, unsigned int flags,
		struct err *err)
{
	struct act x = ACT_INIT;
	struct op op = { .path = top,
			 .text = group,
			 .type = monitor,
			 .data = lines,
			 .len = (uint32_t)strlen(lines),
			 .flags = (uint16_t)flags };

	x.child = 4711;
	return rdt_join(&x, &op, err);
}

static void joins_a_group_that_is_there(void **state)
{
	struct err err;

	(void)state;
	assert_int_equal(join("gold", "", NULL, OP_MUST_EXIST, &err), 0);
	says("gold/tasks", "4711");
	assert_int_equal(join("gold", "L3:0=3;1=f\nMB:0=50\n", NULL, 0, &err), 0);
	says("tasks", "");
	assert_int_equal(join("", "", NULL, 0, &err), 0);
	says("tasks", "4711");
}

static void joins_a_monitoring_group(void **state)
{
	struct err err;

	(void)state;
	assert_int_equal(join("gold", "", "box", OP_MUST_EXIST, &err), 0);
	says("gold/mon_groups/box/tasks", "4711");
}

static void refuses_a_group_with_other_schemas(void **state)
{
	struct err err;

	(void)state;
	assert_int_equal(join("gold", "L3:0=3;1=7\n", NULL, 0, &err), -1);
	assert_non_null(strstr(err.text, "is there already, without \"L3:0=3;1=7\""));
	says("gold/tasks", "");
}

static void refuses_a_prepared_group_that_is_missing(void **state)
{
	struct err err;

	(void)state;
	assert_int_equal(join("silver", "", NULL, OP_MUST_EXIST, &err), -1);
	assert_non_null(strstr(err.text, "open the resctrl group silver"));
}

static void changes_the_schemata_of_a_group(void **state)
{
	struct err err;

	(void)state;
	put("gold/schemata", "");
	assert_int_equal(rdt_change(top, "gold", "L3:0=1;1=3\n", &err), 0);
	says("gold/schemata", "L3:0=1;1=3\n");
	put("schemata", "");
	assert_int_equal(rdt_change(top, "", "L3:0=7\n", &err), 0);
	says("schemata", "L3:0=7\n");
	assert_int_equal(rdt_change(top, "silver", "L3:0=7\n", &err), -1);
	assert_int_equal(rdt_change(top, "../gold", "L3:0=7\n", &err), -1);
}

static void leaves_what_was_made(void **state)
{
	char path[256];

	(void)state;
	make("box");
	rdt_leave(top, "box", NULL);
	(void)snprintf(path, sizeof(path), "%s/box", top);
	assert_int_equal(access(path, F_OK), -1);
	rdt_leave(top, "none", NULL);
	rdt_leave(top, "none", "box");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(joins_a_group_that_is_there, setup, teardown),
		cmocka_unit_test_setup_teardown(joins_a_monitoring_group, setup, teardown),
		cmocka_unit_test_setup_teardown(refuses_a_group_with_other_schemas, setup,
						teardown),
		cmocka_unit_test_setup_teardown(refuses_a_prepared_group_that_is_missing, setup,
						teardown),
		cmocka_unit_test_setup_teardown(changes_the_schemata_of_a_group, setup, teardown),
		cmocka_unit_test_setup_teardown(leaves_what_was_made, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
