/* SPDX-License-Identifier: Apache-2.0 */
/* option.h - options as tables, and the one parser of all command lines; nothing here asks the
 * kernel. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "spec/base/arena.h"
#include "spec/base/err.h"
#include "spec/base/names.h"
#include "spec/oci/config.h"

enum option_kind {
	OPTION_FLAG, /* bool: "--x", "--x=true|false" */
	OPTION_STRING, /* const char *: the last one counts */
	OPTION_LIST, /* struct strings: each one is added */
	OPTION_NUMBER, /* uint32_t, at most the row's max */
	OPTION_CHOICE, /* int: the value of one of the row's words */
	OPTION_OPTIONAL, /* likewise, but "--x" alone is the row's first word */
};

/* One option: what is parsed, what --help, completion and the man page say. */
struct option_row {
	const char *name; /* without its dashes */
	char letter; /* of the short form, or 0 */
	enum option_kind kind;
	uint16_t at; /* offset of the value in the command's options */
	const char *value; /* what the help calls the value; NULL for flags */
	const char *help; /* lower case, no full stop */
	const struct name *words; /* of a choice */
	uint32_t max; /* of a number */
};

/* A table, and where options end: they are read while fewer than `before` words were seen that are
 * no options. From there on, and after "--", everything is an argument. */
struct option_table {
	const struct option_row *rows;
	size_t n;
	unsigned int before;
};
#define OPTIONS_NOWHERE 0u
#define OPTIONS_ANYWHERE 0xffffu

/* Bound on the words of one command line: the kernel has one in bytes only. */
#define OPTION_WORDS_MAX 65536

/* options_parse: the words of argv (NULL-terminated) into the struct `into` (zeroed: nothing given)
 * and the arguments that are no options into *args. 0; 1 where --help or -h was met, which ends the
 * reading; ERR_INPUT for unknown options, missing and wrong values. */
int options_parse(const struct option_table *table, struct arena *a, const char *const *argv,
		  void *into, struct strings *args, struct err *err);
/* option_find: the row of that name (len bytes), or NULL. */
const struct option_row *option_find(const struct option_table *table, const char *name,
				     size_t len);
