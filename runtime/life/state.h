/* SPDX-License-Identifier: Apache-2.0 */
/* state.h - the state document of the OCI specification, as hooks and `state` see it. */
#pragma once

#include "runtime/srtoci.h"
#include "spec/json/emit.h"

/* state_emit: the object of runtime.md#state: ociVersion, id, status, pid (0 where stopped), bundle,
 * annotations. key as in emit_object. */
void state_emit(const struct container *c, struct emit *e, const char *key);
/* state_json: the same on one line. */
const char *state_json(const struct container *c, struct arena *a);
/* state_now: the present moment for a container's created. */
const char *state_now(struct arena *a);
