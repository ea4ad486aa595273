/* SPDX-License-Identifier: Apache-2.0 */
/* sysctl.c - the allow-list of parameters that are namespaced (config-linux.md#sysctl). */
#include "spec/oci/sysctl.h"

#include <linux/sched.h>
#include <string.h>

#include "spec/base/str.h"

/* A name with a slash at its end stands for all below it. */
static const struct {
	const char *path;
	int namespace;
} namespaced[] = {
	{ "net/", CLONE_NEWNET },
	{ "fs/mqueue/", CLONE_NEWIPC },
	{ "kernel/msgmax", CLONE_NEWIPC },
	{ "kernel/msgmnb", CLONE_NEWIPC },
	{ "kernel/msgmni", CLONE_NEWIPC },
	{ "kernel/auto_msgmni", CLONE_NEWIPC },
	{ "kernel/sem", CLONE_NEWIPC },
	{ "kernel/shmall", CLONE_NEWIPC },
	{ "kernel/shmmax", CLONE_NEWIPC },
	{ "kernel/shmmni", CLONE_NEWIPC },
	{ "kernel/shm_rmid_forced", CLONE_NEWIPC },
	{ "kernel/msg_next_id", CLONE_NEWIPC },
	{ "kernel/sem_next_id", CLONE_NEWIPC },
	{ "kernel/shm_next_id", CLONE_NEWIPC },
	{ "kernel/hostname", CLONE_NEWUTS },
	{ "kernel/domainname", CLONE_NEWUTS },
	{ "user/", CLONE_NEWUSER },
};

/* The other of the two separators. */
static char swapped(char c)
{
	return c == '.' ? '/' : c == '/' ? '.' : c;
}

static bool components_ok(const char *path)
{
	for (const char *c = path;; c++) {
		size_t n = strcspn(c, "/");

		if (n == 0 || (n == 1 && c[0] == '.') || (n == 2 && c[0] == '.' && c[1] == '.'))
			return false;
		c += n;
		if (!*c)
			return true;
	}
}

bool sysctl_path(const char *name, char path[SYSCTL_PATH_MAX])
{
	size_t len = strlen(name), first = strcspn(name, "./");
	bool dots = name[first] == '.';

	if (len >= SYSCTL_PATH_MAX)
		return false;
	for (size_t i = 0; i < len; i++) {
		if ((unsigned char)name[i] <= 0x20)
			return false;
		path[i] = dots ? swapped(name[i]) : name[i];
	}
	path[len] = '\0';
	return components_ok(path);
}

int sysctl_namespace(const char *path)
{
	for (size_t i = 0; i < ARRAY_LEN(namespaced); i++) {
		const char *p = namespaced[i].path;

		if (str_ends(p, "/") ? str_starts(path, p) : str_eq(path, p))
			return namespaced[i].namespace;
	}
	return 0;
}
