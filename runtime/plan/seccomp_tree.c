/* SPDX-License-Identifier: Apache-2.0 */
/* seccomp_tree.c - the program: which architecture, then a balanced tree over the number's ranges. */
#include <linux/seccomp.h>

#include "runtime/plan/seccomp_rules.h"

/* Numbers asked for one by one in a leaf: as many steps as the tree would take to find them. */
#define ISLANDS_MAX 3

/* A range of the tree and the numbers that stand out of it: 2 * islands + 1 of the ranges. */
struct leaf {
	uint16_t at, islands;
};

struct writer {
	struct code code;
	struct decisions *decisions;
};

static struct code_cond cond_of(const struct seccomp_arg *arg, const struct chain *chain)
{
	bool masked = arg->op == SCMP_OP_MASKED_EQ;

	return (struct code_cond){
		.index = arg->index,
		.op = arg->op,
		.value = masked ? arg->value_two : arg->value,
		.mask = masked ? arg->value : UINT64_MAX,
		.wide = chain->wide,
		.big = chain->big,
	};
}

/* All conditions of one test, the first one in the program written last. */
static size_t write_test(struct code *c, const struct test *test, const struct chain *chain,
			 size_t no)
{
	struct code_cond sub = { 0, SCMP_OP_EQ, test->sub, UINT64_MAX, chain->wide, chain->big };
	size_t yes = code_ret(c, test->action);

	for (size_t i = test->n; i > 0; i--) {
		struct code_cond cond = cond_of(&test->args[i - 1], chain);

		if (!test->sub || cond.index)
			yes = code_test(c, &cond, yes, no);
	}
	return test->sub ? code_test(c, &sub, yes, no) : yes;
}

/* Two tests that ask the same argument for one value each, the upper halves of which are the same. */
static bool alike(const struct test *a, const struct test *b, bool wide)
{
	return a->action == b->action && a->n == 1 && b->n == 1 && !a->sub && !b->sub &&
	       a->args[0].op == SCMP_OP_EQ && b->args[0].op == SCMP_OP_EQ &&
	       a->args[0].index == b->args[0].index &&
	       (!wide || a->args[0].value >> 32 == b->args[0].value >> 32);
}

/* n tests, all alike: the argument is loaded once. */
static size_t write_set(struct code *c, const struct test *tests, size_t n,
			const struct chain *chain, size_t no)
{
	struct code_cond cond = cond_of(&tests[0].args[0], chain);
	size_t yes = code_ret(c, tests[0].action), place = no;

	for (size_t i = n; i > 1; i--)
		place = code_jump(c, BPF_JEQ, (uint32_t)tests[i - 1].args[0].value, yes, place);
	return code_test_or(c, &cond, yes, place, no);
}

static size_t write_chain(struct writer *w, struct chain *chain)
{
	const struct decisions *d = w->decisions;
	const struct test *tests = d->tests + chain->first;
	size_t no, n;

	if (chain->place)
		return code_near(&w->code, chain->place);
	no = code_ret(&w->code, d->rules->default_action);
	for (size_t i = chain->n; i > 0 && !w->code.full; i -= n) {
		for (n = 1; n < i && alike(&tests[i - n - 1], &tests[i - 1], chain->wide); n++)
			;
		no = n > 1 ? write_set(&w->code, tests + i - n, n, chain, no)
			   : write_test(&w->code, &tests[i - 1], chain, no);
	}
	chain->place = no;
	return no;
}

static size_t write_decision(struct writer *w, struct decision decision)
{
	if (decision.chain)
		return write_chain(w, &w->decisions->chains[decision.chain - 1]);
	return code_ret(&w->code, decision.action);
}

static bool same(struct decision a, struct decision b)
{
	return a.action == b.action && a.chain == b.chain;
}

/* How many single numbers stand out of a range that goes on behind each of them. Asking for those
 * one by one takes half the comparisons that ranges of their own would. */
static uint16_t count_islands(const struct ranges *ranges, size_t at)
{
	const struct range *r = ranges->v + at;
	uint16_t n = 0;

	while (n < ISLANDS_MAX && at + 2 * n + 2 < ranges->n &&
	       same(r[0].decision, r[2 * n + 2].decision) &&
	       r[2 * n + 2].start - r[2 * n + 1].start == 1)
		n++;
	return n;
}

static size_t find_leaves(const struct ranges *ranges, struct leaf *leaves)
{
	size_t n = 0;

	for (size_t at = 0; at < ranges->n; n++) {
		leaves[n] = (struct leaf){ (uint16_t)at, count_islands(ranges, at) };
		at += 2 * leaves[n].islands + 1;
	}
	return n;
}

static size_t write_leaf(struct writer *w, const struct leaf *leaf)
{
	const struct range *ranges = w->decisions->ranges.v + leaf->at;
	size_t place = write_decision(w, ranges[0].decision);

	for (size_t i = leaf->islands; i > 0; i--) {
		const struct range *island = &ranges[2 * i - 1];
		size_t yes = write_decision(w, island->decision);

		place = code_jump(&w->code, BPF_JEQ, island->start, yes, place);
	}
	return place;
}

static size_t write_tree(struct writer *w, const struct leaf *leaves, size_t n)
{
	size_t half = n / 2, high, low;
	uint32_t start;

	if (n == 1 || w->code.full)
		return write_leaf(w, leaves);
	high = write_tree(w, leaves + half, n - half);
	low = write_tree(w, leaves, half);
	start = w->decisions->ranges.v[leaves[half].at].start;
	return code_jump(&w->code, BPF_JGE, start, high, low);
}

static size_t write_arch(struct writer *w, size_t at)
{
	struct decisions *d = w->decisions;
	struct leaf *leaves;
	size_t root;

	rules_ranges(d, at);
	leaves = arena_array(d->arena, struct leaf, d->ranges.n);
	root = write_tree(w, leaves, find_leaves(&d->ranges, leaves));
	return code_load(&w->code, offsetof(struct seccomp_data, nr), root);
}

/* The first architecture of the list with that audit value speaks for all of them. */
static bool is_leader(const struct rules *r, size_t at)
{
	for (size_t i = 0; i < at; i++)
		if (r->archs[i]->audit == r->archs[at]->audit)
			return false;
	return true;
}

static void write_program(struct writer *w)
{
	const struct rules *r = w->decisions->rules;
	size_t place[SECCOMP_ARCHS_MAX + 1] = { 0 }, next;

	for (size_t i = r->archs_n; i > 0 && !w->code.full; i--)
		if (is_leader(r, i - 1))
			place[i - 1] = write_arch(w, i - 1);
	next = code_ret(&w->code, SECCOMP_RET_KILL_THREAD);
	for (size_t i = r->archs_n; i > 0; i--)
		if (place[i - 1])
			next = code_jump(&w->code, BPF_JEQ, r->archs[i - 1]->audit, place[i - 1],
					 next);
	(void)code_load(&w->code, offsetof(struct seccomp_data, arch), next);
}

int rules_emit(const struct rules *r, struct sock_filter **ret, size_t *ret_n, struct err *err)
{
	struct decisions d = { .rules = r, .arena = r->arena };
	struct writer w = { .code = { .arena = r->arena }, .decisions = &d };

	d.of_row = arena_array(r->arena, struct decision, r->rules_n);
	d.of_row_arch = arena_array(r->arena, const struct syscall_arch *, r->rules_n);
	write_program(&w);
	if (w.code.full || d.full)
		return err_limit(err,
				 "its program needs more than the kernel's %d instructions: list "
				 "fewer conditions or fewer architectures",
				 BPF_MAXINSNS);
	*ret_n = w.code.n;
	*ret = code_done(&w.code);
	return 0;
}
