/* SPDX-License-Identifier: Apache-2.0 */
/* init.c - the first process of a sandbox.
 * Should: be closed to the payload, which runs as the same user (no dump, no memory, no fds), and end only with the
 * sandbox.  Mustn't: keep anything of the host's but its socket. */
#include "runtime/stage/init.h"

#include <linux/seccomp.h>
#include <poll.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/uio.h>
#include <unistd.h>

#include "runtime/stage/inotify.h"
#include "runtime/stage/witness.h"
#include "spec/base/fd.h"
#include "spec/base/sys.h"
#include "spec/base/vfork.h"

#define INIT_NAME "sandbox-init"
#define FDS_MAX INIT_FDS_MAX

int init_send(int sock, const struct init_msg *m, const int *fds, size_t n)
{
	union {
		char room[CMSG_SPACE(FDS_MAX * sizeof(int))];
		struct cmsghdr align;
	} control = { .room = { 0 } };
	struct iovec part = { (void *)(uintptr_t)m, sizeof(*m) };
	struct msghdr msg = { .msg_iov = &part, .msg_iovlen = 1 };

	if (n) {
		struct cmsghdr *c;

		msg.msg_control = control.room;
		msg.msg_controllen = CMSG_SPACE(n * sizeof(int));
		c = CMSG_FIRSTHDR(&msg);
		c->cmsg_level = SOL_SOCKET;
		c->cmsg_type = SCM_RIGHTS;
		c->cmsg_len = CMSG_LEN(n * sizeof(int));
		memcpy(CMSG_DATA(c), fds, n * sizeof(int));
	}
	return sys_sendmsg(sock, &msg, MSG_NOSIGNAL) == (ssize_t)sizeof(*m) ? 0 : -1;
}

int init_say(int sock, enum init_word word, int number)
{
	const struct init_msg m = { .word = (int32_t)word, .number = number };

	return init_send(sock, &m, NULL, 0);
}

static void take_fds(struct msghdr *msg, int fds[FDS_MAX])
{
	struct cmsghdr *c = CMSG_FIRSTHDR(msg);
	size_t n;

	if (!c || c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS)
		return;
	n = (c->cmsg_len - CMSG_LEN(0)) / sizeof(int);
	memcpy(fds, CMSG_DATA(c), (n < FDS_MAX ? n : FDS_MAX) * sizeof(int));
}

static int hear(int sock, struct init_msg *ret, int fds[FDS_MAX], int flags)
{
	union {
		char room[CMSG_SPACE(FDS_MAX * sizeof(int))];
		struct cmsghdr align;
	} control;
	struct iovec part = { ret, sizeof(*ret) };
	struct msghdr msg = { .msg_iov = &part,
			      .msg_iovlen = 1,
			      .msg_control = control.room,
			      .msg_controllen = sizeof(control.room) };
	int resets = 0;
	ssize_t n;

	for (size_t i = 0; i < FDS_MAX; i++)
		fds[i] = -1;
	/* Of an end that closed with words of ours unread the kernel tells once, before the words that it left. */
	do {
		msg.msg_controllen = sizeof(control.room);
		n = sys_recvmsg(sock, &msg, MSG_CMSG_CLOEXEC | flags);
	} while (n < 0 && (errno == EINTR || (errno == ECONNRESET && !resets++)));
	if (n <= 0)
		return (int)n;
	take_fds(&msg, fds);
	if (n == (ssize_t)sizeof(*ret))
		return 1;
	errno = EPROTO;
	return -1;
}

int init_hear(int sock, struct init_msg *ret, int fds[FDS_MAX])
{
	return hear(sock, ret, fds, 0);
}

int init_peek(int sock, struct init_msg *ret, int fds[FDS_MAX])
{
	return hear(sock, ret, fds, MSG_PEEK | MSG_DONTWAIT);
}

static int say_hello(int sock, const char *scratch_path, bool with_pidfd, struct err *err)
{
	const struct init_msg hello = { .word = INIT_HELLO };
	scoped_fd int proc = sys_openat(AT_FDCWD, "/proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0);
	scoped_fd int scratch =
		sys_openat(AT_FDCWD, scratch_path, O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0);
	scoped_fd int self = with_pidfd ? sys_pidfd_open(getpid(), 0) : -1;
	const int fds[] = {
		[INIT_FD_PROC] = proc, [INIT_FD_SCRATCH] = scratch, [INIT_FD_PIDFD] = self
	};

	if (proc < 0)
		return err_host(err, errno, "open the sandbox's /proc");
	if (scratch < 0)
		return err_host(err, errno, "open the sandbox's %s", scratch_path);
	if (with_pidfd && self < 0)
		return err_host(err, errno, "open the sandbox's first process");
	if (init_send(sock, &hello, fds, INIT_FD_PIDFD + with_pidfd) < 0)
		return err_host(err, errno, "tell the supervisor of the sandbox");
	return 0;
}

/* Before the payload does anything: it must find us closed. */
static int begin(int sock, const char *scratch, bool joined, struct err *err)
{
	if (sys_prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0)
		return err_host(err, errno, "close the sandbox's first process to others");
	return say_hello(sock, scratch, joined, err);
}

void init_wipe(const char *const *argv)
{
	for (; argv && *argv; argv++)
		memset((char *)(uintptr_t)*argv, 0, strlen(*argv));
}

/* What it has open, and no more; -1 is none. */
enum { FD_SOCK, FD_READY, FD_OWNER, FD_FIRST_FREE };

static int keep_fds(const int fds[FD_FIRST_FREE])
{
	int high[FD_FIRST_FREE];

	for (int i = 0; i < FD_FIRST_FREE; i++)
		high[i] = fds[i] < 0 ? -1 : sys_fcntl(fds[i], F_DUPFD_CLOEXEC, FD_FIRST_FREE);
	for (int i = 0; i < FD_FIRST_FREE; i++)
		if (fds[i] < 0 ? sys_close_range((unsigned int)i, (unsigned int)i, 0) < 0
			       : high[i] < 0 || sys_dup3(high[i], i, O_CLOEXEC) < 0)
			return -1;
	return sys_close_range(FD_FIRST_FREE, ~0U, 0);
}

static uint64_t microseconds(const struct timeval *t)
{
	return (uint64_t)t->tv_sec * 1000000u + (uint64_t)t->tv_usec;
}

static bool has_failed(int code, int status)
{
	return code != CLD_EXITED || status != 0;
}

static void look_at_processes(pid_t payload, struct init_msg *seen)
{
	int32_t n = witness_processes(payload);

	seen->number = n > seen->number ? n : seen->number;
}

/* Whoever waits for nobody leaves its dead to us, and until then the kernel counts them: so what met the limit of processes
 * and was over within milliseconds is all still there. Of a payload that succeeds nobody asks. */
static void count_processes(pid_t payload, struct init_msg *seen)
{
	siginfo_t next = { 0 };

	if (sys_waitid(P_ALL, 0, &next, WEXITED | WNOHANG | WNOWAIT) < 0 || next.si_pid == 0 ||
	    (next.si_pid == payload && !has_failed(next.si_code, next.si_status)))
		return;
	look_at_processes(payload, seen);
}

static void say_seen(int sock, struct init_msg *seen)
{
	scoped_fd int self =
		sys_openat(AT_FDCWD, "/proc/self", O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0);

	seen->word = INIT_SEEN;
	seen->status = self < 0 ? 0 : witness_unreached(self);
	(void)init_send(sock, seen, NULL, 0);
}

/* Everybody who ended is waited for; true when the payload was among them, with how it ended, and whether nobody is left. */
static bool reap(pid_t payload, struct init_msg *ended, struct init_msg *seen, bool *alone)
{
	bool found = false;

	count_processes(payload, seen);
	for (;;) {
		siginfo_t info = { 0 };
		int r = sys_waitid(P_ALL, 0, &info, WEXITED | WNOHANG);

		*alone = r < 0 && errno == ECHILD;
		if (r < 0 || info.si_pid == 0)
			return found;
		if (info.si_pid != payload) {
			seen->code += has_failed(info.si_code, info.si_status);
			continue;
		}
		found = true;
		ended->code = info.si_code;
		ended->status = info.si_status;
	}
}

static _Noreturn void tell_end(int sock, struct init_msg *ended, struct init_msg *seen, bool alone)
{
	struct rusage used;

	if (has_failed(ended->code, ended->status))
		say_seen(sock, seen);
	(void)getrusage(RUSAGE_CHILDREN, &used);
	ended->word = INIT_ENDED;
	ended->cpu_us = microseconds(&used.ru_utime) + microseconds(&used.ru_stime);
	ended->peak_bytes = (uint64_t)used.ru_maxrss * 1024;
	(void)init_send(sock, ended, NULL, 0);
	/* What is to be taken down, the kernel takes down while the supervisor reads. */
	if (alone)
		_exit(0);
	/* The supervisor takes a last look at what is left, and ends all. */
	for (;;) {
		struct init_msg m = { 0 };
		int fds[FDS_MAX];

		if (init_hear(sock, &m, fds) <= 0)
			_exit(0);
	}
}

/* Also those that are made meanwhile: what has KILL waiting makes no more. */
static void clear(int sock, pid_t payload, struct init_msg *seen)
{
	struct init_msg ended;
	siginfo_t info;
	bool alone;

	look_at_processes(payload, seen);
	(void)reap(payload, &ended, seen, &alone);
	do
		(void)sys_kill(-1, SIGKILL);
	while (sys_waitid(P_ALL, 0, &info, WEXITED) == 0);
	say_seen(sock, seen);
	(void)init_say(sock, INIT_CLEARED, 0);
}

static void obey(const struct init_msg *m, pid_t payload, int sock, struct init_msg *seen)
{
	if (m->word == INIT_CLEAR)
		clear(sock, payload, seen);
	else if (m->word == INIT_SIGNAL)
		(void)sys_kill(-payload, m->number);
	else if (m->word == INIT_STOP)
		(void)sys_kill(-1, SIGSTOP);
	else if (m->word == INIT_CONT)
		(void)sys_kill(-1, SIGCONT);
}

/* --- a payload that joins --- */

/* The sandbox is about to be other than it was made. Whoever watches no files needs no limit for it. */
static void touch(const struct init_joined *j)
{
	const struct init_msg touched = { .word = INIT_TOUCHED, .number = j->loan };
	scoped_fd int user =
		sys_openat(AT_FDCWD, "/proc/sys/user", O_PATH | O_DIRECTORY | O_CLOEXEC, 0);

	if (user >= 0)
		inotify_limit(user);

	if (init_send(FD_OWNER, &touched, NULL, 0) < 0)
		_exit(1);
	(void)sys_close(FD_OWNER);
}

/* Nobody joins any more. The listener, where its namespaces were lent; without one nobody would tell that they are touched. */
static int close_to_others(const struct init_joined *j)
{
	struct init_msg m = { 0 };
	int fds[FDS_MAX];
	struct err err;

	if (init_hear(FD_READY, &m, fds) <= 0 || m.word != INIT_LISTENER)
		fds[0] = -1;
	if (begin(FD_SOCK, j->scratch, true, &err) < 0)
		_exit(1);
	if (j->owner >= 0 && fds[0] < 0)
		touch(j);
	/* It may have ended. */
	(void)init_say(FD_READY, INIT_LISTENER, 0);
	(void)sys_close(FD_READY);
	return fds[0];
}

/* A call after which the namespaces are not as they were made: the first one touches. */
static void answer(const struct init_joined *j, int listener, bool *touched)
{
	struct seccomp_notif call;
	struct seccomp_notif_resp go_on = { .flags = SECCOMP_USER_NOTIF_FLAG_CONTINUE };

	memset(&call, 0, sizeof(call));
	/* Whoever asked may have been killed. */
	if (sys_ioctl(listener, SECCOMP_IOCTL_NOTIF_RECV, &call) < 0)
		return;
	if (!*touched)
		touch(j);
	*touched = true;
	go_on.id = call.id;
	(void)sys_ioctl(listener, SECCOMP_IOCTL_NOTIF_SEND, &go_on);
}

static _Noreturn void serve(const struct init_joined *j)
{
	const int sock = FD_SOCK;
	const pid_t payload = j->payload;
	struct init_msg ended = { 0 }, seen = { 0 }, m = { 0 };
	int fds[FDS_MAX];
	sigset_t children;
	bool alone, touched = false;

	(void)sigemptyset(&children);
	(void)sigaddset(&children, SIGCHLD);
	(void)sys_sigprocmask(SIG_BLOCK, &children, NULL);
	int signal_fd = signalfd(-1, &children, SFD_CLOEXEC | SFD_NONBLOCK);
	struct pollfd p[4] = { { .fd = sock, .events = POLLIN },
			       { .fd = signal_fd, .events = POLLIN },
			       { .fd = j->ready < 0 ? -1 : FD_READY, .events = POLLIN },
			       { .fd = -1, .events = POLLIN } };

	if (signal_fd < 0)
		_exit(1);
	while (!reap(payload, &ended, &seen, &alone)) {
		struct signalfd_siginfo info;

		if (poll(p, 4, -1) < 0)
			continue;
		while (sys_read(signal_fd, &info, sizeof(info)) > 0)
			;
		if (p[3].revents & POLLIN)
			answer(j, p[3].fd, &touched);
		else if (p[3].revents) /* nobody is left who could ask */
			(void)sys_close(take_fd(&p[3].fd));
		if (p[2].revents) {
			p[2].fd = -1;
			p[3].fd = close_to_others(j);
		}
		if (p[0].revents && init_hear(sock, &m, fds) <= 0)
			_exit(1);
		if (p[0].revents)
			obey(&m, payload, sock, &seen);
	}
	tell_end(sock, &ended, &seen, alone && j->ready < 0);
}

int init_limit_files(const struct start *s, struct err *err)
{
	const uint64_t most = s->init_open_files;
	const struct rlimit limit = { most, most };

	if (most && sys_prlimit(0, RLIMIT_NOFILE, &limit, NULL) < 0)
		return err_host(err, errno, "limit the open files to %llu",
				(unsigned long long)most);
	return 0;
}

void init_serve(const struct init_joined *j)
{
	const int fds[] = { [FD_SOCK] = j->sock, [FD_READY] = j->ready, [FD_OWNER] = j->owner };

	(void)sys_prctl(PR_SET_NAME, (unsigned long)(uintptr_t)INIT_NAME, 0, 0, 0);
	if (keep_fds(fds) < 0)
		_exit(1);
	serve(j);
}

/* A copy of our memory would cost more than all else between here and exec. */
static pid_t clone_payload(void (*go)(void *), void *arg)
{
	struct clone_args args = { .exit_signal = SIGCHLD };
	pid_t pid = vfork_is_there && stack_is_roomy() ? clone_silent(&args, go, arg) : sys_fork();

	if (pid == 0)
		go(arg);
	return pid;
}

int init_split(const struct start *s, void (*go)(void *), void *arg, struct err *err)
{
	pid_t payload;

	TRY(begin(s->init_sock, s->init_scratch, false, err));
	init_wipe(s->argv);
	payload = clone_payload(go, arg);
	if (payload < 0)
		return err_host(err, errno, "make the payload's process");
	init_serve(&(struct init_joined){ payload, s->init_sock, .ready = -1, .owner = -1 });
}
