/* SPDX-License-Identifier: Apache-2.0 */
/* test_cgroup.c - conversions of limits, and the program for devices run over every class of device. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/plan/device_filter.h"
#include "runtime/plan/plan_cgroup.h"
#include "runtime/probe/cgroup.h"
#include "spec/base/scope.h"

#define STEPS_MAX 4096
#define ROUNDS 400
#define RULES_MAX 12

/* --- numbers ---------------------------------------------------------------------------------- */

static void shares_become_weights(void **state)
{
	static const struct {
		uint64_t shares, weight;
	} cases[] = { { 0, 1 },	     { 2, 1 },		{ 3, 1 },
		      { 512, 59 },   { 1024, 100 },	{ 2048, 174 },
		      { 1536, 137 }, { 262144, 10000 }, { 1u << 30, 10000 } };
	uint64_t last = 0;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		assert_int_equal(cpu_weight(cases[i].shares), cases[i].weight);
	for (uint64_t shares = 1; shares <= 262144; shares += 7) {
		uint64_t weight = cpu_weight(shares);

		assert_true(weight >= last && weight >= 1 && weight <= 10000);
		last = weight;
	}
}

static void block_weights_become_io_weights(void **state)
{
	(void)state;
	assert_int_equal(io_weight(10), 1);
	assert_int_equal(io_weight(0), 1);
	assert_int_equal(io_weight(100), 910);
	assert_int_equal(io_weight(1000), 10000);
	assert_int_equal(io_weight(2000), 10000);
}

static void finds_controllers_in_lists(void **state)
{
	(void)state;
	assert_true(cgroup_has("cpu,cpuacct", "cpu"));
	assert_true(cgroup_has("cpu,cpuacct", "cpuacct"));
	assert_true(cgroup_has("memory pids", "pids"));
	assert_false(cgroup_has("cpuacct", "cpu"));
	assert_false(cgroup_has("name=systemd", "systemd"));
	assert_false(cgroup_has("", "cpu"));
	assert_false(cgroup_has(NULL, "cpu"));
}

static void reads_the_lines_of_v1(void **state)
{
	static const char text[] =
		"12:cpu,cpuacct:/a b\n3:name=systemd:/s\n2::/no\n1:memory:/m:x\n0::/u\n";
	struct cgroup_v1 v = { 0 };

	(void)state;
	assert_true(cgroup_v1_parse(text, "rw,cpu,cpuacct", &v));
	assert_string_equal(v.controllers, "cpu,cpuacct");
	assert_string_equal(v.own, "/a b");
	assert_true(cgroup_v1_parse(text, "rw,xattr,name=systemd", &v));
	assert_string_equal(v.own, "/s");
	assert_true(cgroup_v1_parse(text, "rw,memory", &v));
	assert_string_equal(v.own, "/m:x");
	assert_false(cgroup_v1_parse(text, "rw,cpu", &v));
	assert_false(cgroup_v1_parse(text, "rw,pids", &v));
	assert_false(cgroup_v1_parse("x\n9:\n:::\n", "rw,pids", &v));
	assert_false(cgroup_v1_parse(NULL, "rw", &v));
}

/* --- the program ------------------------------------------------------------------------------ */

static uint32_t loaded(const struct bpf_cgroup_dev_ctx *ctx, const struct bpf_insn *i)
{
	uint32_t v;

	assert_int_equal(i->src_reg, BPF_REG_1);
	assert_true(i->off >= 0 && (size_t)i->off + sizeof(v) <= sizeof(*ctx));
	memcpy(&v, (const char *)ctx + i->off, sizeof(v));
	return v;
}

/* What the kernel would do with it; anything that the generator should not write fails. */
static int simulate(const struct bpf_insn *code, size_t n, const struct bpf_cgroup_dev_ctx *ctx)
{
	uint64_t r[11] = { 0 };
	size_t at = 0;

	for (int step = 0; step < STEPS_MAX; step++) {
		const struct bpf_insn *i = &code[at++];
		uint32_t dst, imm;

		assert_true(at <= n);
		dst = (uint32_t)r[i->dst_reg];
		imm = (uint32_t)i->imm;
		switch (i->code) {
		case BPF_LDX | BPF_MEM | BPF_W:
			r[i->dst_reg] = loaded(ctx, i);
			break;
		case BPF_ALU | BPF_MOV | BPF_X:
			r[i->dst_reg] = (uint32_t)r[i->src_reg];
			break;
		case BPF_ALU64 | BPF_MOV | BPF_K:
			r[i->dst_reg] = (uint64_t)(int64_t)i->imm;
			break;
		case BPF_ALU | BPF_AND | BPF_K:
			r[i->dst_reg] = dst & imm;
			break;
		case BPF_ALU | BPF_RSH | BPF_K:
			r[i->dst_reg] = dst >> imm;
			break;
		case BPF_JMP32 | BPF_JNE | BPF_K:
			at += dst != imm ? (size_t)i->off : 0;
			break;
		case BPF_JMP32 | BPF_JSET | BPF_K:
			at += dst & imm ? (size_t)i->off : 0;
			break;
		case BPF_JMP | BPF_JA:
			at += (size_t)i->off;
			break;
		case BPF_JMP | BPF_EXIT:
			return (int)r[0];
		default:
			fail_msg("instruction 0x%x", i->code);
		}
	}
	fail_msg("it does not end");
	return -1;
}

/* By the words of the specification: the last entry that speaks of it, for each kind of access. */
static bool allowed(const struct device_rules *rules, int type, uint32_t major, uint32_t minor,
		    uint32_t access)
{
	for (uint32_t bit = 1; bit <= BPF_DEVCG_ACC_WRITE; bit <<= 1) {
		bool allow = true;

		for (size_t i = 0; i < rules->n; i++) {
			const struct device_rule *d = &rules->v[i];

			if (d->type == 'a' ||
			    (d->type == type && (d->major < 0 || d->major == major) &&
			     (d->minor < 0 || d->minor == minor) && (d->access & bit)))
				allow = d->allow;
		}
		if ((access & bit) && !allow)
			return false;
	}
	return true;
}

static void check_all(const struct device_rules *rules, struct arena *a)
{
	static const uint32_t majors[] = { 0, 1, 5, 8, 10, 136, 137 };
	static const uint32_t minors[] = { 0, 1, 2, 3, 9, 200, 1048575 };
	size_t n;
	const struct bpf_insn *code = device_filter(rules, a, &n);

	for (int type = 0; type < 2; type++)
		for (size_t i = 0; i < ARRAY_LEN(majors); i++)
			for (size_t k = 0; k < ARRAY_LEN(minors); k++)
				for (uint32_t access = 1; access < 8; access++) {
					struct bpf_cgroup_dev_ctx ctx = {
						.access_type =
							access << 16 | (type ? BPF_DEVCG_DEV_CHAR
									     : BPF_DEVCG_DEV_BLOCK),
						.major = majors[i],
						.minor = minors[k],
					};

					assert_int_equal(simulate(code, n, &ctx),
							 allowed(rules, type ? 'c' : 'b', majors[i],
								 minors[k], access));
				}
}

static struct opt_i64 random_number(void)
{
	static const int64_t some[] = { -1, 0, 1, 5, 8, 10, 136, 3, 9 };
	size_t i = (size_t)rand() % (ARRAY_LEN(some) + 2);

	return i < ARRAY_LEN(some) ? (struct opt_i64){ true, some[i] } : (struct opt_i64){ 0 };
}

static void the_program_does_what_the_rules_say(void **state)
{
	static const char *const accesses[] = { NULL, "", "r", "w", "m", "rw", "rm", "wm", "rwm" };
	struct device_cgroup v[RULES_MAX];

	(void)state;
	srand(7);
	for (int round = 0; round < ROUNDS; round++) {
		scoped_arena struct arena a = { 0 };
		struct device_cgroups config = { v, (size_t)rand() % (RULES_MAX + 1) };
		struct device_rules rules;

		for (size_t i = 0; i < config.n; i++)
			v[i] = (struct device_cgroup){
				.allow = rand() % 2,
				.type = "abc"[rand() % 3],
				.major = random_number(),
				.minor = random_number(),
				.access = accesses[(size_t)rand() % ARRAY_LEN(accesses)],
			};
		rules = device_rules(&config, &a);
		check_all(&rules, &a);
		/* Also without what every container has. */
		rules.n = config.n < rules.n ? config.n : rules.n;
		check_all(&rules, &a);
	}
}

static void rules_read_as_v1_writes_them(void **state)
{
	scoped_arena struct arena a = { 0 };
	struct device_cgroup v[] = {
		{ .type = 'a', .access = "rwm" },
		{ .allow = true, .type = 'a', .major = { true, 10 }, .access = "r" },
		{ .allow = true, .type = 'c', .major = { true, 1 }, .minor = { true, 3 } },
	};
	struct device_rules rules = device_rules(&(struct device_cgroups){ v, 3 }, &a);

	(void)state;
	assert_string_equal(device_rule_text(&rules.v[0], &a), "a *:* rwm");
	assert_string_equal(device_rule_text(&rules.v[1], &a), "b 10:* r");
	assert_string_equal(device_rule_text(&rules.v[2], &a), "c 10:* r");
	assert_string_equal(device_rule_text(&rules.v[3], &a), "c 1:3 rwm");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(shares_become_weights),
		cmocka_unit_test(block_weights_become_io_weights),
		cmocka_unit_test(finds_controllers_in_lists),
		cmocka_unit_test(reads_the_lines_of_v1),
		cmocka_unit_test(the_program_does_what_the_rules_say),
		cmocka_unit_test(rules_read_as_v1_writes_them),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
