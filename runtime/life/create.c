/* SPDX-License-Identifier: Apache-2.0 */
/* create.c - create, run and start. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "runtime/life/cgroup.h"
#include "runtime/life/container.h"
#include "runtime/life/handover.h"
#include "runtime/life/leave.h"
#include "runtime/life/making.h"
#include "runtime/life/process.h"
#include "runtime/life/seal.h"
#include "runtime/life/tell.h"
#include "runtime/life/terminal.h"
#include "runtime/stage/hooks.h"
#include "spec/base/sys.h"

/* What engines get once the child waits: the terminal, a pidfd, the pid. */
static int hand_over(struct making *m, struct err *err)
{
	if (m->o->console_socket) {
		if (m->start.console_fd < 0)
			return err_host(err, EPROTO, "the container gave no terminal");
		TRY(fd_send(m->o->console_socket, "--console-socket", "/dev/ptmx",
			    m->start.console_fd, err));
	}
	if (making_pidfd_socket(m))
		TRY(fd_send(making_pidfd_socket(m), "--pidfd-socket", "pidfd", m->start.pidfd,
			    err));
	if (m->o->pid_file)
		TRY(pid_file_write(m->o->pid_file, m->c.pid, err));
	return making_settle(m, err);
}

static int create(struct making *m, struct err *err)
{
	TRY(making_read(m, err));
	TRY(making_begin(m, true, true, err));
	if (hand_over(m, err) == 0 && start_go(&m->start, err) == 0) {
		store_unlock(&m->entry);
		return 0;
	}
	making_fail(m);
	return -1;
}

int life_create(const struct runtime *rt, const struct create_options *o, struct err *err)
{
	scoped_making struct making m = MAKING_INIT(rt, o);

	TRY(seal_self(rt->argv, err));
	return create(&m, err);
}

/* poststart hooks: runc ends the container where one fails, and so does the specification since 1.3. */
static int poststart(const struct config *config, struct container *c, struct arena *a,
		     struct err *err)
{
	if (!config || !config->hooks || !config->hooks->poststart.n)
		return 0;
	c->status = STATUS_RUNNING;
	return hooks_run(&config->hooks->poststart, "poststart", container_json(c, a), -1, err);
}

static int release(struct making *m, struct err *err)
{
	if (hand_over(m, err) < 0 || start_go(&m->start, err) < 0 ||
	    start_listen(&m->start, err) < 0 || poststart(m->config, &m->c, &m->arena, err) < 0) {
		making_fail(m);
		return -1;
	}
	if (deadline_begin(&m->deadline, m->config, m->start.pidfd, err) < 0) {
		making_fail(m);
		return -1;
	}
	store_unlock(&m->entry);
	return 0;
}

static void poststop(struct making *m)
{
	struct err err;

	if (!m->config)
		return;
	m->c.status = STATUS_STOPPED;
	m->c.pid = 0;
	if (m->config->hooks && hooks_run(&m->config->hooks->poststop, "poststop",
					  container_json(&m->c, &m->arena), -1, &err) < 0)
		log_line(&m->rt->log, LOG_LEVEL_WARN, "%s: %s", err.place, err.text);
}

/* Our memory of it was given up while the payload ran. */
static int end_cgroup(const struct making *m, struct err *err)
{
	scoped_arena struct arena a = { 0 };
	struct container c;
	int r;

	if (!m->in_cgroup)
		return 0;
	r = store_read(&m->entry, m->o->id, &a, &c, err);
	/* Somebody may have deleted it by force already. */
	if (r < 0 && err->errnum == ENOENT)
		return 0;
	if (r == 0)
		r = cgroups_remove(&c, err);
	return r < 0 ? err_in(err, "cgroup of %s", m->o->id) : 0;
}

/* The payload has ended: its state goes, unless it is to be kept for `delete`. */
static int end(struct making *m, struct err *err)
{
	if (m->o->keep)
		return 0;
	TRY(end_cgroup(m, err));
	poststop(m);
	if (m->config)
		leave_host(m->config, m->o->id);
	/* Somebody may have deleted it by force already. */
	if (store_remove(m->rt, &m->entry, m->o->id, err) < 0 && err->errnum != ENOENT)
		return -1;
	return 0;
}

/* What only the start needed goes: the plan, and without poststop hooks the configuration. */
static void forget(struct making *m)
{
	m->start.plan = m->plan = NULL;
	start_forget(&m->start);
	if ((!m->config->hooks || !m->config->hooks->poststop.n) && !leave_needed(m->config)) {
		m->config = NULL;
		m->c = (struct container){ 0 };
		arena_done(&m->arena);
	}
}

/* In the foreground the child goes on to exec by itself, while we write its state; here it has got there. */
static int foreground(struct making *m, const sigset_t *outside, int *status, struct err *err)
{
	struct err later;
	int r;

	if ((m->o->pid_file && pid_file_write(m->o->pid_file, m->c.pid, err) < 0) ||
	    making_settle(m, err) < 0 ||
	    (making_pidfd_socket(m) &&
	     fd_send(making_pidfd_socket(m), "--pidfd-socket", "pidfd", m->start.pidfd, err) < 0) ||
	    (m->o->console_socket && fd_send(m->o->console_socket, "--console-socket", "/dev/ptmx",
					     m->start.console_fd, err) < 0) ||
	    deadline_begin(&m->deadline, m->config, m->start.pidfd, err) < 0 ||
	    poststart(m->config, &m->c, &m->arena, err) < 0) {
		making_fail(m);
		return -1;
	}
	met_begin(&m->met, m->config, &m->c);
	store_unlock(&m->entry);
	forget(m);
	if (payload_wait(m->start.pid, m->o->console_socket ? -1 : m->start.console_fd, outside,
			 status, err) < 0) {
		making_fail(m);
		return -1;
	}
	m->start.pid = 0;
	r = tell_end(m, status, err);
	/* Of two failures the first one is told. The helper ends with the container, meanwhile. */
	r = end(m, r < 0 ? &later : err) < 0 || r < 0 ? -1 : 0;
	way_end(&m->way);
	return r;
}

int life_run(const struct runtime *rt, const struct create_options *o, int *status, struct err *err)
{
	scoped_making struct making m = MAKING_INIT(rt, o);
	sigset_t outside;

	TRY(seal_self(rt->argv, err));
	TRY(making_read(&m, err));
	if (o->detach) {
		TRY(making_begin(&m, true, false, err));
		*status = 0;
		return release(&m, err);
	}
	TRY(payload_block_signals(&outside, err));
	m.start.signals = &outside;
	m.start.cleans_up = true;
	if (making_begin(&m, false, false, err) < 0) {
		if (m.start.stopped_by)
			payload_end_as(m.start.stopped_by, &outside);
		return -1;
	}
	return foreground(&m, &outside, status, err);
}

/* --- start ---------------------------------------------------------------------------------------------------------- */

static const char *released_state(void *ctx)
{
	struct making *m = ctx;

	return container_json(&m->c, &m->arena);
}

static void released_warning(void *ctx, const char *place, const char *text)
{
	const struct making *m = ctx;

	log_line(&m->rt->log, LOG_LEVEL_WARN, "%s: %s", place, text);
}

static int connect_created(struct making *m, const char *id, int *ret, struct err *err)
{
	int gone;

	if (m->c.status != STATUS_CREATED)
		return err_state(err, "container \"%s\" cannot be started: it is %s", id,
				 name_of(status_names, m->c.status));
	gone = store_connect(&m->entry, ret, err);
	TRY(gone);
	if (gone)
		return err_state(err, "container \"%s\" is running already", id);
	(void)sys_fcntl(*ret, F_SETFL, 0); /* from here on it is waited for */
	return 0;
}

static int begin_deadline(struct making *m, struct err *err)
{
	scoped_fd int pidfd = -1;

	if (!m->config || !limits_timeout(m->config))
		return 0;
	pidfd = pid_open(m->c.pid, m->c.pid_start);
	/* It has ended by itself. */
	return pidfd < 0 ? 0 : deadline_begin(&m->deadline, m->config, pidfd, err);
}

static int started(struct making *m, struct err *err)
{
	(void)sys_unlinkat(m->entry.dir_fd, STORE_SOCKET,
			   0); /* only tidy: nobody listens any more */
	TRY(begin_deadline(m, err));
	return poststart(m->config, &m->c, &m->arena, err);
}

static int kept_config(struct making *m, const char *id, struct err *err)
{
	int gone = m->c.nothing_later ? 0 : store_config(&m->entry, &m->arena, &m->config, err);

	return gone > 0 ? err_state(err, "container \"%s\" has no configuration kept", id) : gone;
}

int life_start(const struct runtime *rt, const char *id, struct err *err)
{
	struct create_options o = { .id = id };
	scoped_making struct making m = MAKING_INIT(rt, &o);
	int fd = -1;

	TRY(store_open(rt, id, true, &m.entry, err));
	/* Its hooks, and where its listener goes, are that user's words. */
	if (m.entry.owner != geteuid())
		return err_state(err, "container \"%s\" belongs to uid %u; run start as that user",
				 id, m.entry.owner);
	TRY(store_read(&m.entry, id, &m.arena, &m.c, err));
	TRY(connect_created(&m, id, &fd, err));
	m.start.sock = fd;
	TRY(kept_config(&m, id, err));
	m.start.state = released_state;
	m.start.on_warning = released_warning;
	m.start.on_listener = making_listener;
	m.start.ctx = &m;
	if (m.config)
		TRY(making_connect(&m, err));
	TRY(start_released(&m.start, fd, err));
	if (started(&m, err) == 0)
		return 0;
	(void)life_kill(rt, id, SIGKILL, false,
			&(struct err){ 0 }); /* the hook's failure is the one to tell */
	return -1;
}
