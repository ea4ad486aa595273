/* SPDX-License-Identifier: Apache-2.0 */
/* update.h - what stands in for a limit where there is no cgroup. */
#pragma once

#include "runtime/srtoci.h"

/* update_stand_in: for the property of that pointer ("/pids/limit"): sets what comes nearest on each of the container's
 * processes, and says so in *ret_text; where nothing does, nothing is changed. */
int update_stand_in(const struct container *c, const char *pointer, const struct resources *r,
		    struct arena *a, const char **ret_text, struct err *err);
