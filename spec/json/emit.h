/* SPDX-License-Identifier: Apache-2.0 */
/* emit.h - writes JSON text, indented or on one line; keys come in the order of the calls. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "spec/base/str.h"

#define EMIT_DEPTH_MAX 32

struct emit {
	struct text *out;
	int indent; /* spaces a level; 0: one line without spaces */
	int depth;
	bool some[EMIT_DEPTH_MAX]; /* a member was written at that level */
};

/* key is NULL inside arrays and at the top. Strings are escaped; bytes that are not UTF-8 become
 * U+FFFD. */
void emit_object(struct emit *e, const char *key);
void emit_array(struct emit *e, const char *key);
void emit_end_object(struct emit *e);
void emit_end_array(struct emit *e);
void emit_str(struct emit *e, const char *key, const char *value); /* NULL value: writes nothing */
void emit_int(struct emit *e, const char *key, int64_t value);
void emit_uint(struct emit *e, const char *key, uint64_t value);
void emit_bool(struct emit *e, const char *key, bool value);
void emit_null(struct emit *e, const char *key);
/* emit_raw: JSON text as it is. */
void emit_raw(struct emit *e, const char *key, const char *json);
