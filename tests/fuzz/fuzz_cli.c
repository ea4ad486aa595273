/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz_cli.c - the readers of the command line: the words of a line ('o', one word a line), the
 * output of ps ('p') and /etc/passwd ('u'), by the first byte. */
#include <stddef.h>
#include <stdint.h>

#include "runtime/cli/command.h"
#include "runtime/cli/owner.h"
#include "runtime/cli/ps_filter.h"

#define WORDS_MAX 256

struct sample {
	bool flag;
	const char *string;
	struct strings list;
	uint32_t number;
	int choice, optional;
};
static const struct name words[] = { { "one", 1 }, { "two", 2 }, { 0 } };
static const struct option_row rows[] = {
	OPTION(struct sample, flag, "flag", 'f', FLAG, NULL, "flag"),
	OPTION(struct sample, string, "string", 's', STRING, "S", "string"),
	OPTION(struct sample, list, "list", 'l', LIST, "L", "list"),
	OPTION_UP_TO(struct sample, number, "number", 'n', 100, "N", "number"),
	OPTION_OF_WORDS(struct sample, choice, "choice", 'c', CHOICE, "C", words, "choice"),
	OPTION_OF_WORDS(struct sample, optional, "optional", 'o', OPTIONAL, "O", words, "optional"),
};

static void read_options(struct arena *a, char *text)
{
	static const unsigned int before[] = { OPTIONS_ANYWHERE, OPTIONS_NOWHERE, 1, 2 };
	const char *argv[WORDS_MAX + 1] = { NULL };
	size_t n = 0;

	for (char *word = text; *word && n < WORDS_MAX;) {
		size_t len = strcspn(word, "\n");
		char *next = word + len + (word[len] == '\n');

		word[len] = '\0';
		argv[n++] = word;
		word = next;
	}
	for (size_t i = 0; i < ARRAY_LEN(before); i++) {
		const struct option_table table = OPTIONS(rows, before[i]);
		struct sample got = { 0 };
		struct strings args = { 0 };
		struct err err = { 0 };
		int status = options_parse(&table, a, argv, &got, &args, &err);

		/* No word is lost or made up, and a failure says why. */
		if (args.n + got.list.n > n || got.number > 100 || (status < 0) != (err.kind != 0))
			abort();
	}
}

static void read_ps(struct arena *a, const char *text)
{
	pid_t pids[] = { 1, 42 };
	struct pids_list list = { pids, ARRAY_LEN(pids) };
	struct text out = { .arena = a };
	struct err err;

	if (ps_filter(text, &list, &out, &err) == 0 && out.len > strlen(text))
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	scoped_arena struct arena a = { 0 };
	char *text;

	if (size == 0)
		return 0;
	text = arena_strn(&a, (const char *)data + 1, size - 1);
	if (data[0] == 'o')
		read_options(&a, text);
	else if (data[0] == 'p')
		read_ps(&a, text);
	else if (data[0] == 'u')
		(void)owner_in(&a, text, 1000);
	return 0;
}
