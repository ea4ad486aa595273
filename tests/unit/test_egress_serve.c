/* SPDX-License-Identifier: Apache-2.0 */
/* test_egress_serve.c - the network helper as it runs: names, addresses, relayed bytes, confinement. */
#include "tests/unit/egress_place.h"

#include <sys/prctl.h>
#include <time.h>

#include "runtime/egress/confine.h"

static void a_name_leads_to_its_server(void **state)
{
	struct place *p = place_of(state);
	scoped_fd int client = connect_by_name(p, "good.test");
	scoped_fd int server = accepted(p->server);

	SAY(client, "ping");
	HEARS(server, "ping");
	SAY(server, "pong");
	HEARS(client, "pong");
	/* The end of one direction is not that of the other one. */
	assert_int_equal(shutdown(client, SHUT_WR), 0);
	char byte;
	assert_int_equal(recv(server, &byte, 1, 0), 0);
	SAY(server, "later");
	HEARS(client, "later");
	assert_int_equal(shutdown(server, SHUT_WR), 0);
	assert_int_equal(recv(client, &byte, 1, 0), 0);
	nothing_was_refused(p);
}

static void a_name_has_both_kinds_of_address(void **state)
{
	struct place *p = place_of(state);
	char v4[ADDRESS_TEXT_MAX], v6[ADDRESS_TEXT_MAX], again[ADDRESS_TEXT_MAX];

	assert_int_equal(ask(p, "8.8.8.8", "good.test", 1, v4), 0);
	assert_int_equal(ask(p, "2001:db8::53", "Good.Test", 28, v6), 0);
	assert_int_equal(ask(p, "198.18.0.1", "good.test", 1, again), 0);
	assert_string_equal(v4, again);
	assert_true(str_starts(v4, "198.1") && str_starts(v6, "fd73:7274:6f63::"));
	scoped_fd int client = connect_to(p, v6, PORT);
	scoped_fd int server = accepted(p->server);
	SAY(client, "ping");
	HEARS(server, "ping");
}

static void other_types_are_empty_and_localhost_is_inside(void **state)
{
	struct place *p = place_of(state);
	char text[ADDRESS_TEXT_MAX];

	assert_int_equal(ask(p, "198.18.0.1", "good.test", 65, text), 0);
	assert_string_equal(text, "");
	assert_int_equal(ask(p, "198.18.0.1", "localhost", 1, text), 0);
	assert_string_equal(text, "127.0.0.1");
	nothing_was_refused(p);
}

static void a_name_without_a_rule_does_not_exist(void **state)
{
	struct place *p = place_of(state);
	char text[ADDRESS_TEXT_MAX];

	assert_int_equal(ask(p, "198.18.0.1", "secret-in-the-name.evil.test", 1, text), 3);
	refused(p, "secret-in-the-name.evil.test", 0, EGRESS_NO_RULE);
	assert_int_equal(ask(p, "198.18.0.1", "bad.many.test", 1, text), 3);
	refused(p, "bad.many.test", 0, EGRESS_DENIED);
	assert_int_equal(ask(p, "198.18.0.1", "evil.test", 28, text), 3);
	nothing_was_refused(p);
}

static void names_are_asked_by_tcp_too(void **state)
{
	struct place *p = place_of(state);
	scoped_fd int client = connect_to(p, "198.18.0.1", 53);
	uint8_t query[300], reply[600];
	size_t n = write_query("good.test", 1, query);
	const uint8_t size[2] = { 0, (uint8_t)n };

	/* Two at once, in pieces. */
	say(client, size, 1);
	say(client, size + 1, 1);
	say(client, query, n);
	say(client, size, 2);
	say(client, query, n);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(recv(client, reply, 2, MSG_WAITALL), 2);
		assert_int_equal(recv(client, reply + 2, reply[1], MSG_WAITALL), reply[1]);
		assert_int_equal(reply[2 + 7], 1);
	}
}

static uint64_t helper_used_ms(const struct place *p)
{
	struct timespec used;
	clockid_t clock;

	assert_int_equal(clock_getcpuclockid(p->helper, &clock), 0);
	assert_int_equal(clock_gettime(clock, &used), 0);
	return (uint64_t)used.tv_sec * 1000 + (uint64_t)used.tv_nsec / 1000000;
}

/* Whom no descriptor is left for waits, and the helper does not burn a processor meanwhile. */
static void who_has_no_descriptor_left_rests(void **state)
{
	static const uint16_t ports[] = { 53, PORT };
	struct place *p = place_of(state);
	struct rlimit before, none;

	assert_int_equal(sys_prlimit(p->helper, RLIMIT_NOFILE, NULL, &before), 0);
	for (size_t i = 0; i < ARRAY_LEN(ports); i++) {
		none = (struct rlimit){ 3, before.rlim_max };
		assert_int_equal(sys_prlimit(p->helper, RLIMIT_NOFILE, &none, NULL), 0);
		scoped_fd int client = connect_to(p, "198.18.0.1", ports[i]);
		uint64_t used = helper_used_ms(p);
		uint8_t byte;

		(void)poll(NULL, 0, 500);
		assert_in_range(helper_used_ms(p) - used, 0, 100);
		assert_int_equal(sys_prlimit(p->helper, RLIMIT_NOFILE, &before, NULL), 0);
		assert_int_equal(shutdown(client, SHUT_WR), 0);
		assert_true(recv(client, &byte, 1, 0) <= 0);
	}
	refused(p, "198.18.0.1", PORT, EGRESS_STALE);
}

static void an_address_needs_a_rule_of_its_own(void **state)
{
	struct place *p = place_of(state);
	scoped_fd int client = connect_to(p, "127.0.0.1", PORT);
	scoped_fd int server = accepted(p->server);

	SAY(client, "ping");
	HEARS(server, "ping");
	was_reset(connect_to(p, "192.0.2.1", PORT));
	refused(p, "192.0.2.1", PORT, EGRESS_NO_RULE);
	was_reset(connect_to(p, "169.254.169.254", PORT));
	refused(p, "169.254.169.254", PORT, EGRESS_LOCAL);
	was_reset(connect_to(p, "2001:db8::1", PORT));
	refused(p, "2001:db8::1", PORT, EGRESS_NO_RULE);
	was_reset(connect_to(p, "198.18.200.7", PORT));
	refused(p, "198.18.200.7", PORT, EGRESS_STALE);
}

static void a_name_that_leads_home_is_refused(void **state)
{
	struct place *p = place_of(state);

	was_reset(connect_by_name(p, "rebind.test"));
	refused(p, "rebind.test", PORT, EGRESS_LOCAL);
}

static void a_server_that_is_not_there_resets(void **state)
{
	struct place *p = place_of(state);
	char address[ADDRESS_TEXT_MAX];

	assert_int_equal(ask(p, "198.18.0.1", "gone.test", 1, address), 0);
	was_reset(connect_to(p, address, 1));
	refused(p, "gone.test", 1, EGRESS_UNREACHABLE);
}

static void a_reset_is_passed_on(void **state)
{
	struct place *p = place_of(state);
	const struct linger at_once = { .l_onoff = 1 };
	int client = connect_by_name(p, "good.test"), server = accepted(p->server);

	SAY(client, "ping");
	HEARS(server, "ping");
	(void)setsockopt(server, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once));
	(void)close(server);
	was_reset(client);
	client = connect_by_name(p, "good.test");
	server = accepted(p->server);
	SAY(client, "ping");
	HEARS(server, "ping");
	(void)setsockopt(client, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once));
	(void)close(client);
	was_reset(server);
}

/* One child floods, another one reads slowly; each byte tells its place. */
#define FLOOD (32u << 20)

static _Noreturn void flood(int fd)
{
	static uint32_t words[16384];

	for (uint32_t at = 0; at < FLOOD / 4; at += ARRAY_LEN(words)) {
		for (uint32_t i = 0; i < ARRAY_LEN(words); i++)
			words[i] = at + i;
		if (fd_write_all(fd, words, sizeof(words)) < 0)
			_exit(1);
	}
	_exit(0);
}

static void many_bytes_arrive_whole_and_in_order(void **state)
{
	struct place *p = place_of(state);
	scoped_fd int client = connect_by_name(p, "good.test");
	int server = accepted(p->server);
	static uint32_t words[5000];
	uint32_t expected = 0;
	pid_t writer = sys_fork();
	siginfo_t info;
	ssize_t n;

	if (writer == 0)
		flood(server);
	(void)close(server);
	/* A reader who is late makes the writer wait, and not the helper grow. */
	(void)poll(NULL, 0, 300);
	while ((n = recv(client, words, sizeof(words), MSG_WAITALL)) > 0)
		for (size_t i = 0; i < (size_t)n / 4; i++)
			if (words[i] != expected++)
				fail_msg("word %u is %u", expected - 1, words[i]);
	assert_int_equal(n, 0);
	assert_int_equal(expected, FLOOD / 4);
	assert_int_equal(sys_waitid(P_PID, (id_t)writer, &info, WEXITED), 0);
	assert_int_equal(info.si_status, 0);
}

static void many_connections_at_once_are_served(void **state)
{
	struct place *p = place_of(state);
	enum { MANY = 150 };
	int clients[MANY], servers[MANY];
	char address[ADDRESS_TEXT_MAX];

	assert_int_equal(ask(p, "198.18.0.1", "a.many.test", 1, address), 0);
	for (size_t i = 0; i < MANY; i++)
		clients[i] = connect_to(p, address, PORT);
	for (size_t i = 0; i < MANY; i++) {
		say(clients[i], &i, sizeof(i));
		servers[i] = accepted(p->server);
	}
	for (size_t i = 0; i < MANY; i++) {
		size_t number;

		assert_int_equal(recv(servers[i], &number, sizeof(number), MSG_WAITALL),
				 sizeof(number));
		say(servers[i], &number, sizeof(number));
		(void)close(servers[i]);
	}
	for (size_t i = 0; i < MANY; i++) {
		hears(clients[i], &i, sizeof(i));
		(void)close(clients[i]);
	}
	nothing_was_refused(p);
}

/* --- confinement ------------------------------------------------------------------------------------------------------ */

static void a_confined_helper_is_killed_by_what_it_does_not_need(void **state)
{
	static const struct {
		long call, a, b, c;
		bool killed;
	} rows[] = {
		{ SYS_clock_gettime, CLOCK_MONOTONIC, 0, 0, false },
		{ SYS_openat, AT_FDCWD, 0, 0, true },
		{ SYS_clone, 0, 0, 0, true },
		{ SYS_execve, 0, 0, 0, true },
		{ SYS_ptrace, 0, 0, 0, true },
		{ SYS_bind, 0, 0, 0, true },
		{ SYS_kill, 0, 0, 0, true },
		{ SYS_socket, AF_INET, SOCK_STREAM, 0, false },
		{ SYS_socket, AF_INET6, SOCK_DGRAM, 0, false },
		{ SYS_socket, AF_UNIX, SOCK_STREAM, 0, true },
		{ SYS_socket, AF_NETLINK, SOCK_RAW, 0, true },
		{ SYS_socket, AF_PACKET, SOCK_RAW, 0, true },
		{ SYS_mprotect, 0, 0, 0, false },
		{ SYS_mprotect, 0, 0, 4, true },
		{ SYS_prctl, PR_SET_DUMPABLE, 1, 0, true },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct err err = { 0 };
		siginfo_t info = { 0 };
		pid_t child = sys_fork();

		if (child == 0) {
			const struct rlimit none = { 0 };

			(void)sys_prlimit(0, RLIMIT_CORE, &none, NULL);
			if (confine_self(&err) < 0)
				leave(3);
			(void)syscall(rows[i].call, rows[i].a, rows[i].b, rows[i].c);
			leave(0);
		}
		assert_int_equal(sys_waitid(P_PID, (id_t)child, &info, WEXITED), 0);
		if (rows[i].killed ? info.si_status != SIGSYS || info.si_code != CLD_KILLED
				   : info.si_code != CLD_EXITED || info.si_status != 0)
			fail_msg("row %zu, call %ld: code %d, status %d", i, rows[i].call,
				 info.si_code, info.si_status);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_confined_helper_is_killed_by_what_it_does_not_need),
		cmocka_unit_test(a_name_leads_to_its_server),
		cmocka_unit_test(a_name_has_both_kinds_of_address),
		cmocka_unit_test(other_types_are_empty_and_localhost_is_inside),
		cmocka_unit_test(a_name_without_a_rule_does_not_exist),
		cmocka_unit_test(names_are_asked_by_tcp_too),
		cmocka_unit_test(who_has_no_descriptor_left_rests),
		cmocka_unit_test(an_address_needs_a_rule_of_its_own),
		cmocka_unit_test(a_name_that_leads_home_is_refused),
		cmocka_unit_test(a_server_that_is_not_there_resets),
		cmocka_unit_test(a_reset_is_passed_on),
		cmocka_unit_test(many_bytes_arrive_whole_and_in_order),
		cmocka_unit_test(many_connections_at_once_are_served),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
