/* SPDX-License-Identifier: Apache-2.0 */
/* usrmerge.h - /bin, /sbin and /lib* move below /usr. */
#pragma once

#include "rootfs-tools/tree.h"
#include "spec/base/err.h"

/* usrmerge: what /bin, /sbin, /lib, /lib32, /lib64 and /libx32 hold moves to the directory of that
 * name in /usr, and a symlink takes each one's place, where there is such a directory. A symlink
 * that only points to its own new place vanishes. ERR_INPUT where two different entries meet. */
int usrmerge(struct tree *t, unsigned int source, struct err *err);
