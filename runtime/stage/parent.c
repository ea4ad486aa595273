/* SPDX-License-Identifier: Apache-2.0 */
/* parent.c - clones the child, answers it, and runs the hooks that belong to the runtime's namespaces. */
#include <limits.h>
#include <poll.h>
#include <sched.h>
#include <string.h>

#include "runtime/act/act.h"
#include "runtime/act/cgroup_tree.h"
#include "runtime/act/net.h"
#include "runtime/plan/plan_cgroup.h"
#include "runtime/stage/hooks.h"
#include "runtime/stage/stage.h"
#include "runtime/stage/stop.h"
#include "runtime/stage/sync.h"
#include "spec/base/fd.h"
#include "spec/base/sys.h"

/* The state document that hooks get is a little longer once it has a pid. */
#define STATE_SLACK 256

static void close_one(int *fd)
{
	int saved = errno;

	if (*fd >= 0)
		(void)sys_close(*fd);
	*fd = -1;
	errno = saved;
}

static void be_child(void *arg)
{
	child_main(arg);
}

static void be_middle(void *arg)
{
	middle_main(arg);
}

static pid_t clone_with(struct clone_args *args, struct child *c, bool middle)
{
	pid_t pid;

	pid = c->start->silent ? clone_silent(args, middle ? be_middle : be_child, c)
			       : sys_clone3(args, sizeof(*args));
	if (pid == 0 && middle)
		middle_main(c);
	if (pid == 0)
		child_main(c);
	return pid;
}

/* Into its cgroup from the first moment on. Where the kernel will not have that, it enters as it would one of v1. */
static pid_t clone_into(struct start *s, struct clone_args *args, struct child *c, bool middle)
{
	const struct cgroup_dir *v2 =
		start_is_placed(s) ? NULL : cgroup_dirs_find(&s->cgroups, CGROUP_UNIFIED);
	struct clone_args into = *args;
	pid_t pid;

	if (!v2)
		return clone_with(args, c, middle);
	into.flags |= CLONE_INTO_CGROUP;
	into.cgroup = (uint64_t)v2->fd;
	c->in_cgroup = true;
	pid = clone_with(&into, c, middle);
	if (pid >= 0)
		return pid;
	c->in_cgroup = false;
	return clone_with(args, c, middle);
}

static int clone_first(struct start *s, struct child *c, bool middle, struct err *err)
{
	uint64_t flags = middle ? s->plan->middle_flags : s->plan->clone_flags;
	uint64_t pidfd = s->silent && s->no_pidfd ? 0 : CLONE_PIDFD;
	struct clone_args args = {
		.flags = flags | pidfd | CLONE_CLEAR_SIGHAND,
		.pidfd = (uint64_t)(uintptr_t)&s->pidfd,
		.exit_signal = SIGCHLD,
	};
	pid_t pid;

	pid = clone_into(s, &args, c, middle);
	if (pid < 0) {
		(void)err_host(err, errno, "make the container's process in its new namespaces");
		return err_in(err, "/linux/namespaces");
	}
	s->pid = pid;
	return 0;
}

/* What a child that says nothing died of. */
static int died(struct start *s, struct err *err)
{
	siginfo_t info = { 0 };
	pid_t pid = s->pid;

	s->pid = 0;
	if (pid > 0 && sys_waitid(P_PID, (id_t)pid, &info, WEXITED) == 0 &&
	    info.si_code != CLD_EXITED)
		return err_set(err, ERR_HOST, 0,
			       "the container's process was killed by signal %d while starting",
			       info.si_status);
	return err_set(err, ERR_HOST, 0, "the container's process ended while starting");
}

/* errno says why it could not be answered: because it is dead, or because of us. */
static int unheard(struct start *s, struct err *err)
{
	return errno == EPIPE || errno == ECONNRESET
		       ? died(s, err)
		       : err_host(err, errno, "answer the container's process");
}

static int unexpected(struct err *err)
{
	return err_host(err, EPROTO, "the container's process said something unexpected");
}

static int on_maps(struct start *s, struct err *err)
{
	struct act x = ACT_INIT;

	if (!s->plan || !s->plan->maps_by_parent)
		return unexpected(err);
	x.plan = s->plan;
	x.proc_fd = s->proc_fd;
	x.child = s->pid;
	TRY(act_stage(&x, STAGE_IDS, err));
	return start_go(s, err);
}

static int begin_nat(struct start *s, struct err *err)
{
	return s->on_nat ? s->on_nat(s->ctx, s->pid, s->pidfd, err) : unexpected(err);
}

/* Its failure goes back to the child: there may be another way, or it is a warning. */
static int on_op(struct start *s, int number, struct err *err)
{
	const struct plan *p = s->plan;
	struct act x = ACT_INIT;
	scoped_fd int fd = -1;
	struct err why;
	int r;

	if (!p || number < 0 || (size_t)number >= p->n || !(p->ops[number].flags & OP_BY_PARENT))
		return unexpected(err);
	x.plan = p;
	x.proc_fd = s->proc_fd;
	x.child = s->pid;
	x.child_pidfd = p->joins ? -1 : s->pidfd;
	x.net_fd = s->net_fd;
	r = (p->ops[number].code == OP_NAT ? begin_nat(s, &why)
					   : act_by_parent(&x, &p->ops[number], &fd, &why)) < 0
		    ? sync_say_err(s->sock, SYNC_FAIL, &why)
		    : sync_say(s->sock, SYNC_GO, 0, fd);
	s->net_fd = x.net_fd;
	return r < 0 ? unheard(s, err) : 0;
}

static int on_root(struct start *s, struct err *err)
{
	const char *state;

	if (!s->hooks || !s->state)
		return unexpected(err);
	state = s->state(s->ctx);
	TRY(hooks_run(&s->hooks->prestart, "prestart", state, s->stop_fd, err));
	TRY(hooks_run(&s->hooks->create_runtime, "createRuntime", state, s->stop_fd, err));
	return sync_say_text(s->sock, state) < 0 ? unheard(s, err) : 0;
}

static bool is_child(pid_t pid)
{
	siginfo_t info;

	return pid > 0 && sys_waitid(P_PID, (id_t)pid, &info, WEXITED | WNOHANG | WNOWAIT) == 0;
}

/* The process in the middle has done its part; the child is ours (CLONE_PARENT). */
static int on_pid(struct start *s, pid_t pid, struct err *err)
{
	siginfo_t info;

	if (pid == s->pid || !is_child(pid))
		return unexpected(err);
	(void)sys_waitid(P_PID, (id_t)s->pid, &info, WEXITED);
	(void)sys_close(s->pidfd);
	s->pid = pid;
	s->pidfd = sys_pidfd_open(pid, 0);
	if (s->pidfd < 0)
		return err_host(err, errno, "open the container's process");
	if (s->on_pid)
		TRY(s->on_pid(s->ctx, pid, err));
	return s->silent ? 0 : start_go(s, err);
}

static int on_listener(struct start *s, int fd, struct err *err)
{
	scoped_fd int listener = fd;

	if (listener < 0 || !s->on_listener)
		return err_host(err, EPROTO, "the seccomp listener got lost");
	return s->on_listener(s->ctx, listener, err);
}

static int on_way(struct start *s, int way, int fd, struct err *err)
{
	scoped_fd int sock = fd;

	if (fd < 0 || way < 0 || way > WAY_PORT || !s->on_way)
		return unexpected(err);
	return s->on_way(s->ctx, way, take_fd(&sock), err);
}

/* Positive: the child waits (READY). */
static int answer(struct start *s, struct sync_msg *m, int fd, struct err *err)
{
	switch ((enum sync_word)m->word) {
	case SYNC_MAPS:
		return on_maps(s, err);
	case SYNC_PID:
		return on_pid(s, m->number, err);
	case SYNC_ROOT:
		return on_root(s, err);
	case SYNC_READY:
		return 1;
	case SYNC_CONSOLE:
		close_one(&s->console_fd);
		s->console_fd = fd;
		return 0;
	case SYNC_LISTENER:
		return on_listener(s, fd, err);
	case SYNC_WARN:
		if (s->on_warning)
			s->on_warning(s->ctx, m->err.place, m->err.text);
		return 0;
	case SYNC_FAIL:
		*err = m->err;
		return -1;
	case SYNC_OP:
		return on_op(s, m->number, err);
	case SYNC_WAY:
		return on_way(s, m->number, fd, err);
	case SYNC_GO:
	case SYNC_BESIDE:
		break;
	}
	return unexpected(err);
}

/* Until something is said on the socket. */
static void answer_notified(const struct start *s)
{
	while (s->notify_fd >= 0) {
		struct pollfd p[2] = { { .fd = s->sock, .events = POLLIN },
				       { .fd = s->notify_fd, .events = POLLIN } };

		if (poll(p, 2, -1) > 0 && (p[1].revents & POLLIN))
			s->on_notify(s->notify_ctx, s->notify_fd);
		if (p[0].revents || (p[1].revents & ~POLLIN))
			return;
	}
}

/* 1: READY; 0: end of file. */
static int hear_out(struct start *s, struct err *err)
{
	for (;;) {
		struct sync_msg m;
		int fd = -1, got, r;

		answer_notified(s);
		TRY(stop_wait(s, err));
		got = sync_hear(s->sock, &m, &fd);

		if (got < 0 ||
		    (m.word != SYNC_CONSOLE && m.word != SYNC_LISTENER && m.word != SYNC_WAY))
			close_one(&fd);
		if (got < 0)
			return err_host(err, errno, "hear from the container's process");
		if (got == 0)
			return 0;
		r = answer(s, &m, fd, err);
		if (r)
			return r;
	}
}

int start_listen(struct start *s, struct err *err)
{
	int r = hear_out(s, err);

	if (r > 0)
		r = err_host(err, EPROTO, "the container's process is ready twice");
	if (r < 0)
		start_kill(s);
	return r;
}

int start_go(struct start *s, struct err *err)
{
	return sync_say(s->sock, SYNC_GO, 0, -1) < 0 ? unheard(s, err) : 0;
}

/* Those whom a signal ends clean up first. */
static int hear_out_watching(struct start *s, struct err *err)
{
	int r;

	TRY(stop_begin(s, err));
	r = hear_out(s, err);
	return stop_end(s, r < 0, err) < 0 ? -1 : r;
}

/* Hooks and slow mounts can be ended by the signals that later go to the payload: they end us, and the child with us. */
static int hear_out_open(struct start *s, struct err *err)
{
	sigset_t blocked;
	int r;

	if (!s->signals)
		return hear_out(s, err);
	if (s->cleans_up)
		return hear_out_watching(s, err);
	if (sys_sigprocmask(SIG_SETMASK, s->signals, &blocked) < 0)
		return err_host(err, errno, "let signals through");
	r = hear_out(s, err);
	if (sys_sigprocmask(SIG_SETMASK, &blocked, NULL) < 0 && r >= 0)
		return err_host(err, errno, "block signals");
	return r;
}

/* It has become the payload, or ended. */
static int read_silent(struct start *s, struct err *err)
{
	const struct silent *left = s->silent;

	if (left->pid)
		TRY(on_pid(s, left->pid, err));
	for (size_t i = 0; s->on_warning && i < left->warnings_n; i++)
		s->on_warning(s->ctx, left->warnings[i].place, left->warnings[i].text);
	if (!left->failed)
		return 0;
	*err = left->failure;
	return -1;
}

static int accompany(struct start *s, bool middle, struct err *err)
{
	int r;

	if (!middle && s->on_pid)
		TRY(s->on_pid(s->ctx, s->pid, err));
	if (s->silent)
		return read_silent(s, err);
	r = hear_out_open(s, err);
	if (r < 0)
		return r;
	if (r > 0 && !s->wait)
		return unexpected(err);
	/* Whoever fails says so; silence before READY is a violent death. Without waiting, silence is the payload at work. */
	return s->wait && r == 0 ? died(s, err) : 0;
}

static void on_failed_limit(void *ctx, const struct op *op, const struct err *why)
{
	const struct start *s = ctx;

	(void)op;
	if (s->on_warning)
		s->on_warning(s->ctx, why->place, why->text);
}

static int prepare_cgroup(struct start *s, struct err *err)
{
	char scope[CGROUP_PATH_MAX] = "";
	struct act x = ACT_INIT;
	int r;

	x.plan = s->plan;
	x.cgroups = &s->cgroups;
	x.warn = on_failed_limit;
	x.warn_ctx = s;
	x.child = s->pid;
	x.companion = s->companion;
	x.scope = s->plan->scope ? scope : NULL;
	r = act_stage(&x, STAGE_PREPARE, err);
	if (scope[0] && s->on_scope)
		s->on_scope(s->ctx, scope);
	return r < 0 || s->plan->scope ? r : cgroup_dirs_ready(&s->cgroups, err);
}

/* The first process waits for it; those that it clones are born there. */
static int place(struct start *s, struct err *err)
{
	if (s->plan->scope)
		TRY(prepare_cgroup(s, err));
	else
		TRY(s->place(s->ctx, s->pid, err));
	return start_go(s, err);
}

int start_begin(struct start *s, struct err *err)
{
	bool middle = s->plan->middle || s->ns_pidfd >= 0;
	size_t state_len = s->state ? strlen(s->state(s->ctx)) : 0;
	char path[PATH_MAX];
	struct child c = { .start = s,
			   .start_fd = s->start_fd,
			   .beside_fd = -1,
			   .path = path,
			   .state_room = state_len + STATE_SLACK };
	int ends[2] = { -1, -1 }, r;

	c.state = arena_alloc(s->plan->arena, c.state_room);
	if (s->plan->cgroup && !s->plan->scope)
		TRY(prepare_cgroup(s, err));
	TRY(act_open_proc(&s->proc_fd, err));
	if (start_is_silent(s))
		s->silent = silent_begin(s->plan);
	else
		TRY(sync_pair(ends, err));
	s->sock = c.parent_sock = ends[0];
	c.sock = ends[1];
	c.proc_fd = s->proc_fd;
	s->begun = true;
	r = clone_first(s, &c, middle, err);
	close_one(&ends[1]); /* c is the child's, which may have changed it */
	if (r == 0 && start_is_placed(s))
		r = place(s, err);
	cgroup_dirs_done(&s->cgroups);
	if (r == 0 && s->plan->beside)
		r = beside_make(s, err);
	if (r == 0)
		r = accompany(s, middle, err);
	if (r < 0)
		start_kill(s);
	return r;
}

int start_released(struct start *s, int connection, struct err *err)
{
	s->sock = connection;
	if (sync_say_text(connection, s->state(s->ctx)) < 0)
		return err_host(err, errno, "release the container's process");
	return start_listen(s, err);
}

/* The network namespace, and what is in it, would end with the child. */
static void return_devices(struct start *s)
{
	struct act x = ACT_INIT;

	if (s->net_fd < 0)
		return;
	x.plan = s->plan;
	x.proc_fd = s->proc_fd;
	if (s->plan)
		net_devices_return(&x, s->net_fd);
	close_one(&s->net_fd);
}

void start_kill(struct start *s)
{
	siginfo_t info;

	return_devices(s);
	if (s->pid <= 0)
		return;
	if (s->pidfd >= 0)
		(void)sys_pidfd_send_signal(s->pidfd, SIGKILL);
	else
		(void)sys_kill(s->pid,
			       SIGKILL); /* not waited for yet: the number is still its own */
	(void)sys_waitid(P_PID, (id_t)s->pid, &info, WEXITED);
	s->pid = 0;
}

void start_forget(struct start *s)
{
	cgroup_dirs_done(&s->cgroups);
	close_one(&s->sock);
	close_one(&s->proc_fd);
	close_one(&s->stop_fd);
}

void start_done(struct start *s)
{
	start_forget(s);
	close_one(&s->pidfd);
	close_one(&s->console_fd);
	close_one(&s->net_fd);
}
