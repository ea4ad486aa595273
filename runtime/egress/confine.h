/* SPDX-License-Identifier: Apache-2.0 */
/* confine.h - what the helper gives up before it reads a byte of the container's. */
#pragma once

#include <stddef.h>

#include "spec/base/err.h"

/* Descriptors that a confined helper may have: of one container, and of many. */
#define CONFINE_FDS 8192
#define CONFINE_FDS_SHARED 65536

/* confine_fds: everything but those n is closed (they are sorted); 0, 1 and 2 lead nowhere. */
int confine_fds(int *fds, size_t n, struct err *err);
/* confine_limits: descriptors as many as there may be, at most max; no process, no file, no core. *ret_fds: how many. */
int confine_limits(size_t max, size_t *ret_fds, struct err *err);
/* confine_self: capabilities, new privileges, being looked into, paths and system calls. */
int confine_self(struct err *err);
