/* SPDX-License-Identifier: Apache-2.0 */
/* join.c - which namespaces are joined. */
#include "runtime/life/join.h"

#include <sched.h>
#include <stdio.h>
#include <sys/stat.h>

/* Under an engine's user namespace the container's is our own (setns(2) refuses). */
static bool same_user_ns(pid_t pid)
{
	char path[48];
	struct stat own, its;

	(void)snprintf(path, sizeof(path), "/proc/%d/ns/user", pid);
	return stat("/proc/self/ns/user", &own) == 0 && stat(path, &its) == 0 &&
	       own.st_ino == its.st_ino && own.st_dev == its.st_dev;
}

uint64_t join_flags(const struct config *config, pid_t pid)
{
	const struct namespaces *all = &config->linux_.namespaces;
	uint64_t flags = 0;

	for (size_t i = 0; i < all->n; i++)
		if (all->v[i].type != CLONE_NEWUSER || !same_user_ns(pid))
			flags |= (uint64_t)all->v[i].type;
	return flags;
}
