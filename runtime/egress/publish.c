/* SPDX-License-Identifier: Apache-2.0 */
/* publish.c - one byte asks for a socket, one message brings it; the first who waits gets it. */
#include "runtime/egress/publish.h"

#include <sys/epoll.h>
#include <sys/socket.h>

#include "runtime/egress/parcel.h"
#include "spec/base/sys.h"

static struct client *leave_queue(struct publishing *p)
{
	struct client *c = p->first;

	if (!c)
		return NULL;
	p->first = c->after;
	if (!p->first)
		p->end = &p->first;
	return c;
}

static void gone(struct publishing *p)
{
	loop_forget(&p->h->loop, &p->watch);
	p->inside = -1;
	for (struct client *c; (c = leave_queue(p));)
		client_end(c);
}

static void take(struct publishing *p, int fd)
{
	long flags = sys_fcntl(fd, F_GETFL, 0);
	struct client *c = leave_queue(p);

	if (c && flags >= 0 && sys_fcntl(fd, F_SETFL, flags | O_NONBLOCK) == 0) {
		client_inside(c, fd);
		return;
	}
	(void)sys_close(fd);
	if (c)
		client_end(c);
}

static void answered(struct watch *w, uint32_t events)
{
	struct publishing *p = of(w, struct publishing, watch);
	struct client *c;
	uint8_t number;
	int fd;

	if (parcel_take(p->inside, &number, &fd) <= 0) {
		if (events & (EPOLLHUP | EPOLLERR))
			gone(p);
	} else if (fd >= 0) {
		take(p, fd);
	} else if ((c = leave_queue(p))) {
		client_end(c);
	}
}

int publish_open(struct publishing *p, struct helper *h, int inside, struct err *err)
{
	*p = (struct publishing){ .h = h, .inside = inside };
	p->end = &p->first;
	if (inside >= 0 && loop_watch(&h->loop, &p->watch, inside, EPOLLIN, answered) < 0)
		return err_host(err, errno, "the socket that asks for sockets inside");
	return 0;
}

void publish_client(struct publishing *p, struct client *c, uint16_t port)
{
	c->inside_port = port;
	if (p->inside < 0 || send(p->inside, "", 1, MSG_DONTWAIT | MSG_NOSIGNAL) != 1) {
		client_end(c);
		return;
	}
	c->after = NULL;
	*p->end = c;
	p->end = &c->after;
}
