/* SPDX-License-Identifier: Apache-2.0 */
/* test_lookup.c - what a settings file means on the host: patterns, links, names below, on a tree of the test's own. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "runtime/sandbox/lookup.h"
#include "runtime/sandbox/placeholder.h"
#include "spec/base/path.h"
#include "spec/base/str.h"

static char top[] = "/tmp/srt-lookup-XXXXXX";

static void make(const char *name)
{
	char path[256];

	(void)snprintf(path, sizeof(path), "%s/%s", top, name);
	if (str_ends(name, "/"))
		assert_int_equal(mkdir(path, 0755), 0);
	else
		assert_int_equal(close(open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0644)), 0);
}

static void make_link(const char *target, const char *name)
{
	char path[256];

	(void)snprintf(path, sizeof(path), "%s/%s", top, name);
	assert_int_equal(symlink(target, path), 0);
}

static int make_tree(void **state)
{
	static const char *const names[] = { "a.pem",	   "b",	       "d/",	      "d/.env",
					     "d/e/",	   "d/e/.env", "d/e/.bashrc", ".bashrc",
					     "d/.claude/", "x[1]",     "x1",	      "d/c.pem" };

	(void)state;
	if (!mkdtemp(top))
		return -1;
	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		make(names[i]);
	make_link("..", "d/e/up");
	make_link("d", "l");
	make_link("nowhere/file", "dangling");
	return 0;
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *at)
{
	(void)st;
	(void)type;
	(void)at;
	return remove(path);
}

static int remove_tree(void **state)
{
	(void)state;
	return nftw(top, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

static int by_text(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* What is found, without the top, one after the other. */
static const char *found(const char *pattern, struct arena *a)
{
	struct policy_words words = { 0 };
	struct text out = { .arena = a };
	struct err err = { 0 };

	if (lookup_host.fitting(path_join(a, top, pattern), a, &words, &err) < 0)
		return "refused";
	if (words.n)
		qsort(words.v, words.n, sizeof(*words.v), by_text);
	for (size_t i = 0; i < words.n; i++)
		text_addf(&out, "%s ", words.v[i] + strlen(top) + 1);
	return out.s ? out.s : "";
}

static void patterns_stand_for_what_is_there(void **state)
{
	scoped_arena struct arena a = { 0 };

	(void)state;
	assert_string_equal(found("*.pem", &a), "a.pem ");
	assert_string_equal(found("?", &a), "b d l ");
	assert_string_equal(found("x[1]", &a), "x1 ");
	assert_string_equal(found("x[2]", &a), "");
	assert_string_equal(found("d/*/.env", &a), "d/e/.env ");
	assert_string_equal(found("**.pem", &a), "refused");
}

/* Each directory once for each rest of the pattern, under the first name that leads to it: a link that goes up is no loop. */
static void two_stars_go_down_and_end(void **state)
{
	scoped_arena struct arena a = { 0 };
	const char *all = found("**/.env", &a);

	(void)state;
	assert_true(str_starts(all, "d/.env ") || str_starts(all, "l/.env "));
	assert_true(strlen(all) < 40);
	assert_string_equal(found("d/**/c.pem", &a), "d/c.pem ");
}

static void a_pattern_begins_with_a_directory(void **state)
{
	scoped_arena struct arena a = { 0 };
	struct policy_words words = { 0 };
	struct err err = { 0 };

	(void)state;
	assert_int_equal(lookup_host.fitting("/*/x", &a, &words, &err), -1);
}

static void paths_lead_where_their_links_do(void **state)
{
	scoped_arena struct arena a = { 0 };
	const char *real;
	struct err err = { 0 };

	(void)state;
	assert_int_equal(lookup_host.real(path_join(&a, top, "l/e/not/there"), &a, &real, &err), 0);
	assert_string_equal(real + strlen(top), "/d/e/not/there");
	assert_int_equal(lookup_host.real(path_join(&a, top, "dangling"), &a, &real, &err), 0);
	assert_string_equal(real + strlen(top), "/nowhere/file");
	assert_int_equal(lookup_host.kind(path_join(&a, top, "l")), LOOKUP_DIR);
	assert_int_equal(lookup_host.kind(path_join(&a, top, "dangling")), LOOKUP_NOTHING);
}

static void names_are_found_below_and_no_deeper(void **state)
{
	static const char *const names[] = { ".bashrc", ".claude/commands", ".claude" };
	scoped_arena struct arena a = { 0 };
	struct policy_words words = { 0 };
	struct err err = { 0 };

	(void)state;
	assert_int_equal(lookup_host.below(top, names, 3, 2, &a, &words, &err), 0);
	assert_int_equal(words.n, 2);
	words.n = 0;
	assert_int_equal(lookup_host.below(top, names, 3, 1, &a, &words, &err), 0);
	assert_int_equal(words.n, 1);
	assert_true(str_ends(words.v[0], "/d/.claude"));
}

static void placeholders_come_and_go(void **state)
{
	scoped_arena struct arena a = { 0 };
	const char *file = path_join(&a, top, "new"), *own = path_join(&a, top, "own");
	struct placeholders one = { 0 }, two = { 0 };
	struct err err = { 0 };

	(void)state;
	placeholders_add(&one, file, false, &a);
	placeholders_add(&one, file, false, &a);
	placeholders_add(&two, file, true, &a);
	assert_int_equal(one.n, 1);
	assert_int_equal(placeholders_make(&one, &err), 0);
	assert_true(placeholder_is(file));
	/* Held by two, it goes with the second. */
	assert_int_equal(placeholders_make(&two, &err), 0);
	placeholders_drop(&one);
	assert_true(placeholder_is(file));
	placeholders_drop(&two);
	assert_int_equal(access(file, F_OK), -1);
	/* What somebody else has made stays. */
	make("own");
	one = (struct placeholders){ 0 };
	placeholders_add(&one, own, false, &a);
	assert_int_equal(placeholders_make(&one, &err), 0);
	placeholders_drop(&one);
	assert_int_equal(access(own, F_OK), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(patterns_stand_for_what_is_there),
		cmocka_unit_test(two_stars_go_down_and_end),
		cmocka_unit_test(a_pattern_begins_with_a_directory),
		cmocka_unit_test(paths_lead_where_their_links_do),
		cmocka_unit_test(names_are_found_below_and_no_deeper),
		cmocka_unit_test(placeholders_come_and_go),
	};

	return cmocka_run_group_tests(tests, make_tree, remove_tree);
}
