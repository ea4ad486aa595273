/* SPDX-License-Identifier: Apache-2.0 */
/* device_filter.c - rules on devices → lines and BPF.
 *
 * The kernel asks a program of type cgroup/device with the kind of device, its number and the access that is wanted
 * (struct bpf_cgroup_dev_ctx); several kinds of access may be wanted at once. The rules are tried from the last to the
 * first: r3 holds what is wanted and not allowed yet; a rule that denies some of it ends with 0, and when nothing is left
 * the answer is 1. */
#include "runtime/plan/device_filter.h"

#include <stddef.h>
#include <string.h>

#include "spec/base/scope.h"

#define ACCESS_ALL (BPF_DEVCG_ACC_MKNOD | BPF_DEVCG_ACC_READ | BPF_DEVCG_ACC_WRITE)
#define HEAD_INSNS 6
#define RULE_INSNS_MAX 8
#define TAIL_INSNS 2

static const struct device_rule always[] = {
	{ true, 'c', -1, -1, BPF_DEVCG_ACC_MKNOD },
	{ true, 'b', -1, -1, BPF_DEVCG_ACC_MKNOD },
	{ true, 'c', 1, 3, ACCESS_ALL }, /* null */
	{ true, 'c', 1, 5, ACCESS_ALL }, /* zero */
	{ true, 'c', 1, 7, ACCESS_ALL }, /* full */
	{ true, 'c', 1, 8, ACCESS_ALL }, /* random */
	{ true, 'c', 1, 9, ACCESS_ALL }, /* urandom */
	{ true, 'c', 5, 0, ACCESS_ALL }, /* tty */
	{ true, 'c', 5, 2, ACCESS_ALL }, /* ptmx */
	{ true, 'c', 136, -1, ACCESS_ALL }, /* the terminals of devpts */
};

static uint32_t access_of(const char *s)
{
	uint32_t access = 0;

	if (!s || !*s)
		return ACCESS_ALL;
	access |= strchr(s, 'r') ? BPF_DEVCG_ACC_READ : 0;
	access |= strchr(s, 'w') ? BPF_DEVCG_ACC_WRITE : 0;
	access |= strchr(s, 'm') ? BPF_DEVCG_ACC_MKNOD : 0;
	return access;
}

static struct device_rule rule_of(const struct device_cgroup *d, int type)
{
	return (struct device_rule){
		.allow = d->allow,
		.type = type,
		.major = d->major.set ? d->major.v : -1,
		.minor = d->minor.set ? d->minor.v : -1,
		.access = access_of(d->access),
	};
}

struct device_rules device_rules(const struct device_cgroups *config, struct arena *a)
{
	struct device_rules all = {
		arena_array(a, struct device_rule, 2 * config->n + ARRAY_LEN(always)), 0
	};

	for (size_t i = 0; i < config->n; i++) {
		const struct device_cgroup *d = &config->v[i];
		struct device_rule r = rule_of(d, d->type);

		/* Of all devices, but only some numbers or kinds of access: two rules. */
		if (r.type == 'a' && (r.major >= 0 || r.minor >= 0 || r.access != ACCESS_ALL)) {
			all.v[all.n++] = rule_of(d, 'b');
			r.type = 'c';
		}
		all.v[all.n++] = r;
	}
	for (size_t i = 0; i < ARRAY_LEN(always); i++)
		all.v[all.n++] = always[i];
	return all;
}

static const char *number_text(int64_t n, struct arena *a)
{
	return n < 0 ? "*" : arena_printf(a, "%lld", (long long)n);
}

const char *device_rule_text(const struct device_rule *r, struct arena *a)
{
	return arena_printf(a, "%c %s:%s %s%s%s", r->type, number_text(r->major, a),
			    number_text(r->minor, a), r->access & BPF_DEVCG_ACC_READ ? "r" : "",
			    r->access & BPF_DEVCG_ACC_WRITE ? "w" : "",
			    r->access & BPF_DEVCG_ACC_MKNOD ? "m" : "");
}

/* --- the program ------------------------------------------------------------------------------ */

struct code {
	struct bpf_insn *v;
	size_t n;
};

static void add(struct code *c, uint8_t op, uint8_t dst, uint8_t src, int off, int64_t imm)
{
	c->v[c->n++] = (struct bpf_insn){
		.code = op,
		.dst_reg = dst & 0xf,
		.src_reg = src & 0xf,
		.off = (int16_t)off,
		.imm = (int32_t)imm,
	};
}

static void load(struct code *c, uint8_t dst, size_t offset)
{
	add(c, BPF_LDX | BPF_MEM | BPF_W, dst, BPF_REG_1, (int)offset, 0);
}

static void answer(struct code *c, int value)
{
	add(c, BPF_ALU64 | BPF_MOV | BPF_K, BPF_REG_0, 0, 0, value);
	add(c, BPF_JMP | BPF_EXIT, 0, 0, 0, 0);
}

/* r2 the type, r3 the access, r4 and r5 the number. */
static void add_head(struct code *c)
{
	load(c, BPF_REG_2, offsetof(struct bpf_cgroup_dev_ctx, access_type));
	add(c, BPF_ALU | BPF_MOV | BPF_X, BPF_REG_3, BPF_REG_2, 0, 0);
	add(c, BPF_ALU | BPF_AND | BPF_K, BPF_REG_2, 0, 0, 0xffff);
	add(c, BPF_ALU | BPF_RSH | BPF_K, BPF_REG_3, 0, 0, 16);
	load(c, BPF_REG_4, offsetof(struct bpf_cgroup_dev_ctx, major));
	load(c, BPF_REG_5, offsetof(struct bpf_cgroup_dev_ctx, minor));
}

/* A jump over the rest of the rule, whose end is not known yet, where the register is something else. */
static void unless(struct code *c, uint8_t reg, int64_t value)
{
	add(c, BPF_JMP32 | BPF_JNE | BPF_K, reg, 0, -1, value);
}

static void end_rule(struct code *c, size_t first)
{
	for (size_t i = first; i < c->n; i++)
		if (c->v[i].off == -1)
			c->v[i].off = (int16_t)(c->n - i - 1);
}

static void add_rule(struct code *c, const struct device_rule *r)
{
	size_t first = c->n;

	if (r->type != 'a')
		unless(c, BPF_REG_2, r->type == 'b' ? BPF_DEVCG_DEV_BLOCK : BPF_DEVCG_DEV_CHAR);
	if (r->type != 'a' && r->major >= 0)
		unless(c, BPF_REG_4, r->major);
	if (r->type != 'a' && r->minor >= 0)
		unless(c, BPF_REG_5, r->minor);
	if (r->allow) {
		add(c, BPF_ALU | BPF_AND | BPF_K, BPF_REG_3, 0, 0, ~(int64_t)r->access);
		unless(c, BPF_REG_3, 0);
		answer(c, 1);
	} else {
		/* Over the next one where some of it is wanted. */
		add(c, BPF_JMP32 | BPF_JSET | BPF_K, BPF_REG_3, 0, 1, r->access);
		add(c, BPF_JMP | BPF_JA, 0, 0, -1, 0);
		answer(c, 0);
	}
	end_rule(c, first);
}

struct bpf_insn *device_filter(const struct device_rules *rules, struct arena *a, size_t *ret_n)
{
	struct code c = { 0 };
	size_t first = rules->n;

	/* What stands before a rule on everything is void. */
	while (first > 0 && rules->v[first - 1].type != 'a')
		first--;
	first -= first > 0;
	c.v = arena_array(a, struct bpf_insn,
			  HEAD_INSNS + RULE_INSNS_MAX * (rules->n - first) + TAIL_INSNS);
	add_head(&c);
	for (size_t i = rules->n; i > first; i--)
		add_rule(&c, &rules->v[i - 1]);
	answer(&c, 1);
	*ret_n = c.n;
	return c.v;
}
