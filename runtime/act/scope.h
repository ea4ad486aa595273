/* SPDX-License-Identifier: Apache-2.0 */
/* scope.h - what systemd is asked about a scope, by the companion program. */
#pragma once

#include <stddef.h>

#include "runtime/plan/op.h"
#include "spec/base/err.h"

#define SCOPE_COMPANION "srt-oci-systemd"

/* scope_ask: runs the companion (its path) with a verb ("start", "set", "stop", "attach"), whose systemd, the unit, up to two
 * more words (NULL: none), and lines of properties or NULL. What it says goes to answer, of room bytes, without the newline. Its
 * failure is ERR_HOST with its own words. */
int scope_ask(const char *companion, const char *verb, enum scope_manager manager, const char *unit,
	      const char *more, const char *more2, const char *lines, char *answer, size_t room,
	      struct err *err);
