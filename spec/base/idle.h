/* SPDX-License-Identifier: Apache-2.0 */
/* idle.h - waiting for a signal without holding the program's own pages.
 *
 * A page cache maps a program in runs of many pages, so that a process that only waits is charged for all of its text. Where
 * an architecture has it written (idle_ARCH.c), the code that waits lies on one page of its own, and all others are given
 * back from there; they are read again from the page cache when the program goes on. */
#pragma once

#include <stddef.h>
#include <stdint.h>

struct idle_range {
	uintptr_t from,
		to; /* whole pages of the program's file, or of stack that nobody uses any more */
};

/* idle_sigwait: waits until a signal is pending, all of which are to be blocked, and gives the ranges back where that takes
 * longer than IDLE_SOON_MS: a payload that ends at once is not worth their return. Returns the signal's number. */
#define IDLE_SOON_MS 20
int idle_sigwait(const struct idle_range *ranges, size_t n);
