/* SPDX-License-Identifier: Apache-2.0 */
/* seccomp_tree.c - the program: which architecture, then a balanced tree over the number's ranges. */
#include <linux/seccomp.h>
#include <string.h>

#include "runtime/plan/seccomp_rules.h"

/* A call takes at most this many of its six arguments, one more inside socketcall, to decide. */
#define CONDS_MAX 7

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

static size_t write_chain(struct writer *w, struct chain *chain)
{
	const struct decisions *d = w->decisions;
	size_t no;

	if (chain->place)
		return code_near(&w->code, chain->place);
	no = code_ret(&w->code, d->rules->default_action);
	for (uint32_t i = chain->n; i > 0 && !w->code.full; i--)
		no = write_test(&w->code, &d->tests[chain->first + i - 1], chain, no);
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

/* One number amid others that all get the same takes one comparison instead of two. */
static bool is_island(const struct range *r, size_t n)
{
	return n == 3 && same(r[0].decision, r[2].decision) && r[2].start - r[1].start == 1;
}

static size_t write_tree(struct writer *w, const struct range *r, size_t n)
{
	size_t half = n / 2, high, low;

	if (n == 1 || w->code.full)
		return write_decision(w, r[0].decision);
	if (is_island(r, n)) {
		low = write_decision(w, r[0].decision);
		high = write_decision(w, r[1].decision);
		return code_jump(&w->code, BPF_JEQ, r[1].start, high, low);
	}
	high = write_tree(w, r + half, n - half);
	low = write_tree(w, r, half);
	return code_jump(&w->code, BPF_JGE, r[half].start, high, low);
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

	for (size_t i = r->archs_n; i > 0 && !w->code.full; i--) {
		struct ranges ranges;

		if (!is_leader(r, i - 1))
			continue;
		ranges = rules_ranges(w->decisions, i - 1);
		next = write_tree(w, ranges.v, ranges.n);
		place[i - 1] = code_load(&w->code, offsetof(struct seccomp_data, nr), next);
	}
	next = code_ret(&w->code, SECCOMP_RET_KILL_THREAD);
	for (size_t i = r->archs_n; i > 0; i--)
		if (place[i - 1])
			next = code_jump(&w->code, BPF_JEQ, r->archs[i - 1]->audit, place[i - 1],
					 next);
	(void)code_load(&w->code, offsetof(struct seccomp_data, arch), next);
}

int rules_emit(const struct rules *r, struct arena *a, struct sock_filter **ret, size_t *ret_n,
	       struct err *err)
{
	struct decisions d = { .rules = r, .arena = r->arena };
	struct writer *w = arena_new(r->arena, struct writer);

	d.of_row = arena_array(r->arena, struct decision, r->rules_n);
	d.of_row_arch = arena_array(r->arena, const struct syscall_arch *, r->rules_n);
	w->decisions = &d;
	write_program(w);
	if (w->code.full || d.full)
		return err_limit(err,
				 "its program needs more than the kernel's %d instructions: list "
				 "fewer conditions or fewer architectures",
				 BPF_MAXINSNS);
	*ret_n = w->code.n;
	*ret = arena_array(a, struct sock_filter, w->code.n);
	memcpy(*ret, w->code.insns + BPF_MAXINSNS - w->code.n, w->code.n * sizeof(**ret));
	return 0;
}
