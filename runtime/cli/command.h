/* SPDX-License-Identifier: Apache-2.0 */
/* command.h - the commands of srt-oci as a table, and what each of them is given. */
#pragma once

#include "runtime/cli/option.h"
#include "runtime/srtoci.h"
#include "spec/base/str.h"

#define PROGRAM "srt-oci"

/* One invocation of the program. */
struct cli {
	struct runtime rt;
	struct arena arena;
	struct text out; /* for standard output: written once, when the command has succeeded */
	int failure; /* exit status of a failed command; 0: EXIT_RUNTIME */
};

/* run: the exit status, or -1 with err. options points at a struct of the command's size. */
struct command {
	const char *name;
	const char *synopsis; /* its arguments, without the options */
	const char *help; /* one line, lower case, no full stop */
	const char *text; /* more about it, in sentences; NULL */
	struct option_table options;
	size_t size;
	unsigned int args_min, args_max;
	bool state; /* needs the state directory */
	int (*run)(struct cli *cli, void *options, const struct strings *args, struct err *err);
};
#define ARGS_ANY 0xffffu

extern const struct command command_create, command_run, command_start, command_state, command_kill,
	command_delete, command_exec, command_list, command_ps, command_pause, command_resume,
	command_spec, command_features, command_facts, command_plan, command_check, command_bundle,
	command_update, command_events, command_mounts, command_checkpoint, command_restore,
	command_completion, command_man, command_help, command_version;

/* All commands in the order of the help, NULL at the end. The last of them is not listed. */
extern const struct command *const commands[];
/* command_find: by name, or NULL. */
const struct command *command_find(const char *name);
/* command_need: likewise; an unknown one is ERR_INPUT. */
int command_need(const char *name, const struct command **ret, struct err *err);
/* command_listed: it stands in help, completion and manual. */
bool command_listed(const struct command *command);

/* usage: err_input, and the exit status is that of a wrong command line. */
int usage(struct cli *cli, struct err *err, const char *fmt, ...) printf_like(3, 4);

/* Rows of option tables: OPTION(struct, member, name, letter, kind, value, help). */
#define OPTION(type, member, name_, letter_, kind_, value_, help_)                \
	{                                                                         \
		.name = (name_), .letter = (letter_), .kind = OPTION_##kind_,     \
		.at = offsetof(type, member), .value = (value_), .help = (help_), \
	}
#define OPTION_OF_WORDS(type, member, name_, letter_, kind_, value_, words_, help_) \
	{                                                                           \
		.name = (name_), .letter = (letter_), .kind = OPTION_##kind_,       \
		.at = offsetof(type, member), .value = (value_), .help = (help_),   \
		.words = (words_),                                                  \
	}
#define OPTION_UP_TO(type, member, name_, letter_, max_, value_, help_)                          \
	{                                                                                        \
		.name = (name_), .letter = (letter_), .kind = OPTION_NUMBER,                     \
		.at = offsetof(type, member), .value = (value_), .help = (help_), .max = (max_), \
	}
#define OPTIONS(rows_, before_)                                             \
	{                                                                   \
		.rows = (rows_), .n = ARRAY_LEN(rows_), .before = (before_) \
	}

/* Descriptors that a payload may be given beside the three standard ones. */
#define PRESERVE_FDS_MAX 65536
