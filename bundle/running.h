/* SPDX-License-Identifier: Apache-2.0 */
/* running.h - which bundles processes run from. */
#pragma once

#include "bundle/store.h"

/* running_find: the ids of bundles that a process which this user can see has mounted, or was started
 * from and has not mounted yet. Whoever asks holds the lock of STORE_REMOVE, so none is about to be
 * entered. Unsorted, some twice; the strings are the arena's. */
int running_find(struct arena *a, struct entries *ret, struct err *err);
bool running_has(const struct entries *running, const char *id);
