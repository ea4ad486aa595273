/* SPDX-License-Identifier: Apache-2.0 */
/* refusal.h - what the network helper would not do for the payload, as events of the result. */
#pragma once

#include "spec/base/log.h"
#include "spec/policy/result.h"

struct refusals {
	int fd; /* where the helper tells; -1: nobody */
	struct events *events;
	const struct log *log;
	struct arena *a;
	bool by_config; /* what opens the network stands in a config.json, not in flags */
};

/* refusals_take: what has been told by now. False where nothing will come any more: the helper has ended. */
bool refusals_take(struct refusals *r);
/* refusals_tell: the first ones a line each, and how many more there were. */
void refusals_tell(const struct events *events, enum log_level level, const struct log *log);
