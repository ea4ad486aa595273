/* SPDX-License-Identifier: Apache-2.0 */
/* container.c - what the specification lets others know of a container. */
#include "runtime/life/container.h"

#include <time.h>

struct oci_state container_state(const struct container *c)
{
	return (struct oci_state){
		.oci_version = c->oci_version,
		.id = c->id,
		.status = name_of(status_names, c->status),
		.pid = c->pid,
		.bundle = c->bundle,
		.annotations = c->annotations,
	};
}

const char *container_json(const struct container *c, struct arena *a)
{
	struct oci_state s = container_state(c);
	struct text out = { .arena = a };
	struct emit e = { .out = &out };

	state_emit(&e, &s);
	return out.s;
}

const char *container_now(struct arena *a)
{
	struct timespec now;
	struct tm tm;
	char text[32];

	(void)clock_gettime(CLOCK_REALTIME, &now);
	(void)gmtime_r(&now.tv_sec, &tm);
	(void)strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%S", &tm);
	return arena_printf(a, "%s.%09ldZ", text, now.tv_nsec);
}
