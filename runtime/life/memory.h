/* SPDX-License-Identifier: Apache-2.0 */
/* memory.h - a parent that only waits should not hold what it needed to start. */
#pragma once

/* memory_sigwait: waits for a signal, all of which are blocked, and returns its number. Meanwhile the process holds little
 * more than its data and one page of its text: its own read-only segments and the stack below the caller are given back. */
int memory_sigwait(void);
