/* SPDX-License-Identifier: Apache-2.0 */
/* container.h - a container as the state document of the specification. */
#pragma once

#include "runtime/srtoci.h"
#include "spec/oci/state.h"

/* container_state: what hooks, `state` and seccomp listeners get to know. */
struct oci_state container_state(const struct container *c);
/* container_json: that document on one line. */
const char *container_json(const struct container *c, struct arena *a);
/* container_now: the present moment for a container's created, RFC 3339. */
const char *container_now(struct arena *a);
