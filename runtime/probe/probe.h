/* SPDX-License-Identifier: Apache-2.0 */
/* probe.h - looks at host and caller: what is needed of struct facts, read-only. */
#pragma once

#include "runtime/plan/facts.h"
#include "spec/base/arena.h"
#include "spec/base/err.h"
#include "spec/json/emit.h"

/* Largest facts.json that is read. */
#define FACTS_MAX_BYTES (256u << 10)

/* probe: gathers the groups of want (enum facts_want); what a host does not have is no error but a
 * fact. WANT_CALLER costs some 15 system calls and opens no file; in_user_ns is looked up where it
 * matters: with a caller that has capabilities, or with WANT_HOST; and so is caps_bounding. */
int probe(unsigned int want, struct facts *ret, struct err *err);

/* facts_emit: facts.json. facts_parse: back again; strict: unknown keys are refused. */
void facts_emit(const struct facts *f, struct emit *e);
int facts_parse(const char *bytes, size_t len, const char *name, struct facts *ret,
		struct err *err);

/* The parts, for tests; all texts are taken from memory.
 * subids_parse: the ranges of a user, by name ("" if unknown) or number, in the text of /etc/subuid;
 * returns how many, at most FACTS_RANGES_MAX. */
unsigned int subids_parse(const char *text, const char *user, uint32_t uid,
			  struct id_range ret[FACTS_RANGES_MAX]);
/* kernel_parse: "6.1.0-18-amd64" → 6, 1; 0 or -1. */
int kernel_parse(const char *release, int *major, int *minor);
