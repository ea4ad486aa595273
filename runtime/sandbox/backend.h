/* SPDX-License-Identifier: Apache-2.0 */
/* backend.h - cgroups as what holds the limits of memory, processors and processes, where the caller may make one: as
 * /linux/resources of the composed configuration, so that they are made as any container's. */
#pragma once

#include "runtime/life/cgroup.h"
#include "runtime/sandbox/compose.h"
#include "runtime/sandbox/watch.h"

/* The cgroups of one run. Zeroed: there are none. */
struct backend {
	struct arena *a;
	struct container c; /* as far as cgroups are concerned */
	struct cgroups open;
};

/* backend_wish: which of enum policy_backend could do here what is asked (CGROUP2, CGROUP1 or SUPERVISOR): the first of
 * them that the policy allows and the facts do not exclude. */
int backend_wish(const struct policy *p, const struct facts *facts, enum policy_backend *ret,
		 struct err *err);
/* backend_resources: the limits as /linux/resources. */
void backend_resources(struct composition *c, enum policy_backend backend);
/* backend_fits: the plan applies each of those limits, by that version of cgroups. */
bool backend_fits(const struct plan *plan, enum policy_backend backend);
/* backend_is_limit: a warning with that place says that a limit does not hold. */
bool backend_is_limit(const char *place);
/* backend_open: after the start; backend_look: what the kernel has counted, into the watch. */
int backend_begin(struct backend *b, const struct plan *plan, struct arena *a, struct err *err);
int backend_open(struct backend *b, struct err *err);
void backend_look(void *ctx, struct watch *w);
/* backend_end: nothing of them is left. begun: there was a process. */
void backend_end(struct backend *b, bool begun, const struct log *log);
