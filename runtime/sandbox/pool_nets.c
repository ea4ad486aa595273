/* SPDX-License-Identifier: Apache-2.0 */
/* pool_nets.c - a table of network namespaces, each with who has it.
 * Mustn't: lend one of which it is not known that no socket was made in it. */
#include "runtime/sandbox/pool_nets.h"

#include <fcntl.h>
#include <sched.h>
#include <stdint.h>

#include "spec/base/fd.h"
#include "spec/base/sys.h"

static struct net *find(struct nets *n, int number)
{
	for (size_t i = 0; i < n->n; i++)
		if (n->v[i].number == number)
			return &n->v[i];
	return NULL;
}

static struct net *find_user(struct nets *n, pid_t user)
{
	for (size_t i = 0; i < n->n; i++)
		if (n->v[i].user == user)
			return &n->v[i];
	return NULL;
}

static void drop(struct nets *n, struct net *net)
{
	if (net->fd >= 0) {
		n->held_n--;
		nets_give_up(n, net->fd);
	}
	*net = n->v[--n->n];
}

int nets_begin(struct nets *n)
{
	n->own = sys_openat(AT_FDCWD, "/proc/self/ns/net", O_RDONLY | O_CLOEXEC, 0);
	return n->own < 0 ? -1 : 0;
}

int nets_leave(struct nets *n)
{
	return sys_setns(n->own, CLONE_NEWNET);
}

int nets_enter(struct nets *n)
{
	while (n->spare_n) {
		struct net *spare = find_user(n, 0);

		if (sys_setns(spare->fd, CLONE_NEWNET) == 0)
			return spare->number;
		drop(n, spare);
		n->spare_n--;
	}
	return -1;
}

int nets_number(struct nets *n)
{
	n->number = n->number == INT32_MAX ? 0 : n->number + 1;
	return n->number;
}

void nets_lend(struct nets *n, int number, pid_t user)
{
	struct net *net = find(n, number);

	if (net) {
		net->user = user;
		n->spare_n--;
	} else if (n->n < NETS_MAX) {
		n->v[n->n++] = (struct net){ .number = number, .fd = -1, .user = user };
	}
}

void nets_hand_in(struct nets *n, int number, int fd)
{
	struct net *net = find(n, number);

	if (!net) {
		nets_give_up(n, fd);
	} else if (n->held_n == NETS_HELD_MAX) {
		(void)sys_close(fd); /* its task has it, and it goes with that */
	} else {
		net->fd = fd;
		n->held_n++;
	}
}

void nets_touched(struct nets *n, int number)
{
	struct net *net = find(n, number);

	if (net)
		net->touched = true;
}

void nets_ended(struct nets *n, pid_t user)
{
	struct net *net = find_user(n, user);

	if (net && net->fd >= 0 && !net->touched && n->spare_n < NETS_SPARE_MAX) {
		net->user = 0;
		n->spare_n++;
	} else if (net) {
		drop(n, net);
	}
}

static void flush(struct nets *n)
{
	while (n->gone_n)
		(void)sys_close(n->gone[--n->gone_n]);
}

void nets_give_up(struct nets *n, int fd)
{
	if (n->gone_n == NETS_GONE_MAX)
		flush(n);
	n->gone[n->gone_n++] = fd;
}

void nets_rest(struct nets *n, size_t keep)
{
	while (n->spare_n > keep) {
		drop(n, find_user(n, 0));
		n->spare_n--;
	}
	flush(n);
}

int nets_wait_ms(const struct nets *n)
{
	return n->gone_n || n->spare_n > NETS_REST ? NETS_REST_MS : -1;
}
