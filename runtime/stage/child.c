/* SPDX-License-Identifier: Apache-2.0 */
/* child.c - from clone to exec.
 * Should: allocate nothing, and say on the socket what went wrong.  Mustn't: outlive the parent before it is released. */
#include <limits.h>
#include <poll.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "runtime/act/act.h"
#include "runtime/stage/hooks.h"
#include "runtime/stage/init.h"
#include "runtime/stage/stage.h"
#include "runtime/stage/sync.h"
#include "spec/base/fd.h"
#include "spec/base/sys.h"

static _Noreturn void fail(const struct child *c, const struct err *err)
{
	if (c->start->silent)
		silent_fail(c->start->silent, err);
	/* Under a filter of the payload's that forbids even this, exit may be forbidden, too. */
	if (sync_say_err(c->sock, SYNC_FAIL, err) < 0)
		__builtin_trap();
	_exit(1);
}

static void warn(void *ctx, const struct op *op, const struct err *why)
{
	const struct child *c = ctx;

	(void)op;
	if (c->start->silent)
		silent_warn(c->start->silent, why);
	else
		(void)sync_say_err(c->sock, SYNC_WARN, why);
}

/* The parent's answer, or the end: without a parent there is nobody to go on for. What it has made beside may come first. */
static void hear_answer(struct child *c, struct sync_msg *m, int *fd)
{
	for (;;) {
		if (sync_hear(c->sock, m, fd) <= 0)
			_exit(1);
		if (m->word != SYNC_BESIDE)
			return;
		c->beside_fd = *fd;
	}
}

static void wait_go(struct child *c)
{
	struct sync_msg m;
	int fd;

	hear_answer(c, &m, &fd);
	if (m.word != SYNC_GO)
		_exit(1);
}

/* A parent that could not make it ends us, and without one there is nobody to tell. */
static int wait_beside(void *ctx, int *ret_fd, struct err *err)
{
	struct child *c = ctx;
	struct sync_msg m;

	if (c->beside_fd < 0) {
		if (sync_hear(c->sock, &m, &c->beside_fd) <= 0)
			_exit(1);
		if (m.word != SYNC_BESIDE || c->beside_fd < 0)
			return err_host(err, EPROTO, "wait for the network namespace");
	}
	*ret_fd = take_fd(&c->beside_fd);
	return 0;
}

/* A word that is not heard would be waited for by both. */
static void ask(struct child *c, enum sync_word word)
{
	if (sync_say(c->sock, word, 0, -1) < 0)
		_exit(1);
	wait_go(c);
}

/* What only the parent may do. Its failure is ours to survive or not, as the plan says. */
static int ask_op(void *ctx, const struct op *op, int *ret_fd, struct err *err)
{
	struct child *c = ctx;
	struct sync_msg m;

	if (sync_say(c->sock, SYNC_OP, (int)(op - c->start->plan->ops), -1) < 0)
		_exit(1);
	hear_answer(c, &m, ret_fd);
	if (m.word == SYNC_GO)
		return 0;
	*err = m.err;
	return -1;
}

static int give_way(void *ctx, int way, int fd, struct err *err)
{
	const struct child *c = ctx;

	if (sync_say(c->sock, SYNC_WAY, way, fd) < 0)
		return err_host(err, errno, "hand over a socket");
	return 0;
}

static bool has_parent(const struct child *c)
{
	struct pollfd p = { .fd = c->sock, .events = 0 };

	if (c->start->silent)
		return silent_has_parent(c->start->silent);
	return poll(&p, 1, 0) <= 0 || !(p.revents & POLLHUP);
}

static int die_with_parent(const struct child *c, struct err *err)
{
	if (!c->start->die_with_parent)
		return 0;
	if (sys_prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) < 0)
		return err_host(err, errno, "tie the container's life to ours");
	/* It may have died before. */
	if (!has_parent(c))
		_exit(1);
	return 0;
}

static bool has_hooks(const struct hooks *h)
{
	return h && (h->prestart.n || h->create_runtime.n || h->create_container.n ||
		     h->start_container.n);
}

/* The hooks of the runtime's namespaces are the parent's; those of the container's, before the root is entered, are ours. */
static int create_hooks(struct child *c, struct err *err)
{
	if (!has_hooks(c->start->hooks))
		return 0;
	if (sync_say(c->sock, SYNC_ROOT, 0, -1) < 0 ||
	    sync_hear_text(c->sock, c->state, c->state_room) <= 0)
		_exit(1);
	return hooks_run(&c->start->hooks->create_container, "createContainer", c->state, -1, err);
}

static int prepare(struct child *c, struct act *x, struct err *err)
{
	TRY(act_stage(x, STAGE_NAMESPACE, err));
	TRY(die_with_parent(c, err));
	TRY(act_stage(x, STAGE_ROOT, err));
	TRY(create_hooks(c, err));
	TRY(act_stage(x, STAGE_PIVOT, err));
	return act_stage(x, STAGE_PROCESS, err);
}

/* A connection that closes without a word was only somebody asking whether we still wait. */
static int accept_start(const struct child *c)
{
	for (;;) {
		int connection = sys_accept(c->start_fd, SOCK_CLOEXEC);

		if (connection < 0 && errno != EINTR && errno != ECONNABORTED)
			_exit(1);
		if (connection < 0)
			continue;
		if (sync_hear_text(connection, c->state, c->state_room) > 0)
			return connection;
		(void)sys_close(connection);
	}
}

static void wait_start(struct child *c)
{
	ask(c, SYNC_READY);
	if (c->start_fd < 0)
		return;
	(void)sys_close(c->sock);
	c->sock = accept_start(c);
	(void)sys_close(c->start_fd);
}

static int hand_over(const struct child *c, int fd, enum sync_word word, struct err *err)
{
	if (fd >= 0 && sync_say(c->sock, word, 0, fd) < 0)
		return err_host(err, errno, "hand over a file descriptor");
	return 0;
}

/* Nothing of the host's, and none of the tools, waits for `start` in a process that the container can see. */
static void close_used(struct act *x)
{
	int *const used[] = { &x->proc_fd, &x->root_fd,	   &x->empty_fd, &x->null_fd,
			      &x->dir_fd,  &x->console_fd, &x->tty_fd };

	for (size_t i = 0; i < ARRAY_LEN(used); i++)
		if (*used[i] >= 0)
			(void)sys_close(take_fd(used[i]));
	for (size_t i = 0; i < x->plan->held_n; i++)
		if (x->plan->held[i] >= 0)
			(void)sys_close(take_fd(&x->plan->held[i]));
}

/* run has no moment between create and start in which somebody would send the document anew. Only ids and a version come
 * before the status, which hold no quotes. */
static void state_is_created(char *state)
{
	static const char before[] = "\"status\":\"creating\"", after[] = "\"status\":\"created\"";
	char *at = strstr(state, before), *rest = at ? at + strlen(before) : NULL;

	if (!at)
		return;
	memcpy(at, after, strlen(after));
	memmove(at + strlen(after), rest, strlen(rest) + 1);
}

/* On the way from the sandbox's first process to the payload. */
struct payload {
	struct child *c;
	struct act *x;
};

static int become_payload(const struct payload *p, struct err *err)
{
	(void)sys_setpgid(); /* only for signals to all of it */
	TRY(init_limit_files(p->c->start, err));
	return act_exec(p->x, p->c->path, err);
}

static void be_payload(void *arg)
{
	const struct payload *p = arg;
	struct err err;

	(void)become_payload(p, &err);
	fail(p->c, &err);
}

static int split(struct child *c, struct act *x, struct err *err)
{
	struct payload payload = { c, x };

	if (c->start->split)
		return c->start->split(c->start, err);
	return init_split(c->start, be_payload, &payload, err);
}

static int finish(struct child *c, struct act *x, struct err *err)
{
	const struct plan *p = c->start->plan;
	char home[ACT_HOME_ROOM];

	/* What execve finds wrong can be told from a silent child, whatever the filter says. */
	TRY(act_find(p->argv, p->envp, !c->start->silent, c->path, PATH_MAX, err));
	TRY(hand_over(c, x->console_fd, SYNC_CONSOLE, err));
	if (c->start->wait) {
		close_used(x);
		wait_start(c);
	}
	if (c->start->hooks && c->start->hooks->start_container.n) {
		state_is_created(c->state);
		TRY(hooks_run(&c->start->hooks->start_container, "startContainer", c->state, -1,
			      err));
	}
	TRY(die_with_parent(c, err));
	TRY(act_ready(x, home, err));
	TRY(act_stage(x, STAGE_LAST, err));
	TRY(hand_over(c, x->listener_fd, SYNC_LISTENER, err));
	if (c->start->init_sock >= 0)
		TRY(split(c, x, err));
	return act_exec(x, c->path, err);
}

static int run(struct child *c, struct act *x, struct err *err)
{
	if (c->start->plan->maps_by_parent && !c->start->plan->middle_flags)
		ask(c, SYNC_MAPS);
	TRY(prepare(c, x, err));
	/* What only changes a container runs nothing. */
	if (!c->start->plan->argv)
		_exit(0);
	return finish(c, x, err);
}

/* Of all that the runtime has open, a child that will wait where the container can see it keeps the fds that are handed on to the payload, and these three right after
 * them: nothing else of the host's is reachable through it. */
static int keep_own_fds(struct child *c, struct err *err)
{
	int *const own[] = { &c->sock, &c->proc_fd, &c->start_fd };
	int first = 3 + (int)c->start->plan->keep_fds, n = (int)ARRAY_LEN(own);

	for (int i = 0; i < n; i++)
		if (*own[i] >= 0 && *own[i] < first + n) {
			*own[i] = sys_fcntl(*own[i], F_DUPFD_CLOEXEC, first + n);
			if (*own[i] < 0)
				return err_host(err, errno, "duplicate a file descriptor");
		}
	for (int i = 0; i < n; i++)
		if (*own[i] >= 0 && sys_dup3(*own[i], first + i, O_CLOEXEC) < 0)
			return err_host(err, errno, "duplicate a file descriptor");
	for (int i = 0; i < n; i++) {
		if (*own[i] >= 0)
			*own[i] = first + i;
		else
			(void)sys_close(first + i);
	}
	if (sys_close_range((unsigned int)(first + n), ~0U, 0) < 0)
		return err_host(err, errno, "close the runtime's file descriptors");
	return 0;
}

/* Once: the middle's child, too, comes by here, and the number may be another's by then. */
static void close_parents(struct child *c)
{
	if (c->parent_sock >= 0)
		(void)sys_close(take_fd(&c->parent_sock));
}

/* Before all else: what we do counts there, and the middle's child is born there. */
static int enter_cgroup(struct child *c, struct err *err)
{
	const struct cgroup_dirs *dirs = &c->start->cgroups;

	if (c->entered)
		return 0;
	c->entered = true;
	if (start_is_placed(c->start)) {
		wait_go(c);
		return 0;
	}
	if (!dirs->n)
		return 0;
	return cgroup_enter(dirs, c->in_cgroup, err);
}

void child_main(struct child *c)
{
	struct act x = ACT_INIT;
	struct err err;

	close_parents(c);
	if (enter_cgroup(c, &err) < 0)
		fail(c, &err);
	if (c->start->wait && keep_own_fds(c, &err) < 0)
		fail(c, &err);
	x.plan = c->start->plan;
	x.proc_fd = c->proc_fd;
	x.umask = sys_umask(0);
	x.warn = warn;
	x.warn_ctx = c;
	x.ask = ask_op;
	x.give = give_way;
	x.beside = wait_beside;
	x.ask_ctx = c;
	if (c->start->ns_pidfd >= 0)
		x.root_fd = sys_openat(AT_FDCWD, "/", O_PATH | O_DIRECTORY | O_CLOEXEC, 0);
	(void)run(c, &x, &err);
	fail(c, &err);
}

static int join(struct child *c, struct act *x, struct err *err)
{
	const struct start *s = c->start;

	if (s->plan->maps_by_parent && s->plan->middle_flags)
		ask(c, SYNC_MAPS);
	TRY(act_stage(x, STAGE_JOIN, err));
	if (s->ns_pidfd >= 0 && sys_setns(s->ns_pidfd, (int)s->ns_flags) < 0)
		return err_host(err, errno, "join the container's namespaces");
	return 0;
}

/* The child becomes our sibling, so that the parent is its parent. */
static void be_child(void *arg)
{
	child_main(arg);
}

static pid_t clone_child(struct child *c)
{
	struct clone_args args = { .flags = c->start->plan->clone_flags | CLONE_PARENT };

	return c->start->silent ? clone_silent(&args, be_child, c)
				: sys_clone3(&args, sizeof(args));
}

/* The host's /proc leads to all of the host. Into a container that runs already it comes along only for the label that is
 * written through it. */
static void drop_proc(struct child *c)
{
	const struct plan *p = c->start->plan;

	if (c->start->ns_pidfd < 0)
		return;
	for (size_t i = 0; i < p->n; i++)
		if (p->ops[i].code == OP_APPARMOR || p->ops[i].code == OP_SELINUX)
			return;
	(void)sys_close(take_fd(&c->proc_fd));
}

void middle_main(struct child *c)
{
	struct act x = ACT_INIT;
	struct err err;
	pid_t pid;

	close_parents(c);
	if (enter_cgroup(c, &err) < 0)
		fail(c, &err);
	drop_proc(c);
	x.plan = c->start->plan;
	x.proc_fd = c->proc_fd;
	x.warn = warn;
	x.warn_ctx = c;
	/* Nothing but what the child needs may appear with it where others are, who may have CAP_SYS_PTRACE over it. */
	if (join(c, &x, &err) < 0 || keep_own_fds(c, &err) < 0)
		fail(c, &err);
	pid = clone_child(c);
	if (pid == 0) {
		wait_go(c); /* a word of ours before PID would be taken for the middle's */
		child_main(c);
	}
	if (pid < 0) {
		(void)err_host(&err, errno, "make the container's process");
		fail(c, &err);
	}
	if (c->start->silent)
		c->start->silent->pid = pid;
	if (c->start->silent || sync_say(c->sock, SYNC_PID, pid, -1) == 0)
		_exit(0);
	(void)sys_kill(pid, SIGKILL); /* nobody would know of it */
	_exit(1);
}
