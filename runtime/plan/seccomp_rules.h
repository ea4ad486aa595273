/* SPDX-License-Identifier: Apache-2.0 */
/* seccomp_rules.h - a profile's entries by system call, on the way from profile to program.
 *
 * All of it is small and lies close together in the caller's arena: on a cold start the time goes
 * into pages that are touched first, not into instructions. */
#pragma once

#include "runtime/plan/plan_seccomp.h"
#include "runtime/plan/seccomp_code.h"
#include "runtime/plan/seccomp_names.h"

/* Conditional rules that are worth trying: each takes an instruction at least. */
#define RULES_CONDITIONAL_MAX BPF_MAXINSNS

/* One entry of the profile. */
struct rule {
	uint32_t action;
	bool alternatives; /* its conditions are alternatives, as two are on the same argument */
	const struct seccomp_arg *args;
	size_t n;
	/* There is nothing to test: by width (0 narrow, 1 wide), and inside socketcall or ipc (1),
	 * whose own first argument says which call it is. */
	bool sure[2][2];
};

/* The entries of one name, in the profile's order. */
struct rule_list {
	uint16_t first, last; /* of links, 1-based; 0 none */
	bool named; /* the profile names it, even if only to say the default */
	bool plain; /* the first of them has nothing to test, on any architecture */
	uint32_t action; /* of a plain one */
};
struct rule_link {
	uint16_t row, next;
};

struct rules {
	struct arena *arena;
	uint32_t default_action;
	uint32_t x32_action; /* of its numbers where it is not listed */
	const struct syscall_arch *archs[SECCOMP_ARCHS_MAX + 1]; /* the native one first */
	size_t archs_n;
	struct rule *rules; /* by row of the profile */
	size_t rules_n;
	struct rule_list *names; /* by row of the dictionary */
	struct rule_link *links;
	uint16_t links_n;
};

/* What a range of numbers gets: an action, or a chain of tests that ends with the default. */
struct decision {
	uint32_t action;
	uint32_t chain; /* 1-based; 0: the action */
};
struct range {
	uint32_t start;
	struct decision decision;
};

/* A rule of a chain: all of its conditions hold -> action. */
struct test {
	uint32_t action;
	uint32_t sub; /* first argument of socketcall or ipc that it is about; 0 none */
	const struct seccomp_arg *args;
	size_t n;
};
struct chain {
	uint32_t first, n; /* of tests */
	size_t place; /* where it was written; 0 not yet */
	bool wide, big;
};

/* All architectures that the kernel calls by one name (x86_64 and x32), by number. */
struct ranges {
	struct range *v;
	size_t n, room;
};
struct decisions {
	const struct rules *rules;
	struct arena *arena;
	struct test *tests;
	size_t tests_n, tests_room;
	struct chain *chains;
	size_t chains_n, chains_room;
	struct ranges ranges; /* of the architecture at hand */
	struct decision *of_row; /* a chain that is one entry is shared by the entry's names */
	const struct syscall_arch **of_row_arch;
	bool full; /* more conditional rules than a program can hold */
};

/* rules_init: room for that many entries and names. */
void rules_init(struct rules *r, size_t rows, size_t names);
/* rule_weigh: fills in what is sure of a rule, once for all of its names and architectures. */
void rule_weigh(struct rule *rule);
/* rules_add: the profile names that row of the dictionary; entry is 1-based, 0 where it only says
 * the default. */
void rules_add(struct rules *r, uint16_t name, uint16_t entry);
/* rules_ranges: the numbers of architecture at, and of those that share its audit value, as d->ranges
 * in ascending order, neighbours different. */
void rules_ranges(struct decisions *d, size_t at);
/* rules_emit: the whole program, in r's arena. */
int rules_emit(const struct rules *r, struct sock_filter **ret, size_t *ret_n, struct err *err);
