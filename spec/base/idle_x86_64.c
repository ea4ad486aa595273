/* SPDX-License-Identifier: Apache-2.0 */
/* idle_x86_64.c - one function on a page of its own.
 * Mustn't: call anything, as that would bring the caller's page, and its neighbours, back. */
#include <errno.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>

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

static inline __attribute__((always_inline)) long sigwait_raw(const uint64_t *set,
							      const struct timespec *timeout)
{
	return raw_call(SYS_rt_sigtimedwait, (long)set, 0, (long)timeout, sizeof(*set));
}

__attribute__((section("idle"), aligned(PAGE), noinline, no_stack_protector)) int
idle_sigwait(const struct idle_range *ranges, size_t n)
{
	const uintptr_t own = (uintptr_t)idle_sigwait;
	const struct timespec soon = { .tv_nsec = IDLE_SOON_MS * 1000000L };
	const uint64_t all = UINT64_MAX;
	long sig = sigwait_raw(&all, &soon);

	for (size_t i = 0; sig == -EAGAIN && i < n; i++) {
		uintptr_t from = ranges[i].from, to = ranges[i].to;

		if (from <= own && own < to) {
			give_back(from, own);
			from = own + PAGE;
		}
		give_back(from, to);
	}
	while (sig < 0)
		sig = sigwait_raw(&all, NULL);
	return (int)sig;
}
