/* SPDX-License-Identifier: Apache-2.0 */
/* idle_other.c - likewise where the page is not written yet: what the C library's own calls touch comes back. */
#include <signal.h>
#include <sys/mman.h>

#include "spec/base/idle.h"

int idle_sigwait(const struct idle_range *ranges, size_t n)
{
	sigset_t all;
	int sig;

	(void)sigfillset(&all);
	for (size_t i = 0; i < n; i++)
		if (ranges[i].from < ranges[i].to) /* it only costs memory if this fails */
			(void)madvise((void *)ranges[i].from, ranges[i].to - ranges[i].from,
				      MADV_DONTNEED);
	do
		sig = sigwaitinfo(&all, NULL);
	while (sig < 0);
	return sig;
}
