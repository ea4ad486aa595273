/* SPDX-License-Identifier: Apache-2.0 */
/* test_witness.c - what is read of a network's counters, and of the processes that nobody has waited for. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <fcntl.h>

#include "runtime/stage/witness.h"
#include "spec/base/scope.h"
#include "spec/base/sys.h"

static void what_had_no_way_is_counted(void **state)
{
	static const struct {
		const char *text;
		uint64_t sum;
	} rows[] = {
		{ "Ip: Forwarding OutNoRoutes OutTransmits\nIp: 2 3 9\n"
		  "Udp: InDatagrams NoPorts InErrors\nUdp: 7 4 5\n",
		  7 },
		{ "Ip: Forwarding OutNoRoutes\nIp: 2 3\nUdp: NoPorts\nUdp: 1\n", 4 },
		{ "Ip: Forwarding OutTransmits\nIp: 2 3\n", 0 },
		{ "Ip: Forwarding OutNoRoutes\n", 0 },
		{ "Ip: Forwarding OutNoRoutes\nIp: 2\n", 0 },
		{ "Ip: \nIp: ", 0 },
		{ "", 0 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		assert_int_equal(snmp_sum(rows[i].text), rows[i].sum);
	assert_int_equal(snmp6_sum("Ip6InNoRoutes  \t1\nIp6OutNoRoutes  \t2\n"
				   "Udp6NoPorts  \t4\nUdpLite6NoPorts \t8\n"),
			 6);
	assert_int_equal(snmp6_sum(""), 0);
}

static void the_own_network_can_be_read(void **state)
{
	scoped_fd int self = sys_openat(AT_FDCWD, "/proc/self", O_RDONLY | O_DIRECTORY, 0);

	(void)state;
	assert_true(self >= 0);
	(void)witness_unreached(self);
}

static void processes_are_counted(void **state)
{
	(void)state;
	/* How many more there are is this machine's. */
	assert_true(witness_processes(getpid()) >= 1);
	assert_true(witness_processes(0) >= 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_had_no_way_is_counted),
		cmocka_unit_test(the_own_network_can_be_read),
		cmocka_unit_test(processes_are_counted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
