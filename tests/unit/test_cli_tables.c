/* SPDX-License-Identifier: Apache-2.0 */
/* test_cli_tables.c - the tables of commands and options are sound, and what is made of them is
 * what is checked in. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "runtime/cli/command.h"
#include "runtime/cli/completion.h"
#include "runtime/cli/face.h"
#include "runtime/cli/global.h"
#include "runtime/cli/help.h"
#include "runtime/cli/man.h"
#include "spec/base/fd.h"
#include "spec/policy/serve.h"
#include "version.h"

#include <fcntl.h>

#define MADE_MAX (1u << 20)

static size_t size_of(enum option_kind kind)
{
	static const size_t sizes[] = {
		[OPTION_FLAG] = sizeof(bool),		[OPTION_STRING] = sizeof(char *),
		[OPTION_LIST] = sizeof(struct strings), [OPTION_NUMBER] = sizeof(uint32_t),
		[OPTION_CHOICE] = sizeof(int),		[OPTION_OPTIONAL] = sizeof(int),
	};

	return sizes[kind];
}

/* Completions put help between quotes, zsh's also between brackets. */
static void check_help(const char *help)
{
	assert_non_null(help);
	assert_true(help[0] && !str_ends(help, "."));
	assert_null(strpbrk(help, "\n\\\"$`[]"));
}

static void check_row(const struct option_row *row, size_t size)
{
	bool chosen = row->kind == OPTION_CHOICE || row->kind == OPTION_OPTIONAL;

	check_help(row->help);
	assert_string_not_equal(row->name, "help");
	assert_int_not_equal(row->letter, 'h');
	assert_true((size_t)row->at + size_of(row->kind) <= size);
	assert_int_equal(row->words != NULL, chosen);
	assert_int_equal(row->value != NULL, row->kind != OPTION_FLAG);
	assert_int_equal(row->max != 0, row->kind == OPTION_NUMBER);
}

static void check_table(const struct option_table *table, size_t size)
{
	for (size_t i = 0; i < table->n; i++) {
		const struct option_row *row = &table->rows[i];

		check_row(row, size);
		assert_ptr_equal(option_find(table, row->name, strlen(row->name)), row);
		for (size_t j = i + 1; j < table->n; j++) {
			assert_true(!row->letter || row->letter != table->rows[j].letter);
			assert_int_not_equal(row->at, table->rows[j].at);
		}
	}
}

static void every_option_has_its_own_name_letter_and_place(void **state)
{
	(void)state;
	check_table(&global_options, sizeof(struct globals));
	for (const struct command *const *c = commands; *c; c++)
		check_table(&(*c)->options, (*c)->size);
}

static void every_command_can_be_found_and_run(void **state)
{
	(void)state;
	for (const struct command *const *c = commands; *c; c++) {
		assert_ptr_equal(command_find((*c)->name), *c);
		assert_non_null((*c)->run);
		assert_non_null((*c)->synopsis);
		assert_true((*c)->args_min <= (*c)->args_max);
		check_help((*c)->help);
		assert_true((*c)->help[0] >= 'a' && (*c)->help[0] <= 'z');
		assert_true(!(*c)->text || str_ends((*c)->text, "."));
	}
}

static void an_unknown_command_is_told_its_neighbour(void **state)
{
	const struct command *found = NULL;
	struct err err;

	(void)state;
	assert_int_equal(command_need("creat", &found, &err), -1);
	assert_string_equal(err.text, "unknown command \"creat\"; did you mean create?");
	assert_int_equal(command_need("levitate", &found, &err), -1);
	assert_string_equal(err.text, "unknown command \"levitate\"");
	assert_int_equal(command_need("man", &found, &err), 0);
	assert_int_equal(command_need("mann", &found, &err), -1);
	assert_null(strstr(err.text, "did you mean man?"));
}

/* "--name" as a whole word of the text. */
static bool mentions(const char *text, const char *name)
{
	struct arena a = { 0 };
	const char *word = arena_printf(&a, "--%s", name);
	bool found = false;

	for (const char *s = strstr(text, word); s && !found; s = strstr(s + 1, word))
		found = strchr(" [\n", s[strlen(word)]) != NULL;
	arena_done(&a);
	return found;
}

static void help_has_every_option_and_command(void **state)
{
	struct arena a = { 0 };
	struct text program = { .arena = &a };

	(void)state;
	help_program(&program);
	for (size_t i = 0; i < global_options.n; i++)
		assert_true(mentions(program.s, global_options.rows[i].name));
	for (const struct command *const *c = commands; *c; c++) {
		struct text help = { .arena = &a };

		help_command(*c, &help);
		assert_int_equal(strstr(program.s, arena_printf(&a, "\n  %s ", (*c)->name)) != NULL,
				 command_listed(*c));
		for (size_t i = 0; i < (*c)->options.n; i++)
			assert_true(mentions(help.s, (*c)->options.rows[i].name));
	}
	arena_done(&a);
}

static void assert_same_as_file(const struct text *made, const char *path)
{
	struct arena a = { 0 };
	struct err err;
	size_t len;
	char *text;

	if (file_read(AT_FDCWD, path, MADE_MAX, &a, &text, &len, &err) < 0)
		fail_msg("%s", err.text);
	if (len != made->len || memcmp(text, made->s, len) != 0)
		fail_msg("%s is not what the tables say; `make docs` writes it anew", path);
	arena_done(&a);
}

static void the_manual_page_is_current(void **state)
{
	struct arena a = { 0 };
	struct text made = { .arena = &a };

	(void)state;
	man_print(SRT_VERSION, &made);
	assert_same_as_file(&made, "docs/man/srt-oci.1");
	arena_done(&a);
}

static void the_faces_pages_are_current(void **state)
{
	static const char *const files[][2] = {
		{ "sandbox-runtime", "docs/man/sandbox-runtime.1" },
		{ "srt", "docs/man/srt.1" },
	};

	(void)state;
	assert_null(face_find("srt-oci"));
	for (size_t i = 0; i < ARRAY_LEN(files); i++) {
		struct arena a = { 0 };
		struct text made = { .arena = &a };

		face_man(face_find(files[i][0]), SRT_VERSION, &made);
		assert_same_as_file(&made, files[i][1]);
		arena_done(&a);
	}
}

static void every_command_has_a_current_page(void **state)
{
	(void)state;
	for (const struct command *const *c = commands; *c; c++) {
		struct arena a = { 0 };
		struct text made = { .arena = &a };

		if (command_listed(*c) && *c != &command_bundle) {
			man_print_command(*c, SRT_VERSION, &made);
			assert_same_as_file(&made,
					    arena_printf(&a, "docs/man/srt-oci-%s.1", (*c)->name));
		}
		arena_done(&a);
	}
}

static void the_schemas_are_current(void **state)
{
	static const struct {
		void (*write)(struct emit *e);
		const char *file;
	} schemas[] = {
		{ result_schema, "docs/reference/result.schema.json" },
		{ serve_schema, "docs/reference/serve.schema.json" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(schemas); i++) {
		struct arena a = { 0 };
		struct text made = { .arena = &a };
		struct emit e = { .out = &made, .indent = 2 };

		schemas[i].write(&e);
		text_add(&made, "\n");
		assert_same_as_file(&made, schemas[i].file);
		arena_done(&a);
	}
}

static void the_completions_are_current(void **state)
{
	static const char *const files[][3] = {
		{ "srt-oci", "bash", "contrib/completion/srt-oci.bash" },
		{ "srt-oci", "zsh", "contrib/completion/_srt-oci" },
		{ "srt-oci", "fish", "contrib/completion/srt-oci.fish" },
		{ "sandbox-runtime", "bash", "contrib/completion/sandbox-runtime.bash" },
		{ "sandbox-runtime", "zsh", "contrib/completion/_sandbox-runtime" },
		{ "sandbox-runtime", "fish", "contrib/completion/sandbox-runtime.fish" },
		{ "srt", "bash", "contrib/completion/srt.bash" },
		{ "srt", "zsh", "contrib/completion/_srt" },
		{ "srt", "fish", "contrib/completion/srt.fish" },
	};
	struct err err;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(files); i++) {
		struct arena a = { 0 };
		struct text made = { .arena = &a };

		assert_int_equal(completion_print(files[i][0], files[i][1], &made, &err), 0);
		assert_same_as_file(&made, files[i][2]);
		arena_done(&a);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_option_has_its_own_name_letter_and_place),
		cmocka_unit_test(every_command_can_be_found_and_run),
		cmocka_unit_test(an_unknown_command_is_told_its_neighbour),
		cmocka_unit_test(help_has_every_option_and_command),
		cmocka_unit_test(the_manual_page_is_current),
		cmocka_unit_test(the_faces_pages_are_current),
		cmocka_unit_test(the_schemas_are_current),
		cmocka_unit_test(every_command_has_a_current_page),
		cmocka_unit_test(the_completions_are_current),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
