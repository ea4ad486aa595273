/* SPDX-License-Identifier: Apache-2.0 */
/* sysctl.h - kernel parameters that belong to a namespace, and their place under /proc/sys. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

/* Room for any path that sysctl_path makes. */
#define SYSCTL_PATH_MAX 256

/* sysctl_path: "net.ipv4.ip_forward" or "net/ipv4/ip_forward" as path below /proc/sys. The first
 * separator is the one that counts, the other is its stand-in inside a component, as in sysctl(8):
 * "net.ipv4.conf.eth0/1.forwarding" is net/ipv4/conf/eth0.1/forwarding. False for what is no path
 * below /proc/sys: empty, ".", ".." components, or too long. */
bool sysctl_path(const char *name, char path[SYSCTL_PATH_MAX]);

/* sysctl_namespace: CLONE_NEWx of the namespace that the parameter at that path belongs to; 0 where
 * it belongs to the whole host. */
int sysctl_namespace(const char *path);
