/* SPDX-License-Identifier: Apache-2.0 */
/* text.c - makes one page of a mapping the process's own. */
#include "runtime/sandbox/zygote/text.h"

#include <stddef.h>
#include <stdio.h>
#include <sys/mman.h>

#include "runtime/sandbox/zygote/mapping.h"

#define LARGE (512UL << 10)

static int protection(const char *access)
{
	return (access[0] == 'r' ? PROT_READ : 0) | (access[1] == 'w' ? PROT_WRITE : 0) |
	       (access[2] == 'x' ? PROT_EXEC : 0);
}

static void share(const struct mapping *m)
{
	volatile char *first = (volatile char *)m->begin, byte;
	void *where = (void *)m->begin;
	size_t size = m->end - m->begin;
	int now = protection(m->access);

	if (m->inode == 0 || size < LARGE || m->access[3] != 'p' ||
	    (now & (PROT_READ | PROT_WRITE)) != PROT_READ ||
	    mprotect(where, size, now | PROT_WRITE) < 0)
		return;
	byte = *first;
	*first = byte;
	(void)mprotect(where, size, now);
}

int text_share(void)
{
	FILE *maps = fopen("/proc/self/maps", "re");
	char line[MAPPING_LINE_MAX];

	if (!maps)
		return -1;
	while (fgets(line, sizeof(line), maps)) {
		struct mapping m;

		if (mapping_parse(line, &m))
			share(&m);
	}
	(void)fclose(maps);
	return 0;
}
