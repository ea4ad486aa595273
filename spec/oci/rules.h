/* SPDX-License-Identifier: Apache-2.0 */
/* rules.h - what a config.json may not say although every type is right: one row per clause.
 *
 * The rules know the document alone. What this host or this caller cannot do is the planners'. */
#pragma once

#include "spec/base/err.h"
#include "spec/oci/config.h"

enum rule_level { MUST, SHOULD };

struct rule {
	const char *name;
	enum rule_level level; /* the clause's word; a broken one is refused either way */
	const char *clause; /* file#section of the specification */
	/* One of the two: on the document, or on a process, which exec brings alone. */
	int (*config)(const struct config *config, struct err *err);
	int (*process)(const struct process *process, struct err *err);
};

/* Rows of one chapter; they end with a row without a name. */
extern const struct rule rules_config[]; /* rules.c */
extern const struct rule rules_process[]; /* rules_process.c */
extern const struct rule rules_mounts[]; /* rules_mounts.c */
extern const struct rule rules_linux[]; /* rules_linux.c */
extern const struct rule rules_resources[]; /* rules_resources.c */
extern const struct rule rules_seccomp[]; /* rules_seccomp.c */
extern const struct rule rules_srt[]; /* rules_srt.c */

/* rules_all: the tables above in the order in which they are checked; NULL ends them. */
extern const struct rule *const rules_all[];

/* rules_id_mappings: one list of an id map: its sizes, ends and overlaps; the place is below the
 * list's. */
int rules_id_mappings(const struct id_mappings *mappings, struct err *err);

/* REFUSE: fills the error with a text and its place. */
#define REFUSE(err, place, ...) ((void)err_input((err), __VA_ARGS__), err_in((err), "%s", (place)))
