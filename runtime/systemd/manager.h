/* SPDX-License-Identifier: Apache-2.0 */
/* manager.h - what is asked of a systemd manager: a scope made, changed, stopped. */
#pragma once

#include <stdbool.h>
#include <sys/types.h>
#include <systemd/sd-bus.h>

#include "spec/base/err.h"

struct manager {
	sd_bus *bus;
	bool user; /* the user's own manager, not the system's */
	uint64_t timeout_us; /* for each call and each job */
};

/* manager_open: connects to its bus: the system's, or the user's at $DBUS_SESSION_BUS_ADDRESS or $XDG_RUNTIME_DIR/bus. The
 * error names the way out where there is none. */
int manager_open(struct manager *m, struct err *err);
void manager_done(struct manager *m);

/* manager_start: a transient scope of that name with the process in it and the properties of lines, delegated; waits for
 * the job. *ret is the process' cgroup as /proc shows it; to be freed. A unit of that name that failed and was left is
 * taken away first. */
int manager_start(struct manager *m, const char *unit, pid_t pid, char *lines, char **ret,
		  struct err *err);
/* manager_attach: a further process into it, below its cgroup where sub is not "". */
int manager_attach(struct manager *m, const char *unit, pid_t pid, const char *sub,
		   struct err *err);
/* manager_set: other properties, until the unit ends. */
int manager_set(struct manager *m, const char *unit, char *lines, struct err *err);
/* manager_stop: ends what is in it and the unit; nothing where it is gone. */
int manager_stop(struct manager *m, const char *unit, struct err *err);
