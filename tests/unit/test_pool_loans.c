/* SPDX-License-Identifier: Apache-2.0 */
/* test_pool_loans.c - which namespaces of a pool's tasks are lent to the next, and when the others are let go. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "runtime/sandbox/pool_loans.h"
#include "spec/base/sys.h"

#define FIRST_USER 100

static int make_nets(void **state)
{
	*state = calloc(1, sizeof(struct loans));
	return *state ? 0 : -1;
}

static int free_nets(void **state)
{
	loans_rest(*state, 0);
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

struct pair {
	int fds[LOAN_FDS];
};

static struct pair any_pair(void)
{
	return (struct pair){ { any_fd(), any_fd() } };
}

static bool is_open(struct pair p)
{
	bool net = sys_fcntl(p.fds[LOAN_NET], F_GETFD, 0) >= 0;

	assert_int_equal(sys_fcntl(p.fds[LOAN_IPC], F_GETFD, 0) >= 0, net);
	return net;
}

/* A task's whole life in new ones. */
static struct pair live(struct loans *n, pid_t user, bool touches)
{
	struct pair p = any_pair();
	int number = loans_number(n);

	loans_lend(n, number, user);
	loans_hand_in(n, number, p.fds);
	if (touches)
		loans_touched(n, number);
	loans_ended(n, user);
	return p;
}

static void those_without_a_trace_are_spare(void **state)
{
	struct loans *n = *state;
	struct pair p = live(n, FIRST_USER, false);

	assert_int_equal(n->spare_n, 1);
	loans_rest(n, 1);
	assert_true(is_open(p));
	loans_rest(n, 0);
	assert_int_equal(n->n, 0);
	assert_false(is_open(p));
}

static void touched_ones_go_with_their_task(void **state)
{
	struct loans *n = *state;
	struct pair p = live(n, FIRST_USER, true);

	assert_int_equal(n->spare_n, 0);
	assert_int_equal(n->n, 0);
	assert_true(is_open(p));
	loans_rest(n, LOANS_REST);
	assert_false(is_open(p));
}

static void one_that_is_lent_again_can_be_touched(void **state)
{
	struct loans *n = *state;
	struct pair p = live(n, FIRST_USER, false);
	int number;

	number = n->v[0].number;
	for (pid_t user = FIRST_USER + 1; user < FIRST_USER + 4; user++) {
		loans_lend(n, number, user);
		assert_int_equal(n->spare_n, 0);
		loans_ended(n, FIRST_USER); /* another's end is not this one's */
		assert_int_equal(n->spare_n, 0);
		loans_ended(n, user);
		assert_int_equal(n->spare_n, 1);
	}
	loans_lend(n, number, FIRST_USER);
	loans_touched(n, number);
	loans_ended(n, FIRST_USER);
	loans_rest(n, LOANS_SPARE_MAX);
	assert_int_equal(n->n, 0);
	assert_false(is_open(p));
}

static void one_that_was_not_handed_in_is_not_lent(void **state)
{
	struct loans *n = *state;

	loans_lend(n, loans_number(n), FIRST_USER);
	loans_ended(n, FIRST_USER);
	assert_int_equal(n->n, 0);
	assert_int_equal(n->spare_n, 0);
}

/* Its task has ended, or the table was full. */
static void one_that_nobody_has_is_let_go(void **state)
{
	struct loans *n = *state;
	struct pair p = any_pair();

	loans_touched(n, 7);
	loans_hand_in(n, 7, p.fds);
	assert_int_equal(n->n, 0);
	loans_rest(n, 0);
	assert_false(is_open(p));
}

/* What cannot be entered is no namespace; our own are none here, either. */
static void one_that_cannot_be_entered_is_let_go(void **state)
{
	struct loans *n = *state;

	(void)live(n, FIRST_USER, false);
	(void)live(n, FIRST_USER, false);
	assert_int_equal(loans_enter(n), -1);
	assert_int_equal(n->n, 0);
	assert_int_equal(n->spare_n, 0);
	assert_int_equal(loans_enter(n), -1);
}

static void no_more_are_kept_than_are_of_use(void **state)
{
	struct loans *n = *state;

	for (pid_t user = FIRST_USER; user < FIRST_USER + LOANS_SPARE_MAX + 2; user++) {
		int number = loans_number(n);

		loans_lend(n, number, user);
		loans_hand_in(n, number, any_pair().fds);
	}
	assert_int_equal(loans_wait_ms(n), -1);
	for (pid_t user = FIRST_USER; user < FIRST_USER + LOANS_SPARE_MAX + 2; user++)
		loans_ended(n, user);
	assert_int_equal(n->spare_n, LOANS_SPARE_MAX);
	assert_int_equal(n->gone_n, 2);
	assert_int_equal(loans_wait_ms(n), LOANS_REST_MS);
	loans_rest(n, LOANS_REST);
	assert_int_equal(n->n, LOANS_REST);
	assert_int_equal(n->gone_n, 0);
	assert_int_equal(loans_wait_ms(n), -1);
}

static void the_table_has_an_end(void **state)
{
	struct loans *n = *state;

	for (int i = 0; i < LOANS_MAX + 2; i++)
		loans_lend(n, loans_number(n), FIRST_USER + i);
	assert_int_equal(n->n, LOANS_MAX);
	loans_ended(n, FIRST_USER + LOANS_MAX);
	assert_int_equal(n->n, LOANS_MAX);
	for (int i = 0; i < LOANS_MAX + 2; i++)
		loans_ended(n, FIRST_USER + i);
	assert_int_equal(n->n, 0);
}

static void those_that_go_are_closed_many_at_a_time(void **state)
{
	struct loans *n = *state;
	struct pair first = any_pair();

	loans_give_up(n, first.fds);
	for (int i = 1; i < LOANS_GONE_MAX; i++)
		loans_give_up(n, any_pair().fds);
	assert_true(is_open(first));
	loans_give_up(n, any_pair().fds);
	assert_false(is_open(first));
	assert_int_equal(n->gone_n, 1);
}

static void numbers_are_never_negative(void **state)
{
	struct loans *n = *state;

	n->number = INT32_MAX - 1;
	assert_int_equal(loans_number(n), INT32_MAX);
	assert_int_equal(loans_number(n), 0);
	assert_int_equal(loans_number(n), 1);
}

#define ROW(f) cmocka_unit_test_setup_teardown(f, make_nets, free_nets)

int main(void)
{
	const struct CMUnitTest tests[] = {
		ROW(those_without_a_trace_are_spare),
		ROW(touched_ones_go_with_their_task),
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
