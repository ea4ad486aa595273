/* SPDX-License-Identifier: Apache-2.0 */
/* test_oci_words.c - words and the kernel's numbers, lists of numbers, names of kernel parameters. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <linux/audit.h>
#include <linux/capability.h>
#include <linux/mempolicy.h>
#include <linux/sched.h>
#include <linux/seccomp.h>
#include <signal.h>

#include "spec/base/scope.h"
#include "spec/oci/numberlist.h"
#include "spec/oci/sysctl.h"
#include "spec/oci/words.h"

static void numbers_are_those_of_the_kernels_headers(void **state)
{
	static const struct {
		const struct name *table;
		const char *word;
		int64_t value;
	} cases[] = {
		{ word_namespaces, "time", CLONE_NEWTIME },
		{ word_namespaces, "mount", CLONE_NEWNS },
		{ word_capabilities, "CAP_CHECKPOINT_RESTORE", CAP_CHECKPOINT_RESTORE },
		{ word_capabilities, "CAP_CHOWN", 0 },
		{ word_seccomp_archs, "SCMP_ARCH_X86_64", AUDIT_ARCH_X86_64 },
		{ word_seccomp_archs, "SCMP_ARCH_X86", AUDIT_ARCH_I386 },
		{ word_seccomp_archs, "SCMP_ARCH_ARM", AUDIT_ARCH_ARM },
		{ word_seccomp_archs, "SCMP_ARCH_AARCH64", AUDIT_ARCH_AARCH64 },
		{ word_seccomp_archs, "SCMP_ARCH_LOONGARCH64", AUDIT_ARCH_LOONGARCH64 },
		{ word_seccomp_archs, "SCMP_ARCH_M68K", AUDIT_ARCH_M68K },
		{ word_seccomp_archs, "SCMP_ARCH_MIPS", AUDIT_ARCH_MIPS },
		{ word_seccomp_archs, "SCMP_ARCH_MIPSEL", AUDIT_ARCH_MIPSEL },
		{ word_seccomp_archs, "SCMP_ARCH_MIPS64", AUDIT_ARCH_MIPS64 },
		{ word_seccomp_archs, "SCMP_ARCH_MIPS64N32", AUDIT_ARCH_MIPS64N32 },
		{ word_seccomp_archs, "SCMP_ARCH_MIPSEL64", AUDIT_ARCH_MIPSEL64 },
		{ word_seccomp_archs, "SCMP_ARCH_MIPSEL64N32", AUDIT_ARCH_MIPSEL64N32 },
		{ word_seccomp_archs, "SCMP_ARCH_PARISC", AUDIT_ARCH_PARISC },
		{ word_seccomp_archs, "SCMP_ARCH_PARISC64", AUDIT_ARCH_PARISC64 },
		{ word_seccomp_archs, "SCMP_ARCH_PPC", AUDIT_ARCH_PPC },
		{ word_seccomp_archs, "SCMP_ARCH_PPC64", AUDIT_ARCH_PPC64 },
		{ word_seccomp_archs, "SCMP_ARCH_PPC64LE", AUDIT_ARCH_PPC64LE },
		{ word_seccomp_archs, "SCMP_ARCH_RISCV64", AUDIT_ARCH_RISCV64 },
		{ word_seccomp_archs, "SCMP_ARCH_S390", AUDIT_ARCH_S390 },
		{ word_seccomp_archs, "SCMP_ARCH_S390X", AUDIT_ARCH_S390X },
		{ word_seccomp_archs, "SCMP_ARCH_SH", AUDIT_ARCH_SHEL },
		{ word_seccomp_archs, "SCMP_ARCH_SHEB", AUDIT_ARCH_SH },
		{ word_seccomp_actions, "SCMP_ACT_NOTIFY", SECCOMP_RET_USER_NOTIF },
		{ word_seccomp_flags, "SECCOMP_FILTER_FLAG_SPEC_ALLOW",
		  SECCOMP_FILTER_FLAG_SPEC_ALLOW },
		{ word_seccomp_flags, "SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV",
		  SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV },
		{ word_sched_policies, "SCHED_DEADLINE", SCHED_DEADLINE },
		{ word_sched_flags, "SCHED_FLAG_UTIL_CLAMP_MAX", SCHED_FLAG_UTIL_CLAMP_MAX },
		{ word_mpol_modes, "MPOL_PREFERRED_MANY", MPOL_PREFERRED_MANY },
		{ word_mpol_flags, "MPOL_F_NUMA_BALANCING", MPOL_F_NUMA_BALANCING },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		const struct name *n = name_find(cases[i].table, cases[i].word);

		assert_non_null(n);
		assert_true(n->value == cases[i].value);
	}
}

static void every_capability_of_the_kernel_has_its_word(void **state)
{
	(void)state;
	for (int cap = 0; cap <= CAP_LAST_CAP; cap++)
		assert_non_null(name_of(word_capabilities, cap));
	assert_null(name_of(word_capabilities, CAP_LAST_CAP + 1));
}

static void signals_are_numbers_or_names_in_any_case(void **state)
{
	static const struct {
		const char *word;
		int number;
	} cases[] = {
		{ "9", 9 },
		{ "KILL", SIGKILL },
		{ "SIGKILL", SIGKILL },
		{ "sigterm", SIGTERM },
		{ "Usr1", SIGUSR1 },
		{ "64", 64 },
		{ "SIGRTMIN", 34 },
		{ "RTMIN+1", 35 },
		{ "SIGRTMAX-2", 62 },
		{ "rtmax", 64 },
		{ "0", 0 },
		{ "00x", -1 },
		{ "65", -1 },
		{ "", -1 },
		{ "SIG", -1 },
		{ "SIGNONE", -1 },
		{ "-9", -1 },
		{ "9x", -1 },
		{ "RTMIN-1", -1 },
		{ "RTMIN+31", -1 },
		{ "RTMIN+", -1 },
		{ "RTMAX+1", -1 },
		{ "SIGSIGKILL", -1 },
		{ "4294967305", -1 },
		{ "KILL ", -1 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		assert_int_equal(word_signal(cases[i].word), cases[i].number);
}

static void lists_of_numbers_follow_the_kernels_grammar(void **state)
{
	static const char *const good[] = { "",	   " ",	    "0",	"0-3", "0-3,7",
					    "0,2", "0 , 2", "0-15:2/4", "1-1", " 5 " };
	static const char *const bad[] = { ",",	  "0,",	      "-1",	  "3-0",	 "a",
					   "0-",  "0--3",     "0-3-5",	  "0;1",	 "1 2",
					   "0x1", "0-15:5/4", "0-15:0/0", "99999999999", "0-3\n5" };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(good); i++)
		assert_true(number_list_ok(good[i]));
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		assert_false(number_list_ok(bad[i]));
}

static void lists_of_numbers_have_numbers_in_common(void **state)
{
	static const struct {
		const char *one, *other, *both;
	} rows[] = {
		{ "0-3,7", "0-3,7", "0-3,7" },
		{ "3,2,1,9", "0-9", "1-3,9" },
		{ "0-15:2/4", "0-15", "0-1,4-5,8-9,12-13" },
		{ "0-3", "2-5", "2-3" },
		{ "0", "1", "" },
		{ "", "1", "" },
		{ " 5 , 7", " ", "" },
		{ "4,1048576", "4,1048576", "4,1048576" },
	};
	scoped_arena struct arena a = { 0 };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		assert_string_equal(number_list_common(&a, rows[i].one, rows[i].other),
				    rows[i].both);
}

static void kernel_parameters_have_one_path(void **state)
{
	static const struct {
		const char *name, *path;
		int namespace;
	} cases[] = {
		{ "net.ipv4.ip_forward", "net/ipv4/ip_forward", CLONE_NEWNET },
		{ "net/ipv4/ip_forward", "net/ipv4/ip_forward", CLONE_NEWNET },
		{ "net.ipv4.conf.eth0/1.forwarding", "net/ipv4/conf/eth0.1/forwarding",
		  CLONE_NEWNET },
		{ "net/ipv4/conf/eth0.1/forwarding", "net/ipv4/conf/eth0.1/forwarding",
		  CLONE_NEWNET },
		{ "kernel.shmmax", "kernel/shmmax", CLONE_NEWIPC },
		{ "kernel.sem", "kernel/sem", CLONE_NEWIPC },
		{ "kernel.semantics", "kernel/semantics", 0 },
		{ "fs.mqueue.msg_max", "fs/mqueue/msg_max", CLONE_NEWIPC },
		{ "kernel.domainname", "kernel/domainname", CLONE_NEWUTS },
		{ "kernel.core_pattern", "kernel/core_pattern", 0 },
		{ "vm.swappiness", "vm/swappiness", 0 },
		{ "network.x", "network/x", 0 },
	};
	static const char *const bad[] = { "",
					   ".",
					   "/",
					   "net..x",
					   "net.",
					   "/net/x",
					   "net/../kernel/x",
					   "net/./x",
					   "net.//.x",
					   "net//x",
					   "net.ipv4.a\nb",
					   "net x",
					   "net/ipv4/..",
					   "../x",
					   "..",
					   "net.ipv4.//.kernel" };
	char path[SYSCTL_PATH_MAX], huge[400];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		assert_true(sysctl_path(cases[i].name, path));
		assert_string_equal(path, cases[i].path);
		assert_int_equal(sysctl_namespace(path), cases[i].namespace);
	}
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		assert_false(sysctl_path(bad[i], path));
	for (size_t i = 0; i < sizeof(huge); i++)
		huge[i] = 'a';
	huge[sizeof(huge) - 1] = '\0';
	assert_false(sysctl_path(huge, path));
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(numbers_are_those_of_the_kernels_headers),
		cmocka_unit_test(every_capability_of_the_kernel_has_its_word),
		cmocka_unit_test(signals_are_numbers_or_names_in_any_case),
		cmocka_unit_test(lists_of_numbers_follow_the_kernels_grammar),
		cmocka_unit_test(lists_of_numbers_have_numbers_in_common),
		cmocka_unit_test(kernel_parameters_have_one_path),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
