/* SPDX-License-Identifier: Apache-2.0 */
/* state.c - writes the state document. */
#include "spec/oci/state.h"

void state_members(struct emit *e, const struct oci_state *s)
{
	emit_str(e, "ociVersion", s->oci_version);
	emit_str(e, "id", s->id);
	emit_str(e, "status", s->status);
	if (s->pid > 0)
		emit_int(e, "pid", s->pid);
	emit_str(e, "bundle", s->bundle);
	if (!s->annotations.n)
		return;
	emit_object(e, "annotations");
	for (size_t i = 0; i < s->annotations.n; i++)
		emit_str(e, s->annotations.v[i].key, s->annotations.v[i].value);
	emit_end_object(e);
}

void state_emit(struct emit *e, const struct oci_state *s)
{
	emit_object(e, NULL);
	state_members(e, s);
	emit_end_object(e);
}

void state_process_emit(struct emit *e, const struct oci_state *s, const char *const *fds,
			const char *metadata)
{
	emit_object(e, NULL);
	emit_str(e, "ociVersion", s->oci_version);
	emit_array(e, "fds");
	for (; *fds; fds++)
		emit_str(e, NULL, *fds);
	emit_end_array(e);
	emit_int(e, "pid", s->pid);
	emit_str(e, "metadata", metadata);
	emit_object(e, "state");
	state_members(e, s);
	emit_end_object(e);
	emit_end_object(e);
}
