/* SPDX-License-Identifier: Apache-2.0 */
/* build.h - the tree that a reader of JSON makes, node by node, within limits. */
#pragma once

#include "spec/json/tree.h"

struct frame {
	struct json *node, *last;
};

/* A tree on its way; zeroed but for what build_begin takes. */
struct build {
	struct arena *arena;
	const struct json_limits *limits;
	size_t nodes;
	struct frame *frames;
	size_t depth;
	const char *key; /* of the value that comes next */
	struct json *root;
	struct json_row *first; /* the root's row */
	struct json *spare; /* nodes are taken from a row of them */
	size_t spare_n;
	char *own; /* the document's bytes, where texts may stay in them (json_parse_in_place) */
	size_t len;
	char *pool;
	size_t pool_left;
};

/* build_begin: for a document of len bytes, which are at own where texts may stay there. build_end: the tree, or NULL without
 * a value. */
void build_begin(struct build *b, char *own, size_t len, const struct json_limits *limits,
		 struct arena *a);
struct json *build_end(struct build *b);
/* build_node: a value that begins at offset, linked into what is open; NULL past the bound on nodes. build_text: likewise a
 * string or a number, whose bytes are kept. */
struct json *build_node(struct build *b, enum json_type type, size_t offset);
struct json *build_text(struct build *b, enum json_type type, size_t offset, const char *s,
			size_t len);
/* build_is_deep: nothing more may be opened. build_open: an array or object, which the next values go into. */
bool build_is_deep(const struct build *b);
struct json *build_open(struct build *b, enum json_type type, size_t offset);
void build_key(struct build *b, const char *s, size_t len);
/* build_close: ends what was opened last; returns a member of it whose key stands there twice, or NULL. */
const struct json *build_close(struct build *b);
