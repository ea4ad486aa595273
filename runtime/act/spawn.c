/* SPDX-License-Identifier: Apache-2.0 */
/* spawn.c - fork, exec and a wait that ends. */
#include "runtime/act/spawn.h"

#include <errno.h>
#include <linux/memfd.h>
#include <poll.h>
#include <stdbool.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "spec/base/fd.h"
#include "spec/base/sys.h"

#define EXEC_FAILED 127

static int append_to(const char *path, int fd)
{
	int file;

	if (!path)
		return 0;
	file = sys_openat(AT_FDCWD, path, O_WRONLY | O_APPEND | O_CREAT | O_NOCTTY | O_CLOEXEC,
			  0600);
	return file < 0 ? -1 : sys_dup3(file, fd, 0);
}

static int put_output(const struct spawn_output *output)
{
	if (output->fd)
		return sys_dup3(*output->fd, 1, 0) < 0 ? -1 : sys_dup3(*output->fd, 2, 0);
	return append_to(output->out, 1) < 0 ? -1 : append_to(output->err, 2);
}

/* Runs in the new process; what failed goes back as errno through the pipe that exec closes. */
static _Noreturn void become(const char *path, const char *const argv[], const char *const envp[],
			     int stdin_fd, const struct spawn_output *output, int report_fd)
{
	sigset_t none;
	int failed;

	sys_signals_default();
	(void)sigemptyset(&none);
	(void)sys_sigprocmask(SIG_SETMASK, &none, NULL);
	if ((stdin_fd < 0 || (sys_dup3(stdin_fd, 0, 0) >= 0 && sys_chdir("/") == 0)) &&
	    put_output(output) >= 0 && sys_close_range(3, ~0U, CLOSE_RANGE_CLOEXEC) == 0)
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

enum end { TIME_IS_UP, ENDED, STOPPED };

static enum end await(int pidfd, int stop_fd, int64_t deadline)
{
	for (;;) {
		struct pollfd p[2] = { { .fd = pidfd, .events = POLLIN },
				       { .fd = stop_fd, .events = POLLIN } };
		int64_t left = deadline ? deadline - now_ms() : -1;
		int n;

		if (deadline && left <= 0)
			return TIME_IS_UP;
		n = poll(p, 2, (int)left);
		if (n > 0)
			return p[0].revents ? ENDED : STOPPED;
		if (n < 0 && errno != EINTR)
			return TIME_IS_UP;
	}
}

static int supervise(pid_t pid, int pidfd, int stop_fd, uint64_t timeout_ms, int *status,
		     const char *path, struct err *err)
{
	enum end end = await(pidfd, stop_fd, timeout_ms ? now_ms() + (int64_t)timeout_ms : 0);
	siginfo_t info;

	if (end == STOPPED)
		return err_host(err, EINTR, "wait for %s", path);
	if (end == TIME_IS_UP)
		(void)sys_pidfd_send_signal(pidfd, SIGKILL);
	if (sys_waitid(P_PID, (id_t)pid, &info, WEXITED) < 0)
		return err_host(err, errno, "wait for %s", path);
	if (end == TIME_IS_UP)
		return err_host(err, ETIMEDOUT, "%s was killed after %llu ms", path,
				(unsigned long long)timeout_ms);
	*status = info.si_code == CLD_EXITED ? info.si_status : 128 + info.si_status;
	return 0;
}

/* A file in memory: whether, when and how often the program reads it is its own affair. */
static int input_file(const char *input, int *ret, struct err *err)
{
	scoped_fd int fd = sys_memfd_create("input", MFD_CLOEXEC);

	if (fd < 0 || fd_write_all(fd, input, strlen(input)) < 0 || lseek(fd, 0, SEEK_SET) < 0)
		return err_host(err, errno, "make the input of a program");
	*ret = take_fd(&fd);
	return 0;
}

/* stdin_fd -1: ours, and our working directory. */
static int spawn(const char *path, const char *const argv[], const char *const envp[], int in,
		 const struct spawn_output *output, uint64_t timeout_ms, int *status,
		 struct err *err)
{
	int report[2], pidfd_raw = -1, failed = 0;
	struct clone_args args = { .flags = CLONE_PIDFD | CLONE_CLEAR_SIGHAND,
				   .pidfd = (uint64_t)(uintptr_t)&pidfd_raw,
				   .exit_signal = SIGCHLD };
	pid_t pid;
	int r;

	if (pipe2(report, O_CLOEXEC) < 0)
		return err_host(err, errno, "make a pipe for %s", path);
	scoped_fd int report_read = report[0];
	scoped_fd int report_write = report[1];
	pid = sys_clone3(&args, sizeof(args));
	if (pid < 0)
		return err_host(err, errno, "start a process for %s", path);
	if (pid == 0)
		become(path, argv, envp, in, output, report_write);
	scoped_fd int pidfd = pidfd_raw;
	(void)sys_close(take_fd(&report_write));
	r = supervise(pid, pidfd, output->stop_fd ? *output->stop_fd : -1, timeout_ms, status, path,
		      err);
	if (r < 0 && err->errnum == EINTR)
		return r;
	if (sys_read(report_read, &failed, sizeof(failed)) == (ssize_t)sizeof(failed))
		return err_path(err, failed, path, "run %s", path);
	return r;
}

static const struct spawn_output ours;

int spawn_wait(const char *path, const char *const argv[], const char *const envp[],
	       const char *input, uint64_t timeout_ms, int *status, struct err *err)
{
	return spawn_wait_into(path, argv, envp, input, &ours, timeout_ms, status, err);
}

int spawn_wait_here(const char *path, const char *const argv[], const char *const envp[],
		    int *status, struct err *err)
{
	return spawn(path, argv, envp, -1, &ours, 0, status, err);
}

int spawn_wait_into(const char *path, const char *const argv[], const char *const envp[],
		    const char *input, const struct spawn_output *output, uint64_t timeout_ms,
		    int *status, struct err *err)
{
	scoped_fd int in = -1;

	TRY(input_file(input ? input : "", &in, err));
	return spawn(path, argv, envp, in, output, timeout_ms, status, err);
}

int spawn_ask(const char *path, const char *const argv[], const char *const envp[],
	      const char *input, uint64_t timeout_ms, char *answer, size_t room, int *status,
	      struct err *err)
{
	scoped_fd int fd = sys_memfd_create("output", MFD_CLOEXEC);
	const struct spawn_output output = { .fd = &fd };
	ssize_t n;

	if (fd < 0)
		return err_host(err, errno, "make a place for what %s says", path);
	TRY(spawn_wait_into(path, argv, envp, input, &output, timeout_ms, status, err));
	n = pread(fd, answer, room - 1, 0);
	if (n < 0)
		return err_host(err, errno, "read what %s said", path);
	answer[n] = '\0';
	return 0;
}
