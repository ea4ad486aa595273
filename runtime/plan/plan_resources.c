/* SPDX-License-Identifier: Apache-2.0 */
/* plan_resources.c - what the configuration limits: all of it is the cgroup's. */
#include "runtime/plan/plan_cgroup.h"

int plan_resources(struct plan *p, const struct config *c, const struct facts *f,
		   const struct plan_options *o, struct err *err)
{
	return plan_cgroup(p, c, f, o, err);
}
