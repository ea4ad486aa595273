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

#include "runtime/stage/witness.h"
#include "spec/base/fd.h"
#include "spec/base/sys.h"
#include "spec/base/vfork.h"

#define INIT_NAME "sandbox-init"
#define FDS_MAX INIT_FDS_MAX
/* So long, in all about twice this, may it take a payload that was killed to be gone. */
#define GONE_MS 64

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

/* What it has open, and no more but its caller's. */
enum { FD_SOCK, FD_READY, FD_FIRST_FREE };

/* -1 is none. */
static int keep_fds(const int fds[FD_FIRST_FREE], int own_n)
{
	const int free_from = INIT_FD_OWN + own_n;
	int high[FD_FIRST_FREE];

	for (int i = 0; i < FD_FIRST_FREE; i++)
		high[i] = fds[i] < 0 ? -1 : sys_fcntl(fds[i], F_DUPFD_CLOEXEC, free_from);
	for (int i = 0; i < FD_FIRST_FREE; i++)
		if (fds[i] < 0 ? sys_close_range((unsigned int)i, (unsigned int)i, 0) < 0
			       : high[i] < 0 || sys_dup3(high[i], i, O_CLOEXEC) < 0)
			return -1;
	return sys_close_range((unsigned int)free_from, ~0U, 0);
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

static void say_seen(struct init_msg *seen)
{
	scoped_fd int self =
		sys_openat(AT_FDCWD, "/proc/self", O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0);

	seen->word = INIT_SEEN;
	seen->status = self < 0 ? 0 : witness_unreached(self);
	(void)init_send(FD_SOCK, seen, NULL, 0);
}

/* What has come of it so far. */
struct served {
	struct init_msg ended, seen;
	int signal_fd, listener; /* -1: none */
	bool alone; /* nobody is left */
	bool told; /* of a call that changes the sandbox */
	bool changed; /* so it was, or somebody was left, or signalled us: it is not as it was before its payload */
};

/* Everybody who ended is waited for; true when the payload was among them. */
static bool reap(pid_t payload, struct served *s)
{
	bool found = false;

	count_processes(payload, &s->seen);
	for (;;) {
		siginfo_t info = { 0 };
		int r = sys_waitid(P_ALL, 0, &info, WEXITED | WNOHANG);

		s->alone = r < 0 && errno == ECHILD;
		if (r < 0 || info.si_pid == 0)
			return found;
		if (info.si_pid != payload) {
			s->seen.code += has_failed(info.si_code, info.si_status);
			s->changed = true;
			continue;
		}
		found = true;
		s->ended.code = info.si_code;
		s->ended.status = info.si_status;
	}
}

static _Noreturn void tell_end(struct served *s, bool may_end)
{
	struct rusage used;

	if (has_failed(s->ended.code, s->ended.status))
		say_seen(&s->seen);
	(void)getrusage(RUSAGE_CHILDREN, &used);
	s->ended.word = INIT_ENDED;
	s->ended.cpu_us = microseconds(&used.ru_utime) + microseconds(&used.ru_stime);
	s->ended.peak_bytes = (uint64_t)used.ru_maxrss * 1024;
	(void)init_send(FD_SOCK, &s->ended, NULL, 0);
	/* What is to be taken down, the kernel takes down while the supervisor reads. */
	if (s->alone && may_end)
		_exit(0);
	/* The supervisor takes a last look at what is left, and ends all. */
	for (;;) {
		struct init_msg m = { 0 };
		int fds[FDS_MAX];

		if (init_hear(FD_SOCK, &m, fds) <= 0)
			_exit(0);
	}
}

/* Also those that are made meanwhile: what has KILL waiting makes no more. */
static void clear(pid_t payload, struct served *s)
{
	siginfo_t info;

	look_at_processes(payload, &s->seen);
	(void)reap(payload, s);
	for (;;) {
		(void)sys_kill(-1, SIGKILL);
		if (sys_waitid(P_ALL, 0, &info, WEXITED) < 0)
			break;
		s->changed = true;
	}
	say_seen(&s->seen);
	(void)init_say(FD_SOCK, INIT_CLEARED, 0);
}

static void obey(const struct init_msg *m, pid_t payload, struct served *s)
{
	if (m->word == INIT_CLEAR)
		clear(payload, s);
	else if (m->word == INIT_SIGNAL)
		(void)sys_kill(-payload, m->number);
	else if (m->word == INIT_STOP)
		(void)sys_kill(-1, SIGSTOP);
	else if (m->word == INIT_CONT)
		(void)sys_kill(-1, SIGCONT);
}

/* --- a payload that joins --- */

static void be_told(const struct init_joined *j, const struct seccomp_data *call, struct served *s)
{
	if (j->on_told(j->ctx, call, !s->told))
		s->told = s->changed = true;
}

/* Nobody joins any more. Without a listener nobody would tell. */
static void close_to_others(const struct init_joined *j, struct served *s)
{
	struct init_msg m = { 0 };
	int fds[FDS_MAX];
	struct err err;

	if (init_hear(FD_READY, &m, fds) <= 0 || m.word != INIT_LISTENER)
		fds[0] = -1;
	if (begin(FD_SOCK, j->scratch, true, &err) < 0)
		_exit(1);
	s->listener = fds[0];
	if (j->on_told && s->listener < 0)
		be_told(j, NULL, s);
	/* It may have ended. */
	(void)init_say(FD_READY, INIT_LISTENER, 0);
	(void)sys_close(FD_READY);
}

static void answer(const struct init_joined *j, struct served *s)
{
	struct seccomp_notif call;
	struct seccomp_notif_resp go_on = { .flags = SECCOMP_USER_NOTIF_FLAG_CONTINUE };

	memset(&call, 0, sizeof(call));
	/* Whoever asked may have been killed. */
	if (sys_ioctl(s->listener, SECCOMP_IOCTL_NOTIF_RECV, &call) < 0)
		return;
	be_told(j, &call.data, s);
	go_on.id = call.id;
	(void)sys_ioctl(s->listener, SECCOMP_IOCTL_NOTIF_SEND, &go_on);
}

/* A payload that is somebody else's child is gone once that one has waited for it; who it left is a child of ours, and there in any
 * case. */
static bool is_gone(pid_t payload)
{
	siginfo_t info;

	(void)sys_kill(payload, SIGKILL);
	for (int ms = 1; ms <= GONE_MS; ms *= 2) {
		(void)poll(NULL, 0, ms);
		if (sys_kill(payload, 0) < 0)
			return sys_waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT) < 0 &&
			       witness_processes(payload) == 1;
	}
	return false;
}

/* Who signals us from inside is seen in what the kernel counts of us. */
static void hear_signals(struct served *s)
{
	struct signalfd_siginfo info;

	while (sys_read(s->signal_fd, &info, sizeof(info)) > 0)
		s->changed = s->changed || info.ssi_code <= 0;
}

/* All that is left ends with us. Where it was not said that nobody joins any more, somebody might yet. */
static void be_left(const struct init_joined *j, struct served *s, bool joining)
{
	if (!j->again || joining || s->changed || !is_gone(j->payload))
		_exit(1);
	hear_signals(s);
	if (s->changed)
		_exit(1);
	(void)sys_close(FD_SOCK);
	(void)sys_close(s->signal_fd);
	scope_close(&s->listener);
}

static void serve(const struct init_joined *j)
{
	struct served s = { .signal_fd = -1, .listener = -1 };
	int ready = j->ready < 0 ? -1 : FD_READY;
	struct init_msg m = { 0 };
	int fds[FDS_MAX];
	sigset_t children;

	(void)sigemptyset(&children);
	(void)sigaddset(&children, SIGCHLD);
	(void)sys_sigprocmask(SIG_BLOCK, &children, NULL);
	s.signal_fd = signalfd(-1, &children, SFD_CLOEXEC | SFD_NONBLOCK);
	if (s.signal_fd < 0)
		_exit(1);
	while (!reap(j->payload, &s)) {
		struct pollfd p[4] = { { .fd = FD_SOCK, .events = POLLIN },
				       { .fd = s.signal_fd, .events = POLLIN },
				       { .fd = ready, .events = POLLIN },
				       { .fd = s.listener, .events = POLLIN } };

		if (poll(p, 4, -1) < 0)
			continue;
		hear_signals(&s);
		if (p[3].revents & POLLIN)
			answer(j, &s);
		else if (p[3].revents) /* nobody is left who could ask */
			(void)sys_close(take_fd(&s.listener));
		if (p[2].revents) {
			ready = -1;
			close_to_others(j, &s);
		}
		if (p[0].revents && init_hear(FD_SOCK, &m, fds) <= 0) {
			be_left(j, &s, ready >= 0);
			return;
		}
		if (p[0].revents)
			obey(&m, j->payload, &s);
	}
	tell_end(&s, j->ready < 0);
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
	const int fds[] = { [FD_SOCK] = j->sock, [FD_READY] = j->ready };

	(void)sys_prctl(PR_SET_NAME, (unsigned long)(uintptr_t)INIT_NAME, 0, 0, 0);
	if (keep_fds(fds, j->own_n) < 0)
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
	init_serve(&(struct init_joined){ .payload = payload, .sock = s->init_sock, .ready = -1 });
	_exit(0);
}
