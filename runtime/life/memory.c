/* SPDX-License-Identifier: Apache-2.0 */
/* memory.c - madvise on the program's read-only segments and on stack that was used.
 * Mustn't: touch a segment that can be written; what was written there would be lost. */
#include "runtime/life/memory.h"

#include <elf.h>
#include <link.h>
#include <stdint.h>
#include <sys/auxv.h>
#include <sys/mman.h>

#define PAGE 4096u
#define STACK_USED (1u << 20)
#define STACK_KEPT (2 * PAGE)

static void give_back(uintptr_t from, uintptr_t to)
{
	from &= ~(uintptr_t)(PAGE - 1);
	to &= ~(uintptr_t)(PAGE - 1);
	if (from < to)
		(void)madvise((void *)from, to - from,
			      MADV_DONTNEED); /* it only costs memory if this fails */
}

/* Where the program lies: 0 for one of fixed addresses, which ours is unless a distribution links it otherwise. */
static uintptr_t load_base(const ElfW(Phdr) * headers, unsigned long n)
{
	for (unsigned long i = 0; i < n; i++)
		if (headers[i].p_type == PT_PHDR)
			return (uintptr_t)headers - headers[i].p_vaddr;
	return 0;
}

void memory_shrink(void)
{
	const ElfW(Phdr) *headers = (const ElfW(Phdr) *)getauxval(AT_PHDR);
	uintptr_t here = (uintptr_t)__builtin_frame_address(0);
	unsigned long n = headers ? getauxval(AT_PHNUM) : 0;
	uintptr_t base = load_base(headers, n);

	for (unsigned long i = 0; i < n; i++)
		if (headers[i].p_type == PT_LOAD && !(headers[i].p_flags & PF_W))
			give_back(base + headers[i].p_vaddr,
				  base + headers[i].p_vaddr + headers[i].p_memsz);
	give_back(here - STACK_USED, here - STACK_KEPT);
}
