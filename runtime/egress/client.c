/* SPDX-License-Identifier: Apache-2.0 */
/* client.c - accepted, dialled, relayed, buried. */
#include "runtime/egress/client.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "runtime/egress/sockaddr.h"
#include "spec/base/sys.h"

/* SO_ORIGINAL_DST and IP6T_SO_ORIGINAL_DST (linux/netfilter_ipv4.h, linux/netfilter_ipv6/ip6_tables.h: they do not go
 * together with the C library's headers). */
#define ORIGINAL_DST 80

struct client *client_new(struct helper *h, int fd)
{
	struct client *c = h->clients < h->clients_max ? malloc(sizeof(*c)) : NULL;
	const int one = 1;

	if (!c) {
		report_refusal(&h->report, "", 0, EGRESS_BUSY);
		socket_reset(fd);
		return NULL;
	}
	/* Not zeroed as a whole: dial and relay begin when they begin. */
	c->h = h;
	c->fd = fd;
	c->number = 0;
	c->talk = NULL;
	c->dial.h = NULL;
	c->after = NULL;
	h->clients++;
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
	pool_hold(c->h->pool, c->number, false);
	c->h->clients--;
	loop_bury(&c->h->loop, &c->grave);
}

static void relayed(struct relay *r)
{
	client_end(of(r, struct client, relay));
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
	relay_begin(&c->relay, &c->h->loop, &c->h->pipes, own, fd, first, n, relayed);
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
	report_refusal(&c->h->report, d->host, d->port, reason);
	if (c->talk)
		talk_refused(c->talk, d->host, d->port, reason);
	client_end(c);
}

void client_inside(struct client *c, int fd)
{
	dial_inside(&c->dial, c->h, fd, c->inside_port, dialled);
}

/* An address of the pool is the name that it stands for. */
void client_dial(struct client *c, const char *host, uint16_t port)
{
	uint8_t a[ADDRESS_BYTES];
	bool within = false;
	uint32_t number = address_parse(host, a) ? pool_number(a, &within) : 0;
	const char *name = number ? pool_find(c->h->pool, number) : NULL;

	if (within && !name) {
		report_refusal(&c->h->report, host, port, EGRESS_STALE);
		if (c->talk)
			talk_refused(c->talk, host, port, EGRESS_STALE);
		client_end(c);
		return;
	}
	if (name) {
		c->number = number;
		pool_hold(c->h->pool, number, true);
	}
	dial_host(&c->dial, c->h, name ? name : host, port, dialled);
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
