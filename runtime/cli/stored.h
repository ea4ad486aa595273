/* SPDX-License-Identifier: Apache-2.0 */
/* stored.h - bundles of the store, which the companion program looks after. */
#pragma once

#include <stdbool.h>

#include "runtime/cli/command.h"

/* companion_exec: becomes srt-oci-bundle with those arguments behind its name, which end with NULL;
 * returns only with an error. */
int companion_exec(struct cli *cli, const char *const *args, struct err *err);

/* stored_path: the directory of the bundle of that name where its store was entered for us, or NULL. */
const char *stored_path(const char *name);
/* stored_enter: begins this very command line again where the bundle of that name can be seen, with
 * stored_path set; returns only with an error. */
int stored_enter(struct cli *cli, const char *name, struct err *err);

/* stored_find: likewise for a face, which says itself what is wrong: the directory and the digest of the
 * bundle, once it was entered. Before that it begins the command line again. */
int stored_find(struct cli *cli, const char *face, const char *name, const char **path,
		const char **digest, struct err *err);
