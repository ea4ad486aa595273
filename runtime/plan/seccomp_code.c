/* SPDX-License-Identifier: Apache-2.0 */
/* seccomp_code.c - writes a filter's instructions, from the last one to the first. */
#include "runtime/plan/seccomp_code.h"

#include <linux/seccomp.h>

#include "spec/oci/config.h"

/* A jump over more than 255 instructions does not fit; what may still be written between choosing a
 * target and jumping there is a few instructions. */
#define REACH 255u
#define SLACK 8u
/* The default container profile takes 222. */
#define ROOM_FIRST 256u

static void grow(struct code *c)
{
	size_t room = c->room ? 2 * c->room : ROOM_FIRST;

	c->insns = arena_grow(c->arena, c->insns, c->room * sizeof(*c->insns),
			      room * sizeof(*c->insns));
	c->room = room;
}

static size_t put(struct code *c, uint16_t code, uint32_t k, size_t jt, size_t jf)
{
	if (c->n == BPF_MAXINSNS) {
		c->full = true;
		return c->n;
	}
	if (c->n == c->room)
		grow(c);
	c->insns[c->n++] = (struct sock_filter){ code, (uint8_t)jt, (uint8_t)jf, k };
	return c->n;
}

struct sock_filter *code_done(struct code *c)
{
	for (size_t i = 0; i < c->n / 2; i++) {
		struct sock_filter insn = c->insns[i];

		c->insns[i] = c->insns[c->n - 1 - i];
		c->insns[c->n - 1 - i] = insn;
	}
	return c->insns;
}

static bool reaches(const struct code *c, size_t place, size_t slack)
{
	return c->n - place + slack <= REACH;
}

static size_t near_by(struct code *c, size_t place, size_t slack)
{
	if (reaches(c, place, slack))
		return place;
	return put(c, BPF_JMP | BPF_JA, (uint32_t)(c->n - place), 0, 0);
}

size_t code_near(struct code *c, size_t place)
{
	return near_by(c, place, SLACK);
}

size_t code_ret(struct code *c, uint32_t value)
{
	size_t at = c->next_ret;

	for (size_t i = 0; i < CODE_RETS; i++) {
		if (!c->rets[i].place || c->rets[i].value != value)
			continue;
		if (reaches(c, c->rets[i].place, SLACK))
			return c->rets[i].place;
		at = i;
	}
	if (at == c->next_ret)
		c->next_ret = (c->next_ret + 1) % CODE_RETS;
	c->rets[at].value = value;
	c->rets[at].place = put(c, BPF_RET | BPF_K, value, 0, 0);
	return c->rets[at].place;
}

/* What is written next must run into place. */
static void follow(struct code *c, size_t place)
{
	if (place != c->n)
		(void)put(c, BPF_JMP | BPF_JA, (uint32_t)(c->n - place), 0, 0);
}

size_t code_load(struct code *c, uint32_t offset, size_t next)
{
	follow(c, next);
	return put(c, BPF_LD | BPF_W | BPF_ABS, offset, 0, 0);
}

size_t code_jump(struct code *c, uint16_t op, uint32_t value, size_t yes, size_t no)
{
	if (yes == no)
		return yes;
	/* The second long jump moves the first target one further away. */
	yes = near_by(c, yes, 1);
	no = near_by(c, no, 0);
	return put(c, BPF_JMP | op | BPF_K, value, c->n - yes, c->n - no);
}

static uint32_t offset_of(const struct code_cond *cond, bool high)
{
	uint32_t word = cond->wide && high != cond->big ? 4 : 0;

	/* The low half of a big-endian argument is its second word, also where only it is compared. */
	if (!cond->wide && cond->big)
		word = 4;
	return (uint32_t)offsetof(struct seccomp_data, args) + 8 * cond->index + word;
}

/* One half (argument & mask) == value. */
static size_t test_half(struct code *c, const struct code_cond *cond, bool high, size_t yes,
			size_t no)
{
	uint32_t mask = (uint32_t)(high ? cond->mask >> 32 : cond->mask);
	uint32_t value = (uint32_t)(high ? cond->value >> 32 : cond->value) & mask;
	size_t place;

	if (mask == 0)
		return yes;
	place = code_jump(c, BPF_JEQ, value, yes, no);
	if (mask != UINT32_MAX)
		place = put(c, BPF_ALU | BPF_AND | BPF_K, mask, 0, 0);
	return code_load(c, offset_of(cond, high), place);
}

size_t code_test_or(struct code *c, const struct code_cond *cond, size_t yes, size_t other,
		    size_t no)
{
	size_t low = test_half(c, cond, false, yes, other);

	return cond->wide ? test_half(c, cond, true, low, no) : low;
}

static size_t test_equal(struct code *c, const struct code_cond *cond, size_t yes, size_t no)
{
	return code_test_or(c, cond, yes, no, no);
}

/* Argument > value, or >= with BPF_JGE. */
static size_t test_above(struct code *c, const struct code_cond *cond, uint16_t op, size_t yes,
			 size_t no)
{
	uint32_t high = (uint32_t)(cond->value >> 32);
	size_t place;

	place = code_jump(c, op, (uint32_t)cond->value, yes, no);
	place = code_load(c, offset_of(cond, false), place);
	if (!cond->wide)
		return place;
	place = code_jump(c, BPF_JEQ, high, place, no);
	place = code_jump(c, BPF_JGT, high, yes, place);
	return code_load(c, offset_of(cond, true), place);
}

size_t code_test(struct code *c, const struct code_cond *cond, size_t yes, size_t no)
{
	if (yes == no)
		return yes;
	switch (cond->op) {
	case SCMP_OP_NE:
		return test_equal(c, cond, no, yes);
	case SCMP_OP_GT:
		return test_above(c, cond, BPF_JGT, yes, no);
	case SCMP_OP_GE:
		return test_above(c, cond, BPF_JGE, yes, no);
	case SCMP_OP_LE:
		return test_above(c, cond, BPF_JGT, no, yes);
	case SCMP_OP_LT:
		return test_above(c, cond, BPF_JGE, no, yes);
	default:
		return test_equal(c, cond, yes, no);
	}
}
