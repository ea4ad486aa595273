/* SPDX-License-Identifier: Apache-2.0 */
/* line.h - properties as lines of text → the a(sv) of a message to systemd. */
#pragma once

#include <systemd/sd-bus.h>

#include "spec/base/err.h"

/* What a caller may send, in bytes. */
#define LINES_MAX (256u * 1024)

/* lines_append: NAME TAB SIGNATURE {TAB VALUE}, a line each (runtime/plan/plan_scope.h), appended to an open array of (sv).
 * text is cut up. ERR_INPUT names the line's property. */
int lines_append(sd_bus_message *m, char *text, struct err *err);
