/* SPDX-License-Identifier: Apache-2.0 */
/* manager.c - calls to org.freedesktop.systemd1, and the wait for the jobs that they begin. */
#include "runtime/systemd/manager.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "runtime/systemd/line.h"
#include "spec/base/scope.h"
#include "spec/base/str.h"

#define SYSTEMD "org.freedesktop.systemd1"
#define MANAGER_PATH "/org/freedesktop/systemd1"
#define MANAGER SYSTEMD ".Manager"
#define DRIVER "org.freedesktop.DBus"
#define DRIVER_PATH "/org/freedesktop/DBus"
#define SYSTEM_BUS "unix:path=/run/dbus/system_bus_socket"
#define PATH_ROOM 4096

#define INSTEAD "or use --cgroup-manager cgroupfs"

static void message_done(sd_bus_message **m)
{
	(void)sd_bus_message_unref(*m);
}
#define scoped_message scoped(message_done) sd_bus_message
#define scoped_bus_error scoped(sd_bus_error_free) sd_bus_error

static const char *whose(const struct manager *m)
{
	return m->user ? "the user's systemd" : "the system's systemd";
}

/* --- the bus ---------------------------------------------------------------------------------- */

/* Engines take "no such file" for a program that is missing: it is said in other words. */
static int no_bus(const struct manager *m, int error, const char *address, struct err *err)
{
	const char *why = error == ENOENT ? "there is none" : strerror(error);

	return err_set(err, ERR_HOST, 0, "reach %s by its bus at %.200s: %s; %s, " INSTEAD,
		       whose(m), address, why,
		       m->user ? "it is there in a login session, or after `loginctl enable-linger`"
			       : "boot with systemd and dbus");
}

static const char *address_of(const struct manager *m, char room[PATH_ROOM], struct err *err)
{
	const char *given =
		getenv(m->user ? "DBUS_SESSION_BUS_ADDRESS" : "DBUS_SYSTEM_BUS_ADDRESS");
	const char *dir = getenv("XDG_RUNTIME_DIR");

	if (given && *given)
		return given;
	if (!m->user)
		return SYSTEM_BUS;
	if (!dir || !*dir) {
		(void)err_state(
			err,
			"XDG_RUNTIME_DIR is not set, so the bus of the user's systemd is not known; set it "
			"(/run/user/UID), " INSTEAD);
		return NULL;
	}
	(void)snprintf(room, PATH_ROOM, "unix:path=%s/bus", dir);
	return room;
}

/* The pids that we give must be those that systemd sees. In another pid namespace they would be somebody else's. */
static int check_pid(const struct manager *m, const char *address, struct err *err)
{
	scoped_bus_error error = SD_BUS_ERROR_NULL;
	scoped_message *reply = NULL;
	const char *name = NULL;
	uint32_t pid = 0;
	int r = sd_bus_get_unique_name(m->bus, &name);

	if (r < 0)
		return no_bus(m, -r, address, err);
	r = sd_bus_call_method(m->bus, DRIVER, DRIVER_PATH, DRIVER, "GetConnectionUnixProcessID",
			       &error, &reply, "s", name);
	if (r >= 0)
		r = sd_bus_message_read(reply, "u", &pid);
	if (r < 0)
		return no_bus(m, -r, address, err);
	if (pid != (uint32_t)getpid())
		return err_state(
			err,
			"%s is outside this pid namespace and would take another process for the "
			"container's; run outside of it, " INSTEAD,
			whose(m));
	return 0;
}

int manager_open(struct manager *m, struct err *err)
{
	char room[PATH_ROOM];
	const char *address = address_of(m, room, err);
	int r;

	if (!address)
		return -1;
	r = sd_bus_new(&m->bus);
	if (r >= 0)
		r = sd_bus_set_address(m->bus, address);
	if (r >= 0)
		r = sd_bus_set_bus_client(m->bus, true);
	if (r >= 0)
		r = sd_bus_set_method_call_timeout(m->bus, m->timeout_us);
	if (r >= 0)
		r = sd_bus_start(m->bus);
	if (r < 0)
		return no_bus(m, -r, address, err);
	return check_pid(m, address, err);
}

void manager_done(struct manager *m)
{
	m->bus = sd_bus_flush_close_unref(m->bus);
}

/* --- calls ------------------------------------------------------------------------------------ */

static bool is_error(const sd_bus_error *error, const char *name)
{
	return sd_bus_error_has_name(error, name);
}

static int refused(const struct manager *m, const char *what, const char *unit, int r,
		   const sd_bus_error *error, struct err *err)
{
	const char *words = error->message ? error->message : "";
	bool absent = is_error(error, DRIVER ".Error.ServiceUnknown") ||
		      is_error(error, DRIVER ".Error.NameHasNoOwner") ||
		      str_starts(error->name ? error->name : "", DRIVER ".Error.Spawn");

	if (absent)
		return err_state(err, "%s is not on its bus: %.200s (boot with it, " INSTEAD ")",
				 whose(m), words);
	if (!*words)
		return err_host(err, -r, "%s %s by %s", what, unit, whose(m));
	return err_set(err, ERR_HOST, -r, "%s %s by %s: %.400s", what, unit, whose(m), words);
}

static int new_call(const struct manager *m, const char *member, sd_bus_message **ret,
		    struct err *err)
{
	int r = sd_bus_message_new_method_call(m->bus, ret, SYSTEMD, MANAGER_PATH, MANAGER, member);

	return r < 0 ? err_host(err, -r, "make a message for %s", whose(m)) : 0;
}

static int filled(int r, struct err *err)
{
	return r < 0 ? err_host(err, -r, "fill a message") : 0;
}

/* --- jobs ------------------------------------------------------------------------------------- */

#define JOBS_MAX 64

/* Jobs that ended while we did not know ours yet, or ours. A busy manager may end others meanwhile: they are skipped once
 * ours is known. */
struct jobs {
	char *ended[JOBS_MAX], *result[JOBS_MAX];
	size_t n;
	const char *ours; /* NULL: not known yet */
};

static int on_job_removed(sd_bus_message *m, void *data, sd_bus_error *error)
{
	struct jobs *jobs = data;
	const char *path, *unit, *result;
	uint32_t id;

	(void)error;
	if (sd_bus_message_read(m, "uoss", &id, &path, &unit, &result) < 0)
		return 0;
	if (jobs->n == JOBS_MAX || (jobs->ours && !str_eq(path, jobs->ours)))
		return 0;
	jobs->ended[jobs->n] = strdup(path);
	jobs->result[jobs->n] = strdup(result);
	jobs->n++;
	return 0;
}

static void jobs_done(struct jobs *jobs)
{
	for (size_t i = 0; i < jobs->n; i++) {
		free(jobs->ended[i]);
		free(jobs->result[i]);
	}
}
#define scoped_jobs scoped(jobs_done) struct jobs

static const char *job_result(const struct jobs *jobs)
{
	for (size_t i = 0; i < jobs->n; i++)
		if (jobs->ended[i] && jobs->result[i] && str_eq(jobs->ended[i], jobs->ours))
			return jobs->result[i];
	return NULL;
}

static int jobs_watch(const struct manager *m, struct jobs *jobs, struct err *err)
{
	scoped_bus_error error = SD_BUS_ERROR_NULL;
	int r = sd_bus_match_signal(m->bus, NULL, SYSTEMD, MANAGER_PATH, MANAGER, "JobRemoved",
				    on_job_removed, jobs);

	if (r >= 0)
		r = sd_bus_call_method(m->bus, SYSTEMD, MANAGER_PATH, MANAGER, "Subscribe", &error,
				       NULL, "");
	return r < 0 ? refused(m, "watch", "jobs", r, &error, err) : 0;
}

static uint64_t now_us(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000 + (uint64_t)t.tv_nsec / 1000;
}

/* *ret is the job's result: "done", "failed", "timeout", … */
static int jobs_wait(const struct manager *m, const struct jobs *jobs, const char *unit,
		     const char **ret, struct err *err)
{
	uint64_t deadline = now_us() + m->timeout_us;

	while (!(*ret = job_result(jobs))) {
		uint64_t now = now_us();
		int r = sd_bus_process(m->bus, NULL);

		if (r > 0)
			continue;
		if (r == 0 && now >= deadline)
			return err_host(err, ETIMEDOUT, "wait for %s's job for %s", whose(m), unit);
		if (r == 0)
			r = sd_bus_wait(m->bus, deadline - now);
		if (r < 0 && r != -EINTR)
			return err_host(err, -r, "wait for %s", whose(m));
	}
	return 0;
}

/* Sends the call, whose answer is a job, and waits for its end. 1 where the error's name is expected. */
static int run_job(const struct manager *m, sd_bus_message *call, const char *what,
		   const char *unit, const char *expected, const char **ret_result,
		   struct jobs *jobs, struct err *err)
{
	scoped_bus_error error = SD_BUS_ERROR_NULL;
	scoped_message *reply = NULL;
	int r = sd_bus_call(m->bus, call, 0, &error, &reply);

	if (r < 0 && is_error(&error, expected))
		return 1;
	if (r < 0)
		return refused(m, what, unit, r, &error, err);
	r = sd_bus_message_read(reply, "o", &jobs->ours);
	if (r < 0)
		return err_host(err, -r, "read the job of %s", unit);
	return jobs_wait(m, jobs, unit, ret_result, err);
}

/* --- scopes ----------------------------------------------------------------------------------- */

/* Why a unit failed, in systemd's word: "resources", "timeout"; "" where it is not known any more. */
static void unit_result(const struct manager *m, const char *unit, char *ret, size_t size)
{
	scoped_message *reply = NULL;
	char *path = NULL, *word = NULL;

	*ret = '\0';
	if (sd_bus_path_encode(MANAGER_PATH "/unit", unit, &path) < 0)
		return;
	if (sd_bus_get_property_string(m->bus, SYSTEMD, path, SYSTEMD ".Scope", "Result", NULL,
				       &word) >= 0)
		(void)snprintf(ret, size, ", unit result \"%s\"", word);
	free(word);
	free(path);
}

static void reset_failed(const struct manager *m, const char *unit)
{
	/* It is there no more, or did not fail: both are fine. */
	(void)sd_bus_call_method(m->bus, SYSTEMD, MANAGER_PATH, MANAGER, "ResetFailedUnit", NULL,
				 NULL, "s", unit);
}

static int start_call(const struct manager *m, const char *unit, pid_t pid, char *lines,
		      sd_bus_message **ret, struct err *err)
{
	TRY(new_call(m, "StartTransientUnit", ret, err));
	TRY(filled(sd_bus_message_append(*ret, "ss", unit, "replace"), err));
	TRY(filled(sd_bus_message_open_container(*ret, 'a', "(sv)"), err));
	TRY(filled(sd_bus_message_append(*ret, "(sv)", "PIDs", "au", 1, (uint32_t)pid), err));
	TRY(filled(sd_bus_message_append(*ret, "(sv)", "Delegate", "b", 1), err));
	TRY(lines_append(*ret, lines, err));
	TRY(filled(sd_bus_message_close_container(*ret), err));
	return filled(sd_bus_message_append(*ret, "a(sa(sv))", 0), err);
}

/* The cgroup v2 of a process; the unit's name must be its last part, or systemd put another one there. */
static int cgroup_of(pid_t pid, const char *unit, char **ret, struct err *err)
{
	char file[64], line[PATH_ROOM];
	char *path = NULL;
	FILE *f;

	(void)snprintf(file, sizeof(file), "/proc/%d/cgroup", (int)pid);
	f = fopen(file, "re");
	if (!f)
		return err_host(err, errno, "open %s", file);
	while (!path && fgets(line, sizeof(line), f))
		if (str_starts(line, "0::/"))
			path = line + strlen("0::");
	(void)fclose(f);
	if (path)
		path[strcspn(path, "\n")] = '\0';
	if (!path || !str_eq(strrchr(path, '/') + 1, unit))
		return err_state(
			err, "systemd made %s, but the container's process is in the cgroup %.200s",
			unit, path ? path : "of no v2 hierarchy");
	*ret = strdup(path);
	return 0;
}

int manager_start(struct manager *m, const char *unit, pid_t pid, char *lines, char **ret,
		  struct err *err)
{
	scoped_jobs jobs = { .n = 0 };
	scoped_message *call = NULL;
	char *again = strdup(lines), why[64];
	const char *result = NULL;
	int r;

	TRY(jobs_watch(m, &jobs, err));
	TRY(start_call(m, unit, pid, lines, &call, err));
	r = run_job(m, call, "make", unit, SYSTEMD ".UnitExists", &result, &jobs, err);
	if (r > 0) {
		scoped_message *second = NULL;

		reset_failed(m, unit);
		TRY(start_call(m, unit, pid, again, &second, err));
		r = run_job(m, second, "make", unit, "", &result, &jobs, err);
	}
	free(again);
	TRY(r);
	if (str_eq(result, "done"))
		return cgroup_of(pid, unit, ret, err);
	unit_result(m, unit, why, sizeof(why));
	return err_set(err, ERR_HOST, 0, "make %s by %s: its job ended as \"%s\"%s", unit, whose(m),
		       result, why);
}

int manager_attach(struct manager *m, const char *unit, pid_t pid, const char *sub, struct err *err)
{
	scoped_bus_error error = SD_BUS_ERROR_NULL;
	int r = sd_bus_call_method(m->bus, SYSTEMD, MANAGER_PATH, MANAGER, "AttachProcessesToUnit",
				   &error, NULL, "ssau", unit, sub, 1, (uint32_t)pid);

	return r < 0 ? refused(m, "put a process into", unit, r, &error, err) : 0;
}

int manager_set(struct manager *m, const char *unit, char *lines, struct err *err)
{
	scoped_bus_error error = SD_BUS_ERROR_NULL;
	scoped_message *call = NULL;
	int r;

	TRY(new_call(m, "SetUnitProperties", &call, err));
	/* runtime: in /run, and gone with the unit. */
	TRY(filled(sd_bus_message_append(call, "sb", unit, 1), err));
	TRY(filled(sd_bus_message_open_container(call, 'a', "(sv)"), err));
	TRY(lines_append(call, lines, err));
	TRY(filled(sd_bus_message_close_container(call), err));
	r = sd_bus_call(m->bus, call, 0, &error, NULL);
	return r < 0 ? refused(m, "change", unit, r, &error, err) : 0;
}

int manager_stop(struct manager *m, const char *unit, struct err *err)
{
	scoped_jobs jobs = { .n = 0 };
	scoped_message *call = NULL;
	const char *result = NULL;
	int r;

	TRY(jobs_watch(m, &jobs, err));
	TRY(new_call(m, "StopUnit", &call, err));
	TRY(filled(sd_bus_message_append(call, "ss", unit, "replace"), err));
	r = run_job(m, call, "stop", unit, SYSTEMD ".NoSuchUnit", &result, &jobs, err);
	if (r == 0 && !str_eq(result, "done"))
		return err_set(err, ERR_HOST, 0, "stop %s by %s: its job ended as \"%s\"", unit,
			       whose(m), result);
	TRY(r);
	reset_failed(m, unit);
	return 0;
}
