/* SPDX-License-Identifier: Apache-2.0 */
/* vfork.h - a child that shares the caller's memory until it becomes another program, while the caller waits.
 *
 * No page table is copied and no page is written twice: some 15 % of a start. The price: the child must not return from fn,
 * nor leave anything changed in memory that the caller does not expect, and the two cannot talk before exec. */
#pragma once

#include <linux/sched.h>
#include <sys/types.h>

/* vfork_is_there: this architecture has it (vfork_ARCH.c); otherwise use sys_clone3 alone. */
extern const int vfork_is_there;
/* sys_vfork: clone3, or where it does as much clone, with CLONE_VM | CLONE_VFORK added; the child calls fn(arg) on a stack of its own of size bytes at stack.
 * Returns as sys_clone3 in the caller, once the child has called execve or ended. Block signals before: a handler would run
 * in shared memory. */
pid_t sys_vfork(struct clone_args *args, void *stack, size_t size, void (*fn)(void *), void *arg);
