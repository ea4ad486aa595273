/* SPDX-License-Identifier: Apache-2.0 */
/* relay.c - few bytes are copied through one buffer of the helper's, many are spliced through a pipe of the flow's.
 *
 * Each socket is watched once, for edges: what an end can do is remembered (readable, writable) until the kernel says that
 * it cannot. A flow reads only what the other end can take, so the one who sends too much waits. An end of one direction is
 * passed on as such, a failure as a reset of both. There is no limit of idleness: a peer that is gone is found by keepalive. */
#include "runtime/egress/relay.h"

#include <fcntl.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "spec/base/sys.h"

/* What one splice asks for; a splice of less than that many bytes ends the bulk. */
#define SPLICE_BYTES (1u << 20)
#define BULK_LEAST 16384
/* Steps of one relay before the others have their turn. */
#define STEPS 16

void socket_reset(int fd)
{
	const struct linger at_once = { .l_onoff = 1 };

	(void)setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once));
	(void)sys_close(fd);
}

static bool pipe_take(struct pipes *p, struct relay_pipe *ret)
{
	struct relay_pipe made = { .fds = { -1, -1 } };
	long room;

	if (p->n) {
		*ret = p->kept[--p->n];
		return true;
	}
	if (pipe2(made.fds, O_NONBLOCK | O_CLOEXEC) < 0)
		return false;
	room = sys_fcntl(made.fds[0], F_GETPIPE_SZ, 0);
	made.room = room > 0 && room < RELAY_BUFFER ? (size_t)room : RELAY_BUFFER;
	*ret = made;
	return true;
}

static void pipe_give(struct pipes *p, struct relay_flow *f)
{
	if (f->pipe.fds[0] < 0)
		return;
	if (f->held == 0 && p->n < PIPES_KEPT) {
		p->kept[p->n++] = f->pipe;
	} else {
		(void)sys_close(f->pipe.fds[0]);
		(void)sys_close(f->pipe.fds[1]);
	}
	f->pipe.fds[0] = f->pipe.fds[1] = -1;
}

static void relay_over(struct relay *r, bool failed)
{
	void (*fn)(struct relay *) = r->fn;

	loop_turn_off(r->loop, &r->turn);
	for (size_t i = 0; i < 2; i++) {
		loop_forget(r->loop, &r->ends[i].watch);
		if (failed)
			socket_reset(r->ends[i].fd);
		else
			(void)sys_close(r->ends[i].fd);
		pipe_give(r->pipes, &r->flows[i]);
	}
	r->fn = NULL;
	fn(r);
}

void relay_break(struct relay *r)
{
	relay_over(r, true);
}

static bool would_block(void)
{
	return errno == EAGAIN || errno == EINTR;
}

/* What cannot go yet waits in the pipe, which is empty; false where it failed. */
static bool send_or_keep(struct relay *r, struct relay_flow *f, struct relay_end *to,
			 const uint8_t *bytes, size_t n)
{
	ssize_t sent = send(to->fd, bytes, n, MSG_NOSIGNAL);

	if (sent < 0 && !would_block())
		return false;
	sent = sent < 0 ? 0 : sent;
	if ((size_t)sent == n)
		return true;
	if (f->pipe.fds[0] < 0 && !pipe_take(r->pipes, &f->pipe))
		return false;
	f->held = n - (size_t)sent;
	return sys_write(f->pipe.fds[1], bytes + sent, f->held) == (ssize_t)f->held;
}

/* Each step: 1: something was done; 0: nothing can be; -1: the connection failed. */

static int came(struct relay_end *from, struct relay_flow *f, ssize_t n)
{
	if (n == 0)
		f->ended = true;
	else if (n < 0 && would_block())
		from->readable = false;
	else if (n < 0)
		return -1;
	return n >= 0;
}

/* No more than the pipe can keep. */
static int step_copy(struct relay *r, struct relay_flow *f, struct relay_end *from,
		     struct relay_end *to)
{
	ssize_t n;

	if (f->pipe.fds[0] < 0 && !pipe_take(r->pipes, &f->pipe))
		return -1;
	n = recv(from->fd, r->pipes->buffer, f->pipe.room, 0);
	if (n <= 0)
		return came(from, f, n);
	f->bulk = (size_t)n == f->pipe.room;
	/* Less than asked for is all that there was; what comes later is an edge of its own, an end came with this one. */
	if (!f->bulk && !from->hung)
		from->readable = false;
	return send_or_keep(r, f, to, r->pipes->buffer, (size_t)n) ? 1 : -1;
}

static int step_splice(struct relay_flow *f, struct relay_end *from)
{
	ssize_t n = splice(from->fd, NULL, f->pipe.fds[1], NULL, SPLICE_BYTES,
			   SPLICE_F_MOVE | SPLICE_F_NONBLOCK);

	if (n <= 0)
		return came(from, f, n);
	f->held = (size_t)n;
	f->bulk = n >= BULK_LEAST;
	return 1;
}

/* No SPLICE_F_MORE: what is there goes out now. */
static int step_drain(struct relay_flow *f, struct relay_end *to)
{
	ssize_t n = splice(f->pipe.fds[0], NULL, to->fd, NULL, f->held,
			   SPLICE_F_MOVE | SPLICE_F_NONBLOCK);

	if (n < 0 && !would_block())
		return -1;
	if (n <= 0) {
		to->writable = false;
		return 0;
	}
	f->held -= (size_t)n;
	return 1;
}

static int step(struct relay *r, size_t side)
{
	struct relay_flow *f = &r->flows[side];
	struct relay_end *from = &r->ends[side], *to = &r->ends[!side];

	if (f->held)
		return to->writable ? step_drain(f, to) : 0;
	if (f->ended && !f->shut) {
		f->shut = true;
		/* It may be gone already, which its own events will say. */
		(void)shutdown(to->fd, SHUT_WR);
		return 1;
	}
	if (f->ended || !from->readable || !to->writable)
		return 0;
	return f->bulk ? step_splice(f, from) : step_copy(r, f, from, to);
}

static void pump_again(struct turn *t);

static void pump(struct relay *r)
{
	for (int i = 0; i < STEPS; i++) {
		int there = step(r, 0), back = there < 0 ? -1 : step(r, 1);

		if (back < 0) {
			relay_over(r, true);
			return;
		}
		if (r->flows[0].shut && r->flows[1].shut) {
			relay_over(r, false);
			return;
		}
		if (there == 0 && back == 0)
			return;
	}
	loop_turn(r->loop, &r->turn, pump_again);
}

static void pump_again(struct turn *t)
{
	pump(of(t, struct relay, turn));
}

static void ready(struct watch *w, uint32_t events)
{
	struct relay_end *end = of(w, struct relay_end, watch);

	if (events & EPOLLERR) {
		relay_over(end->relay, true);
		return;
	}
	if (events & (EPOLLRDHUP | EPOLLHUP))
		end->hung = true;
	if (events & (EPOLLIN | EPOLLRDHUP | EPOLLHUP))
		end->readable = true;
	if (events & (EPOLLOUT | EPOLLHUP))
		end->writable = true;
	pump(end->relay);
}

void relay_begin(struct relay *r, struct loop *l, struct pipes *p, int a, int b, const void *first,
		 size_t first_n, void (*fn)(struct relay *r))
{
	const int fds[2] = { a, b };
	bool sound = true;

	r->loop = l;
	r->pipes = p;
	r->fn = fn;
	r->turn.fn = NULL;
	for (size_t i = 0; i < 2; i++) {
		r->ends[i] = (struct relay_end){ .relay = r, .fd = fds[i] };
		r->flows[i] = (struct relay_flow){ .pipe = { .fds = { -1, -1 } } };
		/* What an end can do already is an event, too. */
		sound = sound && loop_watch(l, &r->ends[i].watch, fds[i],
					    EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET, ready) == 0;
	}
	if (!sound || (first_n && !send_or_keep(r, &r->flows[0], &r->ends[1], first, first_n)))
		relay_over(r, true);
}
