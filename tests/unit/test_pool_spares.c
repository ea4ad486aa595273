/* SPDX-License-Identifier: Apache-2.0 */
/* test_pool_spares.c - which sandboxes of a pool wait for a task, and when the others are let go; and what of one its task can change. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "runtime/sandbox/pool_made.h"
#include "runtime/sandbox/pool_spares.h"
#include "spec/base/sys.h"

/* No process is needed to look after one. */
static int any_fd(void)
{
	int fd = sys_openat(AT_FDCWD, "/dev/null", O_RDONLY | O_CLOEXEC, 0);

	assert_true(fd >= 0);
	return fd;
}

static bool is_open(int fd)
{
	return sys_fcntl(fd, F_GETFD, 0) >= 0;
}

static struct sandbox any_sandbox(void)
{
	return (struct sandbox){ .pidfd = any_fd(), .line = any_fd() };
}

static void the_last_one_that_came_is_the_next(void **state)
{
	struct spares l = { 0 };
	struct sandbox first = any_sandbox(), second = any_sandbox(), got = NO_SANDBOX;

	(void)state;
	assert_false(spares_take(&l, &got));
	spares_put(&l, first);
	spares_put(&l, second);
	assert_true(spares_take(&l, &got));
	assert_int_equal(got.line, second.line);
	sandbox_let_go(&got);
	assert_int_equal(got.pidfd, -1);
	assert_false(is_open(second.pidfd) || is_open(second.line));
	second = any_sandbox();
	spares_put(&l, second);
	spares_rest(&l, 1);
	assert_false(is_open(first.pidfd) || is_open(first.line));
	assert_true(is_open(second.line));
	spares_rest(&l, 0);
	assert_false(is_open(second.line));
}

static void more_than_there_is_room_for_are_let_go(void **state)
{
	struct spares l = { 0 };
	struct sandbox more;

	(void)state;
	for (int i = 0; i < SPARES_MAX; i++)
		spares_put(&l, any_sandbox());
	more = any_sandbox();
	spares_put(&l, more);
	assert_false(is_open(more.pidfd) || is_open(more.line));
	assert_int_equal(l.n, SPARES_MAX);
	assert_int_equal(spares_wait_ms(&l), SPARES_REST_MS);
	spares_rest(&l, SPARES_REST);
	assert_int_equal(l.n, SPARES_REST);
	assert_int_equal(spares_wait_ms(&l), -1);
	spares_rest(&l, 0);
}

static void namespaces_go_many_at_a_time(void **state)
{
	struct spares l = { 0 };
	int first[GONE_FDS] = { any_fd(), any_fd() }, next[GONE_FDS];

	(void)state;
	spares_give_up(&l, first);
	assert_int_equal(spares_wait_ms(&l), SPARES_REST_MS);
	for (int i = 1; i < GONE_MAX; i++) {
		next[GONE_NET] = any_fd();
		next[GONE_IPC] = any_fd();
		spares_give_up(&l, next);
	}
	assert_true(is_open(first[GONE_NET]) && is_open(first[GONE_IPC]));
	next[GONE_NET] = any_fd();
	next[GONE_IPC] = any_fd();
	spares_give_up(&l, next);
	assert_false(is_open(first[GONE_NET]) || is_open(first[GONE_IPC]));
	assert_true(is_open(next[GONE_NET]));
	spares_rest(&l, SPARES_REST);
	assert_false(is_open(next[GONE_NET]) || is_open(next[GONE_IPC]));
	assert_int_equal(spares_wait_ms(&l), -1);
}

/* --- what a task can change --- */

static char space[] = "/tmp/srt-made-XXXXXX";

static int make_space(void **state)
{
	(void)state;
	return mkdtemp(space) ? 0 : -1;
}

static int remove_space(void **state)
{
	(void)state;
	return rmdir(space);
}

static const struct plan *space_plan(void)
{
	static struct op ops[2] = { { .code = OP_MKDIR, .path = "/not/looked/at" },
				    { .code = OP_BIND, .path = space } };
	static const struct plan plan = { .ops = ops, .n = 2 };

	return &plan;
}

static struct made look(void)
{
	struct made m;

	assert_true(made_look(space_plan(), &m));
	return m;
}

/* The file system is not ours alone here, and others may take or free blocks between two looks. */
#define TRIES 200

static struct made look_at_rest(void)
{
	struct made m;
	int tries = 0;

	do
		m = look();
	while (!made_again(space_plan(), &m) && ++tries < TRIES);
	assert_true(tries < TRIES);
	return m;
}

static void change_mode(void)
{
	assert_int_equal(chmod(space, 0711), 0);
}

static void lower_limit(void)
{
	struct rlimit r;

	assert_int_equal(sys_prlimit(0, RLIMIT_STACK, NULL, &r), 0);
	r.rlim_cur--;
	assert_int_equal(sys_prlimit(0, RLIMIT_STACK, &r, NULL), 0);
}

static void be_nice(void)
{
	assert_int_not_equal(nice(1), -1);
}

static const char *in_space(const char *name)
{
	static char path[512];

	(void)snprintf(path, sizeof(path), "%s/%s", space, name);
	return path;
}

static const char *numbered(int n)
{
	static char name[16];

	(void)snprintf(name, sizeof(name), "%d", n);
	return in_space(name);
}

static void leave_files(int n)
{
	for (int i = 0; i < n; i++) {
		int fd = sys_openat(AT_FDCWD, numbered(i), O_WRONLY | O_CREAT | O_CLOEXEC, 0);

		assert_true(fd >= 0);
		(void)sys_close(fd);
	}
}

static void leave_many(void)
{
	leave_files(100);
}

static void remove_many(void)
{
	for (int i = 0; i < 100; i++)
		(void)unlink(numbered(i));
	(void)chmod(space, 0700);
}

static void what_cannot_be_mended_is_seen(void **state)
{
	void (*const changes[])(void) = { change_mode, lower_limit, be_nice, leave_many };
	struct made m;

	(void)state;
	for (size_t i = 0; i < sizeof(changes) / sizeof(changes[0]); i++) {
		m = look_at_rest();
		/* Older kernels tell times by their clock's ticks. */
		(void)usleep(10000);
		changes[i]();
		assert_false(made_again(space_plan(), &m));
		remove_many();
	}
}

static void read_it(void)
{
	const struct timespec read[2] = { { 7, 0 }, { .tv_nsec = UTIME_OMIT } };

	assert_int_equal(utimensat(AT_FDCWD, space, read, 0), 0);
}

static void leave_some(void)
{
	leave_files(3);
	assert_int_equal(mkdir(in_space("empty"), 0700), 0);
	assert_int_equal(symlink("/etc", in_space("link")), 0);
	assert_int_equal(mkdir(in_space("full"), 0700), 0);
	assert_int_equal(symlink("/etc", in_space("full/link")), 0);
	assert_int_equal(mkfifo(in_space("full/pipe"), 0600), 0);
}

static void what_is_left_is_removed_and_times_are_new(void **state)
{
	void (*const changes[])(void) = { read_it, leave_some };
	struct stat st;
	struct made m;

	(void)state;
	for (size_t i = 0; i < sizeof(changes) / sizeof(changes[0]); i++) {
		int tries = 0;

		do {
			m = look();
			changes[i]();
		} while (!made_again(space_plan(), &m) && ++tries < TRIES);
		assert_true(tries < TRIES);
		assert_int_equal(stat(space, &st), 0);
		assert_int_equal(st.st_nlink, 2);
		assert_true(st.st_atim.tv_sec > 7);
		assert_memory_equal(&m.files[0].changed, &st.st_ctim, sizeof(st.st_ctim));
	}
}

static void remove_deep(int depth)
{
	char path[512];

	for (; depth >= 0; depth--) {
		int at = snprintf(path, sizeof(path), "%s", space);

		for (int i = 0; i <= depth; i++)
			at += snprintf(path + at, sizeof(path) - (size_t)at, "/d");
		(void)rmdir(path);
	}
}

static void no_directory_is_followed_for_ever(void **state)
{
	struct made m = look_at_rest();
	char path[512];
	int at = snprintf(path, sizeof(path), "%s", space);

	(void)state;
	for (int i = 0; i < 20; i++) {
		at += snprintf(path + at, sizeof(path) - (size_t)at, "/d");
		assert_int_equal(mkdir(path, 0700), 0);
	}
	assert_false(made_again(space_plan(), &m));
	remove_deep(20);
}

static void what_is_not_there_is_not_told_of(void **state)
{
	static struct op ops[1] = { { .code = OP_BIND, .path = "/not/there" } };
	const struct plan plan = { .ops = ops, .n = 1 };
	struct made m;

	(void)state;
	assert_false(made_look(&plan, &m));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_last_one_that_came_is_the_next),
		cmocka_unit_test(more_than_there_is_room_for_are_let_go),
		cmocka_unit_test(namespaces_go_many_at_a_time),
		cmocka_unit_test(what_cannot_be_mended_is_seen),
		cmocka_unit_test(what_is_left_is_removed_and_times_are_new),
		cmocka_unit_test(no_directory_is_followed_for_ever),
		cmocka_unit_test(what_is_not_there_is_not_told_of),
	};

	return cmocka_run_group_tests_name("pool_spares", tests, make_space, remove_space);
}
