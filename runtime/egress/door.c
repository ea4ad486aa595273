/* SPDX-License-Identifier: Apache-2.0 */
/* door.c - accepts at once: the kernel has greeted the client already, and a full queue would keep others out. */
#include "runtime/egress/door.h"

#include <sys/epoll.h>

#include "runtime/egress/guest.h"
#include "spec/base/sys.h"

/* Clients of one door before the others have their turn. */
#define AT_ONCE 32

bool door_has_to_rest(int error)
{
	return error == EMFILE || error == ENFILE || error == ENOBUFS || error == ENOMEM;
}

static int door_watch(struct door *d);

static void rested(struct timer *t)
{
	struct door *d = of(t, struct door, timer);

	if (door_watch(d) < 0)
		loop_timer(&d->guest->h->loop, &d->timer, DOOR_REST_MS, rested);
}

static void somebody_comes(struct watch *w, uint32_t events)
{
	struct door *d = of(w, struct door, watch);

	(void)events;
	for (int i = 0; i < AT_ONCE; i++) {
		int fd = sys_accept(d->fd, SOCK_NONBLOCK | SOCK_CLOEXEC);
		struct client *c;

		if (fd < 0 && door_has_to_rest(errno)) {
			loop_forget(&d->guest->h->loop, &d->watch);
			loop_timer(&d->guest->h->loop, &d->timer, DOOR_REST_MS, rested);
		}
		if (fd < 0)
			return;
		c = client_new(d->guest, fd);
		if (c)
			d->fn(d, c);
	}
}

static int door_watch(struct door *d)
{
	return loop_watch(&d->guest->h->loop, &d->watch, d->fd, EPOLLIN, somebody_comes);
}

int door_open(struct door *d, struct guest *g, int fd, void (*fn)(struct door *d, struct client *c),
	      struct err *err)
{
	long flags = sys_fcntl(fd, F_GETFL, 0);

	d->guest = g;
	d->fd = fd;
	d->fn = fn;
	if (flags < 0 || sys_fcntl(fd, F_SETFL, flags | O_NONBLOCK) < 0 || door_watch(d) < 0)
		return err_host(err, errno, "listener %d", fd);
	return 0;
}

void door_close(struct door *d)
{
	struct loop *l = &d->guest->h->loop;

	loop_timer_off(l, &d->timer);
	loop_forget(l, &d->watch);
	(void)sys_close(d->fd);
}
