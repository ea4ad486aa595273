/* SPDX-License-Identifier: Apache-2.0 */
/* stop.h - the signals that would end us while a start takes long, as something to wait for. */
#pragma once

#include "runtime/stage/stage.h"

/* stop_begin: from here on they make s->stop_fd readable, and all others that were let through outside are so again. */
int stop_begin(struct start *s, struct err *err);
/* stop_wait: until something is said on s->sock; ERR_HOST where one of them comes, and nothing is soon. */
int stop_wait(const struct start *s, struct err *err);
/* stop_end: blocks signals as before. Of a start that has failed the one that came, if any, is in s->stopped_by; else it waits
 * for whoever takes those of the payload. */
int stop_end(struct start *s, bool failed, struct err *err);
