/* SPDX-License-Identifier: Apache-2.0 */
/* source.h - the bytes of a document, and errors that say where in it. */
#pragma once

#include "spec/json/tree.h"

struct source {
	const char *bytes;
	size_t len;
	const char *name;
	char *own; /* bytes, where texts may stay in them; else NULL */
};

/* source_is_gap: one of the characters that JSON lets stand between tokens. */
static inline bool source_is_gap(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

/* source_fail: "NAME:LINE:COLUMN: text"; returns -1. */
int source_fail(const struct source *s, int kind, size_t offset, const char *text, struct err *err);
