/* SPDX-License-Identifier: Apache-2.0 */
/* confine.c - the helper has the host's network and talks to hostile clients, so it keeps nothing else, in stages:
 *
 *   1 setup   reads the hosts file and resolv.conf, opens epoll and the route socket
 *             should: have all it will ever need     mustn't: read from the container
 *   2 fds     closes what is not its own
 *             should: hold no pipe or terminal of its starter, whose ends others wait for
 *   3 limits  no further process, file, core
 *             mustn't: need a descriptor that the limit does not allow
 *   4 self    no capability, no gain by exec, not traceable by its own user, no path of any file, and of the system calls
 *             only those that serving needs; with any other one it is killed, and the network of the container is dead
 *   5 serve   should: of a pool's helper, take sockets from who makes the pool's sandboxes, by descriptors that are received
 *             mustn't: open a path, make a process, a socket of another kind, or memory that can be executed */
#include "runtime/egress/confine.h"

#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <sys/prctl.h>

#include "runtime/egress/confine_filter.h"
#include "spec/base/sys.h"

static int by_number(const void *a, const void *b)
{
	const int *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

int confine_fds(int *fds, size_t n, struct err *err)
{
	scoped_fd int null = sys_openat(AT_FDCWD, "/dev/null", O_RDWR | O_CLOEXEC, 0);
	unsigned int from = 0;

	qsort(fds, n, sizeof(*fds), by_number);
	if (null < 0)
		return err_host(err, errno, "open /dev/null");
	if (n && fds[0] <= STDERR_FILENO)
		return err_input(err, "a socket of the helper's is descriptor %d", fds[0]);
	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
		if (null != fd && sys_dup3(null, fd, 0) < 0)
			return err_host(err, errno, "dup3");
	from = STDERR_FILENO + 1;
	if (null <= STDERR_FILENO)
		(void)take_fd(&null);
	for (size_t i = 0; i <= n; i++) {
		unsigned int to = i < n ? (unsigned int)fds[i] : UINT_MAX;

		if (to > from && sys_close_range(from, i < n ? to - 1 : to, 0) < 0)
			return err_host(err, errno, "close_range");
		from = to + 1;
	}
	/* It was closed with the others. */
	(void)take_fd(&null);
	return 0;
}

int confine_limits(size_t max, size_t *ret_fds, struct err *err)
{
	struct rlimit files;
	static const int none[] = { RLIMIT_NPROC, RLIMIT_FSIZE, RLIMIT_CORE };
	const struct rlimit zero = { 0 };

	if (sys_prlimit(0, RLIMIT_NOFILE, NULL, &files) < 0)
		return err_host(err, errno, "prlimit");
	if (files.rlim_max > max)
		files.rlim_max = max;
	files.rlim_cur = files.rlim_max;
	if (sys_prlimit(0, RLIMIT_NOFILE, &files, NULL) < 0)
		return err_host(err, errno, "limit of descriptors");
	for (size_t i = 0; i < ARRAY_LEN(none); i++)
		if (sys_prlimit(0, none[i], &zero, NULL) < 0)
			return err_host(err, errno, "limit %d", none[i]);
	*ret_fds = files.rlim_cur;
	return 0;
}

int confine_self(struct err *err)
{
	struct __user_cap_header_struct head = { .version = _LINUX_CAPABILITY_VERSION_3 };
	const struct __user_cap_data_struct none[2] = { 0 };

	/* Names show in ps(1) alone. */
	(void)sys_prctl(PR_SET_NAME, (unsigned long)"srt-egress", 0, 0, 0);
	(void)sys_prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
	if (sys_capset(&head, none) < 0)
		return err_host(err, errno, "capset");
	if (sys_prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return err_host(err, errno, "no_new_privs");
	if (sys_prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0)
		return err_host(err, errno, "PR_SET_DUMPABLE");
	/* An older kernel has no Landlock; the filter refuses every path, too. */
	(void)sys_landlock_none();
	return confine_filter(err);
}
