/* SPDX-License-Identifier: Apache-2.0 */
/* test_explain.c - a refusal of the kernel's is given its sysctl, profile or filter. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "runtime/life/explain.h"
#include "spec/base/scope.h"

static struct err refusal(int errnum, const char *place, const char *text)
{
	struct err err;

	(void)err_host(&err, errnum, "%s", text);
	if (*place)
		(void)err_in(&err, "%s", place);
	return err;
}

#define NAMESPACES "/linux/namespaces", "make the container's process in its new namespaces"
#define ROOT_CAPS (~(uint64_t)0)

static void each_cause_has_its_way_out(void **state)
{
	static const struct {
		int errnum;
		const char *place, *text;
		struct facts facts;
		struct surroundings around;
		const char *hint; /* a part of it, or NULL */
	} cases[] = {
		{ ENOSPC,
		  NAMESPACES,
		  { .max_user_namespaces = 0, .caps_effective = ROOT_CAPS },
		  { 0 },
		  "user.max_user_namespaces is 0" },
		{ ENOSPC,
		  NAMESPACES,
		  { .max_user_namespaces = 9, .unprivileged_userns = true },
		  { 0 },
		  "limit of namespaces" },
		{ EPERM,
		  NAMESPACES,
		  { .max_user_namespaces = 9 },
		  { 0 },
		  "kernel.unprivileged_userns_clone is 0" },
		{ EACCES,
		  "/linux/uidMappings",
		  "write",
		  { .max_user_namespaces = 9,
		    .unprivileged_userns = true,
		    .apparmor_restricts_userns = true },
		  { 0 },
		  "kernel.apparmor_restrict_unprivileged_userns" },
		{ EPERM,
		  NAMESPACES,
		  { .max_user_namespaces = 9, .unprivileged_userns = true },
		  { .filtered = true },
		  "seccomp filter" },
		{ ENOSYS,
		  NAMESPACES,
		  { .caps_effective = ROOT_CAPS },
		  { .filtered = true },
		  "security.nesting" },
		{ EPERM,
		  "/mounts/0",
		  "mount proc on /proc",
		  { .max_user_namespaces = 9, .unprivileged_userns = true, .in_user_ns = true },
		  { 0 },
		  "unmask=ALL" },
		{ EPERM,
		  NAMESPACES,
		  { .max_user_namespaces = 9, .unprivileged_userns = true },
		  { 0 },
		  NULL },
		{ ENOENT, NAMESPACES, { 0 }, { .filtered = true }, NULL },
		{ EPERM,
		  "/mounts/0",
		  "bind /x",
		  { .in_user_ns = true },
		  { .filtered = true },
		  NULL },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct err err = refusal(cases[i].errnum, cases[i].place, cases[i].text);
		const char *hint = explain_hint(&err, &cases[i].facts, &cases[i].around);

		if (!hint != !cases[i].hint || (hint && !strstr(hint, cases[i].hint)))
			fail_msg("case %zu: %s", i, hint ? hint : "nothing");
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_cause_has_its_way_out),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
