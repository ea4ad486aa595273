/* SPDX-License-Identifier: Apache-2.0 */
/* test_seccomp_diff.c - our filters against libseccomp's for the same profiles, call by call.
 *
 * Every program is run in an interpreter with every number, architecture and class of arguments. The
 * profile's meaning, spelt out in seccomp_sim.h, is the third opinion: it also judges profiles
 * that libseccomp refuses or decides by the order of its tree. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "spec/base/str.h"
#include "tests/unit/seccomp_profile.h"
#include "tests/unit/seccomp_sim.h"

#define NATIVE "SCMP_ARCH_X86_64"
#define PROFILES 400
#define ARG_VECTORS 24
#define SWEEP 620

struct subject {
	const struct seccomp *p;
	struct seccomp_program ours;
	struct sock_filter *lib;
	size_t lib_n;
	struct sim_arch archs[8]; /* the native one first */
	size_t archs_n;
	bool x32;
	uint64_t seed;
	const char *label;
	uint64_t by_lib, not_by_lib; /* answers of libseccomp that were compared, or could not be */
	uint64_t enosys;
};

static uint64_t roll(uint64_t *seed)
{
	*seed ^= *seed << 13;
	*seed ^= *seed >> 7;
	*seed ^= *seed << 17;
	return *seed;
}

static const struct sim_arch *arch_of(const struct subject *s, const struct sim_call *call)
{
	const struct sim_arch *found = NULL;

	for (size_t i = 0; i < s->archs_n; i++) {
		bool x32 = s->archs[i].arch->flags & ARCH_X32;

		if (s->archs[i].arch->audit != call->arch)
			continue;
		if (!found || (x32 && call->nr >= X32_BIT))
			found = &s->archs[i];
	}
	return found;
}

static uint32_t expected(struct subject *s, const struct sim_call *call, bool *by_rule)
{
	const struct sim_arch *arch = arch_of(s, call);

	*by_rule = false;
	if (!arch)
		return SECCOMP_RET_KILL_THREAD;
	if (arch->arch->flags & ARCH_X86_64 && call->nr >= X32_BIT && call->nr != UINT32_MAX)
		return SECCOMP_RET_KILL_THREAD;
	*by_rule = sim_is_unknown(s->p, arch, call, s->x32);
	return *by_rule ? SIM_ENOSYS : sim_decide(s->p, arch, call);
}

static void print_profile(const struct seccomp *p)
{
	print_error("default %08x, %s and %zu more\n", p->default_action,
		    p->architectures.n ? p->architectures.v[0] : "native", p->architectures.n);
	for (size_t i = 0; i < p->syscalls.n; i++) {
		const struct seccomp_syscall *row = &p->syscalls.v[i];

		print_error("  %08x %s and %zu more:", sim_action(row->action, &row->errno_ret),
			    row->names.v[0], row->names.n - 1);
		for (size_t k = 0; k < row->args.n; k++)
			print_error(" a%u op%d %llx %llx", row->args.v[k].index, row->args.v[k].op,
				    (unsigned long long)row->args.v[k].value,
				    (unsigned long long)row->args.v[k].value_two);
		print_error("\n");
	}
}

static void complain(const struct subject *s, const struct sim_call *call, uint32_t ours,
		     uint32_t lib, uint32_t meant)
{
	print_error("%s: arch %08x nr %u args %llx %llx %llx %llx %llx %llx: ours %08x, libseccomp "
		    "%08x, meant %08x\n",
		    s->label, call->arch, call->nr, (unsigned long long)call->args[0],
		    (unsigned long long)call->args[1], (unsigned long long)call->args[2],
		    (unsigned long long)call->args[3], (unsigned long long)call->args[4],
		    (unsigned long long)call->args[5], ours, lib, meant);
	if (s->p->syscalls.n < 60)
		print_profile(s->p);
	fail();
}

/* libseccomp 2.5.4 forgets to load the number where the first entry of an architecture is a call that
 * the architecture does not have, and then compares something else with it: such an answer is no
 * reference. Its answer without any entry, the default, needs no number either. */
static bool lib_answer(struct subject *s, const struct sim_call *call, bool big, uint32_t *ret)
{
	bool asked = !arch_of(s, call);
	uint32_t answer;

	if (!s->lib)
		return false;
	answer = sim_trace(s->lib, s->lib_n, big, call, &asked);
	s->by_lib += asked;
	s->not_by_lib += !asked;
	if (asked)
		*ret = answer;
	return asked;
}

static void judge(struct subject *s, const struct sim_call *call)
{
	bool by_rule, big = s->archs[0].arch->flags & ARCH_BIG;
	uint32_t meant = expected(s, call, &by_rule), lib = meant;
	uint32_t ours = sim_run(s->ours.insns, s->ours.n, big, call);

	if (!by_rule)
		(void)lib_answer(s, call, big, &lib);
	if (ours != meant || lib != meant)
		complain(s, call, ours, lib, meant);
	s->enosys += by_rule;
}

/* A constant of the profile, its neighbours, the same with another high half, or anything. */
static uint64_t pick_value(struct subject *s)
{
	static const uint64_t changes[] = {
		0, 1, UINT64_MAX, 1ull << 32, -(1ull << 32), 1ull << 31
	};
	uint64_t r = roll(&s->seed);
	const struct seccomp_syscall *row;
	const struct seccomp_arg *arg;

	if (!s->p->syscalls.n || r % 4 == 0)
		return sim_values[(r >> 8) % ARRAY_LEN(sim_values)];
	row = &s->p->syscalls.v[(r >> 16) % s->p->syscalls.n];
	if (!row->args.n)
		return r % 4 == 1 ? r % 24 : roll(&s->seed);
	arg = &row->args.v[(r >> 40) % row->args.n];
	return (r & 256 && arg->op == SCMP_OP_MASKED_EQ ? arg->value_two : arg->value) +
	       changes[(r >> 4) % ARRAY_LEN(changes)];
}

static bool has_args(const struct subject *s, const struct sim_arch *arch, uint32_t nr)
{
	for (size_t i = 0; i < s->p->syscalls.n; i++)
		for (size_t k = 0; k < s->p->syscalls.v[i].names.n; k++) {
			struct sim_name n = arch->rows[i][k];

			if (n.mux && ((int)nr == arch->socketcall || (int)nr == arch->ipc))
				return true;
			if (n.direct == (int)nr && s->p->syscalls.v[i].args.n)
				return true;
		}
	return false;
}

static void judge_number(struct subject *s, const struct sim_arch *arch, uint32_t nr)
{
	struct sim_call call = { .nr = nr, .arch = arch->arch->audit };
	bool deep = has_args(s, arch, nr);

	judge(s, &call);
	for (size_t i = 0; deep && i < ARG_VECTORS; i++) {
		for (size_t k = 0; k < 6; k++)
			call.args[k] = pick_value(s);
		if (((int)nr == arch->socketcall || (int)nr == arch->ipc) && i % 4)
			call.args[0] = i;
		judge(s, &call);
	}
}

static void judge_all(struct subject *s)
{
	static const uint32_t bases[] = { 0, X32_BIT, 4000, 5000, 6000, 0x0f0000 };
	static const uint32_t edges[] = { X32_BIT - 1,	  0x7fffffff, 0x80000000,
					  UINT32_MAX - 1, UINT32_MAX, X32_BIT | 0x3fffffff };
	struct sim_call strange = { .nr = 1, .arch = 0x12345678 };

	assert_true(sim_valid(s->ours.insns, s->ours.n));
	judge(s, &strange);
	for (size_t i = 0; i < s->archs_n; i++) {
		for (size_t b = 0; b < ARRAY_LEN(bases); b++)
			for (uint32_t nr = 0; nr < (bases[b] & ~X32_BIT ? 60u : SWEEP); nr++)
				judge_number(s, &s->archs[i], bases[b] + nr);
		for (size_t e = 0; e < ARRAY_LEN(edges); e++)
			judge_number(s, &s->archs[i], edges[e]);
		judge_number(s, &s->archs[i], s->archs[i].last);
		judge_number(s, &s->archs[i], s->archs[i].last + 1);
	}
}

static bool has_arch(const struct subject *s, const char *word)
{
	for (size_t i = 0; i < s->archs_n; i++)
		if (str_eq(s->archs[i].arch->name, word))
			return true;
	return false;
}

/* Compiles and compares; whether libseccomp took part. */
static bool compare(struct subject *s, const char *native, bool with_lib, struct arena *a)
{
	struct err err = { 0 };
	char line[ERR_LINE_MAX];

	if (seccomp_compile_for(native, s->p, a, &s->ours, &err) < 0) {
		print_error("%s: %s\n", s->label, err_line(&err, line, sizeof(line)));
		fail();
	}
	s->archs[s->archs_n++] = sim_arch_of(s->p, native, a);
	for (size_t i = 0; i < s->p->architectures.n; i++)
		if (!has_arch(s, s->p->architectures.v[i]))
			s->archs[s->archs_n++] = sim_arch_of(s->p, s->p->architectures.v[i], a);
	s->x32 = has_arch(s, "SCMP_ARCH_X32");
	if (!with_lib || sim_lib(native, s->p, a, &s->lib, &s->lib_n) < 0)
		s->lib = NULL;
	judge_all(s);
	return s->lib;
}

/* --- the default profile ------------------------------------------------------------ */

static void the_default_profile_is_libseccomps(void **state)
{
	static const char *const few[] = { "CAP_AUDIT_WRITE", NULL };
	static const char *const many[] = { "CAP_AUDIT_WRITE", "CAP_SYS_ADMIN", "CAP_SYS_CHROOT",
					    "CAP_SYS_PTRACE",  "CAP_SYS_TIME",	NULL };
	const char *const *const caps[] = { few, many };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(caps); i++) {
		scoped_arena struct arena a = { 0 };
		struct subject s = { .seed = 7 + i, .label = "default profile" };
		struct seccomp *p = default_profile(caps[i], &a);

		assert_non_null(p);
		/* With its own ENOSYS default, and with EPERM, where the rule about unknown calls shows. */
		s.p = p;
		assert_true(compare(&s, NATIVE, true, &a));
		assert_true(s.ours.n < s.lib_n / 2);
		p->default_errno_ret.v = EPERM;
		s = (struct subject){ .seed = 7 + i, .label = "default profile, EPERM", .p = p };
		assert_true(compare(&s, NATIVE, true, &a));
		assert_true(s.enosys > 0);
	}
}

/* --- random profiles ------------------------------------------------------------------------- */

static void compare_random(const char *native, bool tame, uint64_t seed, size_t profiles)
{
	size_t with_lib = 0, by_lib = 0, not_by_lib = 0;

	for (size_t i = 0; i < profiles; i++) {
		scoped_arena struct arena a = { 0 };
		struct subject s = { .seed = seed + i * 7919, .label = native };
		uint8_t bytes[160];
		size_t n = 8 + roll(&s.seed) % (sizeof(bytes) - 8);
		struct seccomp *p;

		for (size_t k = 0; k < sizeof(bytes); k++)
			bytes[k] = (uint8_t)(roll(&s.seed) >> 24);
		p = sim_profile(bytes, n, tame, &a);
		if (!str_eq(native, NATIVE))
			p->architectures.n = 0;
		for (size_t k = 0; k < p->syscalls.n; k++)
			if (p->syscalls.v[k].action == SECCOMP_RET_USER_NOTIF)
				p->syscalls.v[k].action = SECCOMP_RET_LOG;
		s.p = p;
		with_lib += compare(&s, native, tame, &a);
		by_lib += s.by_lib;
		not_by_lib += s.not_by_lib;
	}
	if (tame) {
		print_message("# %s: %zu of %zu profiles, %zu calls, %zu not comparable\n", native,
			      with_lib, profiles, by_lib, not_by_lib);
		/* The reference itself must not have dwindled. */
		assert_true(with_lib > profiles * 3 / 4 && by_lib > 2 * not_by_lib);
	}
}

static void profiles_without_contradictions_are_libseccomps(void **state)
{
	(void)state;
	compare_random(NATIVE, true, 1000, PROFILES);
}

static void other_native_architectures_are_libseccomps(void **state)
{
	static const char *const natives[] = { "SCMP_ARCH_AARCH64", "SCMP_ARCH_S390X",
					       "SCMP_ARCH_PPC64",   "SCMP_ARCH_RISCV64",
					       "SCMP_ARCH_ARM",	    "SCMP_ARCH_MIPS",
					       "SCMP_ARCH_S390",    "SCMP_ARCH_MIPSEL64N32" };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(natives); i++)
		compare_random(natives[i], true, 3000 + i, 20);
}

static void contradictions_go_to_the_strictest(void **state)
{
	(void)state;
	compare_random(NATIVE, false, 5000, PROFILES);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_default_profile_is_libseccomps),
		cmocka_unit_test(profiles_without_contradictions_are_libseccomps),
		cmocka_unit_test(other_native_architectures_are_libseccomps),
		cmocka_unit_test(contradictions_go_to_the_strictest),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
