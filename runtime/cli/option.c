/* SPDX-License-Identifier: Apache-2.0 */
/* option.c - reads a command line by the table of its options. */
#include "runtime/cli/option.h"

#include <string.h>

#include "spec/base/str.h"

/* A reading in progress. */
struct reading {
	const struct option_table *table;
	struct arena *arena;
	const char *const *next; /* the word after the one that is being read */
	size_t words; /* in all: room for the values of any list */
	char *into;
};

static const struct name truths[] = {
	{ "true", true }, { "false", false }, { "1", true }, { "0", false }, { NULL, 0 },
};

const struct option_row *option_find(const struct option_table *table, const char *name, size_t len)
{
	for (size_t i = 0; i < table->n; i++)
		if (strncmp(table->rows[i].name, name, len) == 0 &&
		    table->rows[i].name[len] == '\0')
			return &table->rows[i];
	return NULL;
}

static const struct option_row *letter_find(const struct option_table *table, char letter)
{
	for (size_t i = 0; i < table->n; i++)
		if (table->rows[i].letter == letter)
			return &table->rows[i];
	return NULL;
}

static int unknown(const struct option_table *table, const char *name, size_t len, struct err *err)
{
	char word[40];
	const char *near = NULL;
	int least = 3;

	if (len >= sizeof(word))
		return err_input(err, "unknown option --%.64s", name);
	memcpy(word, name, len);
	word[len] = '\0';
	for (size_t i = 0; i < table->n; i++) {
		int d = word_distance(table->rows[i].name, word);

		if (d < least) {
			least = d;
			near = table->rows[i].name;
		}
	}
	return err_input(err, "unknown option --%s%s%s%s", word, near ? "; did you mean --" : "",
			 near ? near : "", near ? "?" : "");
}

static int bad_word(const struct option_row *row, const char *value, struct err *err)
{
	const struct name *words = row->words ? row->words : truths;
	const char *near = name_near(words, value);

	return err_input(err, "--%s=%.64s: not a %s%s%s%s", row->name, value,
			 row->value ? row->value : "truth value", near ? "; did you mean " : "",
			 near ? near : "", near ? "?" : "");
}

static void list_add(const struct reading *r, struct strings *list, const char *value)
{
	if (!list->v)
		list->v = arena_alloc(r->arena, (r->words + 1) * sizeof(*list->v));
	list->v[list->n++] = value;
}

/* Stores one value; NULL is an option without one, which its kind allows. */
static int store(const struct reading *r, const struct option_row *row, const char *value,
		 struct err *err)
{
	void *at = r->into + row->at;
	const struct name *word;
	uint64_t number;

	switch (row->kind) {
	case OPTION_FLAG:
		word = name_find(truths, value ? value : "true");
		if (!word)
			return bad_word(row, value, err);
		*(bool *)at = word->value;
		return 0;
	case OPTION_STRING:
		*(const char **)at = value;
		return 0;
	case OPTION_LIST:
		list_add(r, at, value);
		return 0;
	case OPTION_NUMBER:
		if (str_u64(value, 10, row->max, &number, err) < 0)
			return err_in(err, "--%s", row->name);
		*(uint32_t *)at = (uint32_t)number;
		return 0;
	case OPTION_CHOICE:
	case OPTION_OPTIONAL:
		word = value ? name_find(row->words, value) : row->words;
		if (!word)
			return bad_word(row, value, err);
		*(int *)at = (int)word->value;
		return 0;
	}
	return err_input(err, "--%s is of no kind", row->name);
}

/* The value of an option: what follows its "=", else the next word where it needs one. */
static int take_value(struct reading *r, const struct option_row *row, const char *inside,
		      struct err *err)
{
	if (!inside && row->kind == OPTION_OPTIONAL && *r->next && name_find(row->words, *r->next))
		inside = *r->next++;
	if (!inside && row->kind != OPTION_FLAG && row->kind != OPTION_OPTIONAL) {
		if (!*r->next)
			return err_input(err, "--%s needs a value: %s", row->name, row->value);
		inside = *r->next++;
	}
	return store(r, row, inside, err);
}

/* "--name", "--name=value" */
static int read_long(struct reading *r, const char *name, struct err *err)
{
	size_t len = strcspn(name, "=");
	const struct option_row *row = option_find(r->table, name, len);

	if (row)
		return take_value(r, row, name[len] ? name + len + 1 : NULL, err);
	if (len == 4 && memcmp(name, "help", 4) == 0)
		return 1;
	return unknown(r->table, name, len, err);
}

/* "-x", "-xy", "-x=value", "-xvalue" */
static int read_short(struct reading *r, const char *letters, struct err *err)
{
	for (; *letters; letters++) {
		const struct option_row *row = letter_find(r->table, *letters);
		const char *rest = letters + 1;

		if (!row && *letters == 'h')
			return 1;
		if (!row)
			return err_input(err, "unknown option -%c", *letters);
		if (row->kind == OPTION_FLAG && *rest != '=') {
			TRY(store(r, row, NULL, err));
			continue;
		}
		return take_value(r, row, *rest == '=' ? rest + 1 : *rest ? rest : NULL, err);
	}
	return 0;
}

static size_t count_words(const char *const *argv)
{
	size_t n = 0;

	while (n <= OPTION_WORDS_MAX && argv[n])
		n++;
	return n;
}

int options_parse(const struct option_table *table, struct arena *a, const char *const *argv,
		  void *into, struct strings *args, struct err *err)
{
	struct reading r = { .table = table, .arena = a, .next = argv, .into = into };
	struct strings found = { 0 };
	bool ended = false;

	r.words = count_words(argv);
	if (r.words > OPTION_WORDS_MAX)
		return err_limit(err, "more than %d words on the command line", OPTION_WORDS_MAX);
	found.v = arena_alloc(a, (r.words + 1) * sizeof(*found.v));
	while (*r.next) {
		const char *word = *r.next++;
		int got = 0;

		ended = ended || found.n >= table->before;
		if (ended || word[0] != '-' || word[1] == '\0')
			found.v[found.n++] = word;
		else if (word[1] != '-')
			got = read_short(&r, word + 1, err);
		else if (word[2] != '\0')
			got = read_long(&r, word + 2, err);
		else
			ended = true;
		if (got != 0)
			return got;
	}
	*args = found;
	return 0;
}
