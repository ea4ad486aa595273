/* SPDX-License-Identifier: Apache-2.0 */
/* seccomp_code.h - writes a filter's instructions, from the last one to the first.
 *
 * Jumps only lead forward and a conditional one reaches 255 instructions. Written backward, every
 * target is there before its jump, so distances are known and a far target gets a long jump in
 * between. A place is the count of instructions from the end. */
#pragma once

#include <linux/bpf_common.h>
#include <linux/filter.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "spec/base/arena.h"

/* How many different RET instructions are remembered for sharing. */
#define CODE_RETS 8

struct code {
	struct arena *arena;
	struct sock_filter *insns; /* the last one first */
	size_t n, room;
	bool full; /* more than BPF_MAXINSNS were wanted; what was written is of no use */
	struct {
		uint32_t value;
		size_t place; /* 0: none */
	} rets[CODE_RETS];
	size_t next_ret;
};

/* One condition on an argument. */
struct code_cond {
	uint32_t index;
	int op; /* enum seccomp_op */
	uint64_t value, mask;
	bool wide; /* 64 bits, in two halves */
	bool big; /* the high half comes first */
};

/* code_ret: a place near enough for any conditional jump where value is returned. */
size_t code_ret(struct code *c, uint32_t value);
/* code_load: A = the 32-bit word at that offset of struct seccomp_data; goes on at next. */
size_t code_load(struct code *c, uint32_t offset, size_t next);
/* code_jump: BPF_JEQ, BPF_JGE or BPF_JGT of A with value; the two places may be far. */
size_t code_jump(struct code *c, uint16_t op, uint32_t value, size_t yes, size_t no);
/* code_test: the condition; loads what it needs. */
size_t code_test(struct code *c, const struct code_cond *cond, size_t yes, size_t no);
/* code_test_or: SCMP_OP_EQ, where another low half is asked for further at other, with the low half in
 * A; another high half goes to no. */
size_t code_test_or(struct code *c, const struct code_cond *cond, size_t yes, size_t other,
		    size_t no);
/* code_near: place, or a long jump to it where it is far. */
size_t code_near(struct code *c, size_t place);
/* code_done: the program, first instruction first. */
struct sock_filter *code_done(struct code *c);
