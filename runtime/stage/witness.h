/* SPDX-License-Identifier: Apache-2.0 */
/* witness.h - what can be seen of a payload that failed only until it is waited for, by whoever waits. */
#pragma once

#include <stdint.h>
#include <sys/types.h>

/* witness_processes: how many are in the caller's /proc but the first, those among them that nobody has waited for, as the
 * kernel counts them for RLIMIT_NPROC; the payload is one in any case. */
int32_t witness_processes(pid_t payload);

/* witness_unreached: how often something was sent in the network namespace of a process, by its directory in a /proc, where
 * nobody can be: to an address without a route, or as a datagram to a port of the loopback that nobody serves, as every name
 * query is where there is no server for names (the kernel's OutNoRoutes and NoPorts, RFC 4293 and RFC 4113). INT32_MAX
 * and more are that. */
int32_t witness_unreached(int process_dir);

/* snmp_sum: of /proc/net/snmp and /proc/net/snmp6, their texts. For tests. */
uint64_t snmp_sum(const char *text);
uint64_t snmp6_sum(const char *text);
