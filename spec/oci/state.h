/* SPDX-License-Identifier: Apache-2.0 */
/* state.h - the state document of the specification (runtime.md#state). */
#pragma once

#include "spec/json/emit.h"
#include "spec/oci/config.h"

struct oci_state {
	const char *oci_version, *id;
	const char *status; /* creating, created, running or stopped */
	int pid; /* on the host; 0: none, not written */
	const char *bundle;
	struct pairs annotations;
};

/* state_members: the document's members, into an object that is open already: list adds its own. */
void state_members(struct emit *e, const struct oci_state *s);
/* state_emit: the whole document. */
void state_emit(struct emit *e, const struct oci_state *s);
/* state_process_emit: the container-process state that goes to a seccomp listener
 * (config-linux.md#containerprocessstate): fds names the descriptors in the message. */
void state_process_emit(struct emit *e, const struct oci_state *s, const char *const *fds,
			const char *metadata);
