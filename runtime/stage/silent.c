/* SPDX-License-Identifier: Apache-2.0 */
/* silent.c - whether parent and child have nothing to ask one another until exec; the clone for that case, and what the child
 * leaves in the memory that they share. */
#include <sched.h>
#include <stdint.h>

#include "runtime/stage/stage.h"
#include "spec/base/sys.h"
#include "spec/base/vfork.h"

/* Stack of a child that shares ours (the largest frames are act's buffers), and how far below our frame it begins. */
#define CHILD_STACK (1u << 20)
#define STACK_NEEDED (4u << 20)
#define OWN_FRAME 2048
/* Warnings of a kilobyte each that we keep room for. */
#define UNHEARD_MAX 32

/* What may fail and be a warning. */
static size_t optional_ops(const struct plan *p)
{
	size_t n = 0;

	for (size_t i = 0; i < p->n; i++)
		n += (p->ops[i].flags & OP_OPTIONAL) != 0;
	return n;
}

/* Who joins a container must not share memory with us unless a user namespace is between its processes and us: one with
 * CAP_SYS_PTRACE could write there. The kernel joins time namespaces only alone (EUSERS). */
static bool may_share_memory(const struct start *s)
{
	if (s->ns_pidfd >= 0)
		return (s->ns_flags & CLONE_NEWUSER) && !(s->ns_flags & CLONE_NEWTIME);
	return !s->plan->middle;
}

bool stack_is_roomy(void)
{
	struct rlimit stack;

	return sys_prlimit(0, RLIMIT_STACK, NULL, &stack) == 0 && stack.rlim_cur >= STACK_NEEDED;
}

bool start_is_placed(const struct start *s)
{
	return s->plan->scope || s->place;
}

/* Nothing has to be asked between clone and exec: no answer waited for, no fd handed over. */
bool start_is_silent(const struct start *s)
{
	return vfork_is_there && !s->wait && s->init_sock < 0 && !start_is_placed(s) &&
	       !s->plan->maps_by_parent && !s->plan->asks_parent && !s->plan->terminal &&
	       !s->plan->listener && !s->plan->ways && !s->plan->beside && !s->state &&
	       may_share_memory(s) && optional_ops(s->plan) <= UNHEARD_MAX && stack_is_roomy();
}

struct silent *silent_begin(const struct plan *p)
{
	size_t n = optional_ops(p);
	struct silent *s = arena_alloc(p->arena, sizeof(*s) + n * sizeof(s->warnings[0]));

	s->warnings_room = n;
	s->parent_lives = 1;
	/* Before the kernel tells children of a parent's death it clears this, where they share its memory (set_tid_address(2)).
	 * The C library's own use of it is for threads. */
	sys_set_tid_address(&s->parent_lives);
	return s;
}

void silent_fail(struct silent *s, const struct err *err)
{
	s->failure = *err;
	s->failed = true;
	sys_end(1);
}

void silent_warn(struct silent *s, const struct err *err)
{
	if (s->warnings_n < s->warnings_room)
		s->warnings[s->warnings_n++] = *err;
}

bool silent_has_parent(const struct silent *s)
{
	return __atomic_load_n(&s->parent_lives, __ATOMIC_SEQ_CST) != 0;
}

pid_t clone_silent(struct clone_args *args, void (*fn)(void *), void *arg)
{
	/* The caller waits: below what it uses, its own stack is free. */
	char *here = __builtin_frame_address(0);
	uintptr_t top = ((uintptr_t)here - OWN_FRAME) & ~(uintptr_t)63;

	return sys_vfork(args, (void *)(top - CHILD_STACK), CHILD_STACK, fn, arg);
}
