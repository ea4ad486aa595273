/* SPDX-License-Identifier: Apache-2.0 */
/* scope.h - the unit of systemd that a container is in, as its state names it ("user:NAME", "system:NAME").
 *
 * A state's owner may write there what he likes, so root asks systemd nothing for another user: the cgroup, which is checked
 * (cgroup.h), ends the unit as well when it is empty. */
#pragma once

#include "runtime/life/cgroup.h"

/* scope_word: for the state: the plan's unit. */
const char *scope_word(const struct plan *p, struct arena *a);
/* scope_stop: ends it and what is in it, so that its name is free; nothing where its cgroup is gone. */
int scope_stop(const struct container *c, const struct cgroups *all, struct err *err);
/* scope_limit: other limits as its properties; nothing where systemd did not make it. */
int scope_limit(const struct container *c, const struct resources *r, struct arena *a,
		struct err *err);
/* scope_attach: a further process into it: for one who may not write to cgroup.procs from where he is. sub is the cgroup
 * below the unit's, "" for itself. scope_must_attach: whether the caller is such a one; path is the container's cgroup. */
int scope_attach(const struct container *c, pid_t pid, const char *sub, struct err *err);
bool scope_must_attach(const struct container *c, const struct facts *f, const char *path);
