/* SPDX-License-Identifier: Apache-2.0 */
/* exec.c - a further process in a running container.
 * Should: be closed to the container's other processes until it is the payload (dumpable 0).  Mustn't: let root run what
 * another user's state directory says. */
#include <sched.h>
#include <unistd.h>

#include "runtime/life/cgroup.h"
#include "runtime/life/container.h"
#include "runtime/life/handover.h"
#include "runtime/life/join.h"
#include "runtime/life/making.h"
#include "runtime/life/scope.h"
#include "runtime/life/seal.h"
#include "runtime/life/terminal.h"
#include "runtime/probe/probe.h"
#include "spec/base/fd.h"
#include "spec/base/sys.h"
#include "spec/oci/words.h"

#define PROCESS_MAX_BYTES (1u << 20)

struct running {
	const struct exec_options *o;
	struct making m; /* entry, config, container, plan, start of the new process */
	struct process *process;
};

static void running_done(struct running *r)
{
	making_done(&r->m);
}
#define scoped_running scoped(running_done)

static int check_status(const struct running *r, struct err *err)
{
	const struct container *c = &r->m.c;

	if (c->status == STATUS_RUNNING)
		return 0;
	if (c->status == STATUS_PAUSED && r->o->ignore_paused)
		return 0;
	if (c->status == STATUS_STOPPED)
		return err_state(err, "container not running: no such process");
	return err_state(err, "cannot exec in container \"%s\": it is %s", c->id,
			 name_of(status_names, c->status));
}

static int open_running(struct running *r, struct err *err)
{
	struct making *m = &r->m;
	int gone;

	TRY(store_open(m->rt, r->o->id, false, &m->entry, err));
	if (m->entry.owner != geteuid())
		return err_state(err, "container \"%s\" belongs to uid %u; run exec as that user",
				 r->o->id, m->entry.owner);
	TRY(store_read(&m->entry, r->o->id, &m->arena, &m->c, err));
	TRY(check_status(r, err));
	gone = store_config(&m->entry, &m->arena, &m->config, err);
	TRY(gone);
	if (gone || !m->config->process)
		return err_state(err, "container \"%s\" has no configuration kept", r->o->id);
	return container_open(&m->c, &m->start.ns_pidfd, err);
}

/* --- the process --------------------------------------------------------------------------------------------------- */

static struct strings joined(struct arena *a, const struct strings *first,
			     const struct strings *second)
{
	struct strings all = { arena_array(a, const char *, first->n + second->n + 1), 0 };

	for (size_t i = 0; i < first->n; i++)
		all.v[all.n++] = first->v[i];
	for (size_t i = 0; i < second->n; i++)
		all.v[all.n++] = second->v[i];
	return all;
}

/* A variable that is given again replaces the container's. */
static struct strings environment(struct arena *a, const struct strings *base,
				  const struct strings *more)
{
	struct strings kept = { arena_array(a, const char *, base->n + 1), 0 };

	for (size_t i = 0; i < base->n; i++) {
		size_t n = strcspn(base->v[i], "=") + 1;
		bool again = false;

		for (size_t k = 0; k < more->n; k++)
			again = again || strncmp(base->v[i], more->v[k], n) == 0;
		if (!again)
			kept.v[kept.n++] = base->v[i];
	}
	return joined(a, &kept, more);
}

static int one_id(const char *s, size_t len, struct arena *a, uint32_t *ret, struct err *err)
{
	uint64_t id;

	if (str_u64(arena_strn(a, s, len), 10, UINT32_MAX - 1, &id, err) < 0)
		return err_in(err, "--user");
	*ret = (uint32_t)id;
	return 0;
}

static int set_user(struct process *p, const char *user, struct arena *a, struct err *err)
{
	size_t n = strcspn(user, ":");

	TRY(one_id(user, n, a, &p->user.uid, err));
	p->user.gid = 0;
	p->user.additional_gids.n = 0;
	return user[n] ? one_id(user + n + 1, strlen(user + n + 1), a, &p->user.gid, err) : 0;
}

static int add_gids(struct process *p, const struct strings *gids, struct arena *a, struct err *err)
{
	struct numbers *all = &p->user.additional_gids;
	uint32_t *v = arena_array(a, uint32_t, all->n + gids->n);

	for (size_t i = 0; i < all->n; i++)
		v[i] = all->v[i];
	for (size_t i = 0; i < gids->n; i++) {
		uint64_t id;

		if (str_u64(gids->v[i], 10, UINT32_MAX - 1, &id, err) < 0)
			return err_in(err, "--additional-gids");
		v[all->n + i] = (uint32_t)id;
	}
	*all = (struct numbers){ v, all->n + gids->n };
	return 0;
}

static int add_caps(struct process *p, const struct strings *caps, struct arena *a, struct err *err)
{
	struct capabilities *c = arena_new(a, struct capabilities);

	if (p->capabilities)
		*c = *p->capabilities;
	for (size_t i = 0; i < caps->n; i++) {
		const struct name *cap = name_find(word_capabilities, caps->v[i]);

		if (!cap) {
			(void)err_input(err, "\"%s\" is no capability", caps->v[i]);
			return err_in(err, "--cap");
		}
		c->bounding.bits |= 1ULL << cap->value;
		c->permitted.bits |= 1ULL << cap->value;
		c->effective.bits |= 1ULL << cap->value;
	}
	p->capabilities = c;
	return 0;
}

static int from_options(struct running *r, struct err *err)
{
	const struct exec_options *o = r->o;
	struct arena *a = &r->m.arena;
	struct process *p = arena_new(a, struct process);

	*p = *r->m.config->process;
	p->args = o->args;
	p->terminal = o->tty;
	p->env = environment(a, &p->env, &o->env);
	p->no_new_privileges = p->no_new_privileges || o->no_new_privs;
	if (o->cwd)
		p->cwd = o->cwd;
	if (o->apparmor)
		p->apparmor_profile = o->apparmor;
	if (o->process_label)
		p->selinux_label = o->process_label;
	if (o->user)
		TRY(set_user(p, o->user, a, err));
	if (o->additional_gids.n)
		TRY(add_gids(p, &o->additional_gids, a, err));
	if (o->caps.n)
		TRY(add_caps(p, &o->caps, a, err));
	r->process = p;
	return 0;
}

static int read_process(struct running *r, struct err *err)
{
	char *bytes;
	size_t len;

	if (!r->o->process_file)
		return from_options(r, err);
	TRY(file_read(AT_FDCWD, r->o->process_file, PROCESS_MAX_BYTES, &r->m.arena, &bytes, &len,
		      err));
	TRY(process_parse(bytes, len, r->o->process_file, &r->m.arena, &r->process, err));
	if (r->o->tty)
		r->process->terminal = true;
	return 0;
}

/* --- starting it --------------------------------------------------------------------------------------------------- */

static void on_warning(void *ctx, const char *place, const char *text)
{
	const struct making *m = ctx;

	log_line(&m->rt->log, LOG_LEVEL_WARN, "%s: %s", place, text);
}

/* Below the scope where init is by now. */
static int attach(void *ctx, pid_t pid, struct err *err)
{
	const struct making *m = ctx;

	return scope_attach(&m->c, pid, m->below, err);
}

static int join_cgroups(struct running *r, const struct facts *facts, struct err *err)
{
	scoped_cgroups struct cgroups all = { .n = 0 };
	const struct cgroup_ref *list;
	struct making *m = &r->m;

	TRY(cgroups_open(&m->c, facts, &m->arena, &all, err));
	if (!cgroups_list(&all))
		return r->o->cgroups.n
			       ? err_state(err, "--cgroup: container \"%s\" has no cgroup", m->c.id)
			       : 0;
	TRY(cgroups_join(&all, facts, m->c.pid, &r->o->cgroups, &m->start.cgroups, err));
	list = cgroups_list(&all);
	if (r->o->cgroups.n == 0 && scope_must_attach(&m->c, facts, list->path)) {
		m->start.place = attach;
		m->below = cgroups_path_of(list, facts, m->c.pid, &m->arena) + strlen(list->path);
	}
	return 0;
}

static int plan(struct running *r, struct err *err)
{
	struct making *m = &r->m;
	struct plan_options o = {
		.id = r->o->id,
		.no_new_keyring = true,
		.strict = m->rt->strict,
		.preserve_fds = r->o->preserve_fds,
	};
	unsigned int want = plan_wants(m->config) | plan_wants_process(r->process);
	struct facts facts;

	/* What the config asked for and was not to be had need not be looked for. */
	want = m->c.cgroups.n ? want | WANT_CGROUP : want & ~(unsigned int)WANT_CGROUP;
	TRY(fds_preserved(o.preserve_fds, err));
	TRY(probe(want, &facts, err));
	TRY(join_cgroups(r, &facts, err));
	TRY(plan_exec(m->config, r->process, &facts, &o, &m->arena, &m->plan, err));
	for (size_t i = 0; i < m->plan->warnings_n; i++)
		on_warning(m, m->plan->warnings[i].cause, m->plan->warnings[i].text);
	return 0;
}

static int begin(struct running *r, struct err *err)
{
	struct start *s = &r->m.start;

	s->plan = r->m.plan;
	s->wait = r->o->detach;
	s->die_with_parent = !r->o->detach;
	s->ns_flags = join_flags(r->m.config, r->m.c.pid);
	s->on_warning = on_warning;
	s->on_listener = making_listener;
	s->ctx = &r->m;
	return start_begin(s, err);
}

static int hand_over(struct running *r, struct err *err)
{
	const struct exec_options *o = r->o;

	if (o->console_socket)
		TRY(fd_send(o->console_socket, "--console-socket", "/dev/ptmx",
			    r->m.start.console_fd, err));
	if (o->pidfd_socket)
		TRY(fd_send(o->pidfd_socket, "--pidfd-socket", "pidfd", r->m.start.pidfd, err));
	return o->pid_file ? pid_file_write(o->pid_file, r->m.start.pid, err) : 0;
}

static int finish(struct running *r, const sigset_t *outside, int *status, struct err *err)
{
	struct start *s = &r->m.start;
	int terminal = r->o->console_socket ? -1 : s->console_fd;

	TRY(hand_over(r, err));
	if (r->o->detach) {
		*status = 0;
		TRY(start_go(s, err));
		return start_listen(s, err);
	}
	TRY(payload_wait(s->pid, terminal, outside, status, err));
	s->pid = 0;
	return 0;
}

static int check_console(const struct running *r, struct err *err)
{
	if (r->process->terminal && r->o->detach && !r->o->console_socket)
		return err_input(err, "a detached process with a terminal needs --console-socket");
	if (!r->process->terminal && r->o->console_socket)
		return err_input(
			err, "--console-socket is given, but the process has no terminal (--tty)");
	return 0;
}

int life_exec(const struct runtime *rt, const struct exec_options *o, int *status, struct err *err)
{
	scoped_running struct running r = { .o = o, .m = MAKING_INIT(rt, NULL) };
	sigset_t outside;

	TRY(seal_self(rt->argv, err));
	TRY(open_running(&r, err));
	TRY(read_process(&r, err));
	TRY(process_check(r.process, err));
	TRY(check_console(&r, err));
	TRY(plan(&r, err));
	TRY(making_connect(&r.m, err));
	TRY(payload_block_signals(&outside, err));
	r.m.start.signals = &outside;
	if (begin(&r, err) == 0 && finish(&r, &outside, status, err) == 0)
		return 0;
	start_kill(&r.m.start);
	return -1;
}
