/* SPDX-License-Identifier: Apache-2.0 */
/* device_filter.h - rules on devices as lines for cgroup v1 and as a program for v2. Pure. */
#pragma once

#include <linux/bpf.h>

#include "spec/base/arena.h"
#include "spec/oci/config.h"

/* One rule. access is BPF_DEVCG_ACC_x or-ed; a negative number is any. */
struct device_rule {
	bool allow;
	int type; /* 'b', 'c', or 'a': both, and then whatever was said before is void */
	int64_t major, minor;
	uint32_t access;
};
struct device_rules {
	struct device_rule *v;
	size_t n;
};

/* device_rules: the config's in their order, then the devices that every container has (config-linux.md#default-devices),
 * and the right to make nodes, which alone opens nothing. */
struct device_rules device_rules(const struct device_cgroups *config, struct arena *a);
/* device_rule_text: "c 1:3 rwm", as devices.allow wants it. */
const char *device_rule_text(const struct device_rule *rule, struct arena *a);

/* device_filter: the program: allows what the last rule that fits allows, for each kind of access by itself; what no rule
 * speaks of is allowed, as in a new cgroup of v1. *ret_n is in instructions. */
struct bpf_insn *device_filter(const struct device_rules *rules, struct arena *a, size_t *ret_n);
