/* SPDX-License-Identifier: Apache-2.0 */
/* global.h - the options before the command. */
#pragma once

#include "runtime/cli/option.h"
#include "runtime/srtoci.h"

struct globals {
	const char *root, *log, *criu;
	int log_format, log_level; /* 0: by default */
	int cgroup_manager;
	int rootless;
	bool debug, systemd_cgroup, strict, version;
};

extern const struct option_table global_options;

/* globals_log: the log they ask for; the file of --log is opened for appending. */
int globals_log(const struct globals *g, struct log *ret, struct err *err);
/* globals_runtime: the rest of *rt but root. */
void globals_runtime(const struct globals *g, struct runtime *rt);
/* globals_root: --root made absolute, or the default: /run/srt-oci for root; for ordinary users,
 * and for the root of a user namespace who may not write to /run, srt-oci below $XDG_RUNTIME_DIR or
 * /run/user/UID, and /tmp/srt-oci-UID where there is neither. The last one is made here, 0700, and
 * refused if somebody else owns it or may enter it: anybody can make names in /tmp. */
int globals_root(const struct globals *g, struct arena *a, const char **ret, struct err *err);
