/* SPDX-License-Identifier: Apache-2.0 */
/* ps_filter.c - finds the PID column and keeps the lines that name one of ours in it. */
#include "runtime/cli/ps_filter.h"

#define BLANKS " \t"

/* The start of field `index` of a line; *len is 0 where it has none. */
static const char *field(const char *line, size_t index, size_t *len)
{
	for (;; index--) {
		line += strspn(line, BLANKS);
		*len = strcspn(line, BLANKS "\n");
		if (index == 0 || *len == 0)
			return line;
		line += *len;
	}
}

static int pid_column(const char *heading, size_t *ret)
{
	size_t len;

	for (size_t i = 0;; i++) {
		const char *word = field(heading, i, &len);

		if (len == 0)
			return -1;
		if (len == 3 && memcmp(word, "PID", 3) == 0) {
			*ret = i;
			return 0;
		}
	}
}

/* The number in a field, or -1. */
static long field_pid(const char *word, size_t len)
{
	long pid = 0;

	if (len == 0 || len > 9)
		return -1;
	for (size_t i = 0; i < len; i++) {
		if (word[i] < '0' || word[i] > '9')
			return -1;
		pid = pid * 10 + (word[i] - '0');
	}
	return pid;
}

static bool is_listed(const struct pids_list *pids, long pid)
{
	for (size_t i = 0; i < pids->n; i++)
		if (pids->v[i] == pid)
			return true;
	return false;
}

int ps_filter(const char *output, const struct pids_list *pids, struct text *out, struct err *err)
{
	size_t column, len, word_len;

	if (pid_column(output, &column) < 0)
		return err_input(err, "ps prints no column PID with these arguments");
	for (const char *line = output; *line; line += len) {
		const char *word = field(line, column, &word_len);

		len = strcspn(line, "\n");
		len += line[len] == '\n';
		if (line == output || is_listed(pids, field_pid(word, word_len)))
			text_addn(out, line, len);
	}
	return 0;
}
