/* SPDX-License-Identifier: Apache-2.0 */
/* copy.h - a copy of the zygote, from its fork to its task's code, and after that. */
#pragma once

#include <limits.h>
#include <unistd.h>

#include "runtime/sandbox/pool_agent.h"
#include "runtime/sandbox/zygote/setup.h"

/* Where a copy has its task's line, and the zygote its socket. */
#define LINE (STDERR_FILENO + 1)

/* The interpreter's own. */
void *PyBytes_FromStringAndSize(const char *bytes, ssize_t size);
char *PyBytes_AsString(void *bytes);

/* copy_join: into the task's sandbox, with its descriptors, and all given up but system calls. Does not return where that fails. */
void copy_join(const struct zygote_setup *s, const char *cwd, const int fds[COPY_FDS]);

/* --- of zygote.py --- */

/* copy_ready: loads the filter, says that the task is ready, and waits for the lengths of its code and its variables. */
void copy_ready(const struct zygote_setup *s, struct task_frame *ret);
/* copy_read: the next so many bytes, as Python has them. */
void *copy_read(uint32_t size);
_Noreturn void copy_finish(int status);
