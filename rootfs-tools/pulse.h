/* SPDX-License-Identifier: Apache-2.0 */
/* pulse.h - how a long loop tells whoever waits that it goes on, and by how much. */
#pragma once

#include <stddef.h>
#include <stdint.h>

struct pulse {
	void (*beat)(void *ctx, uint64_t more); /* bytes, or what the loop counts */
	void *ctx;
};

/* pulse_beat: nothing where nobody waits (NULL). */
static inline void pulse_beat(const struct pulse *p, uint64_t more)
{
	if (p)
		p->beat(p->ctx, more);
}
