/* SPDX-License-Identifier: Apache-2.0 */
/* option.h - the command line as tables: values, help and manual page come from the same rows. */
#pragma once

#include <stdbool.h>

#include "bundle/build.h"
#include "spec/base/arena.h"
#include "spec/base/err.h"
#include "spec/base/log.h"
#include "spec/base/str.h"

/* What the command line said. */
struct args {
	struct build_want build;
	bool help, version, manual, json, quiet;
	struct arena *arena;
};

struct option {
	const char *name;
	char letter; /* or 0 */
	const char *value; /* what stands for the value in the help; NULL: takes none */
	const char *what;
	int (*set)(struct args *args, const struct option *o, const char *value, struct err *err);
};

struct command {
	const char *name;
	const char *operands;
	const char *what;
	const char *more; /* paragraphs for the manual, separated by blank lines */
	int (*run)(struct args *args, const struct log *log, struct err *err);
};

/* The table ends with a row whose name is NULL. */
extern const struct command COMMANDS[];

/* options_parse: flags and operands behind the command's name, in any order; "--" ends flags. */
int options_parse(int argc, char **argv, struct args *args, struct err *err);
/* output_print: the result, to standard output. */
int output_print(const struct text *t, struct err *err);
/* help_emit: the program's help (command NULL) or one command's. */
void help_emit(const struct command *command, struct text *out);
/* manual_emit: the manual page srt-oci-bundle(1), for man(7). */
void manual_emit(struct text *out);
