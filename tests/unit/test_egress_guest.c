/* SPDX-License-Identifier: Apache-2.0 */
/* test_egress_guest.c - one helper for many: each guest comes by a line, brings its sockets, and goes with it. */
#include "tests/unit/egress_place.h"

#include "runtime/egress/guest.h"
#include "runtime/egress/parcel.h"

#define GUESTS 3

struct house {
	struct place at; /* its container is the guest's that is asked about */
	int networks[GUESTS], lines[GUESTS];
	int guests; /* our end of the line by which they come */
};

static struct house *house_of(void **state)
{
	struct house *h = *state;

	if (h->at.host < 0) {
		print_message("user namespaces are not there\n");
		skip();
	}
	return h;
}

/* The place as that guest has it. */
static struct place *as(struct house *h, size_t guest)
{
	h->at.container = h->networks[guest];
	h->at.events = h->lines[guest];
	return &h->at;
}

static void bring(const struct house *h, size_t guest, enum egress_socket way, const char *address,
		  uint16_t port, int type)
{
	scoped_fd int fd = socket_at(address, port, type);

	assert_int_equal(parcel_send(h->lines[guest], (uint8_t)way, fd), 0);
}

/* As the pool and a task's first process do it. */
static void come(struct house *h, size_t guest)
{
	int ends[2];

	assert_int_equal(sys_socketpair(SOCK_SEQPACKET | SOCK_CLOEXEC, ends), 0);
	assert_int_equal(parcel_send(h->guests, 0, ends[1]), 0);
	(void)close(ends[1]);
	h->lines[guest] = ends[0];
	enter(h->networks[guest]);
	bring(h, guest, EGRESS_DNS_UDP4, "0.0.0.0", 53, SOCK_DGRAM);
	bring(h, guest, EGRESS_DNS_TCP4, "0.0.0.0", 53, SOCK_STREAM);
	bring(h, guest, EGRESS_PORT, "0.0.0.0", PORT, SOCK_STREAM);
	bring(h, guest, EGRESS_PROXY, "127.0.0.1", PROXY_PORT, SOCK_STREAM);
	enter(h->at.host);
}

static void leave_house(struct house *h, size_t guest)
{
	(void)close(h->lines[guest]);
	h->lines[guest] = -1;
}

static void start(struct house *h)
{
	static struct policy_domain patterns[ARRAY_LEN(rules)];
	static const struct policy_domains domains = { patterns, ARRAY_LEN(rules) };
	const struct egress_setup s = { .rules = &domains,
					.hosts_file = h->at.hosts,
					.resolv_conf = h->at.resolv };
	struct err err;
	int ends[2];

	for (size_t i = 0; i < ARRAY_LEN(rules); i++)
		patterns[i] = (struct policy_domain){ .pattern = rules[i] + 1,
						      .allow = rules[i][0] == '+' };
	assert_int_equal(sys_socketpair(SOCK_SEQPACKET | SOCK_CLOEXEC, ends), 0);
	h->at.helper = sys_fork();
	if (h->at.helper == 0)
		leave(egress_run_shared(&s, ends[1], &err) < 0);
	assert_true(h->at.helper > 0);
	(void)close(ends[1]);
	h->guests = ends[0];
}

static int set_up_house(void **state)
{
	static struct house h;

	*state = &h;
	if (!netns_root()) {
		h.at.host = -1;
		return 0;
	}
	h.at.host = netns_here();
	assert_true(netns_loopback_up());
	h.at.server = socket_at("127.0.0.1", PORT, SOCK_STREAM);
	write_file(h.at.hosts, hosts_text);
	write_file(h.at.resolv, "nameserver 127.0.0.1:5353\noptions timeout:1 attempts:1\n");
	start(&h);
	for (size_t i = 0; i < GUESTS; i++) {
		assert_int_equal(sys_unshare(CLONE_NEWNET), 0);
		h.networks[i] = netns_here();
		assert_true(netns_loopback_up() && netns_route_all(AF_INET));
		enter(h.at.host);
		come(&h, i);
	}
	return 0;
}

static int tear_down_house(void **state)
{
	struct house *h = *state;
	siginfo_t info = { 0 };

	if (h->at.host < 0)
		return 0;
	(void)unlink(h->at.hosts);
	(void)unlink(h->at.resolv);
	/* It ends with that line, whoever is still there. */
	(void)close(h->guests);
	return sys_waitid(P_PID, (id_t)h->at.helper, &info, WEXITED) < 0 ||
			       info.si_code != CLD_EXITED || info.si_status != 0
		       ? -1
		       : 0;
}

static void each_has_names_and_refusals_of_its_own(void **state)
{
	struct house *h = house_of(state);
	char first[ADDRESS_TEXT_MAX], other[ADDRESS_TEXT_MAX];

	assert_int_equal(ask(as(h, 0), "198.18.0.1", "a.many.test", 1, first), 0);
	assert_int_equal(ask(as(h, 0), "198.18.0.1", "good.test", 1, other), 0);
	/* For another one the name is the first again, and the other address is nobody's. */
	assert_int_equal(ask(as(h, 1), "198.18.0.1", "good.test", 1, first), 0);
	assert_string_not_equal(first, other);
	was_reset(connect_to(as(h, 1), other, PORT));
	refused(as(h, 1), other, PORT, EGRESS_STALE);
	nothing_was_refused(as(h, 0));
	assert_int_equal(ask(as(h, 0), "198.18.0.1", "evil.test", 1, other), 3);
	refused(as(h, 0), "evil.test", 0, EGRESS_NO_RULE);
	nothing_was_refused(as(h, 1));
}

static void with_its_line_go_its_connections(void **state)
{
	struct house *h = house_of(state);
	scoped_fd int client = connect_by_name(as(h, 0), "good.test");
	scoped_fd int server = accepted(h->at.server);
	scoped_fd int stays = connect_by_name(as(h, 1), "good.test");
	scoped_fd int other = accepted(h->at.server);
	scoped_fd int asking = connect_to(as(h, 0), "198.18.0.1", 53);
	scoped_fd int talking = connect_to(as(h, 0), "127.0.0.1", PROXY_PORT);
	char byte;

	SAY(client, "ping");
	HEARS(server, "ping");
	SAY(talking, "CONN");
	SAY(asking, "\0");
	leave_house(h, 0);
	was_reset(take_fd(&client));
	was_reset(take_fd(&server));
	assert_true(recv(asking, &byte, 1, 0) <= 0);
	assert_true(recv(talking, &byte, 1, 0) <= 0);
	SAY(stays, "still");
	HEARS(other, "still");
	come(h, 0);
	scoped_fd int again = connect_by_name(as(h, 0), "good.test");
	(void)close(accepted(h->at.server));
}

static void who_brings_what_is_no_listener_has_no_network(void **state)
{
	struct house *h = house_of(state);
	struct pollfd gone = { .fd = h->lines[2], .events = POLLIN };
	char byte;

	assert_int_equal(send(h->lines[2], "\0", 1, 0), 1);
	assert_int_equal(poll(&gone, 1, WAIT_MS), 1);
	assert_int_equal(recv(h->lines[2], &byte, 1, 0), 0);
	nothing_was_refused(as(h, 1));
	leave_house(h, 2);
	come(h, 2);
	assert_int_equal(parcel_send(h->lines[2], 99, h->at.server), 0);
	gone.fd = h->lines[2];
	assert_int_equal(poll(&gone, 1, WAIT_MS), 1);
}

/* With room for twelve connections, beside the guests' sockets and those of guests that come. */
static void none_has_more_than_is_left_over(void **state)
{
	struct helper h = { .shared = true, .fds = 16 * CLIENT_FDS, .brought = 2 * CLIENT_FDS };
	struct guest g[GUESTS] = { { .h = &h }, { .h = &h }, { .h = &h } };
	size_t wanted[GUESTS] = { 6, 3, 2 };

	(void)state;
	for (size_t i = 0; i < GUESTS; i++) {
		while (guest_admits(&g[i]))
			guest_count(&g[i], true);
		assert_int_equal(g[i].clients, wanted[i]);
	}
	assert_int_equal(h.clients, 11);
	assert_true(h.fds - h.brought - h.clients * CLIENT_FDS >= h.fds / 8);
	while (g[0].clients)
		guest_count(&g[0], false);
	assert_true(guest_admits(&g[0]) && guest_admits(&g[2]));
	h.brought = h.fds + 1;
	assert_false(guest_admits(&g[0]));
	h = (struct helper){ .shared = true, .fds = 10000 * CLIENT_FDS };
	g[0] = (struct guest){ .h = &h };
	while (guest_admits(&g[0]))
		guest_count(&g[0], true);
	assert_int_equal(g[0].clients, GUEST_CLIENTS_MAX);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_has_names_and_refusals_of_its_own),
		cmocka_unit_test(with_its_line_go_its_connections),
		cmocka_unit_test(who_brings_what_is_no_listener_has_no_network),
		cmocka_unit_test(none_has_more_than_is_left_over),
	};

	return cmocka_run_group_tests(tests, set_up_house, tear_down_house);
}
