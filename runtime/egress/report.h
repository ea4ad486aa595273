/* SPDX-License-Identifier: Apache-2.0 */
/* report.h - refusals told to whoever listens, never waiting for it. */
#pragma once

#include <stdint.h>

#include "runtime/egress/egress.h"

struct report {
	int fd; /* -1: nobody listens */
	uint32_t lost;
};

/* report_refusal: host and port (0: a name was asked for) and why. */
void report_refusal(struct report *r, const char *host, uint16_t port, enum egress_reason reason);
