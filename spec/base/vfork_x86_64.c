/* SPDX-License-Identifier: Apache-2.0 */
/* vfork_x86_64.c - the child's first instructions, which no C compiler promises to keep off the caller's stack. */
#include <errno.h>
#include <sched.h>
#include <stdint.h>
#include <sys/syscall.h>

#include "spec/base/vfork.h"

#ifndef SYS_clone3
#define SYS_clone3 435
#endif

const int vfork_is_there = 1;

pid_t sys_vfork(struct clone_args *args, void *stack, size_t size, void (*fn)(void *), void *arg)
{
	long ret = SYS_clone3;

	args->flags |= CLONE_VM | CLONE_VFORK;
	args->stack = (uint64_t)(uintptr_t)stack;
	args->stack_size = size;
	/* In the child the stack pointer is already the new one, 16-byte aligned. */
	__asm__ volatile("syscall\n\t"
			 "test %%rax, %%rax\n\t"
			 "jnz 1f\n\t"
			 "xor %%ebp, %%ebp\n\t"
			 "mov %[arg], %%rdi\n\t"
			 "call *%[fn]\n\t"
			 "ud2\n"
			 "1:"
			 : "+a"(ret)
			 : "D"(args), "S"(sizeof(*args)), [fn] "r"(fn), [arg] "r"(arg)
			 : "rcx", "r11", "memory");
	if (ret < 0 && ret > -4096) {
		errno = (int)-ret;
		return -1;
	}
	return (pid_t)ret;
}
