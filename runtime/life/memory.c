/* SPDX-License-Identifier: Apache-2.0 */
/* memory.c - which pages a process that waits can do without.
 * Mustn't: name a segment that can be written; what was written there would be lost. */
#include "runtime/life/memory.h"

#include <elf.h>
#include <link.h>
#include <sys/auxv.h>

#include "spec/base/idle.h"

#define PAGE 4096u
#define STACK_USED (1u << 20)
/* The call that waits goes this far below its caller. */
#define STACK_KEPT 1024u
#define RANGES_MAX 8

static struct idle_range pages(uintptr_t from, uintptr_t to)
{
	return (struct idle_range){ from & ~(uintptr_t)(PAGE - 1), to & ~(uintptr_t)(PAGE - 1) };
}

/* Where the program lies: 0 for one of fixed addresses, which ours is unless a distribution links it otherwise. */
static uintptr_t load_base(const ElfW(Phdr) * headers, unsigned long n)
{
	for (unsigned long i = 0; i < n; i++)
		if (headers[i].p_type == PT_PHDR)
			return (uintptr_t)headers - headers[i].p_vaddr;
	return 0;
}

/* The last page of a segment is its own, however little of it is used. */
static size_t read_only_segments(struct idle_range *ret, size_t room)
{
	const ElfW(Phdr) *headers = (const ElfW(Phdr) *)getauxval(AT_PHDR);
	unsigned long n = headers ? getauxval(AT_PHNUM) : 0;
	uintptr_t base = load_base(headers, n);
	size_t found = 0;

	for (unsigned long i = 0; i < n && found < room; i++)
		if (headers[i].p_type == PT_LOAD && !(headers[i].p_flags & PF_W))
			ret[found++] =
				pages(base + headers[i].p_vaddr,
				      base + headers[i].p_vaddr + headers[i].p_memsz + PAGE - 1);
	return found;
}

int memory_sigwait(void)
{
	struct idle_range ranges[RANGES_MAX];
	uintptr_t here = (uintptr_t)__builtin_frame_address(0);
	size_t n = read_only_segments(ranges, RANGES_MAX - 1);

	ranges[n++] = pages(here - STACK_USED, here - STACK_KEPT);
	return idle_sigwait(ranges, n);
}
