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

#include "runtime/act/act.h"
#include "runtime/sandbox/compose.h"
#include "runtime/sandbox/pool_loans.h"
#include "runtime/sandbox/pool_network.h"
#include "runtime/stage/init.h"
#include "spec/base/fd.h"
#include "spec/base/sys.h"

#define AGENT_NAME "sandbox-pool"

/* The agent's first descriptors. By LOANS first processes hand in the namespaces that are lent, or say that theirs were touched, at
 * LOANS_IN. */
enum { FD_SUPERVISOR, FD_ZYGOTE, FD_LOANS, FD_LOANS_IN, FD_FIRST_FREE };

/* So long after a task that somebody waited for the sandbox of the next one is made: most run before. */
#define AHEAD_MS 2

/* One that was made, and has no task yet. */
struct sandbox {
	pid_t pid; /* of its first process; 0: there is none */
	int pidfd;
	int line; /* to it: what its task is made with; then the task's own (COPY_READY) */
};
#define NO_SANDBOX        \
	{                 \
		0, -1, -1 \
	}

struct agent {
	const struct recipe *recipe;
	pid_t zygote;
	struct loans *loans;
	struct sandbox ahead;
	bool hasty; /* somebody waited for the last task */
	bool warned; /* the pool */
};

/* What the next task's sandbox is made of. */
struct home {
	const struct plan *plan;
	uint64_t namespaces; /* CLONE_NEWx that are new */
	int loan; /* number of its network and IPC namespaces, where they are lent; else -1 */
	bool filtered; /* that is told where its sockets go before it makes them */
};

/* --- the first process of a task's sandbox --- */

/* There is but one warning. */
static void keep_warning(void *ctx, const struct op *op, const struct err *why)
{
	(void)op;
	(void)why;
	*(bool *)ctx = true;
}

static int prepare(const struct plan *plan, int way, bool *warned, struct err *err)
{
	struct act x = ACT_INIT;

	x.plan = plan;
	x.give = network_give;
	x.ask_ctx = &way;
	x.warn = keep_warning;
	x.warn_ctx = warned;
	TRY(act_open_proc(&x.proc_fd, err));
	x.root_fd = sys_openat(AT_FDCWD, "/", O_PATH | O_DIRECTORY | O_CLOEXEC, 0);
	if (x.root_fd < 0)
		return err_host(err, errno, "open the root");
	x.root_alone = true;
	x.empty_fd = sys_openat(AT_FDCWD, POOL_HIDDEN, O_PATH | O_DIRECTORY | O_CLOEXEC, 0);
	if (x.empty_fd < 0)
		return err_host(err, errno, "open what covers a task's masked directories");
	TRY(act_stage(&x, STAGE_NAMESPACE, err));
	return act_stage(&x, STAGE_ROOT, err);
}

static int hand_in(const struct home *h, bool warned, struct err *err)
{
	const struct init_msg word = { .word = warned ? INIT_PORTS : INIT_HELLO,
				       .number = h->loan };
	int fds[LOAN_FDS], r;

	if (!(h->namespaces & CLONE_NEWNET))
		return 0;
	r = loans_open(fds) < 0 || init_send(FD_LOANS_IN, &word, fds, LOAN_FDS) < 0
		    ? err_host(err, errno, "hand the task's network namespace in")
		    : 0;
	for (int i = 0; i < LOAN_FDS; i++)
		scope_close(&fds[i]);
	return r;
}

/* What it has of its task's, the last one where the network is filtered. */
enum { OF_INIT, OF_ERR, OF_WAY, OF_FDS };

static void hear_task(int line, int fds[INIT_FDS_MAX])
{
	struct init_msg m = { 0 };

	/* Nobody wants it any more. */
	if (init_hear(line, &m, fds) <= 0 || fds[OF_ERR] < 0)
		_exit(0);
}

/* It may be there before its task is, and holds nothing of the pool's then. */
static void keep_line(int *line)
{
	if (*line != FD_FIRST_FREE && sys_dup3(*line, FD_FIRST_FREE, O_CLOEXEC) < 0)
		_exit(1);
	*line = FD_FIRST_FREE;
	(void)sys_close_range(0, FD_LOANS, 0);
	(void)sys_close_range(FD_FIRST_FREE + 1, ~0U, 0);
}

static _Noreturn void be_task_init(const struct home *h, int line)
{
	struct init_joined joined = { .payload = TASK_PID,
				      .scratch = SANDBOX_SCRATCH,
				      .owner = h->loan < 0 ? -1 : FD_LOANS_IN,
				      .loan = h->loan };
	int fds[INIT_FDS_MAX] = { [OF_WAY] = -1 };
	char text[ERR_LINE_MAX];
	bool warned = false, failed;
	struct err err;

	(void)sys_umask(0);
	if (h->filtered)
		hear_task(line, fds);
	failed = prepare(h->plan, fds[OF_WAY], &warned, &err) < 0 || hand_in(h, warned, &err) < 0;
	if (!h->filtered) {
		keep_line(&line);
		hear_task(line, fds);
	}
	if (failed) {
		(void)err_line(&err, text, sizeof(text));
		(void)fd_write_all(fds[OF_ERR], text, strlen(text));
		_exit(1);
	}
	joined.sock = fds[OF_INIT];
	joined.ready = line;
	init_serve(&joined);
}

/* --- the agent --- */

/* It writes to the task's standard error why there will be none. */
static void say_failure(int fd, const char *what)
{
	struct err err;

	(void)err_host(&err, errno, "%s", what);
	(void)fd_write_all(fd, err.text, strlen(err.text));
}

static void hear_loan(struct agent *g)
{
	struct init_msg m = { 0 };
	int fds[INIT_FDS_MAX];

	if (init_hear(FD_LOANS, &m, fds) <= 0)
		_exit(1);
	/* What holds for one task holds for all: it is said once. */
	if (m.word == INIT_PORTS && !g->warned)
		g->warned = init_say(FD_SUPERVISOR, INIT_PORTS, 0) == 0;
	if (m.word == INIT_TOUCHED)
		loans_touched(g->loans, m.number);
	if (fds[0] >= 0)
		loans_hand_in(g->loans, m.number, fds);
}

/* Whatever a first process that has ended said is there. */
static void hear_loans(struct agent *g)
{
	struct pollfd p = { .fd = FD_LOANS, .events = POLLIN };

	while (poll(&p, 1, 0) > 0)
		hear_loan(g);
}

static struct home choose_home(const struct agent *g)
{
	const struct recipe *r = g->recipe;
	struct home h = { r->task, r->namespaces, -1, recipe_is_filtered(r) };

	if (!r->lends)
		return h;
	h.loan = loans_enter(g->loans);
	if (h.loan < 0) {
		h.loan = loans_number(g->loans);
	} else {
		h.plan = r->task_lent;
		h.namespaces &= ~(uint64_t)LOAN_NAMESPACES;
	}
	return h;
}

static pid_t clone_init(const struct agent *g, int line, int *pidfd)
{
	const struct home h = choose_home(g);
	struct clone_args args = { .flags = h.namespaces | CLONE_PIDFD,
				   .pidfd = (uint64_t)(uintptr_t)pidfd,
				   .exit_signal = SIGCHLD };
	pid_t pid;
	int errnum;

	/* Open from its birth on: for its ids to be written, and for the task, and the zygote, which need not wait for it, to join. So
	 * are we meanwhile, whom only the zygote sees. */
	(void)sys_prctl(PR_SET_DUMPABLE, 1, 0, 0, 0);
	pid = sys_clone3(&args, sizeof(args));
	if (pid == 0)
		be_task_init(&h, line);
	errnum = errno;
	if (h.plan == g->recipe->task_lent && loans_leave(g->loans) < 0)
		_exit(1);
	if (pid > 0 && h.loan >= 0)
		loans_lend(g->loans, h.loan, pid);
	(void)sys_prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
	errno = errnum;
	return pid;
}

/* 0 or -1 with errno. */
static int make_sandbox(const struct agent *g, struct sandbox *ret)
{
	int ends[2], errnum;

	if (sys_socketpair(SOCK_SEQPACKET | SOCK_CLOEXEC, ends) < 0)
		return -1;
	ret->line = ends[0];
	ret->pid = clone_init(g, ends[1], &ret->pidfd);
	errnum = errno;
	(void)sys_close(ends[1]);
	if (ret->pid > 0)
		return 0;
	(void)sys_close(ends[0]);
	*ret = (struct sandbox)NO_SANDBOX;
	errno = errnum;
	return -1;
}

/* Who waits for its task ends. */
static void let_go(struct sandbox *s)
{
	scope_close(&s->pidfd);
	scope_close(&s->line);
	*s = (struct sandbox)NO_SANDBOX;
}

/* To the first process before the task can speak to it. */
static int hand_over(const struct sandbox *s, const struct init_msg *m, const int fds[TASK_FDS])
{
	const int of[] = {
		[OF_INIT] = fds[TASK_INIT], [OF_ERR] = fds[TASK_ERR], [OF_WAY] = fds[TASK_WAY]
	};
	int to_zygote[COPY_FDS];

	if (init_send(s->line, m, of, fds[TASK_WAY] < 0 ? OF_WAY : OF_FDS) < 0)
		return -1;
	to_zygote[COPY_SANDBOX] = s->pidfd;
	memcpy(to_zygote + COPY_INIT, fds, TASK_WAY * sizeof(int));
	to_zygote[COPY_READY] = s->line;
	if (init_send(FD_ZYGOTE, m, to_zygote, COPY_FDS) == 0)
		return 0;
	if (errno != ETOOMANYREFS)
		_exit(1);
	return -1;
}

/* m: what was asked for, to be passed on. */
static void make_task(struct agent *g, const struct init_msg *m, const int fds[TASK_FDS])
{
	g->hasty = m->number;
	if (!g->ahead.pid && make_sandbox(g, &g->ahead) < 0) {
		say_failure(fds[TASK_ERR], "make the task's namespaces");
		return;
	}
	/* More descriptors may be on their way than our user may have: that is this task's end alone. */
	if (hand_over(&g->ahead, m, fds) < 0)
		say_failure(fds[TASK_ERR], "hand the task to its sandbox");
	let_go(&g->ahead);
}

/* Who did not wait for a task's sandbox has less to wait for. Where it cannot be had now, the next task says why. */
static void make_ahead(struct agent *g)
{
	g->hasty = false;
	(void)make_sandbox(g, &g->ahead);
}

static bool may_make_ahead(const struct agent *g)
{
	return g->hasty && !g->ahead.pid && !recipe_is_filtered(g->recipe);
}

static void hear(struct agent *g)
{
	struct init_msg m = { 0 };
	int fds[INIT_FDS_MAX];

	if (init_hear(FD_SUPERVISOR, &m, fds) <= 0)
		_exit(0);
	if (m.word == INIT_TASK && fds[TASK_ERR] >= 0)
		make_task(g, &m, fds);
	else if (m.word == INIT_TASK) {
		/* It came without descriptors: the next one has room for them. */
		let_go(&g->ahead);
		loans_rest(g->loans, 0);
	}
	for (size_t i = 0; i < INIT_FDS_MAX; i++)
		scope_close(&fds[i]);
}

/* Without a zygote there is nothing to stay for. */
static void reap(struct agent *g)
{
	for (;;) {
		siginfo_t info = { 0 };

		if (sys_waitid(P_ALL, 0, &info, WEXITED | WNOHANG) < 0 || info.si_pid == 0)
			return;
		if (info.si_pid != g->zygote) {
			hear_loans(g);
			loans_ended(g->loans, info.si_pid);
			if (info.si_pid == g->ahead.pid)
				let_go(&g->ahead);
			continue;
		}
		const struct init_msg ended = { .word = INIT_ENDED,
						.code = info.si_code,
						.status = info.si_status };
		(void)init_send(FD_SUPERVISOR, &ended, NULL, 0);
		_exit(1);
	}
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
			       { .fd = FD_LOANS, .events = POLLIN } };

	if (signal_fd < 0)
		_exit(1);
	/* Of those that ended before there was the descriptor. */
	reap(g);
	for (;;) {
		int n = poll(p, 3, may_make_ahead(g) ? AHEAD_MS : loans_wait_ms(g->loans));

		if (n == 0 && may_make_ahead(g))
			make_ahead(g);
		else if (n == 0)
			loans_rest(g->loans, LOANS_REST);
		if (n <= 0)
			continue;
		/* What ended is of use to who comes next. */
		if (p[1].revents)
			hear_end(g, signal_fd);
		if (p[2].revents)
			hear_loans(g);
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
static void send_setup(const struct recipe *r, int zygote)
{
	const struct zygote_setup *s = r->setup;
	size_t size = offsetof(struct zygote_setup, filter) + s->filter_n * sizeof(s->filter[0]);

	if (send_message(zygote, r->native, r->native_size) == 0)
		(void)send_message(zygote, s, size);
}

/* A number that no task has in its own sandbox: libraries that tell a fork by it see one. */
static void skip_number(void)
{
	siginfo_t info;
	pid_t pid = sys_fork();

	if (pid == 0)
		_exit(0);
	if (pid > 0)
		(void)sys_waitid(P_PID, (id_t)pid, &info, WEXITED);
}

int agent_split(const struct start *s, struct err *err)
{
	struct agent g = { .recipe = s->split_ctx,
			   .loans = calloc(1, sizeof(*g.loans)),
			   .ahead = NO_SANDBOX };
	int ends[2], loans[2];

	if (!g.loans)
		abort(); /* as the arenas do */
	if (sys_socketpair(SOCK_SEQPACKET | SOCK_CLOEXEC, ends) < 0 ||
	    sys_socketpair(SOCK_SEQPACKET | SOCK_CLOEXEC, loans) < 0)
		return err_host(err, errno, "make a socket pair");
	if (sys_prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0)
		return err_host(err, errno, "close the pool's first process to others");
	init_wipe(s->argv);
	skip_number();
	g.zygote = sys_fork();
	if (g.zygote < 0)
		return err_host(err, errno, "make the interpreter's process");
	if (g.zygote == 0)
		return zygote_streams(ends[1], err);
	(void)sys_prctl(PR_SET_NAME, (unsigned long)(uintptr_t)AGENT_NAME, 0, 0, 0);
	const int fds[] = { [FD_SUPERVISOR] = s->init_sock,
			    [FD_ZYGOTE] = ends[0],
			    [FD_LOANS] = loans[0],
			    [FD_LOANS_IN] = loans[1] };
	if (keep_sockets(fds) < 0 || (g.recipe->lends && loans_begin(g.loans) < 0))
		_exit(1);
	send_setup(g.recipe, FD_ZYGOTE);
	recipe_look(g.recipe);
	serve(&g);
}
