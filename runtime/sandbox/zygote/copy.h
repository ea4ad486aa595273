/* SPDX-License-Identifier: Apache-2.0 */
/* copy.h - a copy of the zygote, from its fork to its task's code, and after that. */
#pragma once

#include <limits.h>
#include <stdbool.h>
#include <unistd.h>

#include "runtime/sandbox/pool_agent.h"
#include "runtime/sandbox/zygote/interpreter.h"
#include "runtime/sandbox/zygote/setup.h"
#include "runtime/stage/init.h"

/* Where a copy has its task's line, and the zygote its socket. */
#define LINE (STDERR_FILENO + 1)
/* Behind it, until its sandbox is ready, the line to the first process of that. */
#define READY (LINE + 1)

/* copy_say: a word, with fd, or none (-1); false with errno where it could not be sent whole. */
bool copy_say(int sock, const struct init_msg *m, int fd);
/* copy_filter: in the zygote, of which each copy has them: the filters that forbid nothing that is done before a task's code. */
void copy_filter(const struct zygote_setup *s);
/* copy_join: into the task's sandbox, with its descriptors, and all given up but system calls. user_dir: /proc/sys/user, or -1. Does
 * not return where that fails. */
void copy_join(const struct zygote_setup *s, const char *cwd, int user_dir,
	       const int fds[COPY_FDS]);

/* copy_ready: says that the task is ready, and waits for the lengths of its code and its variables. */
void copy_ready(struct task_frame *ret);
/* copy_read: the next so many bytes of the line, as Python has them; NULL with an exception. */
PyObject *copy_read(uint32_t size);
/* copy_finish: the program has ended with that exit status. */
_Noreturn void copy_finish(int status);
