/* SPDX-License-Identifier: Apache-2.0 */
/* vfork_x86_64.c - the child's first instructions, which no C compiler promises to keep off the caller's stack. */
#include <errno.h>
#include <sched.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/syscall.h>

#include "spec/base/vfork.h"

#ifndef SYS_clone3
#define SYS_clone3 435
#endif

const int vfork_is_there = 1;

/* What the registers of clone(2) hold. Sandboxes forbid clone3, into whose flags no filter can look. */
#define OLD_FLAGS UINT32_MAX

static bool old_call_does(const struct clone_args *a)
{
	return (a->flags & ~(uint64_t)OLD_FLAGS) == 0 && !(a->flags & CLONE_PIDFD);
}

pid_t sys_vfork(struct clone_args *args, void *stack, size_t size, void (*fn)(void *), void *arg)
{
	bool old = old_call_does(args);
	long ret = old ? SYS_clone : SYS_clone3;
	uint64_t first, second;
	register uint64_t parent_tid __asm__("rdx") = 0;
	register uint64_t child_tid __asm__("r10") = 0;
	register uint64_t tls __asm__("r8") = 0;

	args->flags |= CLONE_VM | CLONE_VFORK;
	args->stack = (uint64_t)(uintptr_t)stack;
	args->stack_size = size;
	first = old ? args->flags | args->exit_signal : (uint64_t)(uintptr_t)args;
	second = old ? args->stack + size : sizeof(*args);
	/* In the child the stack pointer is already the new one, 16-byte aligned. */
	__asm__ volatile("syscall\n\t"
			 "test %%rax, %%rax\n\t"
			 "jnz 1f\n\t"
			 "mov %[fn], %%rax\n\t"
			 "mov %[arg], %%rdi\n\t"
			 "xor %%ebp, %%ebp\n\t" /* which may have held either */
			 "call *%%rax\n\t"
			 "ud2\n"
			 "1:"
			 : "+a"(ret)
			 : "D"(first), "S"(second), "r"(parent_tid), "r"(child_tid),
			   "r"(tls), [fn] "r"(fn), [arg] "r"(arg)
			 : "rcx", "r11", "memory");
	if (ret < 0 && ret > -4096) {
		errno = (int)-ret;
		return -1;
	}
	return (pid_t)ret;
}
