/* SPDX-License-Identifier: Apache-2.0 */
/* egress.c - the helper as a whole: its parts set up, confined (confine.c tells the stages), and run until the container ends. */
#include "runtime/egress/egress.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>

#include "runtime/egress/confine.h"
#include "runtime/egress/door.h"
#include "runtime/egress/publish.h"
#include "runtime/egress/responder.h"
#include "runtime/egress/route.h"
#include "spec/base/fd.h"
#include "spec/base/str.h"
#include "spec/base/sys.h"

#define HOSTS_BYTES (16u << 20)
#define RESOLV_BYTES (1u << 20)
/* Of the descriptors, those that are no client's: listeners, what setup opened, streams of the responder, kept pipes. */
#define OTHER_FDS (RESPONDER_STREAMS + 2 * PIPES_KEPT + EGRESS_PUBLISH_MAX + 64)

struct egress {
	struct helper h;
	struct responder responder;
	struct publishing publishing;
	struct door redirected[2], proxy;
	struct door *ports, *published;
	struct watch end;
};

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

static void published(struct door *d, struct client *c)
{
	publish_client(d->publishing, c, d->port);
}

static void ended(struct watch *w, uint32_t events)
{
	(void)events;
	of(w, struct egress, end)->h.loop.over = true;
}

/* A host without that file has none of its words. */
static int read_words(const char *path, const char *usual, size_t max, struct arena *a, char **ret,
		      struct err *err)
{
	const char *file = path ? path : usual;
	size_t n;

	if (file_read(AT_FDCWD, file, max, a, ret, &n, err) == 0)
		return 0;
	if (path || err->errnum != ENOENT)
		return -1;
	*ret = arena_str(a, "");
	return 0;
}

static int read_files(struct egress *e, const struct egress_setup *s, struct arena *a,
		      struct err *err)
{
	char *text;

	TRY(rules_read(s->rules, a, &e->h.rules, err));
	TRY(read_words(s->hosts_file, "/etc/hosts", HOSTS_BYTES, a, &text, err));
	hosts_read(text, a, &e->h.resolver.hosts);
	TRY(read_words(s->resolv_conf, "/etc/resolv.conf", RESOLV_BYTES, a, &text, err));
	resolv_read(text, &e->h.resolver.conf);
	return 0;
}

/* Every descriptor that stays, into the arena; how many. */
static size_t list_fds(const struct egress *e, const struct egress_setup *s, struct arena *a,
		       int **ret)
{
	const int single[] = { s->inside, s->events, s->end, e->h.route.fd, e->h.loop.epoll };
	int *v = arena_alloc(a, (EGRESS_SOCKETS + ARRAY_LEN(single) + s->ports_n + s->publish_n) *
					sizeof(*v));
	size_t n = 0;

	for (size_t i = 0; i < ARRAY_LEN(single); i++)
		v[n++] = single[i];
	for (size_t i = 0; i < EGRESS_SOCKETS; i++)
		v[n++] = s->sockets[i];
	for (size_t i = 0; i < s->ports_n; i++)
		v[n++] = s->ports[i];
	for (size_t i = 0; i < s->publish_n; i++)
		v[n++] = s->publish[i].listener;
	size_t kept = 0;
	for (size_t i = 0; i < n; i++)
		if (v[i] >= 0)
			v[kept++] = v[i];
	*ret = v;
	return kept;
}

static int open_doors(struct egress *e, const struct egress_setup *s, struct arena *a,
		      struct err *err)
{
	const struct {
		int fd;
		struct door *door;
		void (*fn)(struct door *d, struct client *c);
	} rows[] = {
		{ s->sockets[EGRESS_TCP4], &e->redirected[0], redirected },
		{ s->sockets[EGRESS_TCP6], &e->redirected[1], redirected },
		{ s->sockets[EGRESS_PROXY], &e->proxy, proxied },
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		if (rows[i].fd >= 0)
			TRY(door_open(rows[i].door, &e->h, rows[i].fd, rows[i].fn, err));
	e->ports = arena_alloc(a, (s->ports_n + 1) * sizeof(*e->ports));
	for (size_t i = 0; i < s->ports_n; i++)
		TRY(door_open(&e->ports[i], &e->h, s->ports[i], redirected, err));
	e->published = arena_alloc(a, (s->publish_n + 1) * sizeof(*e->published));
	for (size_t i = 0; i < s->publish_n; i++) {
		e->published[i].port = s->publish[i].port;
		e->published[i].publishing = &e->publishing;
		TRY(door_open(&e->published[i], &e->h, s->publish[i].listener, published, err));
	}
	return 0;
}

static int egress_open(struct egress *e, const struct egress_setup *s, struct arena *a,
		       struct err *err)
{
	struct helper *h = &e->h;
	size_t fds, n;
	int *list;

	if (s->publish_n > EGRESS_PUBLISH_MAX)
		return err_limit(err, "%zu published ports, at most %d can be", s->publish_n,
				 EGRESS_PUBLISH_MAX);
	h->route.fd = -1;
	h->report.fd = s->events;
	h->ipv6 = s->sockets[EGRESS_TCP6] >= 0;
	h->resolver.loop = &h->loop;
	TRY(read_files(e, s, a, err));
	h->pool = pool_new();
	if (!h->pool)
		return err_host(err, ENOMEM, "the pool of addresses");
	TRY(loop_open(&h->loop, err));
	TRY(route_open(&h->route, err));
	n = list_fds(e, s, a, &list);
	TRY(confine_fds(list, n, err));
	TRY(confine_limits(&fds, err));
	if (fds < OTHER_FDS + CLIENT_FDS)
		return err_limit(
			err, "%zu descriptors (RLIMIT_NOFILE) are too few for the network helper",
			fds);
	n = (fds - OTHER_FDS) / CLIENT_FDS;
	h->clients_max = n < CLIENTS_MAX ? n : CLIENTS_MAX;
	TRY(responder_open(&e->responder, h, s, err));
	TRY(publish_open(&e->publishing, h, s->inside, err));
	TRY(open_doors(e, s, a, err));
	if (loop_watch(&h->loop, &e->end, s->end, EPOLLIN, ended) < 0)
		return err_host(err, errno, "what tells the end");
	return 0;
}

int egress_run(const struct egress_setup *s, struct err *err)
{
	scoped_arena struct arena a = { 0 };
	struct egress *e = arena_new(&a, struct egress);

	/* A splice into a socket whose peer is gone raises it; MSG_NOSIGNAL is for send alone. */
	(void)signal(SIGPIPE, SIG_IGN);
	TRY(egress_open(e, s, &a, err));
	TRY(confine_self(err));
	return loop_run(&e->h.loop, err);
}
