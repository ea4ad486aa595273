/* SPDX-License-Identifier: Apache-2.0 */
/* template.h - the config.json that `spec` writes for a user to begin with. */
#pragma once

#include "spec/json/emit.h"

struct template_options {
	bool rootless;
	uint32_t uid, gid; /* of the caller: what rootless maps to 0 */
};

/* template_emit: a shell with a terminal in ROOT "rootfs", read-only, with the usual mounts. */
void template_emit(struct emit *e, const struct template_options *options);
