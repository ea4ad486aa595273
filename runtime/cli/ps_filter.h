/* SPDX-License-Identifier: Apache-2.0 */
/* ps_filter.h - the lines of ps that are about certain processes. */
#pragma once

#include "runtime/srtoci.h"
#include "spec/base/str.h"

/* ps_filter: the heading of ps's output and its lines whose PID is in the list; ERR_INPUT where the
 * heading has no PID. */
int ps_filter(const char *output, const struct pids_list *pids, struct text *out, struct err *err);
