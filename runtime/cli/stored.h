/* SPDX-License-Identifier: Apache-2.0 */
/* stored.h - bundles of the store, which the companion program looks after. */
#pragma once

#include <stdbool.h>

#include "runtime/cli/command.h"

/* companion_exec: becomes srt-oci-bundle with those arguments behind its name, which end with NULL;
 * returns only with an error. */
int companion_exec(struct cli *cli, const char *const *args, struct err *err);

/* stored_path: the directory of the bundle whose store was entered for us, or NULL. */
const char *stored_path(void);
/* stored_enter: begins this very command line again where the bundle of that name can be seen, with
 * stored_path set; returns only with an error. */
int stored_enter(struct cli *cli, const char *name, struct err *err);
