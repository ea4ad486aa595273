/* SPDX-License-Identifier: Apache-2.0 */
/* zygote.c - the loop of the interpreter that a pool keeps: each task is a fork of it.
 *
 * A shared object that needs no other: the C library's functions and the interpreter's it finds in the process that loads it,
 * whichever library that is. Python would write to its objects for each of these steps, and what a copy or its parent writes
 * is a page that the kernel must copy first. It is called with the interpreter's lock held.
 * Mustn't: read anything of a task. */
#include <errno.h>
#include <fcntl.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "runtime/sandbox/zygote/copy.h"
#include "runtime/sandbox/zygote/written.h"
#include "runtime/sandbox/zygote/zygote.h"
#include "runtime/stage/init.h"

/* All clients' and all that wait (serve.h, pool.h), and some that are ending. */
#define TASKS_MAX 8192
/* So long may a sandbox's first process take to end. */
#define ENDS_MS 20
/* So many at one time have limits of inotify of their own from the start. The kernel finds such a file among those of all user
 * namespaces one by one (proc_sys_compare): with a thousand of them that took as long as a third of a task's start. */
#define INOTIFY_TASKS_MAX 64

/* So many of their sockets are here, all others with the keeper (pool_keeper.h). */
#define SOCKS_MAX 64

struct task {
	pid_t pid;
	int sock; /* of its first process; -1: the keeper has it */
};

struct zygote {
	struct zygote_setup setup;
	char cwd[PATH_MAX];
	int user_dir; /* /proc/sys/user, or -1: the sandbox's first process limits inotify */
	/* What is written lies together, as each page of it is copied anew after each fork. */
	int sock, signals, keeper; /* -1: there is none yet */
	size_t tasks_n, socks_n;
	struct task tasks[TASKS_MAX];
};

static bool hear(int sock, struct init_msg *m, int fds[COPY_FDS])
{
	union {
		char room[CMSG_SPACE(COPY_FDS * sizeof(int))];
		struct cmsghdr align;
	} control;
	struct iovec part = { m, sizeof(*m) };
	struct msghdr msg = { .msg_iov = &part,
			      .msg_iovlen = 1,
			      .msg_control = control.room,
			      .msg_controllen = sizeof(control.room) };
	ssize_t n;

	do
		n = recvmsg(sock, &msg, MSG_CMSG_CLOEXEC);
	while (n < 0 && errno == EINTR);
	if (n != (ssize_t)sizeof(*m))
		_exit(0);
	const struct cmsghdr *c = CMSG_FIRSTHDR(&msg);
	size_t fds_n = c ? (c->cmsg_len - CMSG_LEN(0)) / sizeof(int) : 0;
	if (fds_n)
		memcpy(fds, CMSG_DATA(c), fds_n * sizeof(int));
	if ((m->word == INIT_TASK && fds_n == COPY_FDS) || (m->word == INIT_KEEPER && fds_n == 1))
		return true;
	/* The others there was no room for; who waits at their other ends is not to wait for ever. */
	while (fds_n)
		(void)close(fds[--fds_n]);
	return false;
}

/* As os.fork does; our children are born in the task's pid namespace from here on, and we stay where we are. */
static pid_t fork_into(int sandbox)
{
	pid_t pid;
	int why;

	if (syscall(SYS_setns, sandbox, CLONE_NEWPID) < 0)
		return -1;
	PyOS_BeforeFork();
	pid = fork();
	why = errno;
	if (pid == 0)
		PyOS_AfterFork_Child();
	else
		PyOS_AfterFork_Parent();
	errno = why;
	return pid;
}

/* Or ends just now: then there is no new process in its namespace any more, for which the kernel says ENOMEM. */
static bool has_ended(int pidfd)
{
	struct pollfd p = { .fd = pidfd, .events = POLLIN };

	return poll(&p, 1, ENDS_MS) > 0;
}

/* What could not be sent stays here. */
static bool hand_to_keeper(int keeper, pid_t pid, int sock)
{
	const struct init_msg m = { .word = INIT_TASK, .number = pid };

	if (!copy_say(keeper, &m, sock))
		return false;
	(void)close(sock);
	return true;
}

static void add_task(struct zygote *z, pid_t pid, int sock)
{
	struct task *t = &z->tasks[z->tasks_n++];

	*t = (struct task){ pid, sock };
	if (z->socks_n >= SOCKS_MAX && z->keeper >= 0 && hand_to_keeper(z->keeper, pid, sock))
		t->sock = -1;
	else
		z->socks_n++;
}

static void begin_task(struct zygote *z, const struct program_calls *calls)
{
	struct init_msg m = { 0 };
	int fds[COPY_FDS], why;
	pid_t pid;

	if (!hear(z->sock, &m, fds))
		return;
	if (m.word == INIT_KEEPER) {
		z->keeper = fds[0];
		return;
	}
	errno = EAGAIN;
	pid = z->tasks_n < TASKS_MAX ? fork_into(fds[COPY_SANDBOX]) : -1;
	why = errno;
	if (pid == 0) {
		copy_join(&z->setup, z->cwd, z->tasks_n < INOTIFY_TASKS_MAX ? z->user_dir : -1,
			  fds);
		program_run(calls, m.number);
	}
	/* Else its sandbox has not come to be, which its first process said, or there is no process for it. */
	if (pid > 0)
		add_task(z, pid, fds[COPY_INIT]);
	else if (!((why == ESRCH || why == ENOMEM) && has_ended(fds[COPY_SANDBOX])))
		(void)dprintf(fds[COPY_ERR], "make the task's process: %s", strerror(why));
	for (int i = 0; i < COPY_FDS; i++)
		if (pid < 0 || i != COPY_INIT)
			(void)close(fds[i]);
}

static uint64_t microseconds(const struct timeval *t)
{
	return (uint64_t)t->tv_sec * 1000000u + (uint64_t)t->tv_usec;
}

/* Nobody may wait for it any more. */
static void tell_end(struct zygote *z, struct task *t, int status, const struct rusage *used)
{
	struct init_msg ended = {
		.word = INIT_ENDED,
		.code = WIFEXITED(status) ? CLD_EXITED : CLD_KILLED,
		.status = WIFEXITED(status) ? WEXITSTATUS(status) : WTERMSIG(status),
		.cpu_us = microseconds(&used->ru_utime) + microseconds(&used->ru_stime),
		.peak_bytes = (uint64_t)used->ru_maxrss * 1024,
	};

	if (t->sock < 0) {
		ended.number = t->pid;
		/* Whoever waits for that task would wait for ever: without a keeper who knows there is no pool. */
		if (!copy_say(z->keeper, &ended, -1))
			_exit(1);
	} else {
		(void)copy_say(t->sock, &ended, -1);
		(void)close(t->sock);
		z->socks_n--;
	}
	*t = z->tasks[--z->tasks_n];
}

static void reap(struct zygote *z)
{
	struct signalfd_siginfo info;
	struct rusage used;
	int status;
	pid_t pid;

	while (read(z->signals, &info, sizeof(info)) > 0)
		;
	while ((pid = wait4(-1, &status, WNOHANG, &used)) > 0) {
		size_t i = 0;

		while (i < z->tasks_n && z->tasks[i].pid != pid)
			i++;
		/* Of a preloaded module's; or one that is only stopped. */
		if (i == z->tasks_n || !(WIFEXITED(status) || WIFSIGNALED(status)))
			continue;
		tell_end(z, &z->tasks[i], status, &used);
	}
}

/* What a copy runs before its program, and we never would: the call by which it makes its thread's state anew is bound to its
 * library here, which is a dozen pages for each copy else, and its text is mapped. */
static void bind_calls(void)
{
	const uintptr_t text[] = { (uintptr_t)PyOS_AfterFork_Child,
				   (uintptr_t)PyThread_tss_delete };
	void *key = PyThread_tss_alloc();

	if (key && PyThread_tss_create(key) == 0)
		PyThread_tss_free(key);
	for (size_t i = 0; i < sizeof(text) / sizeof(text[0]); i++)
		(void)*(const volatile char *)text[i];
}

void zygote_serve(struct zygote *z, const struct program_calls *calls)
{
	struct pollfd p[2] = { { .fd = z->sock, .events = POLLIN },
			       { .fd = z->signals, .events = POLLIN } };

	bind_calls();
	written_share(calls);
	copy_filter(&z->setup);
	for (;;) {
		if (poll(p, 2, -1) < 0)
			continue;
		if (p[1].revents)
			reap(z);
		if (p[0].revents)
			begin_task(z, calls);
	}
}

static bool hear_setup(struct zygote *z)
{
	struct iovec part = { &z->setup, sizeof(z->setup) };
	struct msghdr msg = { .msg_iov = &part, .msg_iovlen = 1 };
	size_t head = offsetof(struct zygote_setup, filter);
	ssize_t n = recvmsg(z->sock, &msg, 0);

	return n >= (ssize_t)head && z->setup.limits_n <= ZYGOTE_LIMITS_MAX &&
	       z->setup.filter_n <= BPF_MAXINSNS &&
	       (size_t)n == head + z->setup.filter_n * sizeof(z->setup.filter[0]);
}

struct zygote *zygote_begin(int sock)
{
	struct zygote *z =
		mmap(NULL, sizeof(*z), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	sigset_t children;

	if (z == MAP_FAILED)
		return NULL;
	(void)sigemptyset(&children);
	(void)sigaddset(&children, SIGCHLD);
	(void)sigprocmask(SIG_BLOCK, &children, NULL);
	z->sock = dup3(sock, LINE, O_CLOEXEC);
	z->signals = signalfd(-1, &children, SFD_CLOEXEC | SFD_NONBLOCK);
	z->user_dir = z->keeper = -1;
	if (z->sock < 0 || z->signals < 0 || !getcwd(z->cwd, sizeof(z->cwd)))
		return NULL;
	errno = EPROTO;
	if (!hear_setup(z))
		return NULL;
	if (!(z->setup.programs[PROGRAM_LAST].flags & SECCOMP_FILTER_FLAG_NEW_LISTENER))
		z->user_dir = open("/proc/sys/user", O_PATH | O_DIRECTORY | O_CLOEXEC);
	return z;
}
