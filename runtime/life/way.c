/* SPDX-License-Identifier: Apache-2.0 */
/* way.c - starts the network helper, and beside it, where ports are published, the process that makes sockets inside.
 * Should: leave nothing of ours to them but what they are for.  Mustn't: keep a socket of the container's open here: with the
 * helper the last of them goes, and with it the network. */
#include "runtime/life/way.h"

#include <linux/sockios.h>
#include <netinet/in.h>
#include <sched.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "runtime/life/beside.h"
#include "runtime/life/handover.h"
#include "spec/base/fd.h"
#include "spec/base/sys.h"

#define BACKLOG 128
#define MAKER_NAME "srt-sockets"

_Static_assert((int)EGRESS_TCP4 == WAY_TCP4 && (int)EGRESS_DNS_UDP4 == WAY_DNS_UDP4 &&
		       (int)EGRESS_PROXY == WAY_PROXY && (int)EGRESS_SOCKETS == WAY_SOCKETS,
	       "the helper's sockets are the plan's");

/* --- before --- */

static void add_rules(struct policy_domains *rules, const struct strings *patterns, bool allow)
{
	for (size_t i = 0; i < patterns->n; i++)
		rules->v[rules->n++] = (struct policy_domain){ patterns->v[i], allow, "" };
}

/* The helper reads it; that it cannot is better said here. A pipe would keep it, and the container, waiting. */
static int check_hosts(const char *path, struct err *err)
{
	scoped_fd int fd = -1;
	struct stat st;

	if (!path)
		return 0;
	fd = sys_openat(AT_FDCWD, path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK, 0);
	if (fd < 0 || fstat(fd, &st) < 0)
		(void)err_path(err, errno, path, "open %s", path);
	else if (!S_ISREG(st.st_mode))
		(void)err_input(err, "%s is no file", path);
	else
		return 0;
	return err_in(err, "/srt/network/hosts");
}

static int listen_outside(const struct published *p, int *ret)
{
	struct sockaddr_in6 at = { .sin6_family = AF_INET6, .sin6_port = htons(p->host_port) };
	bool v4 = IN6_IS_ADDR_V4MAPPED((const struct in6_addr *)p->address);
	struct sockaddr_in at4 = { .sin_family = AF_INET, .sin_port = htons(p->host_port) };
	scoped_fd int fd =
		sys_socket(v4 ? AF_INET : AF_INET6, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	const int on = 1;

	memcpy(&at.sin6_addr, p->address, sizeof(at.sin6_addr));
	memcpy(&at4.sin_addr, p->address + 12, sizeof(at4.sin_addr));
	if (fd < 0 || sys_setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) < 0 ||
	    (!v4 && sys_setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof(on)) < 0) ||
	    sys_bind(fd, v4 ? (const void *)&at4 : &at, v4 ? sizeof(at4) : sizeof(at)) < 0 ||
	    sys_listen(fd, BACKLOG) < 0)
		return -1;
	*ret = take_fd(&fd);
	return 0;
}

static int publish(struct way *w, const char *text, struct err *err)
{
	struct egress_publish *place = &w->publish[w->publish_n];
	struct published p;

	TRY(published_parse(text, &p, err));
	if (listen_outside(&p, &place->listener) < 0)
		return err_host(err, errno, "publish %s: listen there", text);
	place->port = p.port;
	w->publish_n++;
	return 0;
}

int way_prepare(struct way *w, const struct config *config, struct arena *a, struct err *err)
{
	const struct srt_network *n = config_network(config);
	const struct namespace *user = namespace_of(config, CLONE_NEWUSER);

	if (n && network_is_nat(n->mode) && nat_prepare(&w->nat, n->mode, a, err) < 0)
		return err_in(err, "/srt/network/mode");
	if (!config_is_filtered(config))
		return 0;
	w->network = n;
	w->in_userns = user != NULL;
	TRY(check_hosts(n->hosts, err));
	w->rules.v = arena_array(a, struct policy_domain, n->allow.n + n->deny.n + 1);
	add_rules(&w->rules, &n->allow, true);
	add_rules(&w->rules, &n->deny, false);
	for (size_t i = 0; i < n->publish.n; i++)
		if (publish(w, n->publish.v[i], err) < 0)
			return err_in(err, "/srt/network/publish/%zu", i);
	return 0;
}

/* --- the process that makes sockets inside --- */

/* The network is that of a socket from inside: the container itself may not be there yet (stage BESIDE). */
static int join(const struct way *w, int container)
{
	scoped_fd int net = -1;

	if (w->in_userns && sys_setns(container, CLONE_NEWUSER) < 0)
		return -1;
	net = sys_ioctl(w->sockets[WAY_PROXY], SIOCGSKNS, NULL);
	return net < 0 ? -1 : sys_setns(net, CLONE_NEWNET);
}

static _Noreturn void make_sockets(const struct way *w, int container, int asked)
{
	struct err unheard; /* whoever asked sees the end of the socket */
	char byte;

	beside_begin(MAKER_NAME);
	/* Closed to the container before it is one of its user namespace. */
	if (sys_prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0 || join(w, container) < 0 ||
	    beside_stand_alone(asked) < 0)
		_exit(1);
	/* Until the helper has ended. */
	while (sys_read(3, &byte, 1) > 0) {
		int fd = sys_socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

		if (fd < 0 || fd_send_on(3, "publish", "s", fd, &unheard) < 0)
			_exit(1);
		(void)sys_close(fd);
	}
	_exit(0);
}

static int start_maker(struct way *w, int container, int *ret, struct err *err)
{
	int ends[2];

	*ret = -1;
	if (!w->publish_n)
		return 0;
	if (sys_socketpair(SOCK_SEQPACKET | SOCK_CLOEXEC, ends) < 0)
		return err_host(err, errno, "make a socket pair");
	w->maker = beside_clone(NULL);
	if (w->maker == 0)
		make_sockets(w, container, ends[1]);
	(void)sys_close(ends[1]);
	*ret = ends[0];
	return w->maker < 0 ? err_host(err, errno, "make the process for published ports") : 0;
}

/* --- the helper --- */

static _Noreturn void help(const struct way *w, int container, int inside, int events)
{
	struct egress_setup s = { .rules = &w->rules,
				  .ports = w->ports,
				  .ports_n = w->ports_n,
				  .publish = w->publish,
				  .publish_n = w->publish_n,
				  .inside = inside,
				  .events = events,
				  .end = container,
				  .hosts_file = w->network->hosts };
	struct err err;

	memcpy(s.sockets, w->sockets, sizeof(s.sockets));
	beside_begin(NULL);
	_exit(egress_run(&s, &err) < 0 ? 1 : 0);
}

static void close_one(int *fd)
{
	if (*fd >= 0)
		(void)sys_close(*fd);
	*fd = -1;
}

static void close_sockets(struct way *w)
{
	for (size_t i = 0; i < WAY_SOCKETS; i++)
		close_one(&w->sockets[i]);
	for (size_t i = 0; i < w->ports_n; i++)
		close_one(&w->ports[i]);
	for (size_t i = 0; i < w->publish_n; i++)
		close_one(&w->publish[i].listener);
	w->ports_n = w->publish_n = 0;
}

static int start_helper(struct way *w, int container, struct err *err)
{
	scoped_fd int inside = -1;
	int events[2] = { -1, -1 };

	TRY(start_maker(w, container, &inside, err));
	if (sys_socketpair(SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, events) < 0)
		return err_host(err, errno, "make a socket pair");
	w->events = events[0];
	w->pid = beside_clone(&w->pidfd);
	if (w->pid == 0)
		help(w, container, inside, events[1]);
	(void)sys_close(events[1]);
	if (w->pid < 0) {
		w->pid = 0;
		return err_host(err, errno, "make the network helper");
	}
	close_sockets(w);
	return 0;
}

static _Noreturn void help_many(const struct way *w, int line)
{
	const struct egress_setup s = { .rules = &w->rules, .hosts_file = w->network->hosts };
	char why[ERR_LINE_MAX];
	struct err err;

	beside_begin(NULL);
	if (egress_run_shared(&s, line, &err) == 0)
		_exit(0);
	(void)err_line(&err, why, sizeof(why));
	(void)fd_write_all(line, why, strlen(why));
	_exit(1);
}

int way_share(struct way *w, int *ret, struct err *err)
{
	int ends[2];

	if (sys_socketpair(SOCK_SEQPACKET | SOCK_CLOEXEC, ends) < 0)
		return err_host(err, errno, "make a socket pair");
	w->pid = beside_clone(&w->pidfd);
	if (w->pid == 0)
		help_many(w, ends[1]);
	(void)sys_close(ends[1]);
	if (w->pid > 0) {
		*ret = ends[0];
		return 0;
	}
	(void)sys_close(ends[0]);
	w->pid = 0;
	return err_host(err, errno, "make the network helper");
}

int way_take(struct way *w, int way, int fd, int container, struct err *err)
{
	scoped_fd int sock = fd;

	if (!w->network || way < 0 || way > WAY_PORT || w->pid ||
	    (way == WAY_PORT ? w->ports_n == WAY_PORTS_MAX : w->sockets[way] >= 0))
		return err_host(err, EPROTO,
				"a socket for the network helper that was not asked for");
	if (way == WAY_PORT)
		w->ports[w->ports_n++] = take_fd(&sock);
	else
		w->sockets[way] = take_fd(&sock);
	if (way == WAY_PROXY && start_helper(w, container, err) < 0)
		return err_in(err, "/srt/network");
	return 0;
}

void way_end(struct way *w)
{
	if (w->pid > 0)
		(void)sys_pidfd_send_signal(w->pidfd, SIGKILL);
	(void)beside_wait(&w->pid);
	(void)beside_wait(&w->maker); /* it ends with the helper */
	nat_end(&w->nat);
}

void way_done(struct way *w)
{
	close_sockets(w);
	close_one(&w->events);
	close_one(&w->pidfd);
	nat_done(&w->nat);
}
