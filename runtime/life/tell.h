/* SPDX-License-Identifier: Apache-2.0 */
/* tell.h - what a payload's own streams do not say of a run in the foreground, once it has ended. */
#pragma once

#include "runtime/life/making.h"

/* tell_end: a line each, and where a file was given, in that: which limit was met, what the network refused, that its program has
 * failed. Where it was a limit, *status is what a sandbox ends with. */
int tell_end(struct making *m, int *status, struct err *err);
