/* SPDX-License-Identifier: Apache-2.0 */
/* memory.h - a parent that only waits should not hold what it needed to start. */
#pragma once

/* memory_shrink: gives the program's own pages back: its text (read again from the page cache when it goes on) and the stack
 * below the caller, which deep calls have used. */
void memory_shrink(void);
