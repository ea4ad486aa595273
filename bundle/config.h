/* SPDX-License-Identifier: Apache-2.0 */
/* config.h - the config.json of a bundle. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "bundle/recipe.h"
#include "spec/base/str.h"

struct config_want {
	const char *name; /* host name */
	const struct process *process;
	const char *arch; /* Debian's word: amd64 */
	bool writable; /* the root, for a step of a build */
	bool maps; /* say who is root inside; else it is whoever runs the bundle */
	uint32_t uid, gid; /* on the host, of that one */
};

/* config_emit: a document of the runtime specification 1.0.2 (so that older runtimes take it, too)
 * as JSON text with sorted keys: read-only root, own namespaces of every kind, no capability, no
 * new privileges, and no system call that reaches around the namespaces. */
void config_emit(const struct config_want *want, struct text *out);

/* arch_of_machine: Debian's word for this machine, or NULL for one that is not known here. */
const char *arch_of_machine(void);

/* The directories that the mounts of config_emit need. The list ends with NULL. */
extern const char *const CONFIG_MOUNTPOINTS[];
