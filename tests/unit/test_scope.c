/* SPDX-License-Identifier: Apache-2.0 */
/* test_scope.c - the unit of systemd that a container becomes: its name and place, and limits and annotations as its
 * properties. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "runtime/plan/plan_scope.h"
#include "spec/base/str.h"

/* --- names ------------------------------------------------------------------------------------ */

static void assert_place(const char *given, const char *id, enum scope_manager manager,
			 const char *slice, const char *unit, const char *path)
{
	struct arena a = { 0 };
	struct scope_place place;
	struct err err = { 0 };

	assert_int_equal(scope_place(given, id, manager, &a, &place, &err), 0);
	assert_string_equal(place.slice, slice);
	assert_string_equal(place.unit, unit);
	assert_string_equal(scope_path(&place, &a), path);
	arena_done(&a);
}

static void places_what_engines_ask_for(void **state)
{
	(void)state;
	assert_place("user.slice:libpod:4f1d", "x", SCOPE_USER, "user.slice", "libpod-4f1d.scope",
		     "/user.slice/libpod-4f1d.scope");
	assert_place("kubepods-besteffort-pod1.slice:cri-containerd:ab", "x", SCOPE_SYSTEM,
		     "kubepods-besteffort-pod1.slice", "cri-containerd-ab.scope",
		     "/kubepods.slice/kubepods-besteffort.slice/kubepods-besteffort-pod1.slice/"
		     "cri-containerd-ab.scope");
	assert_place("-.slice:a:b", "x", SCOPE_SYSTEM, "-.slice", "a-b.scope", "/a-b.scope");
}

static void places_by_default_where_the_manager_keeps_services(void **state)
{
	(void)state;
	assert_place(NULL, "web", SCOPE_SYSTEM, "system.slice", "srt-oci-web.scope",
		     "/system.slice/srt-oci-web.scope");
	assert_place("", "web", SCOPE_USER, "user.slice", "srt-oci-web.scope",
		     "/user.slice/srt-oci-web.scope");
	assert_place("::web", "x", SCOPE_SYSTEM, "system.slice", "web.scope",
		     "/system.slice/web.scope");
}

static void escapes_what_a_unit_may_not_be_called(void **state)
{
	(void)state;
	assert_place(NULL, "a+b", SCOPE_SYSTEM, "system.slice", "srt-oci-a\\x2bb.scope",
		     "/system.slice/srt-oci-a\\x2bb.scope");
	assert_place("::.a b", "x", SCOPE_SYSTEM, "system.slice", "\\x2ea\\x20b.scope",
		     "/system.slice/\\x2ea\\x20b.scope");
	assert_place("::done.scope", "x", SCOPE_SYSTEM, "system.slice", "done.scope",
		     "/system.slice/done.scope");
}

static void assert_no_place(const char *given, const char *why)
{
	struct arena a = { 0 };
	struct scope_place place;
	struct err err = { 0 };

	assert_int_equal(scope_place(given, "x", SCOPE_SYSTEM, &a, &place, &err), -1);
	assert_int_equal(err.kind, ERR_INPUT);
	assert_string_equal(err.place, "/linux/cgroupsPath");
	if (!strstr(err.text, why))
		fail_msg("\"%s\" does not say \"%s\"", err.text, why);
	arena_done(&a);
}

static void refuses_paths_that_name_no_scope(void **state)
{
	char longest[SCOPE_NAME_MAX + 8] = "::";

	(void)state;
	assert_no_place("/a/b", "three parts");
	assert_no_place("a.slice:b", "three parts");
	assert_no_place("a.slice:b:c:d", "three parts");
	assert_no_place("a/b.slice:c:d", "three parts");
	assert_no_place("a.slice:b:", "the name is empty");
	assert_no_place("a.slice:b:c.slice", "not a slice");
	assert_no_place("a:b:c", "not the name of a slice");
	assert_no_place("a--b.slice:b:c", "not the name of a slice");
	assert_no_place("-a.slice:b:c", "not the name of a slice");
	assert_no_place("a-.slice:b:c", "not the name of a slice");
	assert_no_place("...slice:b:c", "not the name of a slice");
	assert_no_place(".slice:b:c", "not the name of a slice");
	memset(longest + 2, 'a', SCOPE_NAME_MAX);
	assert_no_place(longest, "too long");
}

/* --- limits ----------------------------------------------------------------------------------- */

static void assert_limits(const char *json, bool devices, const char *expected)
{
	struct arena a = { 0 };
	struct resources *r = NULL;
	struct scope_lines lines = { .text = { .arena = &a } };
	struct err err = { 0 };

	assert_int_equal(resources_parse(json, strlen(json), "resources", &a, &r, &err), 0);
	assert_int_equal(scope_limits(&lines, r, devices, &a, &err), 0);
	assert_string_equal(lines.text.s ? lines.text.s : "", expected);
	arena_done(&a);
}

static void limits_become_properties(void **state)
{
	(void)state;
	assert_limits("{\"memory\":{\"limit\":1048576,\"reservation\":4096,\"swap\":3145728}}",
		      false,
		      "MemoryMax\tt\t1048576\nMemoryLow\tt\t4096\nMemorySwapMax\tt\t2097152");
	assert_limits("{\"memory\":{\"limit\":-1,\"swap\":-1}}", false,
		      "MemoryMax\tt\t18446744073709551615\nMemorySwapMax\tt\t18446744073709551615");
	assert_limits("{\"pids\":{\"limit\":20}}", false, "TasksMax\tt\t20");
	assert_limits("{\"pids\":{\"limit\":-1}}", false, "TasksMax\tt\t18446744073709551615");
	assert_limits(
		"{\"blockIO\":{\"weight\":10,\"weightDevice\":[{\"major\":8,\"minor\":0,"
		"\"weight\":1000}],\"throttleReadBpsDevice\":[{\"major\":8,\"minor\":1,\"rate\":5},"
		"{\"major\":8,\"minor\":2,\"rate\":0}]}}",
		false,
		"IOWeight\tt\t1\nIODeviceWeight\ta(st)\t/dev/block/8:0\t10000\n"
		"IOReadBandwidthMax\ta(st)\t/dev/block/8:1\t5\t/dev/block/8:2\t18446744073709551615");
}

static void zero_and_nothing_say_nothing(void **state)
{
	(void)state;
	assert_limits("{}", true, "");
	assert_limits("{\"memory\":{\"limit\":0,\"swap\":0},\"cpu\":{\"shares\":0,\"quota\":0},"
		      "\"pids\":{\"limit\":0}}",
		      true, "");
}

static void quotas_are_rounded_up_to_what_systemd_keeps(void **state)
{
	(void)state;
	assert_limits("{\"cpu\":{\"quota\":50000,\"period\":100000}}", false,
		      "CPUQuotaPerSecUSec\tt\t500000\nCPUQuotaPeriodUSec\tt\t100000");
	assert_limits("{\"cpu\":{\"quota\":1}}", false, "CPUQuotaPerSecUSec\tt\t10000");
	assert_limits("{\"cpu\":{\"quota\":-1}}", false,
		      "CPUQuotaPerSecUSec\tt\t18446744073709551615");
	assert_limits("{\"cpu\":{\"quota\":9223372036854775807,\"period\":1}}", false,
		      "CPUQuotaPerSecUSec\tt\t18446744073709551615\nCPUQuotaPeriodUSec\tt\t1");
}

static void shares_and_lists_are_converted(void **state)
{
	(void)state;
	assert_limits("{\"cpu\":{\"shares\":1024,\"cpus\":\"0-2,9\",\"mems\":\"0\"}}", false,
		      "CPUWeight\tt\t100\nAllowedCPUs\tay\t7\t2\nAllowedMemoryNodes\tay\t1");
	assert_limits("{\"cpu\":{\"shares\":1024,\"idle\":1}}", false, "CPUWeight\tt\t0");
}

static void unified_files_are_properties_where_systemd_has_one(void **state)
{
	(void)state;
	assert_limits(
		"{\"unified\":{\"memory.high\":\"4096\",\"pids.max\":\"max\",\"cpu.max\":\"max 50000\","
		"\"cpuset.cpus\":\"1\",\"hugetlb.2MB.max\":\"0\",\"memory.low\":\"1G\"}}",
		false,
		"MemoryHigh\tt\t4096\nTasksMax\tt\t18446744073709551615\n"
		"CPUQuotaPerSecUSec\tt\t18446744073709551615\nCPUQuotaPeriodUSec\tt\t50000\n"
		"AllowedCPUs\tay\t2");
}

static void devices_are_said_where_systemd_can_say_them(void **state)
{
	(void)state;
	assert_limits(
		"{\"devices\":[{\"allow\":false,\"access\":\"rwm\"},"
		"{\"allow\":true,\"type\":\"c\",\"major\":10,\"minor\":229,\"access\":\"rw\"}]}",
		true,
		"DevicePolicy\ts\tstrict\nDeviceAllow\ta(ss)\nDeviceAllow\ta(ss)\t/dev/char/10:229\trw\tchar-*\tm\tblock-*\tm"
		"\t/dev/char/1:3\trwm\t/dev/char/1:5\trwm\t/dev/char/1:7\trwm\t/dev/char/1:8\trwm"
		"\t/dev/char/1:9\trwm\t/dev/char/5:0\trwm\t/dev/char/5:2\trwm\tchar-pts\trwm");
	/* A driver whose name is not known here; a denial in the middle; no denial at the head; not asked for. */
	assert_limits(
		"{\"devices\":[{\"allow\":false},{\"allow\":true,\"type\":\"c\",\"major\":10}]}",
		true, "");
	assert_limits(
		"{\"devices\":[{\"allow\":false},{\"allow\":true},{\"allow\":false,\"type\":\"c\","
		"\"major\":1,\"minor\":1}]}",
		true, "");
	assert_limits("{\"devices\":[{\"allow\":true}]}", true, "");
	assert_limits("{\"devices\":[{\"allow\":false}]}", false, "");
}

/* --- annotations ------------------------------------------------------------------------------ */

static void assert_variant(const char *name, const char *text, const char *expected)
{
	struct arena a = { 0 };
	struct pair pair = { arena_printf(&a, "org.systemd.property.%s", name), text };
	struct pairs pairs = { .v = &pair, .n = 1 };
	struct scope_lines lines = { .text = { .arena = &a } };
	struct err err = { 0 };
	int r = scope_annotations(&lines, &pairs, &a, &err);

	if (expected && r < 0)
		fail_msg("%s: %s", text, err.text);
	if (expected)
		assert_string_equal(lines.text.s, expected);
	else
		assert_int_equal(r, -1);
	if (!expected)
		assert_true(str_starts(err.place, "/annotations/org.systemd.property."));
	arena_done(&a);
}

static void annotations_are_values_with_their_types(void **state)
{
	(void)state;
	assert_variant("CollectMode", "'inactive-or-failed'", "CollectMode\ts\tinactive-or-failed");
	assert_variant("Description", "\"it\\'s\"", "Description\ts\tit's");
	assert_variant("SendSIGHUP", "true", "SendSIGHUP\tb\ttrue");
	assert_variant("SendSIGHUP", "boolean false", "SendSIGHUP\tb\tfalse");
	assert_variant("TimeoutStopUSec", "uint64 123456789", "TimeoutStopUSec\tt\t123456789");
	assert_variant("Nice", "-5", "Nice\ti\t-5");
	assert_variant("X", "@t 5", "X\tt\t5");
	assert_variant("X", "1.5", "X\td\t1.5");
	assert_variant("After", "['a.service', 'b.service']", "After\tas\ta.service\tb.service");
	assert_variant("After", "@as []", "After\tas");
	assert_variant("After", " [ ] ", "After\tas");
}

static void seconds_become_what_the_bus_knows(void **state)
{
	(void)state;
	assert_variant("TimeoutStopSec", "uint64 5", "TimeoutStopUSec\tt\t5000000");
	assert_variant("TimeoutStopSec", "5", "TimeoutStopUSec\tt\t5000000");
	assert_variant("TimeoutStopSec", "'5'", NULL);
	assert_variant("TimeoutStopSec", "uint64 18446744073709551615", NULL);
}

static void values_that_are_none_are_refused(void **state)
{
	static const char *const wrong[] = {
		"",
		"x",
		"'a",
		"['a'",
		"['a' 'b']",
		"[1]",
		"truely",
		"uint64 -1",
		"int32 3000000000",
		"uint16 65536",
		"5 6",
		"'a' b",
		"@zz 1",
		"uint64 'a'",
		"'a\tb'",
		"'a\nb'",
		"{}",
		"string 5",
		"boolean 1",
		"uint64",
		"1.5.5",
		"\\",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(wrong); i++)
		assert_variant("X", wrong[i], NULL);
}

static void properties_of_ours_are_not_theirs(void **state)
{
	(void)state;
	assert_variant("PIDs", "uint32 1", NULL);
	assert_variant("Slice", "'a.slice'", NULL);
	assert_variant("Delegate", "false", NULL);
	assert_variant("", "true", NULL);
	assert_variant("A.B", "true", NULL);
	assert_variant("A\tB", "true", NULL);
}

static void a_subgroup_is_a_single_name(void **state)
{
	static const struct {
		const char *value, *name;
		int result;
	} rows[] = {
		{ "inner", "inner", 0 }, { "", NULL, 0 }, { "a/b", NULL, -1 }, { "..", NULL, -1 }
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct pair pair = { "run.oci.systemd.subgroup", rows[i].value };
		struct pairs pairs = { .v = &pair, .n = 1 };
		const char *name = NULL;
		struct err err = { 0 };

		assert_int_equal(scope_subgroup(&pairs, &name, &err), rows[i].result);
		if (rows[i].name)
			assert_string_equal(name, rows[i].name);
		else
			assert_null(name);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(places_what_engines_ask_for),
		cmocka_unit_test(places_by_default_where_the_manager_keeps_services),
		cmocka_unit_test(escapes_what_a_unit_may_not_be_called),
		cmocka_unit_test(refuses_paths_that_name_no_scope),
		cmocka_unit_test(limits_become_properties),
		cmocka_unit_test(zero_and_nothing_say_nothing),
		cmocka_unit_test(quotas_are_rounded_up_to_what_systemd_keeps),
		cmocka_unit_test(shares_and_lists_are_converted),
		cmocka_unit_test(unified_files_are_properties_where_systemd_has_one),
		cmocka_unit_test(devices_are_said_where_systemd_can_say_them),
		cmocka_unit_test(annotations_are_values_with_their_types),
		cmocka_unit_test(seconds_become_what_the_bus_knows),
		cmocka_unit_test(values_that_are_none_are_refused),
		cmocka_unit_test(properties_of_ours_are_not_theirs),
		cmocka_unit_test(a_subgroup_is_a_single_name),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
