/* SPDX-License-Identifier: Apache-2.0 */
/* cgroup.h - which cgroup hierarchies are mounted, where the caller is in them, and what it may do there. */
#pragma once

#include <stdbool.h>

#include "runtime/plan/facts.h"
#include "spec/base/err.h"

/* probe_cgroup: the facts of WANT_CGROUP. What is not there is no error. */
int probe_cgroup(struct facts *f, unsigned int want, struct err *err);

/* cgroup_is_closed: a look at the usual places says that no cgroup can be made by this caller, who is not root. False: they
 * do not say so, and probe_cgroup, which looks at each mount, has to. */
bool cgroup_is_closed(void);

/* The parts, for tests; all texts are taken from memory.
 * cgroup_own_parse: the path of the "0::" line of /proc/self/cgroup into ret, "" if there is none. */
void cgroup_own_parse(const char *text, char *ret, size_t room);
/* cgroup_v1_parse: the hierarchy of /proc/self/cgroup that a mount with those super block options shows: the names of its
 * controllers and the caller's path. False where there is none, or where they do not fit. */
bool cgroup_v1_parse(const char *text, const char *super_options, struct cgroup_v1 *ret);
