/* SPDX-License-Identifier: Apache-2.0 */
/* mounts.c - mounts that are added to a container that runs, and taken off again.
 *
 * As with exec, a process joins the container's namespaces; but it makes mounts and ends. Sources of binds are the host's, and
 * are opened by the parent. */
#include <sched.h>

#include "runtime/life/join.h"
#include "runtime/life/making.h"
#include "runtime/life/seal.h"
#include "runtime/probe/probe.h"
#include "spec/base/fd.h"
#include "spec/base/path.h"
#include "spec/base/sys.h"
#include "spec/oci/words.h"

static int open_running(struct making *m, struct err *err)
{
	int gone;

	TRY(store_open(m->rt, m->o->id, true, &m->entry, err));
	if (m->entry.owner != geteuid())
		return err_state(err, "container \"%s\" belongs to uid %u; change it as that user",
				 m->o->id, m->entry.owner);
	TRY(store_read(&m->entry, m->o->id, &m->arena, &m->c, err));
	if (m->c.status != STATUS_RUNNING && m->c.status != STATUS_CREATED &&
	    m->c.status != STATUS_PAUSED)
		return err_state(err, "container not running: no such process");
	gone = store_config(&m->entry, &m->arena, &m->config, err);
	TRY(gone);
	if (gone)
		return err_state(err, "container \"%s\" has no configuration kept", m->o->id);
	return container_open(&m->c, &m->start.ns_pidfd, err);
}

static int read_mounts(struct making *m, const char *file, struct err *err)
{
	char *bytes;
	size_t len;

	TRY(file_read(AT_FDCWD, file, CONFIG_MAX_BYTES, &m->arena, &bytes, &len, err));
	TRY(mounts_parse(bytes, len, file, &m->arena, &m->config->mounts, err));
	return mounts_check(&m->config->mounts, err);
}

static void on_warning(void *ctx, const char *place, const char *text)
{
	const struct making *m = ctx;

	log_line(&m->rt->log, LOG_LEVEL_WARN, "%s: %s", place, text);
}

static int plan(struct making *m, bool add, struct err *err)
{
	struct plan_options o = { .bundle = m->c.bundle, .id = m->o->id, .strict = m->rt->strict };
	struct facts facts;

	TRY(probe(plan_wants(m->config), &facts, err));
	TRY(plan_change_mounts(m->config, add, &facts, &o, &m->arena, &m->plan, err));
	for (size_t i = 0; i < m->plan->warnings_n; i++)
		on_warning(m, m->plan->warnings[i].cause, m->plan->warnings[i].text);
	return 0;
}

static int begin_and_wait(struct making *m, struct err *err)
{
	siginfo_t info = { 0 };

	m->start.plan = m->plan;
	m->start.die_with_parent = true;
	m->start.ns_flags = join_flags(m->config, m->c.pid);
	m->start.on_warning = on_warning;
	m->start.ctx = m;
	TRY(start_begin(&m->start, err));
	if (sys_waitid(P_PID, (id_t)m->start.pid, &info, WEXITED) < 0)
		return err_host(err, errno, "wait for the process that mounts");
	m->start.pid = 0;
	if (info.si_code != CLD_EXITED || info.si_status != 0)
		return err_set(err, ERR_HOST, 0, "the process that mounts ended too early");
	return 0;
}

int life_mounts(const struct runtime *rt, const char *id, bool add, const char *file,
		struct err *err)
{
	struct create_options o = { .id = id };
	scoped_making struct making m = MAKING_INIT(rt, &o);

	TRY(seal_self(rt->argv, err));
	TRY(open_running(&m, err));
	TRY(read_mounts(&m, file, err));
	TRY(plan(&m, add, err));
	return begin_and_wait(&m, err);
}
