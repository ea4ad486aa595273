/* SPDX-License-Identifier: Apache-2.0 */
/* record.h - files to which lines are appended, each in one write: of what was refused, and of runs. */
#pragma once

#include "spec/policy/result.h"

/* record_line: appends it; an empty one only finds out whether that can be done. what: the option or variable that names the
 * file. record_events: one line of JSON each. */
int record_line(const char *path, const char *what, const struct text *line, struct err *err);
int record_events(const char *path, const char *what, const struct events *events, struct arena *a,
		  struct err *err);
/* record_event: to what is open already; false where it cannot be. */
bool record_event(int fd, const struct event *event);
