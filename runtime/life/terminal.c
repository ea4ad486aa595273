/* SPDX-License-Identifier: Apache-2.0 */
/* terminal.c - waits for a payload, and between it and the user's terminal carries bytes, sizes and signals.
 * Should: put the terminal back as it was, however it ends. */
#include "runtime/life/terminal.h"

#include <poll.h>
#include <sys/ioctl.h>
#include <sys/signalfd.h>
#include <termios.h>
#include <unistd.h>

#include "runtime/life/memory.h"
#include "spec/base/fd.h"
#include "spec/base/sys.h"

#define CHUNK 8192
#define WAIT_TRIES 2

/* What ends this program as it would any other stays unblocked: it is our own fault that they tell of. */
int payload_block_signals(sigset_t *outside, struct err *err)
{
	static const int own[] = { SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP, SIGABRT, SIGSYS };
	sigset_t all;

	(void)sigfillset(&all);
	for (size_t i = 0; i < ARRAY_LEN(own); i++)
		(void)sigdelset(&all, own[i]);
	if (sys_sigprocmask(SIG_SETMASK, &all, outside) < 0)
		return err_host(err, errno, "block signals");
	return 0;
}

/* Asked again where it fails: the SIGCHLD of a child that ended while signals were let through is gone, and no other
 * would wake us. */
static int ended(siginfo_t *info)
{
	int r = -1;

	*info = (siginfo_t){ 0 };
	for (int tries = 0; r < 0 && tries < WAIT_TRIES; tries++)
		r = sys_waitid(P_ALL, 0, info, WEXITED | WNOHANG);
	return r;
}

void payload_end_as(int sig, const sigset_t *outside)
{
	(void)sys_sigprocmask(SIG_SETMASK, outside, NULL);
	(void)raise(sig);
}

/* 1 when the child has ended. Others (orphans that came to us) are only reaped. */
static int reap(pid_t pid, int *status)
{
	for (;;) {
		siginfo_t info;

		if (ended(&info) || info.si_pid == 0)
			return 0;
		if (info.si_pid != pid)
			continue;
		*status = info.si_code == CLD_EXITED ? info.si_status : 128 + info.si_status;
		return 1;
	}
}

/* To a child that has not been waited for: nobody else has its number. */
static void forward(pid_t pid, int sig)
{
	if (sig != SIGCHLD && sig != SIGPIPE)
		(void)sys_kill(pid, sig);
}

static int wait_plain(pid_t pid, int *status)
{
	while (!reap(pid, status))
		forward(pid, memory_sigwait());
	return 0;
}

/* Our own terminal while it is raw. */
struct raw {
	int fd; /* -1: it is none */
	struct termios before;
};

static void raw_begin(struct raw *r)
{
	struct termios t;

	r->fd = -1;
	if (tcgetattr(STDIN_FILENO, &r->before) < 0)
		return;
	t = r->before;
	cfmakeraw(&t);
	if (tcsetattr(STDIN_FILENO, TCSANOW, &t) == 0)
		r->fd = STDIN_FILENO;
}

static void raw_end(struct raw *r)
{
	if (r->fd >= 0)
		(void)tcsetattr(r->fd, TCSANOW, &r->before);
}

static void copy_size(int terminal_fd)
{
	struct winsize size;

	if (ioctl(STDIN_FILENO, TIOCGWINSZ, &size) == 0)
		(void)ioctl(terminal_fd, TIOCSWINSZ, &size);
}

/* 0 at the end: nothing more comes from there (EIO is how a terminal's master says so). */
static int carry(int from, int to)
{
	char bytes[CHUNK];
	ssize_t n = sys_read(from, bytes, sizeof(bytes));

	if (n < 0 && (errno == EINTR || errno == EAGAIN))
		return 1;
	if (n <= 0)
		return 0;
	return fd_write_all(to, bytes, (size_t)n) == 0;
}

static void take_signal(int signal_fd, pid_t pid, int terminal_fd)
{
	struct signalfd_siginfo info;

	if (sys_read(signal_fd, &info, sizeof(info)) != (ssize_t)sizeof(info))
		return;
	if (info.ssi_signo == SIGWINCH)
		copy_size(terminal_fd);
	else
		forward(pid, (int)info.ssi_signo);
}

enum { FD_SIGNALS, FD_TERMINAL, FD_STDIN, FD_COUNT };

static void relay(pid_t pid, int terminal_fd, int signal_fd, int *status)
{
	struct pollfd fds[FD_COUNT] = {
		[FD_SIGNALS] = { .fd = signal_fd, .events = POLLIN },
		[FD_TERMINAL] = { .fd = terminal_fd, .events = POLLIN },
		[FD_STDIN] = { .fd = STDIN_FILENO, .events = POLLIN },
	};
	bool ended = false;

	/* What the payload wrote last is still in the terminal when it has ended. */
	while (!ended || fds[FD_TERMINAL].fd >= 0) {
		ended = ended || reap(pid, status);
		if (poll(fds, FD_COUNT, ended ? 0 : -1) <= 0 && ended)
			return;
		if (fds[FD_SIGNALS].revents && !ended)
			take_signal(signal_fd, pid, terminal_fd);
		if (fds[FD_TERMINAL].revents && !carry(terminal_fd, STDOUT_FILENO))
			fds[FD_TERMINAL].fd = -1;
		if (fds[FD_STDIN].revents && !carry(STDIN_FILENO, terminal_fd))
			fds[FD_STDIN].fd = -1;
	}
}

static int wait_terminal(pid_t pid, int terminal_fd, int *status, struct err *err)
{
	sigset_t all;
	struct raw raw;

	(void)sigfillset(&all);
	scoped_fd int signal_fd = signalfd(-1, &all, SFD_CLOEXEC);
	if (signal_fd < 0)
		return err_host(err, errno, "watch for signals");
	copy_size(terminal_fd);
	raw_begin(&raw);
	relay(pid, terminal_fd, signal_fd, status);
	raw_end(&raw);
	return 0;
}

int payload_wait(pid_t pid, int terminal_fd, const sigset_t *outside, int *status, struct err *err)
{
	int r = terminal_fd < 0 ? wait_plain(pid, status)
				: wait_terminal(pid, terminal_fd, status, err);

	(void)sys_sigprocmask(SIG_SETMASK, outside, NULL);
	return r;
}
