/* SPDX-License-Identifier: Apache-2.0 */
/* mount_idmap.h - the id map that may stand in a mount's option: "idmap=uids=0-1000-1;gids=0-1000-1". */
#pragma once

#include "runtime/plan/op.h"

/* mount_idmap_parse: TEXT is what follows "idmap=" or "ridmap=": uids= and gids=, separated by ";", each of triplets
 * FILESYSTEM-HOST-SIZE separated by "#". After "@" the middle number is an id of the container's user namespace, whose maps
 * are given. Both lists must be there. ERR_INPUT otherwise. Source: crun(1), ID MAPPED MOUNTS. */
int mount_idmap_parse(const char *text, const struct id_mappings *uids,
		      const struct id_mappings *gids, struct arena *a, struct mount_idmap *ret,
		      struct err *err);
