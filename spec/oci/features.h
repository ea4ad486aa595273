/* SPDX-License-Identifier: Apache-2.0 */
/* features.h - the features document: what this runtime can do (features.md). */
#pragma once

#include "spec/json/emit.h"
#include "spec/oci/config.h"

/* What the tables do not know. Lists end with NULL; a list that is NULL is not written. */
struct features_host {
	const char *const *mount_options;
	const char *const *unsafe_annotations; /* potentiallyUnsafeConfigAnnotations */
	struct pairs annotations;
	bool cgroup_v1, cgroup_v2, systemd, systemd_user, rdma;
	bool seccomp;
	uint64_t seccomp_flags; /* SECCOMP_FILTER_FLAG_x that this kernel takes */
	bool apparmor, selinux;
	bool intel_rdt, idmap, net_devices;
};

void features_emit(struct emit *e, const struct features_host *host);
