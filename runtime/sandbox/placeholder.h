/* SPDX-License-Identifier: Apache-2.0 */
/* placeholder.h - empty files that stand on the host, while a sandbox runs, where nothing may be made: what is not there
 * cannot be mounted on. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "spec/base/arena.h"
#include "spec/base/err.h"

struct placeholder {
	const char *path; /* absolute, without links */
	bool dir; /* more of the path is to follow */
	int fd; /* -1: not made */
};
struct placeholders {
	struct placeholder *v;
	size_t n;
};

/* placeholders_add: one more, each path once. */
void placeholders_add(struct placeholders *p, const char *path, bool dir, struct arena *a);
/* placeholder_is: what lies there was made by us: perhaps by a run that still needs it, perhaps by one that was killed. */
bool placeholder_is(const char *path);
/* placeholders_make: those that are not there yet. placeholders_drop: those are taken away that no other run needs. */
int placeholders_make(struct placeholders *p, struct err *err);
void placeholders_drop(struct placeholders *p);
