/* SPDX-License-Identifier: Apache-2.0 */
/* pool_made.c - a look at the calling process, and whether it is still so. */
#include "runtime/sandbox/pool_made.h"

#include <linux/ioprio.h>
#include <string.h>

#include "spec/base/sys.h"

bool made_look(struct made *ret)
{
	memset(ret, 0, sizeof(*ret));
	for (int i = 0; i < RLIM_NLIMITS; i++)
		if (sys_prlimit(0, i, NULL, &ret->limits[i]) < 0)
			return false;
	ret->io_priority = sys_ioprio_get(IOPRIO_WHO_PROCESS, 0);
	return ret->io_priority >= 0 &&
	       sys_sched_getattr(0, ret->priority, sizeof(ret->priority)) == 0 &&
	       sched_getaffinity(0, sizeof(ret->processors), &ret->processors) == 0;
}

bool made_is_same(const struct made *then)
{
	struct made now;

	return made_look(&now) && memcmp(&now, then, sizeof(now)) == 0;
}
