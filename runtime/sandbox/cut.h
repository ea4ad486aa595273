/* SPDX-License-Identifier: Apache-2.0 */
/* cut.h - what a limit of a file's size leaves: the kernel writes up to it and no further, so a file that was cut has exactly
 * its size. Whoever makes an error of that, as Python does, tells nobody; the file does. */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <time.h>

#include "spec/policy/policy.h"

struct cut {
	uint64_t size; /* the limit */
	time_t since; /* only what was changed then or later */
	unsigned int left; /* so many names are looked at; 0: no more */
};

/* cut_find: whether the file at path, or one below the directory there, on the same file system, has been cut. */
bool cut_find(struct cut *c, int dir_fd, const char *path);
/* cut_found: whether a payload that began then has had one cut where it could write: in the sandbox's own space, which is found
 * from the directory in it that its first process reports on, and in what is the host's. */
bool cut_found(const struct policy *p, int scratch_fd, time_t since);
