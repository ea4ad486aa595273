/* SPDX-License-Identifier: Apache-2.0 */
/* spawn.c - fork, exec and a wait that ends. */
#include "runtime/act/spawn.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "spec/base/fd.h"
#include "spec/base/sys.h"

#define EXEC_FAILED 127

/* Runs in the new process; what failed goes back as errno through the pipe that exec closes. */
static _Noreturn void become(const char *path, const char *const argv[], const char *const envp[],
			     int stdin_fd, int report_fd)
{
	sigset_t none;
	int failed;

	(void)sigemptyset(&none);
	(void)sys_sigprocmask(SIG_SETMASK, &none, NULL);
	if (sys_dup3(stdin_fd, 0, 0) >= 0 && sys_chdir("/") == 0 &&
	    sys_close_range(3, ~0U, CLOSE_RANGE_CLOEXEC) == 0)
		(void)execve(path, (char *const *)argv, (char *const *)envp);
	failed = errno;
	(void)!sys_write(report_fd, &failed, sizeof(failed));
	_exit(EXEC_FAILED);
}

static int64_t now_ms(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* Feeds stdin without ever blocking for longer than the program has. */
static int feed(int fd, const char *input, int64_t deadline)
{
	size_t len = strlen(input), done = 0;

	while (done < len) {
		struct pollfd p = { .fd = fd, .events = POLLOUT };
		int64_t left = deadline ? deadline - now_ms() : -1;
		ssize_t n;

		if (deadline && left <= 0)
			return -1;
		if (poll(&p, 1, (int)left) < 0 && errno != EINTR)
			return -1;
		n = sys_write(fd, input + done, len - done);
		if (n < 0 && errno == EPIPE)
			return 0; /* it does not want to know */
		if (n < 0 && errno != EAGAIN && errno != EINTR)
			return -1;
		if (n > 0)
			done += (size_t)n;
	}
	return 0;
}

/* 1 when it ended, 0 when its time was up. */
static int ended(int pidfd, int64_t deadline)
{
	for (;;) {
		struct pollfd p = { .fd = pidfd, .events = POLLIN };
		int64_t left = deadline ? deadline - now_ms() : -1;
		int n;

		if (deadline && left <= 0)
			return 0;
		n = poll(&p, 1, (int)left);
		if (n > 0)
			return 1;
		if (n < 0 && errno != EINTR)
			return 0;
	}
}

static int supervise(pid_t pid, int pidfd, int in, const char *input, uint64_t timeout_ms,
		     int *status, const char *path, struct err *err)
{
	int64_t deadline = timeout_ms ? now_ms() + (int64_t)timeout_ms : 0;
	bool in_time = feed(in, input, deadline) == 0;
	siginfo_t info;

	(void)sys_close(in);
	in_time = in_time && ended(pidfd, deadline);
	if (!in_time)
		(void)sys_pidfd_send_signal(pidfd, SIGKILL);
	if (sys_waitid(P_PID, (id_t)pid, &info, WEXITED) < 0)
		return err_host(err, errno, "wait for %s", path);
	if (!in_time)
		return err_host(err, ETIMEDOUT, "%s was killed after %llu ms", path,
				(unsigned long long)timeout_ms);
	*status = info.si_code == CLD_EXITED ? info.si_status : 128 + info.si_status;
	return 0;
}

int spawn_wait(const char *path, const char *const argv[], const char *const envp[],
	       const char *input, uint64_t timeout_ms, int *status, struct err *err)
{
	int in[2], report[2], pidfd_raw = -1, failed = 0;
	struct clone_args args = { .flags = CLONE_PIDFD | CLONE_CLEAR_SIGHAND,
				   .pidfd = (uint64_t)(uintptr_t)&pidfd_raw,
				   .exit_signal = SIGCHLD };
	pid_t pid;
	int r;

	if (pipe2(in, O_CLOEXEC) < 0)
		return err_host(err, errno, "make a pipe for %s", path);
	scoped_fd int in_read = in[0];
	scoped_fd int in_write = in[1];
	if (pipe2(report, O_CLOEXEC) < 0)
		return err_host(err, errno, "make a pipe for %s", path);
	scoped_fd int report_read = report[0];
	scoped_fd int report_write = report[1];
	pid = sys_clone3(&args, sizeof(args));
	if (pid < 0)
		return err_host(err, errno, "start a process for %s", path);
	if (pid == 0)
		become(path, argv, envp, in_read, report_write);
	scoped_fd int pidfd = pidfd_raw;
	(void)sys_close(take_fd(&report_write));
	(void)sys_close(take_fd(&in_read));
	(void)sys_fcntl(in_write, F_SETFL, O_NONBLOCK);
	r = supervise(pid, pidfd, take_fd(&in_write), input ? input : "", timeout_ms, status, path,
		      err);
	if (sys_read(report_read, &failed, sizeof(failed)) == (ssize_t)sizeof(failed))
		return err_host(err, failed, "run %s", path);
	return r;
}
