/* SPDX-License-Identifier: Apache-2.0 */
/* verdict.h - how a run is judged from what was seen of it; pure. */
#pragma once

#include "runtime/sandbox/watch.h"

/* Exit statuses that are not the payload's own. */
enum {
	EXIT_TIMEOUT = 124,
	EXIT_OURS = 125,
	EXIT_BY_SIGNAL = 128, /* and its number */
	EXIT_KILLED = 137,
};

/* verdict_ended: the payload ran and no process of it is left. verdict_failed: it never ran. verdict_stopped: likewise, as a
 * signal to us came before. */
void verdict_ended(struct result *r, const struct watch *w, struct arena *a);
void verdict_failed(struct result *r, const struct err *err, struct arena *a);
void verdict_stopped(struct result *r, int sig);
