/* SPDX-License-Identifier: Apache-2.0 */
/* client.c - accepted, dialled, relayed, buried. */
#include "runtime/egress/client.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "runtime/egress/guest.h"
#include "runtime/egress/sockaddr.h"
#include "spec/base/sys.h"

/* SO_ORIGINAL_DST and IP6T_SO_ORIGINAL_DST (linux/netfilter_ipv4.h, linux/netfilter_ipv6/ip6_tables.h: they do not go
 * together with the C library's headers). */
#define ORIGINAL_DST 80

static void join_guest(struct client *c, struct guest *g)
{
	c->guest = g;
	c->next = g->first;
	c->before = NULL;
	if (g->first)
		g->first->before = c;
	g->first = c;
	guest_count(g, true);
}

static void leave_guest(struct client *c)
{
	if (c->before)
		c->before->next = c->next;
	else
		c->guest->first = c->next;
	if (c->next)
		c->next->before = c->before;
	guest_count(c->guest, false);
}

struct client *client_new(struct guest *g, int fd)
{
	struct client *c = guest_admits(g) ? malloc(sizeof(*c)) : NULL;
	const int one = 1;

	if (!c) {
		report_refusal(&g->report, "", 0, EGRESS_BUSY);
		socket_reset(fd);
		return NULL;
	}
	/* Not zeroed as a whole: dial and relay begin when they begin. */
	c->fd = fd;
	c->number = 0;
	c->talk = NULL;
	c->dial.h = NULL;
	c->relay.fn = NULL;
	c->after = NULL;
	join_guest(c, g);
	(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	return c;
}

void client_end(struct client *c)
{
	dial_end(&c->dial);
	if (c->talk)
		talk_free(c->talk);
	c->talk = NULL;
	if (c->fd >= 0)
		socket_reset(c->fd);
	c->fd = -1;
	if (c->number)
		pool_hold(c->guest->pool, c->number, false);
	leave_guest(c);
	loop_bury(&c->guest->h->loop, &c->grave);
}

static void relayed(struct relay *r)
{
	client_end(of(r, struct client, relay));
}

void client_break(struct client *c)
{
	if (c->relay.fn)
		relay_break(&c->relay); /* which ends the client */
	else
		client_end(c);
}

static void start_relay(struct client *c, int fd)
{
	uint8_t first[2 * HTTP_PASSED_MAX];
	size_t n = 0;
	int own = c->fd;

	if (c->talk) {
		talk_connected(c->talk, first, &n);
		talk_free(c->talk);
		c->talk = NULL;
	}
	c->fd = -1;
	relay_begin(&c->relay, &c->guest->h->loop, &c->guest->h->pipes, own, fd, first, n, relayed);
}

static void dialled(struct dial *d, enum egress_reason reason)
{
	struct client *c = of(d, struct client, dial);
	int fd = d->fd;

	if (reason == EGRESS_ALLOWED) {
		d->fd = -1;
		start_relay(c, fd);
		return;
	}
	report_refusal(&c->guest->report, d->host, d->port, reason);
	if (c->talk)
		talk_refused(c->talk, d->host, d->port, reason);
	client_end(c);
}

void client_inside(struct client *c, int fd)
{
	dial_inside(&c->dial, c->guest->h, fd, c->inside_port, dialled);
}

/* An address of the pool is the name that it stands for. */
void client_dial(struct client *c, const char *host, uint16_t port)
{
	uint8_t a[ADDRESS_BYTES];
	bool within = false;
	uint32_t number = address_parse(host, a) ? pool_number(a, &within) : 0;
	const char *name = number ? guest_name(c->guest, number) : NULL;

	if (within && !name) {
		report_refusal(&c->guest->report, host, port, EGRESS_STALE);
		if (c->talk)
			talk_refused(c->talk, host, port, EGRESS_STALE);
		client_end(c);
		return;
	}
	if (name) {
		c->number = number;
		pool_hold(c->guest->pool, number, true);
	}
	dial_host(&c->dial, c->guest->h, name ? name : host, port, dialled);
}

/* Where the connection was meant for: what the redirection remembers, else (it was not redirected) its own end. */
static bool read_destination(int fd, uint8_t a[ADDRESS_BYTES], uint16_t *port)
{
	static const int levels[] = { IPPROTO_IP, IPPROTO_IPV6 };
	struct sockaddr_any s = { .len = sizeof(s.v6) };

	if (getsockname(fd, &s.any, &s.len) < 0)
		return false;
	struct sockaddr_any original = { .len = sizeof(s.v6) };
	if (getsockopt(fd, levels[s.family == AF_INET6], ORIGINAL_DST, &original.any,
		       &original.len) == 0)
		s = original;
	return sockaddr_get(&s, a, port);
}

void client_redirected(struct client *c)
{
	uint8_t a[ADDRESS_BYTES];
	char text[ADDRESS_TEXT_MAX];
	uint16_t port;

	if (read_destination(c->fd, a, &port))
		client_dial(c, address_text(a, text), port);
	else
		client_end(c);
}
