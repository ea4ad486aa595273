/* SPDX-License-Identifier: Apache-2.0 */
/* spawn.h - another program, run to its end, and what it said. */
#pragma once

#include "rootfs-tools/pulse.h"
#include "spec/base/arena.h"
#include "spec/base/err.h"

struct spawned {
	int status; /* of exit; 128 + N for signal N */
	char *out, *err;
};

/* spawn_run: argv (found along PATH) in the directory cwd (NULL: ours), with our environment and
 * nothing to read. A signal that waits for us (see interrupted) ends it. pulse: a beat of 0 now and
 * then, or NULL. */
int spawn_run(const char *const argv[], const char *cwd, const struct pulse *pulse, struct arena *a,
	      struct spawned *ret, struct err *err);
