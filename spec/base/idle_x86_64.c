/* SPDX-License-Identifier: Apache-2.0 */
/* idle_x86_64.c - one function on a page of its own.
 * Mustn't: call anything, as that would bring the caller's page, and its neighbours, back. */
#include <errno.h>
#include <sys/mman.h>
#include <sys/syscall.h>

#include "spec/base/idle.h"

#define PAGE 4096u

static inline __attribute__((always_inline)) long raw_call(long number, long a, long b, long c,
							   long d)
{
	register long r10 __asm__("r10") = d;
	long ret = number;

	__asm__ volatile("syscall"
			 : "+a"(ret)
			 : "D"(a), "S"(b), "d"(c), "r"(r10)
			 : "rcx", "r11", "memory");
	return ret;
}

static inline __attribute__((always_inline)) void give_back(uintptr_t from, uintptr_t to)
{
	if (from < to) /* it only costs memory if this fails */
		(void)raw_call(SYS_madvise, (long)from, (long)(to - from), MADV_DONTNEED, 0);
}

__attribute__((section("idle"), aligned(PAGE), noinline, no_stack_protector)) int
idle_sigwait(const struct idle_range *ranges, size_t n)
{
	const uintptr_t own = (uintptr_t)idle_sigwait;
	const uint64_t all = UINT64_MAX;
	long sig;

	for (size_t i = 0; i < n; i++) {
		uintptr_t from = ranges[i].from, to = ranges[i].to;

		if (from <= own && own < to) {
			give_back(from, own);
			from = own + PAGE;
		}
		give_back(from, to);
	}
	do
		sig = raw_call(SYS_rt_sigtimedwait, (long)&all, 0, 0, sizeof(all));
	while (sig == -EINTR || sig == -EAGAIN);
	return (int)sig;
}
