/* SPDX-License-Identifier: Apache-2.0 */
/* progress.h - how far a long command is: a bar on a terminal, a line a second elsewhere, and
 * nothing within the first second. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "rootfs-tools/pulse.h"
#include "spec/base/log.h"

struct progress {
	const struct log *log;
	bool terminal, quiet, drawn;
	int64_t began_ms, spoke_ms;
	const char *what; /* "reading" */
	const char *unit; /* "MB" */
	uint64_t per; /* of done make one unit */
	uint64_t done, total; /* bytes, or what the loop counts; total 0: not known */
	/* More of each, which somebody else counts; or NULL. */
	const uint64_t *counter, *expected;
};

/* progress_begin: quiet says nothing at all. */
void progress_begin(struct progress *p, const struct log *log, const char *what, bool quiet);
/* progress_tick: cheap; called as often as one likes. ctx is the struct progress. */
void progress_tick(void *ctx);
/* progress_pulse: for loops that say by how much they went on: each beat is a tick. */
struct pulse progress_pulse(struct progress *p);
/* progress_end: takes the bar away. */
void progress_end(struct progress *p);
