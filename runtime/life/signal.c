/* SPDX-License-Identifier: Apache-2.0 */
/* signal.c - kill; pause and resume, by the cgroup's freezer where there is one, else by signals.
 * Should: send by pidfd, to what was checked after the pidfd was opened.  Mustn't: send by number.
 */
#include <string.h>
#include <time.h>

#include "runtime/life/cgroup.h"
#include "runtime/life/store.h"
#include "spec/base/sys.h"

#define SIGNAL_MAX 64
/* kill --all repeats until a round finds nobody new, as the container may fork meanwhile. */
#define KILL_ROUNDS 16
#define PAUSE_ROUNDS 400
#define PAUSE_STEP_MS 5

static int by_number(const void *a, const void *b)
{
	pid_t x = *(const pid_t *)a, y = *(const pid_t *)b;

	return (x > y) - (x < y);
}

static bool listed(const struct pids_list *list, pid_t pid)
{
	return list->n && bsearch(&pid, list->v, list->n, sizeof(pid), by_number);
}

/* One that is gone, or that was never ours, gets nothing. */
static int send_to(const struct crowd *w, pid_t pid, int sig, struct err *err)
{
	scoped_fd int fd = sys_pidfd_open(pid, 0);

	if (fd < 0 || !crowd_has(w, pid))
		return 0;
	if (sys_pidfd_send_signal(fd, sig) < 0 && errno != ESRCH)
		return err_host(err, errno, "send signal %d to process %d", sig, pid);
	return 0;
}

/* To everybody who is not in old; *sent counts them, and ret is who is there. */
static int send_round(const struct crowd *w, const struct pids_list *old, int sig, struct arena *a,
		      struct pids_list *ret, size_t *sent, struct err *err)
{
	TRY(crowd_pids(w, a, ret, err));
	*sent = 0;
	for (size_t i = 0; i < ret->n; i++) {
		if (listed(old, ret->v[i]))
			continue;
		TRY(send_to(w, ret->v[i], sig, err));
		++*sent;
	}
	return 0;
}

static int send_all(const struct crowd *w, int sig, struct err *err)
{
	struct pids_list old = { 0 }, now;
	size_t sent = 1;

	scoped_arena struct arena a = { 0 };
	for (int round = 0; sent && round < KILL_ROUNDS; round++) {
		TRY(send_round(w, &old, sig, &a, &now, &sent, err));
		old = now;
	}
	return 0;
}

static int send_init(const struct container *c, int sig, struct err *err)
{
	scoped_fd int fd = -1;

	TRY(container_open(c, &fd, err));
	if (sys_pidfd_send_signal(fd, sig) == 0)
		return 0;
	if (errno == ESRCH)
		return err_state(err, "container not running: no such process");
	return err_host(err, errno, "send signal %d to container \"%s\"", sig, c->id);
}

/* In the freezer of v1 not even SIGKILL is seen. */
static int thaw_killed(const struct container *c, int sig, struct err *err)
{
	return sig == SIGKILL && c->status == STATUS_PAUSED ? cgroups_thaw(c, err) : 0;
}

/* Those of a container that shares its pid namespace, by its cgroup. 1: it has none. */
static int kill_by_cgroup(const struct container *c, int sig, struct err *err)
{
	scoped_arena struct arena a = { 0 };
	scoped_cgroups struct cgroups all = { .n = 0 };

	TRY(cgroups_open(c, NULL, &a, &all, err));
	return cgroups_list(&all) ? cgroups_signal(&all, sig, err) : 1;
}

/* Of a container without a pid namespace of its own others may outlive the first process. */
static int kill_left(const struct container *c, int sig, struct err *err)
{
	return c->cgroups.n && kill_by_cgroup(c, sig, err) < 0 ? -1 : 0;
}

static int kill_all(const struct runtime *rt, const struct container *c, int sig, struct err *err)
{
	scoped_crowd struct crowd w = { .pidfd = -1, .ns_fd = -1 };
	int without;

	if (c->status == STATUS_STOPPED)
		return kill_left(c, sig, err);
	TRY(crowd_open(c, &w, err));
	if (w.ns_fd >= 0) {
		TRY(send_all(&w, sig, err));
		return thaw_killed(c, sig, err);
	}
	without = kill_by_cgroup(c, sig, err);
	if (without <= 0)
		return without;
	if (c->status != STATUS_CREATED)
		log_line(
			&rt->log, LOG_LEVEL_WARN,
			"container \"%s\" has neither a pid namespace of its own nor a cgroup: only its "
			"first process gets the signal",
			c->id);
	return send_init(c, sig, err);
}

int life_kill(const struct runtime *rt, const char *id, int sig, bool all, struct err *err)
{
	scoped_entry struct entry e = { .dir_fd = -1 };
	scoped_arena struct arena a = { 0 };
	struct container c;

	if (sig < 0 || sig > SIGNAL_MAX)
		return err_input(err, "signal %d is not between 0 and %d", sig, SIGNAL_MAX);
	if (store_open(rt, id, false, &e, err) < 0)
		/* Slurm ends its steps with kill --all and expects it to succeed twice. */
		return all && err->errnum == ESRCH ? 0 : -1;
	TRY(store_read(&e, id, &a, &c, err));
	if (all)
		return kill_all(rt, &c, sig, err);
	TRY(send_init(&c, sig, err));
	return thaw_killed(&c, sig, err);
}

/* --- pause ------------------------------------------------------------------------------------ */

/* Stopped, or gone; or in an uninterruptible wait with our signal pending, as a parent is whose
 * vfork child we stopped. */
static bool is_still(pid_t pid, const struct pids_list *signalled)
{
	struct process_stat st;

	if (process_stat_read(pid, &st) < 0 || strchr("TtZXx", st.state))
		return true;
	return st.state == 'D' && listed(signalled, pid);
}

/* One walk: SIGSTOP to all who are not still; ret is who was there. Returns how many those were. */
static int stop_round(const struct crowd *w, const struct pids_list *old, struct arena *a,
		      struct pids_list *ret, struct err *err)
{
	int moving = 0;

	TRY(crowd_pids(w, a, ret, err));
	for (size_t i = 0; i < ret->n; i++) {
		if (is_still(ret->v[i], old))
			continue;
		TRY(send_to(w, ret->v[i], SIGSTOP, err));
		moving++;
	}
	return moving;
}

static int stop_all(const struct crowd *w, const char *id, struct err *err)
{
	static const struct timespec step = { .tv_nsec = PAUSE_STEP_MS * 1000000L };
	scoped_arena struct arena odd = { 0 }, even = { 0 };
	struct pids_list old = { 0 }, now;

	for (int round = 0; round < PAUSE_ROUNDS; round++) {
		struct arena *a = round % 2 ? &odd : &even;
		int moving;

		arena_done(a);
		moving = stop_round(w, &old, a, &now, err);
		if (moving <= 0)
			return moving;
		old = now;
		(void)nanosleep(&step, NULL);
	}
	return err_state(err, "container \"%s\" does not hold still: it keeps starting processes",
			 id);
}

static int pause_all(const struct entry *e, const struct crowd *w, const char *id, struct err *err)
{
	struct err ignored = { 0 };

	/* The mark comes first, so that a pause that dies half-way can be resumed. */
	TRY(store_mark_paused(e, true, err));
	if (stop_all(w, id, err) == 0)
		return 0;
	/* The first failure is the one to tell. */
	(void)send_all(w, SIGCONT, &ignored);
	(void)store_mark_paused(e, false, &ignored);
	return -1;
}

static int resume_all(const struct entry *e, const struct crowd *w, struct err *err)
{
	TRY(send_all(w, SIGCONT, err));
	return store_mark_paused(e, false, err);
}

static int freeze(const struct entry *e, const struct cgroups *all, bool frozen, struct err *err)
{
	struct err ignored;

	if (!frozen) {
		TRY(cgroups_freeze(all, false, err));
		return store_mark_paused(e, false, err);
	}
	TRY(store_mark_paused(e, true, err));
	if (cgroups_freeze(all, true, err) == 0)
		return 0;
	(void)store_mark_paused(e, false, &ignored);
	return -1;
}

static int pause_by_signals(const struct entry *e, const struct container *c, bool pause,
			    struct err *err)
{
	scoped_crowd struct crowd w = { .pidfd = -1, .ns_fd = -1 };

	TRY(crowd_open(c, &w, err));
	if (w.ns_fd < 0)
		return err_state(err,
				 "container \"%s\" has neither a pid namespace of its own nor a "
				 "cgroup that could be frozen; give it one of them",
				 c->id);
	return pause ? pause_all(e, &w, c->id, err) : resume_all(e, &w, err);
}

int life_pause(const struct runtime *rt, const char *id, bool pause, struct err *err)
{
	enum container_status needed = pause ? STATUS_RUNNING : STATUS_PAUSED;
	scoped_entry struct entry e = { .dir_fd = -1 };
	scoped_cgroups struct cgroups all = { .n = 0 };
	scoped_arena struct arena a = { 0 };
	struct container c;

	TRY(store_open(rt, id, true, &e, err));
	TRY(store_read(&e, id, &a, &c, err));
	if (c.status == STATUS_STOPPED)
		return err_state(err, "container not running: no such process");
	if (c.status != needed)
		return err_state(err, "container \"%s\" is not %s: it is %s", id,
				 name_of(status_names, needed), name_of(status_names, c.status));
	TRY(cgroups_open(&c, NULL, &a, &all, err));
	if (cgroups_freezer(&all))
		return freeze(&e, &all, pause, err);
	return pause_by_signals(&e, &c, pause, err);
}
