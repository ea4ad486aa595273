/* SPDX-License-Identifier: Apache-2.0 */
/* recorder.h - writes down what the network helper refuses to a container that nobody waits for. */
#pragma once

#include "runtime/life/store.h"

/* In the container's entry: a line of JSON for each, as in a file of --violations. */
#define RECORDER_FILE "violations"

/* recorder_begin: a process beside the container, for as long as its helper lives; takes the fd on which that tells. path: a file
 * besides, which has been found fit; NULL: none. */
int recorder_begin(const struct entry *e, int events, const char *path, struct err *err);
