/* SPDX-License-Identifier: Apache-2.0 */
/* egress.c - the helper as a whole: its parts set up, confined (confine.c tells the stages), and run until the container, or who
 * brings containers, ends. */
#include "runtime/egress/egress.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>

#include "runtime/egress/confine.h"
#include "runtime/egress/guest.h"
#include "runtime/egress/parcel.h"
#include "runtime/egress/publish.h"
#include "spec/base/fd.h"
#include "spec/base/str.h"
#include "spec/base/sys.h"

#define HOSTS_BYTES (16u << 20)
#define RESOLV_BYTES (1u << 20)
/* Of the descriptors, those that are no client's: listeners, what setup opened, streams of the responder, kept pipes. */
#define OTHER_FDS (RESPONDER_STREAMS + 2 * PIPES_KEPT + EGRESS_PUBLISH_MAX + 64)

struct egress {
	struct helper h;
	struct guest guest; /* where there is one alone */
	struct publishing publishing;
	struct watch end;
};

static void published(struct door *d, struct client *c)
{
	publish_client(d->publishing, c, d->port);
}

static void ended(struct watch *w, uint32_t events)
{
	(void)events;
	of(w, struct egress, end)->h.loop.over = true;
}

static void somebody_comes(struct watch *w, uint32_t events)
{
	struct helper *h = &of(w, struct egress, end)->h;
	uint8_t number;
	int line, r = parcel_take(w->fd, &number, &line);

	if (line >= 0)
		guest_come(h, line);
	h->loop.over = r == 0 || (r < 0 && events & (EPOLLHUP | EPOLLERR));
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

static int read_files(struct helper *h, const struct egress_setup *s, struct arena *a,
		      struct err *err)
{
	char *text;

	TRY(rules_read(s->rules, a, &h->rules, err));
	TRY(read_words(s->hosts_file, "/etc/hosts", HOSTS_BYTES, a, &text, err));
	hosts_read(text, a, &h->resolver.hosts);
	TRY(read_words(s->resolv_conf, "/etc/resolv.conf", RESOLV_BYTES, a, &text, err));
	resolv_read(text, &h->resolver.conf);
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

static int open_sockets(struct egress *e, const struct egress_setup *s, struct err *err)
{
	struct door *door;

	for (unsigned int i = 0; i < EGRESS_SOCKETS; i++)
		if (s->sockets[i] >= 0)
			TRY(guest_take(&e->guest, i, s->sockets[i], err));
	for (size_t i = 0; i < s->ports_n; i++)
		TRY(guest_take(&e->guest, EGRESS_PORT, s->ports[i], err));
	for (size_t i = 0; i < s->publish_n; i++) {
		TRY(guest_door(&e->guest, s->publish[i].listener, published, &door, err));
		door->port = s->publish[i].port;
		door->publishing = &e->publishing;
	}
	return 0;
}

/* All that it reads and opens before it is confined. */
static int helper_open(struct helper *h, const struct egress_setup *s, struct arena *a,
		       struct err *err)
{
	h->route.fd = -1;
	h->resolver.loop = &h->loop;
	TRY(read_files(h, s, a, err));
	TRY(loop_open(&h->loop, err));
	return route_open(&h->route, err);
}

static int limit(struct helper *h, size_t max, struct err *err)
{
	size_t fds;

	TRY(confine_limits(max, &fds, err));
	if (fds < OTHER_FDS + CLIENT_FDS)
		return err_limit(
			err, "%zu descriptors (RLIMIT_NOFILE) are too few for the network helper",
			fds);
	h->fds = fds - OTHER_FDS;
	return 0;
}

static int egress_open(struct egress *e, const struct egress_setup *s, struct arena *a,
		       struct err *err)
{
	struct helper *h = &e->h;
	int *list;
	size_t n;

	if (s->publish_n > EGRESS_PUBLISH_MAX)
		return err_limit(err, "%zu published ports, at most %d can be", s->publish_n,
				 EGRESS_PUBLISH_MAX);
	TRY(helper_open(h, s, a, err));
	n = list_fds(e, s, a, &list);
	TRY(confine_fds(list, n, err));
	TRY(limit(h, CONFINE_FDS, err));
	guest_begin(&e->guest, h, s->events);
	TRY(publish_open(&e->publishing, h, s->inside, err));
	TRY(open_sockets(e, s, err));
	if (loop_watch(&h->loop, &e->end, s->end, EPOLLIN, ended) < 0)
		return err_host(err, errno, "what tells the end");
	return 0;
}

static int serve(struct egress *e, struct err *err)
{
	/* A splice into a socket whose peer is gone raises it; MSG_NOSIGNAL is for send alone. */
	(void)signal(SIGPIPE, SIG_IGN);
	TRY(confine_self(err));
	return loop_run(&e->h.loop, err);
}

int egress_run(const struct egress_setup *s, struct err *err)
{
	scoped_arena struct arena a = { 0 };
	struct egress *e = arena_new(&a, struct egress);

	TRY(egress_open(e, s, &a, err));
	return serve(e, err);
}

int egress_run_shared(const struct egress_setup *s, int guests, struct err *err)
{
	scoped_arena struct arena a = { 0 };
	struct egress *e = arena_new(&a, struct egress);
	struct helper *h = &e->h;

	h->shared = true;
	TRY(helper_open(h, s, &a, err));
	TRY(confine_fds((int[]){ guests, h->route.fd, h->loop.epoll }, 3, err));
	TRY(limit(h, CONFINE_FDS_SHARED, err));
	if (loop_watch(&h->loop, &e->end, guests, EPOLLIN, somebody_comes) < 0)
		return err_host(err, errno, "the line by which containers come");
	return serve(e, err);
}
