/* SPDX-License-Identifier: Apache-2.0 */
/* refusal.h - what the network helper would not do for the payload, as events of the result. */
#pragma once

#include "runtime/sandbox/sandbox.h"

struct refusals {
	int fd; /* where the helper tells; -1: nobody */
	struct result *result;
	const struct log *log;
	struct arena *a;
};

/* refusals_take: what has been told by now. False where nothing will come any more: the helper has ended. */
bool refusals_take(struct refusals *r);
