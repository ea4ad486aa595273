/* SPDX-License-Identifier: Apache-2.0 */
/* cgroup.h - the cgroups that a new process is put into. */
#pragma once

#include <stdbool.h>

#include "runtime/plan/facts.h"
#include "spec/base/err.h"

/* Open directories of cgroups, one a hierarchy. type points into the plan. */
struct cgroup_dir {
	const char *type; /* "unified", or the controllers of v1 */
	bool v2;
	int fd; /* the directory */
	int procs_fd; /* its cgroup.procs, opened for writing; -1: not needed */
};
struct cgroup_dirs {
	struct cgroup_dir v[FACTS_HIERARCHIES_MAX + 1];
	size_t n;
};

/* cgroup_dirs_add: takes the directory fd, in place of the one of that type, if any. cgroup_dirs_find: or NULL. */
int cgroup_dirs_add(struct cgroup_dirs *dirs, const char *type, int fd, struct err *err);
struct cgroup_dir *cgroup_dirs_find(struct cgroup_dirs *dirs, const char *type);
void cgroup_dirs_done(struct cgroup_dirs *dirs);
/* cgroup_dirs_ready: opens what entering needs. As it is opened by us, the child may write there whoever it is by then. */
int cgroup_dirs_ready(struct cgroup_dirs *dirs, struct err *err);
/* cgroup_enter: the calling process goes into all of them but, with cloned, v2's, where clone has put it. */
int cgroup_enter(const struct cgroup_dirs *dirs, bool cloned, struct err *err);
