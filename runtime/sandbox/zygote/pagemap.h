/* SPDX-License-Identifier: Apache-2.0 */
/* pagemap.h - what the kernel says of our pages (proc_pid_pagemap(5)). */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#define PAGE_SIZE 4096UL /* where the machine's is another, pagemap_open refuses */

struct pages {
	unsigned long begin, end;
};

/* Of an entry. has_content: it would not be read as zeros. is_ours: no other process has it, nor a file. is_guard: whoever reads it is
 * killed (MADV_GUARD_INSTALL). */
typedef bool pagemap_test(uint64_t entry);
pagemap_test pagemap_has_content, pagemap_is_ours, pagemap_is_guard;

/* pagemap_open: a descriptor, or -1. */
int pagemap_open(void);
/* pagemap_next: the next run of pages, behind *run and before end, of which the test holds; false: there is none. */
bool pagemap_next(int fd, unsigned long end, pagemap_test *holds, struct pages *run);
