/* SPDX-License-Identifier: Apache-2.0 */
/* guest.c - comes with a line, brings its sockets over it, and goes with it.
 * Should: leave room for the others, however many connections one wants.  Mustn't: keep anything of a guest that has gone. */
#include "runtime/egress/guest.h"

#include <stdlib.h>
#include <sys/epoll.h>

#include "runtime/egress/parcel.h"
#include "spec/base/sys.h"

/* Sockets of one guest: those of every guest, and ports of IPv4 and IPv6 where nothing can be redirected. */
#define GUEST_SOCKETS_MAX (EGRESS_SOCKETS + 128)
/* Parcels of one guest before the others have their turn. */
#define AT_ONCE 16
/* Of the descriptors of many guests, this part is for the sockets of those that come: without them one has no network at all. */
#define COMING_PART 8

/* --- how much of the helper is its --- */

/* Of many none may have more than are left over: however many take what they can, one that has none finds some. */
bool guest_admits(const struct guest *g)
{
	const struct helper *h = g->h;
	size_t kept = h->brought + (h->shared ? h->fds / COMING_PART : 0);
	size_t most = h->fds > kept ? (h->fds - kept) / CLIENT_FDS : 0;
	size_t left = most > h->clients ? most - h->clients : 0;

	if (!h->shared)
		return left && g->clients < CLIENTS_MAX;
	return g->clients < left && g->clients < GUEST_CLIENTS_MAX;
}

void guest_count(struct guest *g, bool more)
{
	g->clients += more ? 1 : -(size_t)1;
	g->h->clients += more ? 1 : -(size_t)1;
}

uint32_t guest_number(struct guest *g, const char *name)
{
	if (!g->pool)
		g->pool = pool_new();
	return g->pool ? pool_give(g->pool, name, g->h->loop.now_ms / 1000) : 0;
}

const char *guest_name(const struct guest *g, uint32_t number)
{
	return g->pool ? pool_find(g->pool, number) : NULL;
}

/* --- its sockets --- */

static void redirected(struct door *d, struct client *c)
{
	(void)d;
	client_redirected(c);
}

static void proxied(struct door *d, struct client *c)
{
	(void)d;
	talk_begin(c);
}

void guest_begin(struct guest *g, struct helper *h, int events)
{
	g->h = h;
	g->report.fd = events;
	responder_begin(&g->responder, g);
}

int guest_door(struct guest *g, int fd, void (*fn)(struct door *d, struct client *c),
	       struct door **ret, struct err *err)
{
	struct door *d = calloc(1, sizeof(*d));

	if (!d)
		return err_host(err, ENOMEM, "a listener");
	if (door_open(d, g, fd, fn, err) < 0) {
		free(d);
		return -1;
	}
	d->next = g->doors;
	g->doors = d;
	if (ret)
		*ret = d;
	return 0;
}

int guest_take(struct guest *g, unsigned int way, int fd, struct err *err)
{
	if (way > EGRESS_PORT)
		return err_input(err, "a socket of kind %u", way);
	if (way >= EGRESS_DNS_UDP4 && way <= EGRESS_DNS_TCP6)
		return responder_take(&g->responder, (enum egress_socket)way, fd, err);
	g->ipv6 = g->ipv6 || way == EGRESS_TCP6;
	return guest_door(g, fd, way == EGRESS_PROXY ? proxied : redirected, NULL, err);
}

/* --- one of many --- */

static void leave(struct guest *g)
{
	struct loop *l = &g->h->loop;

	while (g->first)
		client_break(g->first);
	responder_end(&g->responder);
	for (struct door *d = g->doors, *next; d; d = next) {
		next = d->next;
		door_close(d);
		loop_bury(l, &d->grave);
	}
	pool_free(g->pool);
	loop_forget(l, &g->line);
	(void)sys_close(g->line.fd);
	g->h->brought -= g->brought + 1;
	loop_bury(l, &g->grave);
}

static bool take(struct guest *g, uint8_t way, int fd)
{
	struct err unheard; /* who sent it sees the end of the line */

	if (fd < 0 || g->brought == GUEST_SOCKETS_MAX || guest_take(g, way, fd, &unheard) < 0) {
		if (fd >= 0)
			(void)sys_close(fd);
		return false;
	}
	g->brought++;
	g->h->brought++;
	return true;
}

/* A guest that cannot have all its sockets has none: it is refused whatever it asks for. */
static void hear(struct watch *w, uint32_t events)
{
	struct guest *g = of(w, struct guest, line);

	(void)events;
	for (int i = 0; i < AT_ONCE; i++) {
		uint8_t way;
		int fd, r = parcel_take(w->fd, &way, &fd);

		if (r < 0 && (errno == EAGAIN || errno == EINTR))
			return;
		if (r <= 0 || !take(g, way, fd)) {
			leave(g);
			return;
		}
	}
}

void guest_come(struct helper *h, int line)
{
	struct guest *g = calloc(1, sizeof(*g));

	if (!g || loop_watch(&h->loop, &g->line, line, EPOLLIN, hear) < 0) {
		free(g);
		(void)sys_close(line);
		return;
	}
	guest_begin(g, h, line);
	h->brought++;
}
