/* SPDX-License-Identifier: Apache-2.0 */
/* test_pool_spares.c - which sandboxes of a pool wait for a task, and when the others are let go; and what of one its task can change. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <fcntl.h>
#include <sched.h>
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

/* --- what a task can change of the first process --- */

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

static void take_processors(void)
{
	cpu_set_t all, one;

	CPU_ZERO(&one);
	assert_int_equal(sched_getaffinity(0, sizeof(all), &all), 0);
	for (int i = 0; i < CPU_SETSIZE; i++)
		if (CPU_ISSET(i, &all) && CPU_COUNT(&one) < CPU_COUNT(&all) - 1)
			CPU_SET(i, &one);
	/* Of one alone there are no fewer. */
	if (CPU_COUNT(&one))
		assert_int_equal(sched_setaffinity(0, sizeof(one), &one), 0);
	else
		lower_limit();
}

static void what_it_may_is_seen(void **state)
{
	void (*const changes[])(void) = { lower_limit, be_nice, take_processors };
	struct made m;

	(void)state;
	for (size_t i = 0; i < sizeof(changes) / sizeof(changes[0]); i++) {
		assert_true(made_look(&m));
		assert_true(made_is_same(&m));
		changes[i]();
		assert_false(made_is_same(&m));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_last_one_that_came_is_the_next),
		cmocka_unit_test(more_than_there_is_room_for_are_let_go),
		cmocka_unit_test(namespaces_go_many_at_a_time),
		cmocka_unit_test(what_it_may_is_seen),
	};

	return cmocka_run_group_tests_name("pool_spares", tests, NULL, NULL);
}
