/* SPDX-License-Identifier: Apache-2.0 */
/* tree.h - JSON bytes become nodes with positions, within limits. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "spec/base/arena.h"
#include "spec/base/err.h"

enum json_type { JSON_NULL, JSON_BOOL, JSON_NUMBER, JSON_STRING, JSON_ARRAY, JSON_OBJECT };

struct json {
	const char *key; /* in an object, else NULL */
	const char *text; /* string: its bytes, NUL-terminated; number: as written */
	struct json *first, *next;
	uint32_t len; /* of text; a string that holds a NUL byte is refused when parsed */
	uint32_t count; /* members of an array or object */
	uint32_t offset; /* byte position in the document */
	uint8_t type; /* enum json_type */
	bool truth; /* of a bool */
};

struct json_limits {
	size_t bytes, depth, nodes;
};

/* json_parse: the whole document as one tree. Errors: ERR_INPUT "NAME:LINE:COLUMN: …" for syntax,
 * trailing text, duplicate keys, invalid UTF-8, an empty document; ERR_LIMIT where a bound is
 * passed (checked while reading). */
int json_parse(const char *bytes, size_t len, const char *name, const struct json_limits *limits,
	       struct arena *a, struct json **ret, struct err *err);
/* json_parse_in_place: the same, but keys and strings without escapes stay in bytes, which must live as long as they: a NUL
 * takes their closing quote's place, also in a document that is refused. json_restore: puts the quotes back into those bytes,
 * or a copy of them. */
int json_parse_in_place(char *bytes, size_t len, const char *name, const struct json_limits *limits,
			struct arena *a, struct json **ret, struct err *err);
void json_restore(char *bytes, size_t len);
/* json_done: the nodes are needed no more, and a gets their memory back; keys and texts stay. */
void json_done(struct json *root, struct arena *a);
/* json_member: the member of an object by key, or NULL. */
const struct json *json_member(const struct json *object, const char *key);
/* json_type_name: "string", "array" … */
const char *json_type_name(enum json_type type);
