/* SPDX-License-Identifier: Apache-2.0 */
/* seccomp_ranges.c - decides, number by number, what an architecture's system calls get. */
#include <linux/seccomp.h>
#include <string.h>

#include "runtime/plan/seccomp_rules.h"

#define ENOSYS_ACTION (SECCOMP_RET_ERRNO | ENOSYS)

/* Default actions that let a call through: an unknown call reaches the kernel, which knows best. */
static const uint32_t permissive[] = { SECCOMP_RET_ALLOW, SECCOMP_RET_LOG, SECCOMP_RET_TRACE };

void rules_init(struct rules *r, size_t rows, size_t names)
{
	r->rules = arena_array(r->arena, struct rule, rows);
	r->rules_n = rows;
	r->names = arena_array(r->arena, struct rule_list, syscall_rows());
	r->links = arena_array(r->arena, struct rule_link, names);
	r->links_n = 0;
}

void rules_add(struct rules *r, uint16_t name, uint16_t entry)
{
	struct rule_list *list = &r->names[name];

	list->named = true;
	/* The same name again in the same entry says nothing new. */
	if (!entry || (list->last && r->links[list->last - 1].row == entry - 1))
		return;
	r->links[r->links_n++] = (struct rule_link){ .row = (uint16_t)(entry - 1) };
	if (list->last) {
		r->links[list->last - 1].next = r->links_n;
	} else {
		const struct rule *rule = &r->rules[entry - 1];

		list->first = r->links_n;
		list->plain = rule->sure[0][0] && rule->sure[1][0];
		list->action = rule->action;
	}
	list->last = r->links_n;
}

/* A condition that every argument meets, on an architecture of that width. libseccomp leaves it out
 * likewise. */
static bool always(const struct seccomp_arg *arg, bool wide)
{
	return arg->op == SCMP_OP_MASKED_EQ && (wide ? arg->value : (uint32_t)arg->value) == 0;
}

static bool unconditional(const struct rule *rule, bool wide, bool inner)
{
	size_t held = 0;

	for (size_t i = 0; i < rule->n; i++)
		held += (inner && rule->args[i].index == 0) || always(&rule->args[i], wide);
	return rule->alternatives ? held > 0 : held == rule->n;
}

void rule_weigh(struct rule *rule)
{
	for (int wide = 0; wide < 2; wide++)
		for (int inner = 0; inner < 2; inner++)
			rule->sure[wide][inner] = unconditional(rule, wide, inner);
}

static bool find_unconditional(const struct rules *r, const struct rule_list *list, bool wide,
			       bool inner, uint32_t *action)
{
	for (uint32_t at = list->first; at; at = r->links[at - 1].next) {
		const struct rule *rule = &r->rules[r->links[at - 1].row];

		if (!rule->sure[wide][inner])
			continue;
		*action = rule->action;
		return true;
	}
	return false;
}

/* Room for one more of size bytes. */
static void *grown(struct arena *a, void *v, size_t n, size_t *room, size_t size)
{
	size_t more = *room ? 2 * *room : 16;

	if (n < *room)
		return v;
	v = arena_grow(a, v, *room * size, more * size);
	*room = more;
	return v;
}

static void push(struct decisions *d, uint32_t action, uint32_t sub, const struct seccomp_arg *args,
		 size_t n)
{
	if (d->tests_n == RULES_CONDITIONAL_MAX) {
		d->full = true;
		return;
	}
	d->tests = grown(d->arena, d->tests, d->tests_n, &d->tests_room, sizeof(*d->tests));
	d->tests[d->tests_n++] = (struct test){ action, sub, args, n };
}

static void push_rule(struct decisions *d, const struct rule *rule, uint32_t sub)
{
	if (!rule->alternatives) {
		push(d, rule->action, sub, rule->args, rule->n);
		return;
	}
	for (size_t i = 0; i < rule->n && !d->full; i++)
		push(d, rule->action, sub, &rule->args[i], 1);
}

static void push_list(struct decisions *d, const struct rule_list *list, uint32_t sub)
{
	const struct rules *r = d->rules;

	for (uint32_t at = list->first; at && !d->full; at = r->links[at - 1].next)
		push_rule(d, &r->rules[r->links[at - 1].row], sub);
}

/* socketcall and ipc also carry out calls that have names of their own. */
static void push_muxed(struct decisions *d, enum mux_call call, bool wide)
{
	size_t n;
	const struct syscall_mux *mux = syscall_muxes(&n);

	for (size_t i = 0; i < n; i++) {
		const struct rule_list *list = &d->rules->names[mux[i].name];
		uint32_t action;

		if (mux[i].call != call)
			continue;
		if (find_unconditional(d->rules, list, wide, true, &action))
			push(d, action, mux[i].sub, NULL, 0);
		else
			push_list(d, list, mux[i].sub);
	}
}

/* The kernel's order of precedence among actions: as signed numbers, the least is the strictest. */
static int32_t strictness(uint32_t action)
{
	return (int32_t)(action & SECCOMP_RET_ACTION_FULL);
}

/* Strictest first, otherwise as they came. Insertion: profiles list few tests for a call. */
static void sort_tests(struct test *tests, size_t n)
{
	for (size_t i = 1; i < n; i++) {
		struct test test = tests[i];
		size_t at = i;

		for (; at && strictness(tests[at - 1].action) > strictness(test.action); at--)
			tests[at] = tests[at - 1];
		tests[at] = test;
	}
}

static struct decision add_chain(struct decisions *d, size_t first, const struct syscall_arch *arch)
{
	struct chain *chain;

	d->chains = grown(d->arena, d->chains, d->chains_n, &d->chains_room, sizeof(*d->chains));
	chain = &d->chains[d->chains_n++];
	sort_tests(d->tests + first, d->tests_n - first);
	*chain = (struct chain){ .first = (uint32_t)first, .n = (uint32_t)(d->tests_n - first) };
	chain->wide = !(arch->flags & ARCH_32BIT);
	chain->big = arch->flags & ARCH_BIG;
	return (struct decision){ .chain = (uint32_t)d->chains_n };
}

/* Where one entry alone speaks about a call, all names of the entry share its chain. */
static struct decision *shared(struct decisions *d, const struct rule_list *list,
			       const struct syscall_arch *arch)
{
	uint32_t row = list->first ? d->rules->links[list->first - 1].row : 0;

	if (!list->first || list->first != list->last)
		return NULL;
	if (d->of_row_arch[row] != arch)
		d->of_row[row] = (struct decision){ 0 };
	d->of_row_arch[row] = arch;
	return &d->of_row[row];
}

/* numbers: n rows of one number; usually one, more where it has several names. */
static struct decision decide(struct decisions *d, const struct syscall_arch *arch,
			      const struct syscall_number *numbers, size_t n)
{
	struct decision none = { .action = d->rules->default_action }, *memo = NULL;
	bool wide = !(arch->flags & ARCH_32BIT);
	size_t first = d->tests_n;

	for (size_t i = 0; i < n; i++) {
		uint32_t action;

		if (find_unconditional(d->rules, &d->rules->names[numbers[i].name], wide, 0,
				       &action))
			return (struct decision){ .action = action };
	}
	if (n == 1 && !numbers->mux_call)
		memo = shared(d, &d->rules->names[numbers->name], arch);
	if (memo && memo->chain)
		return *memo;
	for (size_t i = 0; i < n; i++) {
		push_list(d, &d->rules->names[numbers[i].name], 0);
		if (numbers[i].mux_call && arch->flags & ARCH_MUX)
			push_muxed(d, numbers[i].mux_call, wide);
	}
	if (d->tests_n == first || d->full)
		return none;
	none = add_chain(d, first, arch);
	if (memo)
		*memo = none;
	return none;
}

static bool same(struct decision a, struct decision b)
{
	return a.action == b.action && a.chain == b.chain;
}

/* From start on, until something else is added. */
static void add_range(struct decisions *d, uint32_t start, struct decision decision)
{
	struct ranges *ranges = &d->ranges;

	if (ranges->n && same(ranges->v[ranges->n - 1].decision, decision))
		return;
	if (ranges->n && ranges->v[ranges->n - 1].start == start) {
		ranges->n--;
		add_range(d, start, decision);
		return;
	}
	ranges->v = grown(d->arena, ranges->v, ranges->n, &ranges->room, sizeof(*ranges->v));
	ranges->v[ranges->n++] = (struct range){ start, decision };
}

/* Number 0 alone gets another decision. */
static void set_zero(struct decisions *d, struct decision decision)
{
	struct ranges *ranges = &d->ranges;

	if (ranges->n > 1 && ranges->v[1].start == 1) {
		ranges->v[0].decision = decision;
		return;
	}
	ranges->v = grown(d->arena, ranges->v, ranges->n, &ranges->room, sizeof(*ranges->v));
	memmove(ranges->v + 1, ranges->v, ranges->n * sizeof(*ranges->v));
	ranges->n++;
	ranges->v[0] = (struct range){ 0, decision };
	ranges->v[1].start = 1;
}

static bool is_permissive(uint32_t action)
{
	for (size_t i = 0; i < ARRAY_LEN(permissive); i++)
		if ((action & SECCOMP_RET_ACTION_FULL) == permissive[i])
			return true;
	return false;
}

static bool is_mux_named(const struct rules *r, enum mux_call call)
{
	size_t n;
	const struct syscall_mux *mux = syscall_muxes(&n);

	for (size_t i = 0; i < n; i++)
		if (mux[i].call == call && r->names[mux[i].name].named)
			return true;
	return false;
}

static bool is_named(const struct rules *r, const struct syscall_arch *arch,
		     const struct syscall_number *number)
{
	return r->names[number->name].named ||
	       (number->mux_call && arch->flags & ARCH_MUX && is_mux_named(r, number->mux_call));
}

/* How many plain calls with one and the same action have successive numbers here. Most of a profile is such
 * runs, so that they are passed over without a decision for each. */
static size_t plain_run(const struct rules *r, const struct syscall_arch *arch, size_t i)
{
	const struct syscall_number *numbers = arch->numbers + i;
	size_t left = arch->n - i, n = 0;

	while (n < left && numbers[n].number == numbers[0].number + n && !numbers[n].mux_call &&
	       r->names[numbers[n].name].plain &&
	       r->names[numbers[n].name].action == r->names[numbers[0].name].action)
		n++;
	/* The last may have another name behind it. */
	return n && n < left && numbers[n].number == numbers[n - 1].number ? n - 1 : n;
}

/* Nothing is said of the number, nor of another name of it: so it is with most, where a profile says what is refused. */
static bool is_unnamed(const struct rules *r, const struct syscall_arch *arch, size_t i)
{
	const struct syscall_number *number = &arch->numbers[i];

	return !r->names[number->name].named && !number->mux_call &&
	       (i + 1 == arch->n || number[1].number != number->number);
}

static void add_arch_ranges(struct decisions *d, const struct syscall_arch *arch)
{
	struct decision otherwise = { .action = d->rules->default_action };
	struct decision unknown = { .action = ENOSYS_ACTION };
	uint32_t last = 0, next = arch->flags & ARCH_X32 ? X32_BIT : 0; /* not decided yet */
	size_t n;

	add_range(d, next, otherwise);
	for (size_t i = 0; i < arch->n; i += n) {
		uint32_t number = arch->numbers[i].number;
		struct decision decision = { 0 };
		bool named = false;
		size_t run;

		n = 1;
		if (is_unnamed(d->rules, arch, i))
			continue;
		run = plain_run(d->rules, arch, i);
		for (n = run; !run && i + n < arch->n && arch->numbers[i + n].number == number; n++)
			named |= is_named(d->rules, arch, &arch->numbers[i + n]);
		if (!run && !named)
			continue;
		if (run)
			decision.action = d->rules->names[arch->numbers[i].name].action;
		else
			decision = decide(d, arch, &arch->numbers[i], n);
		if (number != next)
			add_range(d, next, otherwise);
		add_range(d, number, decision);
		last = arch->numbers[i + n - 1].number;
		next = last + 1;
	}
	add_range(d, next, otherwise);
	if (!last || is_permissive(d->rules->default_action))
		return;
	add_range(d, last + 1, unknown);
	if (arch->flags & ARCH_ZERO_IS_UNKNOWN)
		set_zero(d, unknown);
}

/* Numbers with X32_BIT where x32 is not listed; -1 is what a tracer makes of a call to be skipped. */
static void add_x32_gap(struct decisions *d)
{
	add_range(d, X32_BIT, (struct decision){ .action = d->rules->x32_action });
	add_range(d, UINT32_MAX, (struct decision){ .action = d->rules->default_action });
}

void rules_ranges(struct decisions *d, size_t at)
{
	const struct rules *r = d->rules;
	const struct syscall_arch *arch = r->archs[at], *x32 = NULL;

	for (size_t i = 0; i < r->archs_n; i++)
		if (r->archs[i]->flags & ARCH_X32 && r->archs[i]->audit == arch->audit)
			x32 = r->archs[i];
	d->ranges.n = 0;
	add_arch_ranges(d, arch);
	if (x32)
		add_arch_ranges(d, x32);
	else if (arch->flags & ARCH_X86_64)
		add_x32_gap(d);
}
