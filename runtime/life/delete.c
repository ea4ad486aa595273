/* SPDX-License-Identifier: Apache-2.0 */
/* delete.c - ends what is left of a container and takes its state away.
 *
 * In this order, so that a kill -9 anywhere leaves something that a second delete completes: kill,
 * wait, cgroups, poststop hooks, state directory (its state.json last). Hooks may so run twice. */
#include <poll.h>

#include "runtime/life/cgroup.h"
#include "runtime/life/container.h"
#include "runtime/life/leave.h"
#include "runtime/life/store.h"
#include "runtime/stage/hooks.h"
#include "spec/base/sys.h"

#define DEATH_WAIT_MS 10000

/* Kills init, and with it its pid namespace, and waits. One that is gone already is fine, and a
 * stranger whom the state names is left alone. */
static int kill_and_wait(const struct runtime *rt, const struct container *c, struct err *err)
{
	scoped_fd int fd = -1;
	struct pollfd gone;
	int n;

	if (container_open(c, &fd, err) < 0) {
		if (err->kind == ERR_HOSTILE)
			log_line(&rt->log, LOG_LEVEL_WARN, "%s", err->text);
		return err->kind == ERR_HOST ? -1 : 0;
	}
	if (sys_pidfd_send_signal(fd, SIGKILL) < 0 && errno != ESRCH)
		return err_host(err, errno, "kill container \"%s\"", c->id);
	if (c->status == STATUS_PAUSED && cgroups_thaw(c, err) < 0 && err->kind != ERR_HOSTILE)
		return -1;
	gone = (struct pollfd){ .fd = fd, .events = POLLIN };
	do
		n = poll(&gone, 1, DEATH_WAIT_MS);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return err_host(err, errno, "wait for container \"%s\"", c->id);
	if (n == 0)
		return err_state(err, "container \"%s\" did not end within %d s of SIGKILL", c->id,
				 DEATH_WAIT_MS / 1000);
	return 0;
}

/* It ends with the container by itself; one that was stopped does not. */
static void end_helper(const struct container *c)
{
	scoped_fd int fd = c->helper ? pid_open(c->helper, c->helper_start) : -1;

	if (fd >= 0 && process_owned(c->helper, c->owner_uid))
		(void)sys_pidfd_send_signal(fd, SIGKILL);
}

/* A cgroup that is not the owner's is left alone, like a process. */
static int end_cgroups(const struct runtime *rt, const struct container *c, struct err *err)
{
	if (cgroups_remove(c, err) == 0)
		return 0;
	if (err->kind != ERR_HOSTILE)
		return -1;
	log_line(&rt->log, LOG_LEVEL_WARN, "%s", err->text);
	return 0;
}

/* poststop hooks cannot hinder a deletion: what fails is a warning. */
static void run_poststop(const struct runtime *rt, const struct entry *e, struct container *c,
			 struct arena *a)
{
	struct config *config;
	struct err err = { 0 };
	int rc = c->nothing_later ? 1 : store_config(e, a, &config, &err);

	if (rc == 0 && leave_needed(config) && geteuid() == e->owner)
		leave_host(config, c->id);
	if (rc == 0 && (!config->hooks || !config->hooks->poststop.n))
		return;
	if (rc == 0 && geteuid() == 0 && e->owner != 0) {
		log_line(
			&rt->log, LOG_LEVEL_WARN,
			"poststop hooks of \"%s\" do not run: root does not run commands of uid %u",
			c->id, e->owner);
		return;
	}
	c->status = STATUS_STOPPED;
	c->pid = 0;
	if (rc == 0)
		rc = hooks_run(&config->hooks->poststop, "poststop", container_json(c, a), -1,
			       &err);
	if (rc < 0)
		log_line(&rt->log, LOG_LEVEL_WARN, "poststop of \"%s\": %s", c->id, err.text);
}

/* Whether it may go: a stopped one, and one that was created and never started, as with runc; the
 * rest by force. */
static int check_status(const struct container *c, bool force, struct err *err)
{
	if (force || c->status == STATUS_STOPPED || c->status == STATUS_CREATED)
		return 0;
	return err_state(err,
			 "container \"%s\" is not stopped: it is %s; kill it first or use --force",
			 c->id, name_of(status_names, c->status));
}

int life_delete(const struct runtime *rt, const char *id, bool force, struct err *err)
{
	scoped_entry struct entry e = { .dir_fd = -1 };
	scoped_arena struct arena a = { 0 };
	struct container c;
	int rc;

	if (store_open(rt, id, true, &e, err) < 0)
		return force && err->errnum == ESRCH ? 0 : -1;
	rc = store_read(&e, id, &a, &c, err);
	/* By force goes what cannot be understood, not what only cannot be read just now: it may name a process. */
	if (rc < 0 && (!force || err->kind == ERR_HOST))
		return rc;
	if (rc == 0) {
		TRY(check_status(&c, force, err));
		if (c.status != STATUS_STOPPED)
			TRY(kill_and_wait(rt, &c, err));
		end_helper(&c);
		TRY(end_cgroups(rt, &c, err));
		run_poststop(rt, &e, &c, &a);
	}
	return store_remove(rt, &e, id, err);
}
