/* SPDX-License-Identifier: Apache-2.0 */
/* mapping.h - the lines of /proc/self/maps, which begin those of each mapping in smaps, too. */
#pragma once

#include <stdbool.h>

#define MAPPING_LINE_MAX 4352 /* of proc_pid_maps(5): a path and what stands before it */

struct mapping {
	unsigned long begin, end, inode;
	char access[8]; /* rwxp; s where it is shared */
};

/* mapping_parse: false where the line is another one. */
bool mapping_parse(const char *line, struct mapping *ret);
/* mapping_is_own: what is written there is the process's alone. */
bool mapping_is_own(const struct mapping *m);
