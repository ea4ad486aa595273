/* SPDX-License-Identifier: Apache-2.0 */
/* mountinfo.h - the lines of /proc/PID/mountinfo, proc_pid_mountinfo(5). */
#pragma once

#include <stdint.h>

#include "spec/base/arena.h"
#include "spec/base/err.h"

/* /proc/self/mountinfo of a host with some ten thousand mounts. */
#define MOUNTINFO_MAX (16u << 20)

/* One mount. Texts are unescaped; optional is the space separated list of shared:N master:N … */
struct mountinfo {
	uint64_t id, parent;
	unsigned int major, minor;
	const char *root, *target, *options, *optional, *type, *source, *super_options;
};

/* mountinfo_next: the next line of *text, which is cut up in place; 0, or 1 at the end. A line that
 * is not of the form is ERR_INPUT. */
int mountinfo_next(char **text, struct mountinfo *ret, struct err *err);
