/* SPDX-License-Identifier: Apache-2.0 */
/* pagemap.c - what the kernel says of our pages, run by run. */
#include "runtime/sandbox/zygote/pagemap.h"

#include <fcntl.h>
#include <stddef.h>
#include <string.h>
#include <unistd.h>

#define PRESENT (1ULL << 63)
#define SWAPPED (1ULL << 62)
#define OF_FILE (1ULL << 61)
#define GUARD (1ULL << 58) /* 6.15 */
#define EXCLUSIVE (1ULL << 56)

/* At one time; on the stack, of which a copy is to write no more than it must. */
#define ENTRIES_MAX 64

bool pagemap_has_content(uint64_t entry)
{
	return entry & (PRESENT | SWAPPED);
}

bool pagemap_is_guard(uint64_t entry)
{
	return entry & GUARD;
}

bool pagemap_is_ours(uint64_t entry)
{
	return (entry & (PRESENT | OF_FILE | EXCLUSIVE)) == (PRESENT | EXCLUSIVE);
}

int pagemap_open(void)
{
	if (sysconf(_SC_PAGESIZE) != (long)PAGE_SIZE)
		return -1;
	return open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);
}

/* How many. Where the kernel does not say, it is what may have content, and is not ours. */
static size_t read_entries(int fd, unsigned long at, unsigned long end, uint64_t ret[ENTRIES_MAX])
{
	size_t n = (end - at) / PAGE_SIZE, size;

	if (n > ENTRIES_MAX)
		n = ENTRIES_MAX;
	size = n * sizeof(ret[0]);
	if (pread(fd, ret, size, (off_t)(at / PAGE_SIZE * sizeof(ret[0]))) != (ssize_t)size)
		memset(ret, 0xff, size);
	return n;
}

bool pagemap_next(int fd, unsigned long end, pagemap_test *holds, struct pages *run)
{
	uint64_t entries[ENTRIES_MAX];
	unsigned long begin = 0, at = run->end;
	size_t n;

	while (at < end) {
		n = read_entries(fd, at, end, entries);
		for (size_t i = 0; i < n; i++, at += PAGE_SIZE) {
			if (holds(entries[i]) && !begin)
				begin = at;
			if (holds(entries[i]) || !begin)
				continue;
			*run = (struct pages){ begin, at };
			return true;
		}
	}
	*run = (struct pages){ begin, at };
	return begin != 0;
}
