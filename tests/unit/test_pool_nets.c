/* SPDX-License-Identifier: Apache-2.0 */
/* test_pool_nets.c - which network namespace of a pool's tasks is lent to the next, and when the others are let go. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "runtime/sandbox/pool_nets.h"
#include "spec/base/sys.h"

#define FIRST_USER 100

static int make_nets(void **state)
{
	*state = calloc(1, sizeof(struct nets));
	return *state ? 0 : -1;
}

static int free_nets(void **state)
{
	nets_rest(*state, 0);
	free(*state);
	return 0;
}

/* No namespace is needed to look after one. */
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

/* A task's whole life in a new one; its fd. */
static int live(struct nets *n, pid_t user, bool touches)
{
	int number = nets_number(n), fd = any_fd();

	nets_lend(n, number, user);
	nets_hand_in(n, number, fd);
	if (touches)
		nets_touched(n, number);
	nets_ended(n, user);
	return fd;
}

static void one_without_a_socket_is_spare(void **state)
{
	struct nets *n = *state;
	int fd = live(n, FIRST_USER, false);

	assert_int_equal(n->spare_n, 1);
	nets_rest(n, 1);
	assert_true(is_open(fd));
	nets_rest(n, 0);
	assert_int_equal(n->n, 0);
	assert_false(is_open(fd));
}

static void one_with_a_socket_goes_with_its_task(void **state)
{
	struct nets *n = *state;
	int fd = live(n, FIRST_USER, true);

	assert_int_equal(n->spare_n, 0);
	assert_int_equal(n->n, 0);
	assert_true(is_open(fd));
	nets_rest(n, NETS_REST);
	assert_false(is_open(fd));
}

static void one_that_is_lent_again_can_be_touched(void **state)
{
	struct nets *n = *state;
	int number, fd = live(n, FIRST_USER, false);

	number = n->v[0].number;
	for (pid_t user = FIRST_USER + 1; user < FIRST_USER + 4; user++) {
		nets_lend(n, number, user);
		assert_int_equal(n->spare_n, 0);
		nets_ended(n, FIRST_USER); /* another's end is not this one's */
		assert_int_equal(n->spare_n, 0);
		nets_ended(n, user);
		assert_int_equal(n->spare_n, 1);
	}
	nets_lend(n, number, FIRST_USER);
	nets_touched(n, number);
	nets_ended(n, FIRST_USER);
	nets_rest(n, NETS_SPARE_MAX);
	assert_int_equal(n->n, 0);
	assert_false(is_open(fd));
}

static void one_that_was_not_handed_in_is_not_lent(void **state)
{
	struct nets *n = *state;

	nets_lend(n, nets_number(n), FIRST_USER);
	nets_ended(n, FIRST_USER);
	assert_int_equal(n->n, 0);
	assert_int_equal(n->spare_n, 0);
}

/* Its task has ended, or the table was full. */
static void one_that_nobody_has_is_let_go(void **state)
{
	struct nets *n = *state;
	int fd = any_fd();

	nets_touched(n, 7);
	nets_hand_in(n, 7, fd);
	assert_int_equal(n->n, 0);
	nets_rest(n, 0);
	assert_false(is_open(fd));
}

/* What cannot be entered is no namespace. */
static void one_that_cannot_be_entered_is_let_go(void **state)
{
	struct nets *n = *state;

	(void)live(n, FIRST_USER, false);
	(void)live(n, FIRST_USER, false);
	assert_int_equal(nets_enter(n), -1);
	assert_int_equal(n->n, 0);
	assert_int_equal(n->spare_n, 0);
	assert_int_equal(nets_enter(n), -1);
}

static void no_more_are_kept_than_are_of_use(void **state)
{
	struct nets *n = *state;

	for (pid_t user = FIRST_USER; user < FIRST_USER + NETS_SPARE_MAX + 2; user++) {
		int number = nets_number(n);

		nets_lend(n, number, user);
		nets_hand_in(n, number, any_fd());
	}
	assert_int_equal(nets_wait_ms(n), -1);
	for (pid_t user = FIRST_USER; user < FIRST_USER + NETS_SPARE_MAX + 2; user++)
		nets_ended(n, user);
	assert_int_equal(n->spare_n, NETS_SPARE_MAX);
	assert_int_equal(n->gone_n, 2);
	assert_int_equal(nets_wait_ms(n), NETS_REST_MS);
	nets_rest(n, NETS_REST);
	assert_int_equal(n->n, NETS_REST);
	assert_int_equal(n->gone_n, 0);
	assert_int_equal(nets_wait_ms(n), -1);
}

static void the_table_has_an_end(void **state)
{
	struct nets *n = *state;

	for (int i = 0; i < NETS_MAX + 2; i++)
		nets_lend(n, nets_number(n), FIRST_USER + i);
	assert_int_equal(n->n, NETS_MAX);
	nets_ended(n, FIRST_USER + NETS_MAX);
	assert_int_equal(n->n, NETS_MAX);
	for (int i = 0; i < NETS_MAX + 2; i++)
		nets_ended(n, FIRST_USER + i);
	assert_int_equal(n->n, 0);
}

static void those_that_go_are_closed_many_at_a_time(void **state)
{
	struct nets *n = *state;
	int first = any_fd();

	nets_give_up(n, first);
	for (int i = 1; i < NETS_GONE_MAX; i++)
		nets_give_up(n, any_fd());
	assert_true(is_open(first));
	nets_give_up(n, any_fd());
	assert_false(is_open(first));
	assert_int_equal(n->gone_n, 1);
}

static void numbers_are_never_negative(void **state)
{
	struct nets *n = *state;

	n->number = INT32_MAX - 1;
	assert_int_equal(nets_number(n), INT32_MAX);
	assert_int_equal(nets_number(n), 0);
	assert_int_equal(nets_number(n), 1);
}

#define ROW(f) cmocka_unit_test_setup_teardown(f, make_nets, free_nets)

int main(void)
{
	const struct CMUnitTest tests[] = {
		ROW(one_without_a_socket_is_spare),
		ROW(one_with_a_socket_goes_with_its_task),
		ROW(one_that_is_lent_again_can_be_touched),
		ROW(one_that_was_not_handed_in_is_not_lent),
		ROW(one_that_nobody_has_is_let_go),
		ROW(one_that_cannot_be_entered_is_let_go),
		ROW(no_more_are_kept_than_are_of_use),
		ROW(the_table_has_an_end),
		ROW(those_that_go_are_closed_many_at_a_time),
		ROW(numbers_are_never_negative),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
