/* SPDX-License-Identifier: Apache-2.0 */
/* beside.c - makes such a process. Should: leave it nothing that a terminal or a caller could still be waiting for. */
#include "runtime/life/beside.h"

#include <fcntl.h>
#include <linux/sched.h>
#include <signal.h>
#include <stdint.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#include "spec/base/fd.h"
#include "spec/base/sys.h"

#ifndef __WALL
#define __WALL 0x40000000
#endif

pid_t beside_clone(int *pidfd)
{
	struct clone_args args = { .flags = CLONE_CLEAR_SIGHAND | (pidfd ? CLONE_PIDFD : 0),
				   .pidfd = (uint64_t)(uintptr_t)pidfd };

	return sys_clone3(&args, sizeof(args));
}

void beside_begin(const char *name)
{
	sigset_t none;

	(void)sigemptyset(&none);
	(void)sys_sigprocmask(SIG_SETMASK, &none, NULL);
	(void)sys_setsid(); /* a terminal's signals are for the payload */
	(void)sys_chdir("/");
	if (name)
		(void)sys_prctl(PR_SET_NAME, (unsigned long)(uintptr_t)name, 0, 0, 0);
}

int beside_close(unsigned int first)
{
	int null = sys_openat(AT_FDCWD, "/dev/null", O_RDWR | O_CLOEXEC, 0);

	if (null < 0)
		return -1;
	for (int i = 0; i < 3; i++)
		if (sys_dup3(null, i, 0) < 0)
			return -1;
	return sys_close_range(first, ~0U, 0);
}

int beside_stand_alone(int keep)
{
	if (keep != 3 && sys_dup3(keep, 3, O_CLOEXEC) < 0)
		return -1;
	return beside_close(4);
}

int beside_wait(pid_t *pid)
{
	siginfo_t info = { 0 };

	while (*pid > 0 && sys_waitid(P_PID, (id_t)*pid, &info, WEXITED | __WALL) < 0 &&
	       errno == EINTR)
		;
	*pid = 0;
	return info.si_code == CLD_EXITED ? info.si_status : 0;
}
