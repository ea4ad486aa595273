/* SPDX-License-Identifier: Apache-2.0 */
/* bind.h - nodes become structs by tables: one row per property.
 *
 *	static const struct bind_row root_rows[] = {
 *		ROW(root, path, "path", STR, REQUIRED, "directory of the root file system"),
 *		ROW(root, readonly, "readonly", BOOL, 0, "mount it read-only"),
 *	};
 *	static const struct bind_table root_table = TABLE(root, root_rows);
 *
 * A property that is absent or null leaves its member as it is (zero, or the row's fallback): the
 * engines that write these documents say null for an empty list or map. A required one may not be
 * null. Strings are shared with the tree, so both live in one arena. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "spec/base/arena.h"
#include "spec/base/err.h"
#include "spec/base/names.h"
#include "spec/base/str.h"
#include "spec/json/tree.h"

enum bind_kind {
	BIND_STR, /* const char * */
	BIND_BOOL, /* bool */
	BIND_OPT_BOOL, /* struct { bool set; bool v; } */
	BIND_INT, /* an integer of any size, from min to max */
	BIND_UINT, /* likewise from 0 to max */
	BIND_OPT_INT, /* struct { bool set; int64_t v; } */
	BIND_OPT_UINT, /* struct { bool set; uint64_t v; } */
	BIND_STRINGS, /* struct { const char **v; size_t n; }, NULL behind the last */
	BIND_NUMBERS, /* struct { uint32_t *v; size_t n; } */
	BIND_PAIRS, /* struct { struct { const char *key, *value; } *v; size_t n; } */
	BIND_WORD, /* a word of a table: its value in an integer */
	BIND_WORDS, /* a list of them: their values or-ed in an integer */
	BIND_BITS, /* a list of them: 1 << value or-ed in a uint64_t */
	BIND_INLINE, /* an object: a struct inside this one */
	BIND_OBJECT, /* an object: a pointer to a struct of its own */
	BIND_LIST, /* an array of objects: struct { T *v; size_t n; } */
	BIND_MAP, /* an object whose values are objects: likewise; a member of T gets the key */
	BIND_KINDS
};

/* Flags of a row. */
#define REQUIRED 1u
#define NONEMPTY 2u
#define ABSPATH 4u

struct bind_row {
	const char *key;
	enum bind_kind kind;
	unsigned int flags;
	size_t offset, size; /* of the member */
	size_t element; /* size of an element of a list or map, or of an object */
	size_t present; /* 1 + offset of a bool that says "was there"; 0: none */
	int64_t min; /* of signed numbers */
	uint64_t max; /* of numbers; 0: none */
	int64_t fallback; /* of words and numbers: the value where absent */
	const struct bind_table *table; /* of objects */
	const struct name *words; /* of words; strings in a list may have them, too */
	const char *doc; /* for the reference manual */
};

struct bind_table {
	size_t size; /* of the struct */
	size_t key_offset; /* of the member that takes the key of a map */
	const struct bind_row *rows;
	size_t n;
	bool closed; /* unknown keys are refused in any mode: the object is nobody's but ours */
};

/* A member that does not fit the kind of its row does not compile. */
#define BIND_IS(m, type) __builtin_types_compatible_p(__typeof__(m), type)
#define BIND_IS_INTEGER(m)                                                                         \
	(BIND_IS(m, int) || BIND_IS(m, int64_t) || BIND_IS(m, uint32_t) || BIND_IS(m, uint64_t) || \
	 BIND_IS(m, unsigned long))
#define BIND_FITS_STR(m) BIND_IS(m, const char *)
#define BIND_FITS_BOOL(m) BIND_IS(m, bool)
#define BIND_FITS_OPT_BOOL(m) (BIND_IS((m).v, bool) && BIND_IS((m).set, bool))
#define BIND_FITS_INT(m) BIND_IS_INTEGER(m)
#define BIND_FITS_UINT(m) BIND_IS_INTEGER(m)
#define BIND_FITS_OPT_INT(m) (BIND_IS((m).v, int64_t) && BIND_IS((m).set, bool))
#define BIND_FITS_OPT_UINT(m) (BIND_IS((m).v, uint64_t) && BIND_IS((m).set, bool))
#define BIND_FITS_STRINGS(m) (BIND_IS((m).v, const char **) && BIND_IS((m).n, size_t))
#define BIND_FITS_NUMBERS(m) (BIND_IS((m).v, uint32_t *) && BIND_IS((m).n, size_t))
#define BIND_FITS_PAIRS(m) (BIND_IS((m).v->key, const char *) && BIND_IS((m).n, size_t))
#define BIND_FITS_WORD(m) BIND_IS_INTEGER(m)
#define BIND_FITS_WORDS(m) BIND_IS_INTEGER(m)
#define BIND_FITS_BITS(m) BIND_IS(m, uint64_t)
#define BIND_ASSERT(c) (0 * sizeof(char[(c) ? 1 : -1]))
#define BIND_MEMBER(s, m) ((struct s *)0)->m

/* ROW: a property without a table of its own; further columns follow as designated initializers. */
#define ROW(s, m, name, type, how, text, ...)                                                     \
	{                                                                                         \
		.key = name, .kind = BIND_##type, .flags = how,                                   \
		.offset =                                                                         \
			offsetof(struct s, m) + BIND_ASSERT(BIND_FITS_##type(BIND_MEMBER(s, m))), \
		.size = sizeof(BIND_MEMBER(s, m)), .doc = text, __VA_ARGS__                       \
	}
#define OBJECT_ROW(s, m, name, type, of, sub, how, text, ...)                                    \
	{                                                                                        \
		.key = name, .kind = BIND_##type, .flags = how, .offset = offsetof(struct s, m), \
		.size = sizeof(BIND_MEMBER(s, m)), .element = sizeof(of), .table = &sub,         \
		.doc = text, __VA_ARGS__                                                         \
	}
#define ROW_INLINE(s, m, name, sub, how, text, ...) \
	OBJECT_ROW(s, m, name, INLINE, BIND_MEMBER(s, m), sub, how, text, __VA_ARGS__)
#define ROW_OBJECT(s, m, name, sub, how, text, ...) \
	OBJECT_ROW(s, m, name, OBJECT, *BIND_MEMBER(s, m), sub, how, text, __VA_ARGS__)
#define ROW_LIST(s, m, name, sub, how, text, ...) \
	OBJECT_ROW(s, m, name, LIST, *BIND_MEMBER(s, m).v, sub, how, text, __VA_ARGS__)
#define ROW_MAP(s, m, name, sub, how, text, ...) \
	OBJECT_ROW(s, m, name, MAP, *BIND_MEMBER(s, m).v, sub, how, text, __VA_ARGS__)
#define PRESENT(s, m) .present = offsetof(struct s, m) + 1
#define TABLE(s, rows_)                                                        \
	{                                                                      \
		.size = sizeof(struct s), .rows = rows_, .n = ARRAY_LEN(rows_) \
	}
#define CLOSED_TABLE(s, rows_)                                                                 \
	{                                                                                      \
		.size = sizeof(struct s), .rows = rows_, .n = ARRAY_LEN(rows_), .closed = true \
	}
#define MAP_TABLE(s, key, rows_)                                                                \
	{                                                                                       \
		.size = sizeof(struct s), .key_offset = offsetof(struct s, key), .rows = rows_, \
		.n = ARRAY_LEN(rows_)                                                           \
	}

enum bind_mode {
	BIND_TOLERANT, /* unknown keys are ignored, as the OCI specification orders */
	BIND_STRICT, /* unknown keys are refused, with the nearest known one */
};

/* bind_object: the object node into *object, a zeroed struct of the table. Errors: ERR_INPUT whose
 * place is the JSON pointer (RFC 6901) below node; *object is then half filled. */
int bind_object(const struct json *node, const struct bind_table *table, enum bind_mode mode,
		void *object, struct arena *a, struct err *err);

/* bind_describe: one line of a Markdown table (place, type, meaning) for every property, in the
 * order of the rows; prefix is the place of the object ("" at the top). */
void bind_describe(const struct bind_table *table, const char *prefix, struct text *out);
