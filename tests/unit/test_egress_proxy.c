/* SPDX-License-Identifier: Apache-2.0 */
/* test_egress_proxy.c - the network helper as it runs: its proxy, the name servers above it, published ports. */
#include "tests/unit/egress_place.h"

static void the_proxy_tunnels(void **state)
{
	struct place *p = place_of(state);
	scoped_fd int client = connect_to(p, "127.0.0.1", PROXY_PORT);

	SAY(client, "CONNECT good.test:7777 HTTP/1.1\r\nHost: good.te");
	SAY(client, "st\r\n\r\nearly");
	scoped_fd int server = accepted(p->server);
	HEARS(client, "HTTP/1.1 200 Connection established\r\n\r\n");
	HEARS(server, "early");
	SAY(client, "more");
	HEARS(server, "more");
	SAY(server, "back");
	HEARS(client, "back");
}

static void the_proxy_passes_plain_requests_on(void **state)
{
	struct place *p = place_of(state);
	scoped_fd int client = connect_to(p, "127.0.0.1", PROXY_PORT);

	SAY(client,
	    "POST http://good.test:7777/x HTTP/1.1\r\nHost: evil.test\r\nContent-Length: 4\r\n\r\nbody");
	scoped_fd int server = accepted(p->server);
	HEARS(server, "POST /x HTTP/1.1\r\nHost: good.test:7777\r\nContent-Length: 4\r\n"
		      "Connection: close\r\n\r\nbody");
}

static void the_proxy_speaks_socks(void **state)
{
	struct place *p = place_of(state);
	scoped_fd int client = connect_to(p, "127.0.0.1", PROXY_PORT);

	SAY(client, "\5\1\0");
	HEARS(client, "\5\0");
	SAY(client, "\5\1\0\3\11good.test\x1e\x61");
	HEARS(client, "\5\0\0\1\0\0\0\0\0\0");
	scoped_fd int server = accepted(p->server);
	SAY(client, "ping");
	HEARS(server, "ping");
	scoped_fd int other = connect_to(p, "127.0.0.1", PROXY_PORT);
	SAY(other, "\5\1\0\5\1\0\1\251\376\251\376\0\120");
	HEARS(other, "\5\0\5\2\0\1\0\0\0\0\0\0");
	refused(p, "169.254.169.254", 80, EGRESS_LOCAL);
}

static void the_proxy_says_why_not(void **state)
{
	struct place *p = place_of(state);
	static const char denied[] = "HTTP/1.1 403 Forbidden\r\n";
	int client = connect_to(p, "127.0.0.1", PROXY_PORT);
	char text[1024] = { 0 };

	SAY(client, "CONNECT evil.test:443 HTTP/1.1\r\n\r\n");
	assert_true(recv(client, text, sizeof(text) - 1, MSG_WAITALL) > 0);
	assert_true(str_starts(text, denied));
	assert_non_null(strstr(text, "Network access denied: evil.test:443: no rule allows it; "
				     "--allow-domain evil.test allows it\n"));
	refused(p, "evil.test", 443, EGRESS_NO_RULE);
	(void)close(client);
	client = connect_to(p, "127.0.0.1", PROXY_PORT);
	SAY(client, "GET / HTTP/1.1\r\n\r\n");
	HEARS(client, "HTTP/1.1 400 Bad Request\r\n");
	refused(p, "", 0, EGRESS_MALFORMED);
	(void)close(client);
	client = connect_to(p, "127.0.0.1", PROXY_PORT);
	SAY(client, "CONNECT rebind.test:80 HTTP/1.1\r\n\r\n");
	HEARS(client, "HTTP/1.1 403 Forbidden\r\n");
	refused(p, "rebind.test", 80, EGRESS_LOCAL);
	(void)close(client);
}

/* --- the name server above -------------------------------------------------------------------------------------------- */

/* The next question there is answered: behind its header and the question these records; flags as given. */
static void answer_question(const struct place *p, uint8_t flags, uint8_t code,
			    unsigned int records, const void *bytes, size_t n)
{
	struct sockaddr_any from = { .len = sizeof(from.v6) };
	uint8_t m[1024];
	ssize_t got = recvfrom(p->dns_udp, m, sizeof(m), 0, &from.any, &from.len);

	if (got < 12 + 11)
		fail_msg("the name server was not asked");
	m[2] = flags;
	m[3] = (uint8_t)(0x80 | code);
	m[7] = (uint8_t)records;
	m[11] = 0;
	memcpy(m + got - 11, bytes, n);
	assert_true(sendto(p->dns_udp, m, (size_t)got - 11 + n, 0, &from.any, from.len) > 0);
}

#define A_RECORD "\xc0\x0c\0\1\0\1\0\0\0\5\0\4\x7f\0\0\1"

static void names_are_asked_of_the_servers_above(void **state)
{
	struct place *p = place_of(state);
	static const char chain[] = "\xc0\x0c\0\5\0\1\0\0\0\5\0\4\1b\xc0\x0c"
				    "\1b\xc0\x0c\0\1\0\1\0\0\0\5\0\4\x7f\0\0\1";
	scoped_fd int client = connect_by_name(p, "chain.test");

	answer_question(p, 0x81, 0, 2, chain, sizeof(chain) - 1);
	answer_question(p, 0x81, 0, 0, "", 0);
	scoped_fd int server = accepted(p->server);
	SAY(client, "ping");
	HEARS(server, "ping");
}

static void a_long_answer_comes_by_tcp(void **state)
{
	struct place *p = place_of(state);
	scoped_fd int client = connect_by_name(p, "long.test");
	uint8_t m[512];
	ssize_t n;

	answer_question(p, 0x83, 0, 0, "", 0);
	answer_question(p, 0x81, 0, 0, "", 0);
	scoped_fd int stream = accepted(p->dns_tcp);
	n = recv(stream, m, sizeof(m), 0);
	assert_true(n > 30 && m[0] == 0 && m[1] == n - 2);
	m[1] = (uint8_t)(m[1] - 11 + 16);
	m[4] = 0x81;
	m[5] = 0x80;
	m[2 + 7] = 1;
	m[2 + 11] = 0;
	memcpy(m + n - 11, A_RECORD, 16);
	/* In two pieces. */
	say(stream, m, 1);
	say(stream, m + 1, (size_t)n - 11 + 16 - 1);
	scoped_fd int server = accepted(p->server);
	SAY(client, "ping");
	HEARS(server, "ping");
}

static void a_name_that_nobody_knows_is_told_so(void **state)
{
	struct place *p = place_of(state);
	int client = connect_by_name(p, "nowhere.test");

	answer_question(p, 0x81, 3, 0, "", 0);
	answer_question(p, 0x81, 3, 0, "", 0);
	was_reset(client);
	refused(p, "nowhere.test", PORT, EGRESS_UNRESOLVED);
	/* And silence has an end. */
	was_reset(connect_by_name(p, "silent.test"));
	refused(p, "silent.test", PORT, EGRESS_UNRESOLVED);
}

/* --- ports of the host's ---------------------------------------------------------------------------------------------- */

static void a_published_port_leads_inside(void **state)
{
	struct place *p = place_of(state);
	struct sockaddr_any to = to_address("127.0.0.1", PORT + 1);
	union {
		struct cmsghdr head;
		char room[CMSG_SPACE(sizeof(int))];
	} control = { .head = { .cmsg_len = CMSG_LEN(sizeof(int)),
				.cmsg_level = SOL_SOCKET,
				.cmsg_type = SCM_RIGHTS } };
	char byte = 0;
	struct iovec bytes = { &byte, 1 };
	struct msghdr m = { .msg_iov = &bytes,
			    .msg_iovlen = 1,
			    .msg_control = &control,
			    .msg_controllen = sizeof(control) };
	scoped_fd int client = sys_socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	set_timeout(client);
	assert_int_equal(sys_connect(client, &to.any, to.len), 0);
	assert_int_equal(recv(p->inside, &byte, 1, 0), 1);
	enter(p->container);
	scoped_fd int inside = sys_socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	enter(p->host);
	memcpy(CMSG_DATA(&control.head), &inside, sizeof(inside));
	assert_int_equal(sys_sendmsg(p->inside, &m, 0), 1);
	/* Inside, port 7777 of the loopback is the helper's own listener here: by it the way leads out again. */
	scoped_fd int server = accepted(p->server);
	SAY(client, "ping");
	HEARS(server, "ping");
	SAY(server, "pong");
	HEARS(client, "pong");
}

/* Half of the descriptors are not for clients; each of those takes six. */
#define FEW_FDS 400

static int set_up_few(void **state)
{
	return set_up_with(state, FEW_FDS);
}

static void beyond_so_many_connections_are_refused(void **state)
{
	struct place *p = place_of(state);
	int clients[FEW_FDS / 6];
	size_t n = 0;
	struct pollfd told = { .fd = p->events, .events = POLLIN };

	while (n < ARRAY_LEN(clients) && poll(&told, 1, 20) == 0)
		clients[n++] = connect_to(p, "127.0.0.1", PROXY_PORT);
	assert_in_range(n, 4, ARRAY_LEN(clients) - 1);
	refused(p, "", 0, EGRESS_BUSY);
	was_reset(clients[--n]);
	/* Who leaves makes room. */
	(void)close(clients[--n]);
	(void)poll(NULL, 0, 50);
	clients[n] = connect_to(p, "127.0.0.1", PROXY_PORT);
	SAY(clients[n], "CONNECT good.test:7777 HTTP/1.1\r\n\r\n");
	HEARS(clients[n], "HTTP/1.1 200 Connection established\r\n\r\n");
	(void)close(accepted(p->server));
	for (size_t i = 0; i <= n; i++)
		(void)close(clients[i]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_proxy_tunnels),
		cmocka_unit_test(the_proxy_passes_plain_requests_on),
		cmocka_unit_test(the_proxy_speaks_socks),
		cmocka_unit_test(the_proxy_says_why_not),
		cmocka_unit_test(names_are_asked_of_the_servers_above),
		cmocka_unit_test(a_long_answer_comes_by_tcp),
		cmocka_unit_test(a_name_that_nobody_knows_is_told_so),
		cmocka_unit_test(a_published_port_leads_inside),
		cmocka_unit_test(beyond_so_many_connections_are_refused),
	};

	return cmocka_run_group_tests(tests, set_up_few, tear_down);
}
