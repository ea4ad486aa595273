/* SPDX-License-Identifier: Apache-2.0 */
/* option.h - the command line as tables: values, help and manual page come from the same rows. */
#pragma once

#include <stdbool.h>

#include "bundle/build.h"
#include "spec/base/arena.h"
#include "spec/base/err.h"
#include "spec/base/log.h"
#include "spec/base/str.h"

/* What inspect shows. */
enum view {
	VIEW_SUMMARY,
	VIEW_MANIFEST,
	VIEW_SBOM,
	VIEW_FILES,
	VIEW_TREE,
	VIEW_HTML,
	VIEW_PROVENANCE
};

/* What the command line said. */
struct args {
	struct build_want build;
	struct strings operands;
	const char *output; /* -o */
	const char *type, *compress, *digest; /* of pack; of verify */
	bool full, update, dry_run;
	uint64_t keep;
	enum view view;
	bool help, version, manual, json, quiet;
	const char *first_word; /* of enter: the program's argv[0] */
	bool run_anyway; /* of enter: also where the bundle cannot be shown */
	const char *completion;
	struct arena *arena;
};

/* Bits of commands, for the options that they take. */
enum command_bit {
	C_BUILD = 1 << 0,
	C_LOCK = 1 << 1,
	C_UNPACK = 1 << 2,
	C_PACK = 1 << 3,
	C_VERIFY = 1 << 4,
	C_DIFF = 1 << 5,
	C_INSPECT = 1 << 6,
	C_DIGEST = 1 << 7,
	C_LS = 1 << 8,
	C_RM = 1 << 9,
	C_PRUNE = 1 << 10,
	C_FSCK = 1 << 11,
	C_ENTER = 1 << 12,
	C_ALL = (1 << 13) - 1,
	C_PROGRAM = 1 << 13, /* without a command */
};

struct option {
	unsigned int commands;
	const char *name;
	char letter; /* or 0 */
	const char *value; /* what stands for the value in the help; NULL: takes none */
	const char *what;
	int (*set)(struct args *args, const struct option *o, const char *value, struct err *err);
};

struct command {
	enum command_bit bit;
	const char *name;
	const char *operands;
	const char *what;
	const char *more; /* paragraphs for the manual, separated by blank lines */
	size_t min, max; /* operands */
	/* 0, or 1: what was compared differs. */
	int (*run)(struct args *args, const struct log *log, struct err *err);
	int failure; /* exit status of every failure; 0: by its kind */
};
#define OPERANDS_ANY ((size_t)-1)

/* The table ends with a row whose name is NULL. */
extern const struct command COMMANDS[];

/* options_parse: flags and operands of a command (NULL: of the program alone), in any order; "--" ends
 * flags, and so does the first operand of enter. */
int options_parse(const struct command *command, int argc, char **argv, struct args *args,
		  struct err *err);
/* options_each: every row that the command takes, those of limits too. */
void options_each(unsigned int commands, void (*each)(void *ctx, const struct option *o),
		  void *ctx);
/* output_print: the result, to standard output. */
int output_print(const struct text *t, struct err *err);
/* help_emit: the program's help (command NULL) or one command's. */
void help_emit(const struct command *command, struct text *out);
/* completion_emit: for bash, zsh or fish; false for another word. */
bool completion_emit(const char *shell, struct text *out);
/* manual_emit: the manual page srt-oci-bundle(1), for man(7). */
void manual_emit(struct text *out);
