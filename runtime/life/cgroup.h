/* SPDX-License-Identifier: Apache-2.0 */
/* cgroup.h - the cgroups of a container that exists, as its state names them.
 *
 * A state's owner may write there what he likes. So where root acts for another user, a cgroup is his only if it, and the
 * one that it lies in, belong to him: then he could have done with it himself whatever we do. */
#pragma once

#include "runtime/act/cgroup.h"
#include "runtime/plan/plan.h"
#include "runtime/srtoci.h"

/* One hierarchy. */
struct cgroup_ref {
	const char *type;
	bool v2;
	int mount_fd;
	int fd; /* -1: it is gone */
	const char *path; /* below the mount, clean */
	size_t existing; /* bytes of path that were there before the container */
};
struct cgroups {
	struct cgroup_ref v[FACTS_HIERARCHIES_MAX + 1];
	size_t n;
};
void cgroups_done(struct cgroups *all);
#define scoped_cgroups scoped(cgroups_done)

/* cgroups_note: for the state: the cgroups that a plan will make, a pair of type and path each, in which "//" stands where
 * what exists already ends. */
int cgroups_note(const struct plan *p, struct arena *a, struct pairs *ret, struct err *err);
/* cgroups_open: those of the state. What is not mounted any more is left out. facts may be NULL: then they are gathered. A
 * cgroup that is not the owner's is ERR_HOSTILE. */
int cgroups_open(const struct container *c, const struct facts *facts, struct arena *a,
		 struct cgroups *ret, struct err *err);
/* cgroups_list: one that holds all of the container's processes; cgroups_freezer: one that can be frozen; cgroups_with: that
 * which has the controller. NULL: there is none. */
const struct cgroup_ref *cgroups_list(const struct cgroups *all);
const struct cgroup_ref *cgroups_freezer(const struct cgroups *all);
const struct cgroup_ref *cgroups_with(const struct cgroups *all, const char *controller);
/* cgroups_pids: all processes, ascending. */
int cgroups_pids(const struct cgroups *all, struct arena *a, struct pids_list *ret,
		 struct err *err);
/* cgroups_signal: to every one of them; those that are started meanwhile, too. SIGKILL also reaches the frozen. */
int cgroups_signal(const struct cgroups *all, int sig, struct err *err);
/* cgroups_freeze: 1: there is no freezer. */
int cgroups_freeze(const struct cgroups *all, bool frozen, struct err *err);
/* cgroups_thaw: of a container that was killed while paused: in v1's freezer it cannot die. */
int cgroups_thaw(const struct container *c, struct err *err);
/* cgroups_remove: kills what is left in them and removes them, and what was made above them as far as it is empty. */
int cgroups_remove(const struct container *c, struct err *err);
/* cgroups_take_back: those that nobody was put into yet: what was made of them, as far as it is empty. */
void cgroups_take_back(const struct container *c);
/* cgroups_path_of: where that process, init, is by now: the container's own cgroup or one below it; below the mount. */
const char *cgroups_path_of(const struct cgroup_ref *r, const struct facts *f, pid_t init,
			    struct arena *a);
/* cgroups_join: the directories that a further process is to enter: those of init, or sub below the container's own (a path,
 * or CONTROLLERS:PATH for v1, several). */
int cgroups_join(const struct cgroups *all, const struct facts *facts, pid_t init,
		 const struct strings *sub, struct cgroup_dirs *ret, struct err *err);
