/* SPDX-License-Identifier: Apache-2.0 */
/* bind.c - walks the members of an object and fills a struct by its table's rows. */
#include "spec/json/bind.h"

#include <inttypes.h>

#include "spec/base/path.h"
#include "spec/json/quote.h"

/* Word lists up to this long are told in full where nothing is near. */
#define WORDS_TOLD 10

struct binder {
	enum bind_mode mode;
	struct arena *arena;
	struct err *err;
};

/* What the lists of the structs have in common. */
struct list {
	void *v;
	size_t n;
};
struct entry {
	const char *key, *value;
};
struct opt_flag {
	bool set, v;
};
struct opt_number {
	bool set;
	uint64_t v;
};

static int read_member(const struct binder *b, const struct bind_row *row, const struct json *node,
		       void *object);

/* --- errors --- */

/* Adds a member's name to the place, escaped by RFC 6901, without control characters. */
static int in_key(const struct binder *b, const char *key)
{
	char place[128];
	size_t n = 0;

	place[n++] = '/';
	for (const char *c = key; *c && n < sizeof(place) - 3; c++) {
		bool escape = *c == '~' || *c == '/';

		if (escape)
			place[n++] = '~';
		place[n++] = escape ? (*c == '~' ? '0' : '1')
				    : ((unsigned char)*c < 0x20 || *c == 0x7f ? '?' : *c);
	}
	place[n] = '\0';
	return err_in(b->err, "%s", place);
}

/* The value as a message shows it: "the number 12", "an array". */
static const char *found(const struct json *node, char buf[QUOTE_MAX + 16])
{
	switch (node->type) {
	case JSON_STRING:
		(void)snprintf(buf, QUOTE_MAX + 16, "the string %s", Q(node->text));
		break;
	case JSON_NUMBER:
		(void)snprintf(buf, QUOTE_MAX + 16, "the number %.40s", node->text);
		break;
	case JSON_BOOL:
		(void)snprintf(buf, QUOTE_MAX + 16, "%s", node->truth ? "true" : "false");
		break;
	case JSON_NULL:
		(void)snprintf(buf, QUOTE_MAX + 16, "null");
		break;
	default:
		(void)snprintf(buf, QUOTE_MAX + 16, "an %s", json_type_name(node->type));
	}
	return buf;
}

static int mismatch(const struct binder *b, const char *expected, const struct json *node)
{
	char buf[QUOTE_MAX + 16];

	return err_input(b->err, "expected %s, found %s", expected, found(node, buf));
}

static int unknown_word(const struct binder *b, const struct name *words, const char *word)
{
	const char *near = name_near(words, word);
	char list[256] = "";
	size_t n = 0, len = 0;

	if (near)
		return err_input(b->err, "%s is unknown; did you mean %s?", Q(word), Q(near));
	while (words[n].name)
		n++;
	if (n > WORDS_TOLD)
		return err_input(b->err, "%s is unknown", Q(word));
	for (size_t i = 0; i < n && len < sizeof(list); i++)
		len += (size_t)snprintf(list + len, sizeof(list) - len, "%s%s", i ? ", " : "",
					words[i].name);
	return err_input(b->err, "%s is unknown; known are %s", Q(word), list);
}

static int unknown_key(const struct binder *b, const struct bind_table *table, const char *key)
{
	const char *near = NULL;
	int least = 3;

	for (size_t i = 0; i < table->n; i++) {
		int d = word_distance(table->rows[i].key, key);

		if (d < least) {
			least = d;
			near = table->rows[i].key;
		}
	}
	if (near)
		return err_input(b->err, "unknown key %s; did you mean %s?", Q(key), Q(near));
	return err_input(b->err, "unknown key %s", Q(key));
}

/* --- single values --- */

static int want_string(const struct binder *b, const struct json *node, const char *expected)
{
	return node->type == JSON_STRING ? 0 : mismatch(b, expected, node);
}

static int read_str(const struct binder *b, const struct bind_row *row, const struct json *node,
		    void *member)
{
	TRY(want_string(b, node, "a string"));
	if ((row->flags & (NONEMPTY | ABSPATH)) && !node->text[0])
		return err_input(b->err, "may not be empty");
	if ((row->flags & ABSPATH) && !path_is_absolute(node->text))
		return err_input(b->err, "must be an absolute path, is %s", Q(node->text));
	*(const char **)member = node->text;
	return 0;
}

static int read_bool(const struct binder *b, const struct bind_row *row, const struct json *node,
		     void *member)
{
	(void)row;
	if (node->type != JSON_BOOL)
		return mismatch(b, "true or false", node);
	*(bool *)member = node->truth;
	return 0;
}

static int read_opt_bool(const struct binder *b, const struct bind_row *row,
			 const struct json *node, void *member)
{
	struct opt_flag *opt = member;

	TRY(read_bool(b, row, node, &opt->v));
	opt->set = true;
	return 0;
}

static int read_signed(const struct binder *b, const struct bind_row *row, const struct json *node,
		       uint64_t *ret)
{
	int64_t max = row->max ? (int64_t)row->max : INT64_MAX;
	int64_t min = row->min, v;
	struct err unused;
	char expected[96];

	if (node->type == JSON_NUMBER && str_i64(node->text, min, max, &v, &unused) == 0) {
		*ret = (uint64_t)v;
		return 0;
	}
	(void)snprintf(expected, sizeof(expected), "a whole number from %" PRId64 " to %" PRId64,
		       min, max);
	return mismatch(b, expected, node);
}

static int read_unsigned(const struct binder *b, const struct bind_row *row,
			 const struct json *node, uint64_t *ret)
{
	uint64_t max = row->max ? row->max : row->kind == BIND_NUMBERS ? UINT32_MAX : UINT64_MAX;
	struct err unused;
	char expected[96];

	if (node->type == JSON_NUMBER && str_u64(node->text, 10, max, ret, &unused) == 0)
		return 0;
	(void)snprintf(expected, sizeof(expected), "a whole number from 0 to %" PRIu64, max);
	return mismatch(b, expected, node);
}

static void store_integer(void *member, size_t size, uint64_t v)
{
	if (size == sizeof(uint32_t))
		*(uint32_t *)member = (uint32_t)v;
	else
		*(uint64_t *)member = v;
}

static int read_int(const struct binder *b, const struct bind_row *row, const struct json *node,
		    void *member)
{
	uint64_t v;

	TRY(read_signed(b, row, node, &v));
	store_integer(member, row->size, v);
	return 0;
}

static int read_uint(const struct binder *b, const struct bind_row *row, const struct json *node,
		     void *member)
{
	uint64_t v;

	TRY(read_unsigned(b, row, node, &v));
	store_integer(member, row->size, v);
	return 0;
}

static int read_opt_int(const struct binder *b, const struct bind_row *row, const struct json *node,
			void *member)
{
	struct opt_number *opt = member;

	TRY(read_signed(b, row, node, &opt->v));
	opt->set = true;
	return 0;
}

static int read_opt_uint(const struct binder *b, const struct bind_row *row,
			 const struct json *node, void *member)
{
	struct opt_number *opt = member;

	TRY(read_unsigned(b, row, node, &opt->v));
	opt->set = true;
	return 0;
}

static int find_word(const struct binder *b, const struct name *words, const struct json *node,
		     int64_t *ret)
{
	const struct name *w;

	TRY(want_string(b, node, "a string"));
	w = name_find(words, node->text);
	if (!w)
		return unknown_word(b, words, node->text);
	*ret = w->value;
	return 0;
}

static int read_word(const struct binder *b, const struct bind_row *row, const struct json *node,
		     void *member)
{
	int64_t v = 0;

	TRY(find_word(b, row->words, node, &v));
	store_integer(member, row->size, (uint64_t)v);
	return 0;
}

/* --- lists and maps of values --- */

static int want_array(const struct binder *b, const struct bind_row *row, const struct json *node,
		      const char *expected)
{
	if (node->type != JSON_ARRAY)
		return mismatch(b, expected, node);
	if ((row->flags & NONEMPTY) && node->count == 0)
		return err_input(b->err, "may not be empty");
	return 0;
}

static int read_strings(const struct binder *b, const struct bind_row *row, const struct json *node,
			void *member)
{
	struct list *list = member;
	const char **v;
	size_t i = 0;

	TRY(want_array(b, row, node, "an array of strings"));
	v = arena_array(b->arena, const char *, node->count + 1);
	for (const struct json *n = node->first; n; n = n->next, i++) {
		int64_t unused;

		if (want_string(b, n, "a string") < 0 ||
		    (row->words && find_word(b, row->words, n, &unused) < 0))
			return err_in(b->err, "/%zu", i);
		v[i] = n->text;
	}
	*list = (struct list){ v, i };
	return 0;
}

static int read_numbers(const struct binder *b, const struct bind_row *row, const struct json *node,
			void *member)
{
	struct list *list = member;
	uint32_t *v;
	size_t i = 0;

	TRY(want_array(b, row, node, "an array of numbers"));
	v = arena_array(b->arena, uint32_t, node->count);
	for (const struct json *n = node->first; n; n = n->next, i++) {
		uint64_t number;

		if (read_unsigned(b, row, n, &number) < 0)
			return err_in(b->err, "/%zu", i);
		v[i] = (uint32_t)number;
	}
	*list = (struct list){ v, i };
	return 0;
}

static int read_pairs(const struct binder *b, const struct bind_row *row, const struct json *node,
		      void *member)
{
	struct list *list = member;
	struct entry *v;
	size_t i = 0;

	(void)row;
	if (node->type != JSON_OBJECT)
		return mismatch(b, "an object of strings", node);
	v = arena_array(b->arena, struct entry, node->count);
	for (const struct json *n = node->first; n; n = n->next, i++) {
		if (want_string(b, n, "a string") < 0)
			return in_key(b, n->key);
		v[i] = (struct entry){ n->key, n->text };
	}
	*list = (struct list){ v, i };
	return 0;
}

/* The values of a list of words, or-ed; as bit numbers where shift says so. */
static int read_word_list(const struct binder *b, const struct bind_row *row,
			  const struct json *node, bool shift, void *member)
{
	uint64_t all = 0;
	size_t i = 0;

	TRY(want_array(b, row, node, "an array of strings"));
	for (const struct json *n = node->first; n; n = n->next, i++) {
		int64_t v = 0;

		if (find_word(b, row->words, n, &v) < 0)
			return err_in(b->err, "/%zu", i);
		all |= shift ? UINT64_C(1) << v : (uint64_t)v;
	}
	store_integer(member, row->size, all);
	return 0;
}

static int read_words(const struct binder *b, const struct bind_row *row, const struct json *node,
		      void *member)
{
	return read_word_list(b, row, node, false, member);
}

static int read_bits(const struct binder *b, const struct bind_row *row, const struct json *node,
		     void *member)
{
	return read_word_list(b, row, node, true, member);
}

/* --- objects --- */

static const struct bind_row *row_of(const struct bind_table *table, const char *key)
{
	for (size_t i = 0; i < table->n; i++)
		if (str_eq(table->rows[i].key, key))
			return &table->rows[i];
	return NULL;
}

static void set_fallbacks(const struct bind_table *table, void *object)
{
	for (size_t i = 0; i < table->n; i++) {
		const struct bind_row *row = &table->rows[i];

		if (row->fallback)
			store_integer((char *)object + row->offset, row->size,
				      (uint64_t)row->fallback);
	}
}

static int check_required(const struct binder *b, const struct bind_table *table,
			  const struct json *node)
{
	for (size_t i = 0; i < table->n; i++)
		if ((table->rows[i].flags & REQUIRED) && !json_member(node, table->rows[i].key))
			return err_input(b->err, "%s is missing", Q(table->rows[i].key));
	return 0;
}

static int read_object(const struct binder *b, const struct bind_table *table,
		       const struct json *node, void *object)
{
	if (node->type != JSON_OBJECT)
		return mismatch(b, "an object", node);
	set_fallbacks(table, object);
	for (const struct json *n = node->first; n; n = n->next) {
		const struct bind_row *row = row_of(table, n->key);

		if (!row) {
			if (b->mode == BIND_STRICT || table->closed)
				return unknown_key(b, table, n->key);
			continue;
		}
		if (n->type == JSON_NULL && !(row->flags & REQUIRED))
			continue;
		if (read_member(b, row, n, object) < 0)
			return in_key(b, n->key);
	}
	return check_required(b, table, node);
}

static int read_inline(const struct binder *b, const struct bind_row *row, const struct json *node,
		       void *member)
{
	return read_object(b, row->table, node, member);
}

static int read_pointer(const struct binder *b, const struct bind_row *row, const struct json *node,
			void *member)
{
	void *object = arena_alloc(b->arena, row->table->size);

	TRY(read_object(b, row->table, node, object));
	*(void **)member = object;
	return 0;
}

static int read_list(const struct binder *b, const struct bind_row *row, const struct json *node,
		     void *member)
{
	struct list *list = member;
	size_t i = 0;
	char *v;

	TRY(want_array(b, row, node, "an array of objects"));
	v = arena_alloc(b->arena, node->count * row->table->size);
	for (const struct json *n = node->first; n; n = n->next, i++)
		if (read_object(b, row->table, n, v + i * row->table->size) < 0)
			return err_in(b->err, "/%zu", i);
	*list = (struct list){ v, i };
	return 0;
}

static int read_map(const struct binder *b, const struct bind_row *row, const struct json *node,
		    void *member)
{
	struct list *list = member;
	size_t i = 0;
	char *v;

	if (node->type != JSON_OBJECT)
		return mismatch(b, "an object of objects", node);
	v = arena_alloc(b->arena, node->count * row->table->size);
	for (const struct json *n = node->first; n; n = n->next, i++) {
		char *element = v + i * row->table->size;

		if (read_object(b, row->table, n, element) < 0)
			return in_key(b, n->key);
		*(const char **)(element + row->table->key_offset) = n->key;
	}
	*list = (struct list){ v, i };
	return 0;
}

static int (*const readers[BIND_KINDS])(const struct binder *b, const struct bind_row *row,
					const struct json *node, void *member) = {
	[BIND_STR] = read_str,		 [BIND_BOOL] = read_bool,
	[BIND_OPT_BOOL] = read_opt_bool, [BIND_INT] = read_int,
	[BIND_UINT] = read_uint,	 [BIND_OPT_INT] = read_opt_int,
	[BIND_OPT_UINT] = read_opt_uint, [BIND_STRINGS] = read_strings,
	[BIND_NUMBERS] = read_numbers,	 [BIND_PAIRS] = read_pairs,
	[BIND_WORD] = read_word,	 [BIND_WORDS] = read_words,
	[BIND_BITS] = read_bits,	 [BIND_INLINE] = read_inline,
	[BIND_OBJECT] = read_pointer,	 [BIND_LIST] = read_list,
	[BIND_MAP] = read_map,
};

static int read_member(const struct binder *b, const struct bind_row *row, const struct json *node,
		       void *object)
{
	TRY(readers[row->kind](b, row, node, (char *)object + row->offset));
	if (row->present)
		*(bool *)((char *)object + row->present - 1) = true;
	return 0;
}

int bind_object(const struct json *node, const struct bind_table *table, enum bind_mode mode,
		void *object, struct arena *a, struct err *err)
{
	struct binder b = { mode, a, err };

	return read_object(&b, table, node, object);
}
