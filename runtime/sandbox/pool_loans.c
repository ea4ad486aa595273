/* SPDX-License-Identifier: Apache-2.0 */
/* pool_loans.c - a table of pairs of namespaces, each with who has it.
 * Mustn't: lend one of which it is not known that nothing was made in it. */
#include "runtime/sandbox/pool_loans.h"

#include <fcntl.h>
#include <sched.h>
#include <stdint.h>
#include <string.h>

#include "spec/base/fd.h"
#include "spec/base/sys.h"

static const struct {
	const char *path;
	int kind; /* CLONE_NEWx */
} parts[LOAN_FDS] = {
	[LOAN_NET] = { "/proc/self/ns/net", CLONE_NEWNET },
	[LOAN_IPC] = { "/proc/self/ns/ipc", CLONE_NEWIPC },
};

static struct loan *find(struct loans *l, int number)
{
	for (size_t i = 0; i < l->n; i++)
		if (l->v[i].number == number)
			return &l->v[i];
	return NULL;
}

static struct loan *find_user(struct loans *l, pid_t user)
{
	for (size_t i = 0; i < l->n; i++)
		if (l->v[i].user == user)
			return &l->v[i];
	return NULL;
}

static bool is_held(const struct loan *loan)
{
	return loan->fds[LOAN_NET] >= 0;
}

static void drop(struct loans *l, struct loan *loan)
{
	if (is_held(loan)) {
		l->held_n--;
		loans_give_up(l, loan->fds);
	}
	*loan = l->v[--l->n];
}

int loans_open(int ret_fds[LOAN_FDS])
{
	for (int i = 0; i < LOAN_FDS; i++)
		ret_fds[i] = sys_openat(AT_FDCWD, parts[i].path, O_RDONLY | O_CLOEXEC, 0);
	for (int i = 0; i < LOAN_FDS; i++)
		if (ret_fds[i] < 0)
			return -1;
	return 0;
}

int loans_begin(struct loans *l)
{
	return loans_open(l->own);
}

static int join(const int fds[LOAN_FDS])
{
	for (int i = 0; i < LOAN_FDS; i++)
		if (sys_setns(fds[i], parts[i].kind) < 0)
			return -1;
	return 0;
}

int loans_leave(struct loans *l)
{
	return join(l->own);
}

int loans_enter(struct loans *l)
{
	while (l->spare_n) {
		struct loan *spare = find_user(l, 0);

		if (join(spare->fds) == 0)
			return spare->number;
		/* What is not lent has new ones, wherever we are. */
		(void)loans_leave(l);
		drop(l, spare);
		l->spare_n--;
	}
	return -1;
}

int loans_number(struct loans *l)
{
	l->number = l->number == INT32_MAX ? 0 : l->number + 1;
	return l->number;
}

void loans_lend(struct loans *l, int number, pid_t user)
{
	struct loan *loan = find(l, number);

	if (loan) {
		loan->user = user;
		l->spare_n--;
	} else if (l->n < LOANS_MAX) {
		l->v[l->n++] = (struct loan){ .number = number, .fds = { -1, -1 }, .user = user };
	}
}

void loans_hand_in(struct loans *l, int number, const int fds[LOAN_FDS])
{
	struct loan *loan = find(l, number);

	if (!loan) {
		loans_give_up(l, fds);
	} else if (l->held_n == LOANS_HELD_MAX) {
		/* Its task has them, and they go with that. */
		for (int i = 0; i < LOAN_FDS; i++)
			(void)sys_close(fds[i]);
	} else {
		memcpy(loan->fds, fds, sizeof(loan->fds));
		l->held_n++;
	}
}

void loans_touched(struct loans *l, int number)
{
	struct loan *loan = find(l, number);

	if (loan)
		loan->touched = true;
}

void loans_ended(struct loans *l, pid_t user)
{
	struct loan *loan = find_user(l, user);

	if (loan && is_held(loan) && !loan->touched && l->spare_n < LOANS_SPARE_MAX) {
		loan->user = 0;
		l->spare_n++;
	} else if (loan) {
		drop(l, loan);
	}
}

static void flush(struct loans *l)
{
	while (l->gone_n) {
		l->gone_n--;
		for (int i = 0; i < LOAN_FDS; i++)
			(void)sys_close(l->gone[l->gone_n][i]);
	}
}

void loans_give_up(struct loans *l, const int fds[LOAN_FDS])
{
	if (l->gone_n == LOANS_GONE_MAX)
		flush(l);
	memcpy(l->gone[l->gone_n++], fds, sizeof(l->gone[0]));
}

void loans_rest(struct loans *l, size_t keep)
{
	while (l->spare_n > keep) {
		drop(l, find_user(l, 0));
		l->spare_n--;
	}
	flush(l);
}

int loans_wait_ms(const struct loans *l)
{
	return l->gone_n || l->spare_n > LOANS_REST ? LOANS_REST_MS : -1;
}
