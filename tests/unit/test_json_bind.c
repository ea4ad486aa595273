/* SPDX-License-Identifier: Apache-2.0 */
/* test_json_bind.c - rows take every kind of property, and say what is wrong and where. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "spec/json/bind.h"
#include "tests/unit/document.h"

struct inner {
	const char *key, *name;
	uint32_t n;
};
struct inners {
	struct inner *v;
	size_t n;
};
struct outer {
	const char *text, *path;
	bool flag, seen;
	struct {
		bool set, v;
	} opt_flag;
	int small;
	uint64_t big;
	struct {
		bool set;
		int64_t v;
	} opt_int;
	struct {
		bool set;
		uint64_t v;
	} opt_uint;
	struct {
		const char **v;
		size_t n;
	} strings;
	struct {
		uint32_t *v;
		size_t n;
	} numbers;
	struct {
		struct {
			const char *key, *value;
		} * v;
		size_t n;
	} pairs;
	int word;
	uint64_t words, bits;
	struct inner inside, *beside;
	struct inners list, map;
};

static const struct name colours[] = { { "red", 1 }, { "green", 2 }, { "blue", 4 }, { NULL, 0 } };

static const struct bind_row inner_rows[] = {
	ROW(inner, name, "name", STR, REQUIRED | NONEMPTY, "a name"),
	ROW(inner, n, "n", UINT, 0, "a number", .max = UINT32_MAX),
};
static const struct bind_table inner_table = MAP_TABLE(inner, key, inner_rows);

static const struct bind_row outer_rows[] = {
	ROW(outer, text, "text", STR, 0, "any text"),
	ROW(outer, path, "path", STR, ABSPATH, "a path"),
	ROW(outer, flag, "flag", BOOL, 0, "yes or no", PRESENT(outer, seen)),
	ROW(outer, opt_flag, "optFlag", OPT_BOOL, 0, "perhaps"),
	ROW(outer, small, "small", INT, 0, "small", .min = -5, .max = 5),
	ROW(outer, big, "big", UINT, 0, "big"),
	ROW(outer, opt_int, "optInt", OPT_INT, 0, "perhaps", .min = INT64_MIN),
	ROW(outer, opt_uint, "optUint", OPT_UINT, 0, "perhaps"),
	ROW(outer, strings, "strings", STRINGS, NONEMPTY, "texts"),
	ROW(outer, numbers, "numbers", NUMBERS, 0, "numbers"),
	ROW(outer, pairs, "pairs", PAIRS, 0, "pairs"),
	ROW(outer, word, "word", WORD, 0, "colour", .words = colours, .fallback = 2),
	ROW(outer, words, "words", WORDS, 0, "colours", .words = colours),
	ROW(outer, bits, "bits", BITS, 0, "colours", .words = colours),
	ROW_INLINE(outer, inside, "inside", inner_table, 0, "inside"),
	ROW_OBJECT(outer, beside, "beside", inner_table, 0, "beside"),
	ROW_LIST(outer, list, "list", inner_table, 0, "list"),
	ROW_MAP(outer, map, "map", inner_table, 0, "map"),
};
static const struct bind_table outer_table = TABLE(outer, outer_rows);

static int bind(struct arena *a, const char *text, enum bind_mode mode, struct outer *o,
		struct err *err)
{
	static const struct json_limits limits = { 1 << 16, 32, 10000 };
	char *s = document(a, text);
	struct json *n;

	if (json_parse(s, strlen(s), "t", &limits, a, &n, err) < 0)
		fail_msg("%s", err->text);
	return bind_object(n, &outer_table, mode, o, a, err);
}

static struct outer bound(struct arena *a, const char *text)
{
	struct outer o = { 0 };
	struct err err;
	char line[ERR_LINE_MAX];

	if (bind(a, text, BIND_STRICT, &o, &err) < 0)
		fail_msg("%s", err_line(&err, line, sizeof(line)));
	return o;
}

static void reads_single_values(void **state)
{
	scoped_arena struct arena a = { 0 };
	struct outer o = bound(&a, "{'text':'x','path':'/p','flag':true,'optFlag':false,'small':-5,"
				   "'big':18446744073709551615,'optInt':-9223372036854775808,"
				   "'optUint':0,'word':'blue'}");

	(void)state;
	assert_string_equal(o.text, "x");
	assert_string_equal(o.path, "/p");
	assert_true(o.flag && o.seen && o.opt_flag.set && !o.opt_flag.v);
	assert_int_equal(o.small, -5);
	assert_true(o.big == UINT64_MAX);
	assert_true(o.opt_int.set && o.opt_int.v == INT64_MIN);
	assert_true(o.opt_uint.set && o.opt_uint.v == 0);
	assert_int_equal(o.word, 4);
}

static void reads_lists_and_maps(void **state)
{
	scoped_arena struct arena a = { 0 };
	struct outer o = bound(&a, "{'strings':['a','b'],'numbers':[0,4294967295],"
				   "'pairs':{'k':'v','':''},'words':['red','blue','red'],"
				   "'bits':['red','blue'],'inside':{'name':'i'},"
				   "'beside':{'name':'b','n':3},'list':[{'name':'1'},{'name':'2'}],"
				   "'map':{'m':{'name':'in'}}}");

	(void)state;
	assert_int_equal(o.strings.n, 2);
	assert_string_equal(o.strings.v[1], "b");
	assert_null(o.strings.v[2]);
	assert_int_equal(o.numbers.v[1], UINT32_MAX);
	assert_string_equal(o.pairs.v[0].value, "v");
	assert_int_equal(o.pairs.n, 2);
	assert_int_equal(o.words, 5);
	assert_int_equal(o.bits, 1 << 1 | 1 << 4);
	assert_string_equal(o.inside.name, "i");
	assert_int_equal(o.beside->n, 3);
	assert_string_equal(o.list.v[1].name, "2");
	assert_string_equal(o.map.v[0].key, "m");
	assert_string_equal(o.map.v[0].name, "in");
}

static void null_and_absent_are_the_same(void **state)
{
	scoped_arena struct arena a = { 0 };
	struct outer o = bound(&a, "{'text':null,'flag':null,'optInt':null,'strings':null,"
				   "'beside':null,'map':null,'word':null}");
	struct outer empty = bound(&a, "{}");

	(void)state;
	assert_memory_equal(&o, &empty, sizeof(o));
	assert_int_equal(o.word, 2);
	assert_false(o.seen);
}

static void what_is_wrong_is_named_with_its_place(void **state)
{
	static const struct {
		const char *text, *line;
	} cases[] = {
		{ "[]", "expected an object, found an array" },
		{ "{'text':1}", "/text: expected a string, found the number 1" },
		{ "{'text':['x']}", "/text: expected a string, found an array" },
		{ "{'path':'p'}", "/path: must be an absolute path, is \"p\"" },
		{ "{'path':''}", "/path: may not be empty" },
		{ "{'flag':'true'}", "/flag: expected true or false, found the string \"true\"" },
		{ "{'small':6}",
		  "/small: expected a whole number from -5 to 5, found the number 6" },
		{ "{'big':-1}", "/big: expected a whole number from 0 to 18446744073709551615, "
				"found the number -1" },
		{ "{'big':18446744073709551616}",
		  "/big: expected a whole number from 0 to 18446744073709551615, found the number "
		  "18446744073709551616" },
		{ "{'small':1.5}",
		  "/small: expected a whole number from -5 to 5, found the number 1.5" },
		{ "{'small':'1'}",
		  "/small: expected a whole number from -5 to 5, found the string \"1\"" },
		{ "{'strings':['a',null]}", "/strings/1: expected a string, found null" },
		{ "{'strings':[]}", "/strings: may not be empty" },
		{ "{'strings':'a'}",
		  "/strings: expected an array of strings, found the string \"a\"" },
		{ "{'numbers':[4294967296]}",
		  "/numbers/0: expected a whole number from 0 to 4294967295, found the number "
		  "4294967296" },
		{ "{'pairs':{'a/b~c\\n':1}}",
		  "/pairs/a~1b~0c?: expected a string, found the number 1" },
		{ "{'word':'bleu'}", "/word: \"bleu\" is unknown; did you mean \"blue\"?" },
		{ "{'word':'magenta'}",
		  "/word: \"magenta\" is unknown; known are red, green, blue" },
		{ "{'words':['red','x\\u001b']}",
		  "/words/1: \"x\\u001b\" is unknown; known are red, green, blue" },
		{ "{'bits':[1]}", "/bits/0: expected a string, found the number 1" },
		{ "{'beside':{'n':1}}", "/beside: \"name\" is missing" },
		{ "{'beside':{'name':null}}", "/beside/name: expected a string, found null" },
		{ "{'inside':[]}", "/inside: expected an object, found an array" },
		{ "{'list':[{'name':'a'},{'name':''}]}", "/list/1/name: may not be empty" },
		{ "{'list':{}}", "/list: expected an array of objects, found an object" },
		{ "{'map':{'k':{'name':'a','n':-1}}}",
		  "/map/k/n: expected a whole number from 0 to 4294967295, found the number -1" },
		{ "{'map':[]}", "/map: expected an object of objects, found an array" },
		{ "{'txet':1}", "unknown key \"txet\"; did you mean \"text\"?" },
		{ "{'inside':{'name':'a','whatever':1}}", "/inside: unknown key \"whatever\"" },
	};
	scoped_arena struct arena a = { 0 };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct outer o = { 0 };
		struct err err;
		char line[ERR_LINE_MAX];

		assert_int_equal(bind(&a, cases[i].text, BIND_STRICT, &o, &err), -1);
		assert_int_equal(err.kind, ERR_INPUT);
		assert_string_equal(err_line(&err, line, sizeof(line)), cases[i].line);
	}
}

static void tolerant_mode_ignores_unknown_keys(void **state)
{
	scoped_arena struct arena a = { 0 };
	struct outer o = { 0 };
	struct err err;

	(void)state;
	assert_int_equal(bind(&a, "{'txet':[{}],'text':'x'}", BIND_TOLERANT, &o, &err), 0);
	assert_string_equal(o.text, "x");
}

static void the_tables_write_their_manual(void **state)
{
	scoped_arena struct arena a = { 0 };
	struct text t = { .arena = &a };

	(void)state;
	bind_describe(&outer_table, "", &t);
	assert_non_null(strstr(t.s, "| `/path` | absolute path, string | a path |\n"));
	assert_non_null(strstr(t.s, "| `/small` | integer from -5 to 5 | small |\n"));
	assert_non_null(strstr(t.s, "| `/word` | word | colour: `red`, `green`, `blue` |\n"));
	assert_non_null(
		strstr(t.s, "| `/list/N/name` | string, not empty, **required** | a name |"));
	assert_non_null(strstr(t.s, "| `/map/NAME/n` | integer to 4294967295 | a number |\n"));
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_single_values),
		cmocka_unit_test(reads_lists_and_maps),
		cmocka_unit_test(null_and_absent_are_the_same),
		cmocka_unit_test(what_is_wrong_is_named_with_its_place),
		cmocka_unit_test(tolerant_mode_ignores_unknown_keys),
		cmocka_unit_test(the_tables_write_their_manual),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
