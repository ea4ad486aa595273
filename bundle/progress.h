/* SPDX-License-Identifier: Apache-2.0 */
/* progress.h - how far a long command is: a bar on a terminal, a line a second elsewhere, and
 * nothing within the first second. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "spec/base/log.h"

struct progress {
	const struct log *log;
	bool terminal, quiet, drawn;
	int64_t began_ms, spoke_ms;
	const char *what; /* "reading" */
	uint64_t done, total; /* bytes; total 0: not known */
	const uint64_t *counter; /* more of done, which somebody else counts; or NULL */
};

/* progress_begin: quiet says nothing at all. */
void progress_begin(struct progress *p, const struct log *log, const char *what, bool quiet);
/* progress_tick: cheap; called as often as one likes. ctx is the struct progress. */
void progress_tick(void *ctx);
/* progress_end: takes the bar away. */
void progress_end(struct progress *p);
