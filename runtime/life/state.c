/* SPDX-License-Identifier: Apache-2.0 */
/* state.c - writes the state document. */
#include "runtime/life/state.h"

#include <time.h>

void state_emit(const struct container *c, struct emit *e, const char *key)
{
	emit_object(e, key);
	emit_str(e, "ociVersion", c->oci_version);
	emit_str(e, "id", c->id);
	emit_str(e, "status", name_of(status_names, c->status));
	emit_int(e, "pid", c->pid);
	emit_str(e, "bundle", c->bundle);
	if (c->annotations.n) {
		emit_object(e, "annotations");
		for (size_t i = 0; i < c->annotations.n; i++)
			emit_str(e, c->annotations.v[i].key, c->annotations.v[i].value);
		emit_end_object(e);
	}
	emit_end_object(e);
}

const char *state_json(const struct container *c, struct arena *a)
{
	struct text out = { .arena = a };
	struct emit e = { .out = &out };

	state_emit(c, &e, NULL);
	return out.s;
}

const char *state_now(struct arena *a)
{
	struct timespec now;
	struct tm tm;
	char text[32];

	(void)clock_gettime(CLOCK_REALTIME, &now);
	(void)gmtime_r(&now.tv_sec, &tm);
	(void)strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%S", &tm);
	return arena_printf(a, "%s.%09ldZ", text, now.tv_nsec);
}
