/* SPDX-License-Identifier: Apache-2.0 */
/* stats.h - what a container uses, out of its cgroups' files. */
#pragma once

#include "runtime/life/cgroup.h"
#include "spec/json/emit.h"

/* stats_emit: the member "data" of an event of runc's: cpu, cpuset, memory, pids, blkio, hugetlb. What no cgroup counts is
 * left out or 0, as there. */
void stats_emit(const struct cgroups *all, struct arena *a, struct emit *e);
/* stats_value: the number behind a key in lines of "key number"; 0 where it is not there. */
uint64_t stats_value(const char *text, const char *key);
