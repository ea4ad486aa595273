/* SPDX-License-Identifier: Apache-2.0 */
/* program.h - a task's program, from its source to its end. */
#pragma once

#include <stdbool.h>

#include "runtime/sandbox/zygote/interpreter.h"
#include "runtime/sandbox/zygote/setup.h"

/* What zygote.py has for us; each takes and returns what its own heading says. */
struct program_calls {
	PyObject *compile; /* the builtin */
	PyObject *reseed; /* None: nothing would be alike in every copy */
	PyObject *set_variables;
	PyObject *run_exit_functions;
};

/* program_reseed: false where that raised. */
bool program_reseed(const struct program_calls *c);
/* Of c both need compile alone. program_begin: what is done for each program, but for its end. program_rehearse: what is done for most. */
void program_begin(const struct program_calls *c);
void program_rehearse(const struct program_calls *c);
/* program_run: a copy that has joined its sandbox runs the program that comes by its line; hasty: somebody waits for it. */
_Noreturn void program_run(const struct program_calls *c, bool hasty);
