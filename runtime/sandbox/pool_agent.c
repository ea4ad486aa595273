/* SPDX-License-Identifier: Apache-2.0 */
/* pool_agent.c - one loop over the supervisor's words and the ends of children.
 * Should: keep nothing of a task once the zygote has it, and wait for none.  Mustn't: let the zygote's failure go unseen. */
#include "runtime/sandbox/pool_agent.h"

#include <poll.h>
#include <sched.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "runtime/sandbox/pool_first.h"
#include "runtime/sandbox/pool_keeper.h"
#include "runtime/sandbox/pool_spares.h"
#include "runtime/stage/init.h"
#include "spec/base/fd.h"
#include "spec/base/sys.h"

#define AGENT_NAME "sandbox-pool"

/* The agent's first descriptors. At OFFERS it hears what first processes say at OFFERS_IN (pool_first.h). */
enum { FD_SUPERVISOR, FD_ZYGOTE, FD_OFFERS_IN = FIRST_OFFERS, FD_OFFERS, FD_FIRST_FREE };

/* So long after a task that somebody waited for the sandbox of the next one is made: most run before. */
#define AHEAD_MS 2
/* Longer than this, in all about twice, no process takes to end that has closed its socket. */
#define ENDS_MS 64

struct agent {
	const struct recipe *recipe;
	pid_t zygote, keeper;
	struct spares spares;
	bool hasty; /* somebody waited for the last task */
	bool warned; /* the pool */
};

/* It writes to the task's standard error why there will be none. */
static void say_failure(int fd, const char *what)
{
	struct err err;

	(void)err_host(&err, errno, "%s", what);
	(void)fd_write_all(fd, err.text, strlen(err.text));
}

static void hear_offer(struct agent *g)
{
	struct init_msg m = { 0 };
	int fds[INIT_FDS_MAX];

	if (init_hear(FD_OFFERS, &m, fds) <= 0)
		_exit(1);
	/* What holds for one task holds for all: it is said once. */
	if (m.word == INIT_PORTS && !g->warned)
		g->warned = init_say(FD_SUPERVISOR, INIT_PORTS, 0) == 0;
	/* No more descriptors may have been on their way than our user may have. */
	if (fds[0] < 0 || fds[1] < 0)
		scope_close(&fds[0]);
	else if (m.word == INIT_SPARE)
		spares_put(&g->spares, (struct sandbox){ .line = fds[0], .pidfd = fds[1] });
	else
		spares_give_up(&g->spares, fds);
}

/* What takes the kernel longest (pool_first.c). */
#define LATE ((uint64_t)(CLONE_NEWNET | CLONE_NEWIPC))

/* ends: of the line, ours and the process's. */
static pid_t clone_first(const struct recipe *r, bool ahead, const int ends[2], int *pidfd)
{
	const struct home h = { .plan = r->task,
				.late = r->namespaces & LATE,
				.ahead = ahead,
				.network = r->namespaces & CLONE_NEWNET,
				.lends = r->lends,
				.filtered = recipe_is_filtered(r) };
	struct clone_args args = { .flags = (r->namespaces & ~LATE) | CLONE_PIDFD,
				   .pidfd = (uint64_t)(uintptr_t)pidfd,
				   .exit_signal = SIGCHLD };
	pid_t pid;
	int errnum;

	/* Open from its birth on: for its ids to be written, and for the task, and the zygote, which need not wait for it, to join. So
	 * are we meanwhile, whom only the zygote sees. */
	(void)sys_prctl(PR_SET_DUMPABLE, 1, 0, 0, 0);
	pid = sys_clone3(&args, sizeof(args));
	if (pid == 0) {
		/* Else it would never see that nobody has that end any more. */
		(void)sys_close(ends[0]);
		first_process(&h, ends[1]);
	}
	errnum = errno;
	(void)sys_prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
	errno = errnum;
	return pid;
}

/* 0 or -1 with errno. */
static int make_sandbox(const struct recipe *r, bool ahead, struct sandbox *ret)
{
	int ends[2], errnum;
	pid_t pid;

	if (sys_socketpair(SOCK_SEQPACKET | SOCK_CLOEXEC, ends) < 0)
		return -1;
	ret->line = ends[0];
	pid = clone_first(r, ahead, ends, &ret->pidfd);
	errnum = errno;
	(void)sys_close(ends[1]);
	if (pid > 0)
		return 0;
	(void)sys_close(ends[0]);
	*ret = (struct sandbox)NO_SANDBOX;
	errno = errnum;
	return -1;
}

/* Without a zygote, or with one whose tasks' ends are lost, there is nothing to stay for. */
static void reap(struct agent *g)
{
	for (;;) {
		siginfo_t info = { 0 };

		if (sys_waitid(P_ALL, 0, &info, WEXITED | WNOHANG) < 0 || info.si_pid == 0)
			return;
		/* It ends well with its zygote alone, which tells more. */
		if (info.si_pid == g->keeper && (info.si_code != CLD_EXITED || info.si_status != 0))
			_exit(1);
		if (info.si_pid != g->zygote)
			continue;
		const struct init_msg ended = { .word = INIT_ENDED,
						.code = info.si_code,
						.status = info.si_status };
		(void)init_send(FD_SUPERVISOR, &ended, NULL, 0);
		_exit(1);
	}
}

/* It has hung up: so it ends, and how is told, or is of no use. */
static _Noreturn void leave(struct agent *g)
{
	for (int ms = 1; ms <= ENDS_MS; ms *= 2) {
		(void)poll(NULL, 0, ms);
		reap(g);
	}
	_exit(1);
}

/* To the first process before the task can speak to it. */
static int hand_over(struct agent *g, const struct sandbox *s, const struct init_msg *m,
		     const int fds[TASK_FDS])
{
	const int to_first[] = { [FIRST_INIT] = fds[TASK_INIT],
				 [FIRST_ERR] = fds[TASK_ERR],
				 [FIRST_WAY] = fds[TASK_WAY] };
	int to_zygote[COPY_FDS];

	if (init_send(s->line, m, to_first, fds[TASK_WAY] < 0 ? FIRST_WAY : FIRST_FDS) < 0)
		return -1;
	to_zygote[COPY_SANDBOX] = s->pidfd;
	memcpy(to_zygote + COPY_INIT, fds, TASK_WAY * sizeof(int));
	to_zygote[COPY_READY] = s->line;
	if (init_send(FD_ZYGOTE, m, to_zygote, COPY_FDS) == 0)
		return 0;
	if (errno != ETOOMANYREFS)
		leave(g);
	return -1;
}

/* m: what was asked for, to be passed on. A spare one may have ended. */
static void make_task(struct agent *g, const struct init_msg *m, const int fds[TASK_FDS])
{
	struct sandbox s = NO_SANDBOX;
	bool handed = false;

	g->hasty = m->number;
	while (!handed && spares_take(&g->spares, &s)) {
		handed = hand_over(g, &s, m, fds) == 0;
		sandbox_let_go(&s);
	}
	if (handed)
		return;
	if (make_sandbox(g->recipe, false, &s) < 0)
		say_failure(fds[TASK_ERR], "make the task's namespaces");
	/* More descriptors may be on their way than our user may have: that is this task's end alone. */
	else if (hand_over(g, &s, m, fds) < 0)
		say_failure(fds[TASK_ERR], "hand the task to its sandbox");
	sandbox_let_go(&s);
}

/* Who did not wait for a task's sandbox has less to wait for. Where it cannot be had now, the next task says why. */
static void make_ahead(struct agent *g)
{
	struct sandbox s = NO_SANDBOX;

	g->hasty = false;
	if (make_sandbox(g->recipe, true, &s) == 0)
		spares_put(&g->spares, s);
}

static bool may_make_ahead(const struct agent *g)
{
	return g->hasty && g->spares.n == 0 && !recipe_is_filtered(g->recipe);
}

static void hear(struct agent *g)
{
	struct init_msg m = { 0 };
	int fds[INIT_FDS_MAX];

	if (init_hear(FD_SUPERVISOR, &m, fds) <= 0)
		_exit(0);
	if (m.word == INIT_TASK && fds[TASK_ERR] >= 0)
		make_task(g, &m, fds);
	else if (m.word == INIT_TASK) /* without descriptors: the next one has room for them */
		spares_rest(&g->spares, 0);
	for (size_t i = 0; i < INIT_FDS_MAX; i++)
		scope_close(&fds[i]);
}

/* Only then: the kernel asks each child whether it has ended, and there may be a thousand. */
static void hear_end(struct agent *g, int signal_fd)
{
	struct signalfd_siginfo info;

	while (sys_read(signal_fd, &info, sizeof(info)) > 0)
		;
	reap(g);
}

static _Noreturn void serve(struct agent *g)
{
	sigset_t children;

	(void)sigemptyset(&children);
	(void)sigaddset(&children, SIGCHLD);
	(void)sys_sigprocmask(SIG_BLOCK, &children, NULL);
	int signal_fd = signalfd(-1, &children, SFD_CLOEXEC | SFD_NONBLOCK);
	struct pollfd p[3] = { { .fd = FD_SUPERVISOR, .events = POLLIN },
			       { .fd = signal_fd, .events = POLLIN },
			       { .fd = FD_OFFERS, .events = POLLIN } };

	if (signal_fd < 0)
		_exit(1);
	/* Of those that ended before there was the descriptor. */
	reap(g);
	for (;;) {
		int n = poll(p, 3, may_make_ahead(g) ? AHEAD_MS : spares_wait_ms(&g->spares));

		if (n == 0 && may_make_ahead(g))
			make_ahead(g);
		else if (n == 0)
			spares_rest(&g->spares, SPARES_REST);
		if (n <= 0)
			continue;
		/* What ended is of use to who comes next. */
		if (p[1].revents)
			hear_end(g, signal_fd);
		if (p[2].revents)
			hear_offer(g);
		if (p[0].revents)
			hear(g);
	}
}

/* Nothing but these, all marked; each in its place. */
static int keep_sockets(const int fds[FD_FIRST_FREE])
{
	int high[FD_FIRST_FREE];

	for (int i = 0; i < FD_FIRST_FREE; i++)
		high[i] = sys_fcntl(fds[i], F_DUPFD_CLOEXEC, FD_FIRST_FREE);
	for (int i = 0; i < FD_FIRST_FREE; i++)
		if (high[i] < 0 || sys_dup3(high[i], i, O_CLOEXEC) < 0)
			return -1;
	return sys_close_range(FD_FIRST_FREE, ~0U, 0);
}

/* The zygote's standard input is its socket, its output nothing; what it says of itself goes where ours goes. */
static int zygote_streams(int sock, struct err *err)
{
	scoped_fd int null = sys_openat(AT_FDCWD, "/dev/null", O_RDWR | O_CLOEXEC, 0);

	if (null < 0 || sys_dup3(sock, STDIN_FILENO, 0) < 0 || sys_dup3(null, STDOUT_FILENO, 0) < 0)
		return err_host(err, errno, "hand the interpreter its socket");
	return 0;
}

static int send_message(int fd, const void *bytes, size_t n)
{
	struct iovec part = { (void *)(uintptr_t)bytes, n };
	const struct msghdr msg = { .msg_iov = &part, .msg_iovlen = 1 };

	return sys_sendmsg(fd, &msg, MSG_NOSIGNAL) == (ssize_t)n ? 0 : -1;
}

/* What it is to load, and what to do. Where it has ended, that is heard of next. */
static void send_setup(const struct recipe *r, int zygote, int keeper)
{
	static const struct init_msg word = { .word = INIT_KEEPER };
	const struct zygote_setup *s = r->setup;
	size_t size = offsetof(struct zygote_setup, filter) + s->filter_n * sizeof(s->filter[0]);

	if (send_message(zygote, r->native, r->native_size) == 0 &&
	    send_message(zygote, s, size) == 0)
		(void)init_send(zygote, &word, &keeper, 1);
}

/* It takes the number that tasks have in their own sandboxes: libraries that tell a fork by that see one. */
static pid_t fork_keeper(int sock)
{
	pid_t pid = sys_fork();

	if (pid == 0)
		keeper_serve(sock);
	return pid;
}

int agent_split(const struct start *s, struct err *err)
{
	struct agent g = { .recipe = s->split_ctx };
	int ends[2], offers[2], kept[2];

	if (sys_socketpair(SOCK_SEQPACKET | SOCK_CLOEXEC, ends) < 0 ||
	    sys_socketpair(SOCK_SEQPACKET | SOCK_CLOEXEC, offers) < 0 ||
	    sys_socketpair(SOCK_SEQPACKET | SOCK_CLOEXEC, kept) < 0)
		return err_host(err, errno, "make a socket pair");
	if (sys_prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0)
		return err_host(err, errno, "close the pool's first process to others");
	init_wipe(s->argv);
	g.keeper = fork_keeper(kept[0]);
	g.zygote = g.keeper < 0 ? -1 : sys_fork();
	if (g.zygote < 0)
		return err_host(err, errno, "make the interpreter's process");
	if (g.zygote == 0)
		return zygote_streams(ends[1], err);
	(void)sys_prctl(PR_SET_NAME, (unsigned long)(uintptr_t)AGENT_NAME, 0, 0, 0);
	const int fds[] = { [FD_SUPERVISOR] = s->init_sock,
			    [FD_ZYGOTE] = ends[0],
			    [FD_OFFERS] = offers[0],
			    [FD_OFFERS_IN] = offers[1] };
	/* With an end of theirs open here nobody would tell that they have ended. */
	(void)sys_close(ends[1]);
	(void)sys_close(kept[0]);
	send_setup(g.recipe, ends[0], kept[1]);
	if (keep_sockets(fds) < 0)
		_exit(1);
	recipe_look(g.recipe);
	serve(&g);
}
