/* SPDX-License-Identifier: Apache-2.0 */
/* sample.c - start a row's commands and take the time. */
#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "tests/bench/bench.h"

double now_us(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

void sleep_ms(long ms)
{
	struct timespec t = { ms / 1000, ms % 1000 * 1000000 };

	(void)nanosleep(&t, NULL);
}

static size_t put(char *buf, size_t at, size_t size, const char *s)
{
	size_t n = strlen(s);

	if (at + n >= size)
		abort();
	memcpy(buf + at, s, n);
	return at + n;
}

void command_make(struct command *c, const struct bench *b, size_t row, const char *text)
{
	char id[64], running[64];
	size_t at = 0, words = 0;

	(void)snprintf(id, sizeof(id), "bench-%d-%u", (int)getpid(), b->ids);
	(void)snprintf(running, sizeof(running), "bench-row-%zu", row);
	for (; *text; text++) {
		if (*text != '%') {
			char one[2] = { *text, 0 };

			at = put(c->buf, at, sizeof(c->buf), one);
			continue;
		}
		text++;
		at = put(c->buf, at, sizeof(c->buf),
			 *text == 'B'	? b->build
			 : *text == 'p' ? b->bundles
			 : *text == 'i' ? id
					: running);
	}
	c->buf[at] = '\0';
	for (char *save, *w = strtok_r(c->buf, " ", &save); w; w = strtok_r(NULL, " ", &save)) {
		if (words + 1 >= WORDS_MAX)
			abort();
		c->argv[words++] = w;
	}
	c->argv[words] = NULL;
}

pid_t launch(const struct bench *b, size_t row, const struct command *c, const char *err_path)
{
	posix_spawn_file_actions_t actions, *use = NULL;
	pid_t pid;
	int failed;

	if (err_path || rows[row].filter_fd) {
		(void)posix_spawn_file_actions_init(&actions);
		use = &actions;
	}
	if (err_path)
		(void)posix_spawn_file_actions_addopen(use, STDERR_FILENO, err_path,
						       O_WRONLY | O_CREAT | O_TRUNC, 0600);
	if (rows[row].filter_fd)
		(void)posix_spawn_file_actions_addopen(use, FILTER_FD, b->filter, O_RDONLY, 0);
	failed = posix_spawnp(&pid, c->argv[0], use, NULL, (char *const *)c->argv, environ);
	if (use)
		(void)posix_spawn_file_actions_destroy(use);
	if (!failed)
		return pid;
	errno = failed;
	return -1;
}

int wait_for(pid_t pid)
{
	int status;

	for (;;) {
		pid_t done = waitpid(-1, &status, 0);

		if (done == pid)
			return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
		if (done < 0 && errno != EINTR)
			return -1;
	}
}

double run_once(struct bench *b, size_t row, const char *err_path)
{
	struct command c[STEPS_MAX];
	size_t n = 0;
	double began;

	b->ids++;
	for (; n < ARRAY_LEN(c) && rows[row].run[n]; n++)
		command_make(&c[n], b, row, rows[row].run[n]);
	began = now_us();
	for (size_t i = 0; i < n; i++) {
		pid_t pid = launch(b, row, &c[i], err_path);

		if (pid < 0 || wait_for(pid) != 0)
			return -1;
	}
	return now_us() - began;
}

int run_text(struct bench *b, size_t row, const char *text, const char *err_path)
{
	struct command c;
	pid_t pid;

	command_make(&c, b, row, text);
	pid = launch(b, row, &c, err_path);
	return pid < 0 ? -1 : wait_for(pid);
}
