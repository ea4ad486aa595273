/* SPDX-License-Identifier: Apache-2.0 */
/* backend.c - from limits to resources, and from a cgroup's files to what was met. */
#include "runtime/sandbox/backend.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "runtime/act/cgroup_tree.h"
#include "runtime/plan/plan_cgroup.h"
#include "spec/base/fd.h"
#include "spec/base/path.h"
#include "spec/base/sys.h"

#define CPU_PERIOD_US 100000u
#define FILE_ROOM 4096
/* How the cgroups of sandboxes begin, and when an empty one is nobody's any more, in seconds. */
#define SANDBOX_CGROUP "srt-oci-sb-"
#define STALE_S 60
#define RESOURCES "/linux/resources"
/* Where the kernel does not count swap, there is mostly none to be had. */
#define SWAP RESOURCES "/memory/swap"

static bool may_v2(const struct facts *f)
{
	return (f->cgroup_mode == CGROUP_V2 || f->cgroup_mode == CGROUP_HYBRID) &&
	       (f->cgroup_writable || f->cgroup_above_writable);
}

static bool may_v1(const struct facts *f)
{
	for (uint32_t i = 0; i < f->cgroup_v1_n; i++)
		if (f->cgroup_v1[i].writable && cgroup_has(f->cgroup_v1[i].controllers, "memory"))
			return true;
	return false;
}

int backend_wish(const struct policy *p, const struct facts *facts, enum policy_backend *ret,
		 struct err *err)
{
	const struct policy_value *v = &p->v[POLICY_BACKEND];
	bool any = v->n == BACKEND_AUTO;

	/* Of a host that has both, the controllers are those of v1 that are mounted. */
	if ((any || v->n == BACKEND_CGROUP2) && may_v2(facts) && (!any || !may_v1(facts)))
		*ret = BACKEND_CGROUP2;
	else if ((any || v->n == BACKEND_CGROUP1) && may_v1(facts))
		*ret = BACKEND_CGROUP1;
	else
		*ret = BACKEND_SUPERVISOR;
	if (any || v->n == (uint64_t)*ret)
		return 0;
	(void)err_set(
		err, ERR_HOST, 0,
		"no cgroup of %s may be made here by this user; say auto, or run where one is "
		"delegated",
		v->n == BACKEND_CGROUP2 ? "v2" : "v1");
	return err_in(err, "%s", v->from);
}

static void limit(struct opt_i64 *place, uint64_t value)
{
	place->set = true;
	place->v = (int64_t)value;
}

static void limit_cpu(struct composition *c, struct resources *r)
{
	bool shares = c->p->v[POLICY_CPU_SHARES].origin != ORIGIN_DEFAULT;
	uint64_t share = policy_n(c->p, POLICY_CPU);

	if (!share && !shares)
		return;
	r->cpu = arena_new(c->a, struct cpu);
	if (share) {
		r->cpu->period.set = true;
		r->cpu->period.v = CPU_PERIOD_US;
		limit(&r->cpu->quota, share * CPU_PERIOD_US / 1000u);
	}
	r->cpu->shares.set = shares;
	r->cpu->shares.v = policy_n(c->p, POLICY_CPU_SHARES);
}

void backend_resources(struct composition *c, enum policy_backend backend)
{
	struct resources *r = arena_new(c->a, struct resources);
	uint64_t memory = policy_n(c->p, POLICY_MEMORY), tasks = policy_n(c->p, POLICY_PROCESSES);

	if (memory) {
		r->memory = arena_new(c->a, struct memory);
		limit(&r->memory->limit, memory);
		limit(&r->memory->swap, memory);
	}
	limit_cpu(c, r);
	if (tasks) {
		r->pids = arena_new(c->a, struct pids);
		limit(&r->pids->limit, tasks + COMPOSE_OWN_PROCESSES);
	}
	/* All of it or nothing: half a program is no result. */
	if (memory && backend == BACKEND_CGROUP2) {
		r->unified.v = arena_new(c->a, struct pair);
		r->unified.v[r->unified.n++] = (struct pair){ "memory.oom.group", "1" };
	}
	c->config.linux_.resources = r;
}

bool backend_is_limit(const char *place)
{
	return str_starts(place, RESOURCES) && !str_starts(place, SWAP);
}

bool backend_fits(const struct plan *plan, enum policy_backend backend)
{
	if (!plan->cgroup)
		return false;
	for (size_t i = 0; i < plan->warnings_n; i++)
		if (backend_is_limit(plan->warnings[i].cause))
			return false;
	for (size_t i = 0; i < plan->n; i++) {
		const struct op *op = &plan->ops[i];

		if (op->code == OP_CGROUP_WRITE && backend_is_limit(op->cause) &&
		    str_eq(op->type, CGROUP_UNIFIED) != (backend == BACKEND_CGROUP2))
			return false;
	}
	return true;
}

int backend_begin(struct backend *b, const struct plan *plan, struct arena *a, struct err *err)
{
	b->a = a;
	b->c.owner_uid = geteuid();
	return cgroups_note(plan, a, &b->c.cgroups, err);
}

int backend_open(struct backend *b, struct err *err)
{
	return b->c.cgroups.n ? cgroups_open(&b->c, NULL, b->a, &b->open, err) : 0;
}

/* --- what was counted --- */

/* The number after a key in a file of "KEY NUMBER" lines, or, without a key, the file's only one; 0 where it is not there. */
static uint64_t counted(const struct backend *b, const char *controller, const char *file,
			const char *key)
{
	const struct cgroup_ref *r = cgroups_with(&b->open, controller);
	char text[FILE_ROOM];
	const char *at = text;

	if (!r || r->fd < 0 || cgroup_read(r->fd, file, text, sizeof(text)) < 0)
		return 0;
	if (key) {
		at = strstr(text, key);
		if (!at || (at != text && at[-1] != '\n'))
			return 0;
		at += strlen(key);
	}
	return strtoull(at, NULL, 10);
}

static uint64_t most(uint64_t a, uint64_t b)
{
	return a > b ? a : b;
}

void backend_look(void *ctx, struct watch *w)
{
	const struct backend *b = ctx;

	w->full_tasks = w->full_tasks || counted(b, "pids", "pids.events", "max ") > 0;
	w->killed_for_memory = w->killed_for_memory ||
			       counted(b, "memory", "memory.events", "oom_kill ") > 0 ||
			       counted(b, "memory", "memory.oom_control", "oom_kill ") > 0;
	w->peak = most(w->peak, counted(b, "memory", "memory.peak", NULL));
	w->peak = most(w->peak, counted(b, "memory", "memory.max_usage_in_bytes", NULL));
	w->cpu_us = most(w->cpu_us, counted(b, "cpu", "cpu.stat", "usage_usec "));
	w->cpu_us = most(w->cpu_us, counted(b, "cpuacct", "cpuacct.usage", NULL) / 1000u);
}

/* A supervisor that was ended by SIGKILL has left its empty cgroup: whoever comes later takes it away. One that is just being
 * made is empty, too, but young. */
static void sweep(int parent, time_t now)
{
	scoped_fd int copy = sys_openat(parent, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0);
	DIR *dir = copy < 0 ? NULL : fdopendir(copy);
	struct dirent *d;
	struct stat st;

	if (!dir)
		return;
	(void)take_fd(&copy);
	while ((d = readdir(dir)))
		if (str_starts(d->d_name, SANDBOX_CGROUP) &&
		    fstatat(parent, d->d_name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
		    st.st_uid == geteuid() && st.st_mtime < now - STALE_S)
			(void)sys_unlinkat(parent, d->d_name,
					   AT_REMOVEDIR); /* EBUSY: it is in use */
	(void)closedir(dir);
}

static void sweep_all(const struct backend *b)
{
	for (size_t i = 0; i < b->open.n; i++) {
		const char *path = b->open.v[i].path;
		size_t n = (size_t)(path_base(path) - path);
		scoped_fd int parent = open_beneath(b->open.v[i].mount_fd,
						    n > 1 ? arena_strn(b->a, path + 1, n - 1) : ".",
						    O_PATH | O_DIRECTORY);

		if (parent >= 0)
			sweep(parent, time(NULL));
	}
}

void backend_end(struct backend *b, bool begun, const struct log *log)
{
	struct err err;

	sweep_all(b);
	cgroups_done(&b->open);
	if (!b->c.cgroups.n)
		return;
	if (!begun)
		cgroups_take_back(&b->c);
	else if (cgroups_remove(&b->c, &err) < 0)
		log_line(log, LOG_LEVEL_WARN, "%s", err.text);
	b->c.cgroups.n = 0;
}
