/* SPDX-License-Identifier: Apache-2.0 */
/* serve_owner.c - whose a connection to the pool's socket is.
 * Mustn't: take a task of the pool for its owner. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "runtime/sandbox/serve.h"
#include "spec/base/fd.h"
#include "spec/base/sys.h"

#ifndef SO_PEERPIDFD /* 6.5 */
#define SO_PEERPIDFD 77
#endif

/* More than /proc/PID/status has, groups among it. */
#define STATUS_BYTES (1u << 20)

static pid_t parent_of(pid_t pid)
{
	scoped_arena struct arena a = { 0 };
	const char *path = arena_printf(&a, "/proc/%d/status", (int)pid), *line;
	struct err unheard; /* one that has ended */
	char *text;
	size_t n;

	if (file_read(AT_FDCWD, path, STATUS_BYTES, &a, &text, &n, &unheard) < 0)
		return -1;
	line = strstr(text, "\nPPid:\t");
	return line ? (pid_t)strtol(line + 7, NULL, 10) : -1;
}

static bool is_agent(const struct pool *p, pid_t pid)
{
	for (const struct pool_zygote *z = p->zygotes; z; z = z->next)
		if (z->start.pid == pid)
			return true;
	return false;
}

/* A task never is in our pid namespace, as nobody can enter one that is not below his own. */
static bool has_our_pids(pid_t pid)
{
	struct stat ours, theirs;
	char path[40];

	(void)snprintf(path, sizeof(path), "/proc/%d/ns/pid", (int)pid);
	return sys_fstatat(AT_FDCWD, path, &theirs, 0) == 0 &&
	       sys_fstatat(AT_FDCWD, "/proc/self/ns/pid", &ours, 0) == 0 &&
	       theirs.st_dev == ours.st_dev && theirs.st_ino == ours.st_ino;
}

/* A task has our user's id where we are not root, and may find the socket in a directory that is lent to it. All tasks are below
 * the first process of their zygote's sandbox. Whose parents cannot be told any more is nobody's client. */
static bool is_of_task(const struct pool *p, pid_t pid)
{
	while (pid > 1 && !is_agent(p, pid))
		pid = parent_of(pid);
	return pid != 0 && pid != 1;
}

/* Whose number we have looked at is still there, and so that number was his; a kernel before 6.5 does not tell. */
static bool is_there(int connection)
{
	scoped_fd int pidfd = -1;
	socklen_t n = sizeof(pidfd);

	if (getsockopt(connection, SOL_SOCKET, SO_PEERPIDFD, &pidfd, &n) < 0)
		return errno == ENOPROTOOPT;
	return sys_pidfd_send_signal(pidfd, 0) == 0;
}

bool owner_connects(const struct pool *p, int connection)
{
	struct ucred c;
	socklen_t n = sizeof(c);

	return getsockopt(connection, SOL_SOCKET, SO_PEERCRED, &c, &n) == 0 && c.uid == geteuid() &&
	       (has_our_pids(c.pid) || !is_of_task(p, c.pid)) && is_there(connection);
}
