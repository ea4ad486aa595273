/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz_main.c - give every file of a directory to a fuzz harness once, one TAP line per file. */
#include <dirent.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "spec/base/fd.h"

/* Room for the largest entry of a corpus. */
#define ENTRY_MAX (16u << 20)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int visible(const struct dirent *entry)
{
	return entry->d_name[0] != '.';
}

/* replay: the harness on a copy of exact size, so that a read past the end is seen. */
static int replay(int dir_fd, const char *name)
{
	scoped_arena struct arena arena = { 0 };
	scoped_free uint8_t *exact = NULL;
	struct err err = { 0 };
	char line[ERR_LINE_MAX];
	char *bytes;
	size_t len;

	if (file_read(dir_fd, name, ENTRY_MAX, &arena, &bytes, &len, &err) < 0) {
		printf("# %s\n", err_line(&err, line, sizeof(line)));
		return -1;
	}
	exact = malloc(len ? len : 1);
	if (!exact)
		return -1;
	memcpy(exact, bytes, len);
	(void)LLVMFuzzerTestOneInput(exact, len);
	return 0;
}

int main(int argc, char **argv)
{
	scoped_fd int dir_fd = -1;
	struct dirent **entries = NULL;
	int n, failed = 0;

	if (argc != 2)
		return 2;
	dir_fd = open(argv[1], O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	n = dir_fd < 0 ? -1 : scandir(argv[1], &entries, visible, alphasort);
	if (n <= 0) {
		printf("1..1\nnot ok 1 - the corpus %s has entries\n", argv[1]);
		return 1;
	}
	printf("1..%d\n", n);
	for (int i = 0; i < n; i++) {
		int bad = replay(dir_fd, entries[i]->d_name) < 0;

		failed += bad;
		/* Flushed line by line: a crash must show which entry came after the last line. */
		printf("%sok %d - %s\n", bad ? "not " : "", i + 1, entries[i]->d_name);
		(void)fflush(stdout);
		free(entries[i]);
	}
	free(entries);
	return failed > 0;
}
