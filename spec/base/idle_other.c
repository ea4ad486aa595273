/* SPDX-License-Identifier: Apache-2.0 */
/* idle_other.c - likewise where the page is not written yet: what the C library's own calls touch comes back. */
#include <signal.h>
#include <sys/mman.h>
#include <time.h>

#include "spec/base/idle.h"

int idle_sigwait(const struct idle_range *ranges, size_t n)
{
	const struct timespec soon = { .tv_nsec = IDLE_SOON_MS * 1000000L };
	sigset_t all;
	int sig;

	(void)sigfillset(&all);
	sig = sigtimedwait(&all, NULL, &soon);
	for (size_t i = 0; sig < 0 && i < n; i++)
		if (ranges[i].from < ranges[i].to) /* it only costs memory if this fails */
			(void)madvise((void *)ranges[i].from, ranges[i].to - ranges[i].from,
				      MADV_DONTNEED);
	while (sig < 0)
		sig = sigwaitinfo(&all, NULL);
	return sig;
}
