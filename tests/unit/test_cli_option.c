/* SPDX-License-Identifier: Apache-2.0 */
/* test_cli_option.c - command lines are read as their tables say. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "runtime/cli/command.h"

struct sample {
	bool all, tty;
	const char *bundle;
	struct strings env;
	uint32_t fds;
	int format, mode;
};

static const struct name formats[] = { { "table", 1 }, { "json", 2 }, { 0 } };
static const struct name modes[] = { { "true", 1 }, { "false", 2 }, { "auto", 3 }, { 0 } };
static const struct option_row rows[] = {
	OPTION(struct sample, all, "all", 'a', FLAG, NULL, "all"),
	OPTION(struct sample, tty, "tty", 't', FLAG, NULL, "tty"),
	OPTION(struct sample, bundle, "bundle", 'b', STRING, "DIR", "bundle"),
	OPTION(struct sample, env, "env", 'e', LIST, "NAME=VALUE", "env"),
	OPTION_UP_TO(struct sample, fds, "preserve-fds", 0, 9, "N", "fds"),
	OPTION_OF_WORDS(struct sample, format, "format", 'f', CHOICE, "FORMAT", formats, "format"),
	OPTION_OF_WORDS(struct sample, mode, "rootless", 0, OPTIONAL, "MODE", modes, "mode"),
};
static const struct option_table anywhere = OPTIONS(rows, OPTIONS_ANYWHERE);

/* One reading and what came of it. */
struct result {
	struct arena arena;
	struct sample got;
	struct strings args;
	struct err err;
	int status;
};

static struct result parse(const struct option_table *table, const char *const *argv)
{
	struct result r = { 0 };

	r.status = options_parse(table, &r.arena, argv, &r.got, &r.args, &r.err);
	return r;
}
#define WORDS(...) ((const char *const[]){ __VA_ARGS__, NULL })

static void assert_args(const struct result *r, const char *const *words)
{
	size_t n = 0;

	assert_int_equal(r->status, 0);
	for (; words[n]; n++) {
		assert_true(n < r->args.n);
		assert_string_equal(r->args.v[n], words[n]);
	}
	assert_int_equal(r->args.n, n);
	assert_null(r->args.v[n]);
}

static void assert_refused(const struct option_table *table, const char *const *argv,
			   const char *text)
{
	struct result r = parse(table, argv);
	char line[ERR_LINE_MAX];

	assert_int_equal(r.status, -1);
	assert_int_equal(r.err.kind, ERR_INPUT);
	assert_string_equal(err_line(&r.err, line, sizeof(line)), text);
	arena_done(&r.arena);
}

static void takes_values_after_a_space_an_equals_sign_or_a_letter(void **state)
{
	static const char *const lines[][3] = {
		{ "--bundle", "/b" }, { "--bundle=/b" }, { "-b", "/b" }, { "-b/b" }, { "-b=/b" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(lines); i++) {
		struct result r = parse(&anywhere, lines[i]);

		assert_args(&r, (const char *const[]){ NULL });
		assert_string_equal(r.got.bundle, "/b");
		arena_done(&r.arena);
	}
}

static void takes_options_around_arguments(void **state)
{
	struct result r = parse(&anywhere, WORDS("-a", "id", "--bundle", "/b", "KILL", "-t"));

	(void)state;
	assert_args(&r, WORDS("id", "KILL"));
	assert_true(r.got.all && r.got.tty);
	assert_string_equal(r.got.bundle, "/b");
	arena_done(&r.arena);
}

static void combines_short_flags_and_a_value(void **state)
{
	struct result r = parse(&anywhere, WORDS("-ate", "A=1", "-atb/b"));

	(void)state;
	assert_int_equal(r.status, 0);
	assert_true(r.got.all && r.got.tty);
	assert_int_equal(r.got.env.n, 1);
	assert_string_equal(r.got.env.v[0], "A=1");
	assert_string_equal(r.got.bundle, "/b");
	arena_done(&r.arena);
}

static void keeps_every_value_of_a_list_in_order(void **state)
{
	struct result r = parse(&anywhere, WORDS("-e", "A=1", "--env=B=2=3", "-eC"));

	(void)state;
	assert_int_equal(r.got.env.n, 3);
	assert_string_equal(r.got.env.v[0], "A=1");
	assert_string_equal(r.got.env.v[1], "B=2=3");
	assert_string_equal(r.got.env.v[2], "C");
	assert_null(r.got.env.v[3]);
	arena_done(&r.arena);
}

static void the_last_one_of_a_string_and_of_a_flag_counts(void **state)
{
	struct result r =
		parse(&anywhere, WORDS("-b", "1", "-b", "2", "--all", "--all=false", "--tty=1"));

	(void)state;
	assert_string_equal(r.got.bundle, "2");
	assert_false(r.got.all);
	assert_true(r.got.tty);
	arena_done(&r.arena);
}

static void reads_choices_numbers_and_optional_values(void **state)
{
	struct result r = parse(&anywhere, WORDS("-fjson", "--preserve-fds=9", "--rootless=auto"));

	(void)state;
	assert_int_equal(r.got.format, 2);
	assert_int_equal(r.got.fds, 9);
	assert_int_equal(r.got.mode, 3);
	arena_done(&r.arena);
}

static void an_optional_value_is_the_next_word_only_if_it_is_one(void **state)
{
	struct result bare = parse(&anywhere, WORDS("--rootless", "run", "auto"));
	struct result next = parse(&anywhere, WORDS("--rootless", "false", "run"));

	(void)state;
	assert_args(&bare, WORDS("run", "auto"));
	assert_int_equal(bare.got.mode, 1);
	assert_args(&next, WORDS("run"));
	assert_int_equal(next.got.mode, 2);
	arena_done(&bare.arena);
	arena_done(&next.arena);
}

static void a_value_may_begin_with_a_dash(void **state)
{
	struct result r = parse(&anywhere, WORDS("-b", "-1", "--env", "--"));

	(void)state;
	assert_args(&r, (const char *const[]){ NULL });
	assert_string_equal(r.got.bundle, "-1");
	assert_string_equal(r.got.env.v[0], "--");
	arena_done(&r.arena);
}

static void two_dashes_end_the_options_and_one_is_an_argument(void **state)
{
	struct result r = parse(&anywhere, WORDS("-", "--", "-a", "--", "--nope"));

	(void)state;
	assert_args(&r, WORDS("-", "-a", "--", "--nope"));
	assert_false(r.got.all);
	arena_done(&r.arena);
}

static void options_end_where_the_table_says(void **state)
{
	static const struct option_table nowhere = OPTIONS(rows, OPTIONS_NOWHERE);
	static const struct option_table after_one = OPTIONS(rows, 1);
	static const struct option_table after_two = OPTIONS(rows, 2);
	struct result none = parse(&nowhere, WORDS("--help", "-a", "--"));
	struct result one = parse(&after_one, WORDS("-a", "id", "-ef", "--"));
	struct result two = parse(&after_two, WORDS("id", "-a", "ls", "-t", "--", "x"));

	(void)state;
	assert_args(&none, WORDS("--help", "-a", "--"));
	assert_args(&one, WORDS("id", "-ef", "--"));
	assert_args(&two, WORDS("id", "ls", "-t", "--", "x"));
	assert_true(two.got.all);
	assert_false(two.got.tty);
	arena_done(&none.arena);
	arena_done(&one.arena);
	arena_done(&two.arena);
}

static void help_ends_the_reading(void **state)
{
	static const char *const lines[][3] = {
		{ "--help", "--nope" },
		{ "-h", "-f" },
		{ "-ah", "x" },
		{ "id", "--help" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(lines); i++) {
		struct result r = parse(&anywhere, lines[i]);

		assert_int_equal(r.status, 1);
		arena_done(&r.arena);
	}
}

static void names_what_is_wrong(void **state)
{
	(void)state;
	assert_refused(&anywhere, WORDS("--bundel", "x"),
		       "unknown option --bundel; did you mean --bundle?");
	assert_refused(&anywhere, WORDS("--zzzzzzzz=1"), "unknown option --zzzzzzzz");
	assert_refused(&anywhere, WORDS("--=1"), "unknown option --");
	assert_refused(&anywhere, WORDS("-ax"), "unknown option -x");
	assert_refused(&anywhere, WORDS("--bundle"), "--bundle needs a value: DIR");
	assert_refused(&anywhere, WORDS("-ab"), "--bundle needs a value: DIR");
	assert_refused(&anywhere, WORDS("--all=maybe"), "--all=maybe: not a truth value");
	assert_refused(&anywhere, WORDS("--format=jsn"),
		       "--format=jsn: not a FORMAT; did you mean json?");
	assert_refused(&anywhere, WORDS("--format="), "--format=: not a FORMAT");
	assert_refused(&anywhere, WORDS("--preserve-fds=10"), "--preserve-fds: 10 is more than 9");
	assert_refused(&anywhere, WORDS("--preserve-fds=-1"),
		       "--preserve-fds: \"-1\" is not a number");
	assert_refused(&anywhere, WORDS("--preserve-fds", ""),
		       "--preserve-fds: a number is missing");
}

static void a_prefix_of_a_name_is_not_the_name(void **state)
{
	(void)state;
	assert_refused(&anywhere, WORDS("--bund=x"),
		       "unknown option --bund; did you mean --bundle?");
	assert_refused(&anywhere, WORDS("--all2"), "unknown option --all2; did you mean --all?");
}

static void bounds_the_words_of_a_line(void **state)
{
	const char **argv = calloc(OPTION_WORDS_MAX + 2, sizeof(*argv));
	struct result r;

	(void)state;
	assert_non_null(argv);
	for (size_t i = 0; i <= OPTION_WORDS_MAX; i++)
		argv[i] = "x";
	r = parse(&anywhere, argv);
	assert_int_equal(r.status, -1);
	assert_int_equal(r.err.kind, ERR_LIMIT);
	arena_done(&r.arena);
	argv[OPTION_WORDS_MAX] = NULL;
	r = parse(&anywhere, argv);
	assert_int_equal(r.status, 0);
	assert_int_equal(r.args.n, OPTION_WORDS_MAX);
	arena_done(&r.arena);
	free(argv);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(takes_values_after_a_space_an_equals_sign_or_a_letter),
		cmocka_unit_test(takes_options_around_arguments),
		cmocka_unit_test(combines_short_flags_and_a_value),
		cmocka_unit_test(keeps_every_value_of_a_list_in_order),
		cmocka_unit_test(the_last_one_of_a_string_and_of_a_flag_counts),
		cmocka_unit_test(reads_choices_numbers_and_optional_values),
		cmocka_unit_test(an_optional_value_is_the_next_word_only_if_it_is_one),
		cmocka_unit_test(a_value_may_begin_with_a_dash),
		cmocka_unit_test(two_dashes_end_the_options_and_one_is_an_argument),
		cmocka_unit_test(options_end_where_the_table_says),
		cmocka_unit_test(help_ends_the_reading),
		cmocka_unit_test(names_what_is_wrong),
		cmocka_unit_test(a_prefix_of_a_name_is_not_the_name),
		cmocka_unit_test(bounds_the_words_of_a_line),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
