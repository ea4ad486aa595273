/* SPDX-License-Identifier: Apache-2.0 */
/* mapping.c - the lines of /proc/self/maps. */
#include "runtime/sandbox/zygote/mapping.h"

#include <stdio.h>

bool mapping_parse(const char *line, struct mapping *ret)
{
	struct mapping m;

	if (sscanf(line, "%lx-%lx %7s %*s %*s %lu", &m.begin, &m.end, m.access, &m.inode) != 4)
		return false;
	*ret = m;
	return true;
}

bool mapping_is_own(const struct mapping *m)
{
	return m->access[0] == 'r' && m->access[1] == 'w' && m->access[3] == 'p';
}
