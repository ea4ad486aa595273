/* SPDX-License-Identifier: Apache-2.0 */
/* dial.c - the name is judged, resolved once, each address judged, and exactly those that passed are dialled, in turn.
 *
 * Mustn't: look anything up a second time between the judgement and connect(2). */
#include "runtime/egress/dial.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include "runtime/egress/route.h"
#include "runtime/egress/sockaddr.h"
#include "spec/base/scope.h"
#include "spec/base/sys.h"
#include "spec/policy/match.h"

/* Addresses of one name that are tried, how long each while others are left, and the last one. */
#define DIAL_TRIES 4
#define DIAL_MS 5000
#define DIAL_LAST_MS 15000
/* A peer that is gone is noticed. */
#define KEEPALIVE_S 60

static void dial_next(struct dial *d);

static void drop_socket(struct dial *d)
{
	loop_forget(&d->h->loop, &d->watch);
	loop_timer_off(&d->h->loop, &d->timer);
	if (d->fd >= 0)
		(void)sys_close(d->fd);
	d->fd = -1;
}

static void finish(struct dial *d, enum egress_reason reason)
{
	void (*fn)(struct dial *, enum egress_reason) = d->fn;

	d->fn = NULL;
	fn(d, reason);
}

static void connected(struct watch *w, uint32_t events)
{
	struct dial *d = of(w, struct dial, watch);
	int failure = 0;
	socklen_t n = sizeof(failure);

	(void)events;
	if (getsockopt(d->fd, SOL_SOCKET, SO_ERROR, &failure, &n) < 0 || failure) {
		dial_next(d);
		return;
	}
	loop_forget(&d->h->loop, &d->watch);
	loop_timer_off(&d->h->loop, &d->timer);
	finish(d, EGRESS_ALLOWED);
}

static void timed_out(struct timer *t)
{
	dial_next(of(t, struct dial, timer));
}

static void set_options(int fd)
{
	static const struct {
		int level, name, value;
	} rows[] = {
		{ IPPROTO_TCP, TCP_NODELAY, 1 },
		{ SOL_SOCKET, SO_KEEPALIVE, 1 },
		{ IPPROTO_TCP, TCP_KEEPIDLE, KEEPALIVE_S },
	};

	/* They make it better, not right. */
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		(void)setsockopt(fd, rows[i].level, rows[i].name, &rows[i].value, sizeof(int));
}

/* 1: done; 0: under way; -1: failed. */
static int start_connect(struct dial *d, const uint8_t a[ADDRESS_BYTES], uint16_t port)
{
	struct sockaddr_any to;

	sockaddr_set(&to, a, port);
	if (d->fd < 0)
		d->fd = sys_socket(to.family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (d->fd < 0)
		return -1;
	set_options(d->fd);
	if (sys_connect(d->fd, &to.any, to.len) == 0)
		return 1;
	return errno == EINPROGRESS &&
			       loop_watch(&d->h->loop, &d->watch, d->fd, EPOLLOUT, connected) == 0
		       ? 0
		       : -1;
}

static void dial_next(struct dial *d)
{
	drop_socket(d);
	while (d->next < d->lookup.n) {
		int r = start_connect(d, d->lookup.addresses[d->next], d->port);

		d->next++;
		if (r > 0) {
			finish(d, EGRESS_ALLOWED);
			return;
		}
		if (r == 0) {
			loop_timer(&d->h->loop, &d->timer,
				   d->next < d->lookup.n ? DIAL_MS : DIAL_LAST_MS, timed_out);
			return;
		}
		drop_socket(d);
	}
	finish(d, EGRESS_UNREACHABLE);
}

/* Keeps the addresses that may be dialled; why the others may not, if none is left. */
static enum egress_reason judge_addresses(struct dial *d)
{
	enum egress_reason why = d->lookup.n ? EGRESS_UNREACHABLE : EGRESS_UNRESOLVED;
	uint8_t kept = 0;

	for (uint8_t i = 0; i < d->lookup.n && kept < DIAL_TRIES; i++) {
		const uint8_t *a = d->lookup.addresses[i];
		enum route_kind route = route_ask(&d->h->route, a);
		enum egress_reason reason = rules_address(&d->h->rules, a, d->port, d->named,
							  route_is_own(&d->h->route, a, route));

		if (reason != EGRESS_ALLOWED)
			why = reason;
		else if (route != ROUTE_NONE)
			memmove(d->lookup.addresses[kept++], a, ADDRESS_BYTES);
	}
	d->lookup.n = kept;
	return kept ? EGRESS_ALLOWED : why;
}

static void dial_judged(struct dial *d)
{
	enum egress_reason reason = judge_addresses(d);

	if (reason == EGRESS_ALLOWED)
		dial_next(d);
	else
		finish(d, reason);
}

static void looked_up(struct lookup *l)
{
	dial_judged(of(l, struct dial, lookup));
}

static void dial_begin(struct dial *d, struct helper *h, const char *host, uint16_t port,
		       void (*fn)(struct dial *d, enum egress_reason reason))
{
	size_t n = strlen(host);

	n = n < EGRESS_HOST_MAX ? n : EGRESS_HOST_MAX;
	d->h = h;
	d->fn = fn;
	d->port = port;
	d->fd = -1;
	memcpy(d->host, host, n);
	d->host[n] = '\0';
	d->watch.fn = NULL;
	d->timer.fn = NULL;
	d->lookup.fn = NULL;
	d->lookup.n = 0;
	d->next = 0;
}

void dial_host(struct dial *d, struct helper *h, const char *host, uint16_t port,
	       void (*fn)(struct dial *d, enum egress_reason reason))
{
	enum egress_reason reason;

	dial_begin(d, h, host, port, fn);
	d->named = !address_parse(d->host, d->lookup.addresses[0]);
	if (!d->named) {
		d->lookup.n = 1;
		dial_judged(d);
		return;
	}
	reason = rules_name(&h->rules, d->host, port);
	if (reason == EGRESS_ALLOWED)
		lookup_begin(&d->lookup, &h->resolver, d->host, looked_up);
	else
		finish(d, reason);
}

void dial_inside(struct dial *d, struct helper *h, int fd, uint16_t port,
		 void (*fn)(struct dial *d, enum egress_reason reason))
{
	static const uint8_t loopback[4] = { 127, 0, 0, 1 };
	uint8_t a[ADDRESS_BYTES];
	int r;

	dial_begin(d, h, "127.0.0.1", port, fn);
	address_from_v4(loopback, a);
	d->fd = fd;
	r = start_connect(d, a, port);
	if (r == 0)
		loop_timer(&h->loop, &d->timer, DIAL_LAST_MS, timed_out);
	else
		finish(d, r > 0 ? EGRESS_ALLOWED : EGRESS_UNREACHABLE);
}

void dial_end(struct dial *d)
{
	if (!d->h)
		return;
	d->fn = NULL;
	lookup_end(&d->lookup);
	drop_socket(d);
}
