/* SPDX-License-Identifier: Apache-2.0 */
/* test_pool_keeper.c - whom the keeper of tasks' sockets tells what, and what it cannot keep. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>

#include "runtime/sandbox/pool_keeper.h"
#include "spec/base/sys.h"

static struct keeper keeper;

/* The supervisor's end; the other one is the keeper's. */
static int kept_task(int32_t number)
{
	const struct init_msg m = { .word = INIT_TASK, .number = number };
	int ends[2];

	assert_int_equal(sys_socketpair(SOCK_SEQPACKET | SOCK_CLOEXEC, ends), 0);
	assert_true(keeper_hear(&keeper, &m, ends[1]));
	return ends[0];
}

static void end(int32_t number, int status)
{
	const struct init_msg m = {
		.word = INIT_ENDED, .number = number, .status = status, .cpu_us = 7, .peak_bytes = 8
	};

	assert_true(keeper_hear(&keeper, &m, -1));
}

static void assert_told(int sock, int status)
{
	int fds[INIT_FDS_MAX];
	struct init_msg m;

	assert_int_equal(init_hear(sock, &m, fds), 1);
	assert_int_equal(m.word, INIT_ENDED);
	assert_int_equal(m.number, 0);
	assert_int_equal(m.status, status);
	assert_int_equal(m.cpu_us, 7);
	assert_int_equal(m.peak_bytes, 8);
	assert_int_equal(init_hear(sock, &m, fds), 0); /* and the socket is closed */
	assert_int_equal(sys_close(sock), 0);
}

static void each_end_is_told_where_that_task_is_waited_for(void **state)
{
	int one = kept_task(1), two = kept_task(2), three = kept_task(3);

	(void)state;
	end(2, 22);
	assert_told(two, 22);
	end(4, 44); /* no task */
	end(2, 23); /* no more */
	end(3, 33);
	assert_told(three, 33);
	two = kept_task(2);
	end(1, 11);
	end(2, 24);
	assert_told(one, 11);
	assert_told(two, 24);
	assert_int_equal(keeper.n, 0);
}

static void nobody_waits_any_more(void **state)
{
	int one = kept_task(1);

	(void)state;
	assert_int_equal(sys_close(one), 0);
	end(1, 1);
	assert_int_equal(keeper.n, 0);
}

static void what_cannot_be_kept_is_said_and_closed(void **state)
{
	const struct init_msg task = { .word = INIT_TASK, .number = 1 };
	const struct init_msg other = { .word = INIT_HELLO };
	int fd = sys_openat(AT_FDCWD, "/dev/null", O_RDONLY | O_CLOEXEC, 0);

	(void)state;
	assert_false(keeper_hear(&keeper, &task, -1)); /* there was no room for the descriptor */
	keeper.n = KEEPER_TASKS_MAX;
	assert_false(keeper_hear(&keeper, &task, fd));
	assert_true(sys_fcntl(fd, F_GETFD, 0) < 0);
	keeper.n = 0;
	fd = sys_openat(AT_FDCWD, "/dev/null", O_RDONLY | O_CLOEXEC, 0);
	assert_true(keeper_hear(&keeper, &other, fd));
	assert_true(sys_fcntl(fd, F_GETFD, 0) < 0);
	assert_int_equal(keeper.n, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_end_is_told_where_that_task_is_waited_for),
		cmocka_unit_test(nobody_waits_any_more),
		cmocka_unit_test(what_cannot_be_kept_is_said_and_closed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
