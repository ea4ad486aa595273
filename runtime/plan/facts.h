/* SPDX-License-Identifier: Apache-2.0 */
/* facts.h - what the host and the caller can do: plain data that probe/ gathers and planners read.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/resource.h>

#define FACTS_GROUPS_MAX 64
#define FACTS_RLIMITS 16
#define FACTS_RANGES_MAX 16
#define FACTS_HIERARCHIES_MAX 16

/* Groups of facts, so that a start gathers only what its config asks for. */
enum facts_want {
	WANT_CALLER =
		1, /* uid, gid, capabilities, kernel; of privileged callers the bounding set, too */
	WANT_CGROUP = 2,
	WANT_LSM = 4,
	WANT_SUBIDS = 8, /* newuidmap, newgidmap, /etc/subuid, /etc/subgid */
	WANT_HOST = 16, /* groups, sysctls, user namespace limits: for doctor and messages */
	WANT_RDT = 32, /* resctrl */
	WANT_NODES = 64, /* memory nodes */
	WANT_OOM = 128, /* the caller's oom score, and how low it may go */
	WANT_RLIMIT = 1 << 8, /* shifted by RLIMIT_x: that limit of the caller's */
	WANT_ALL = 255 | 0xffff << 8,
};

enum cgroup_mode { CGROUP_NONE, CGROUP_V1, CGROUP_V2, CGROUP_HYBRID };

struct id_range {
	uint32_t first, count;
};

/* One mounted hierarchy of cgroup v1. */
struct cgroup_v1 {
	char controllers[48]; /* "cpu,cpuacct" or "name=systemd", as /proc/self/cgroup has them */
	char mount[64];
	char own[200]; /* the caller's cgroup, below the mount */
	bool writable; /* the caller may make cgroups below it */
};

struct facts {
	unsigned int have; /* enum facts_want: groups that were gathered */
	/* caller */
	int kernel_major, kernel_minor;
	uint32_t uid, gid; /* effective */
	uint32_t groups[FACTS_GROUPS_MAX];
	uint32_t groups_n;
	uint64_t caps_effective, caps_bounding;
	int last_cap; /* highest capability that the kernel knows */
	struct {
		uint64_t soft, hard;
	} rlimits[FACTS_RLIMITS];
	bool in_user_ns; /* the caller is not in the initial user namespace */
	int nice, rt_priority; /* the caller's own; gathered with RLIMIT_NICE and RLIMIT_RTPRIO */
	/* cgroup */
	int cgroup_mode; /* enum cgroup_mode */
	char cgroup_own[512]; /* the caller's cgroup v2 path ("/user.slice/…"), "" if none */
	char cgroup_mount[128]; /* where cgroup2 is mounted */
	bool cgroup_writable; /* the caller may make cgroups below its own */
	char cgroup_controllers[128]; /* v2 controllers that are there, space separated */
	char cgroup_root[256]; /* what of the hierarchy is mounted there, "/" mostly */
	bool cgroup_top; /* the caller's own is the root of all: processes in it hinder nobody */
	char cgroup_enabled[128]; /* v2 controllers that the caller's own hands down already */
	bool cgroup_above_writable; /* likewise of the cgroup above the caller's own … */
	char cgroup_above_controllers[128]; /* … and what controllers are there */
	char cgroup_top_controllers[128]; /* and at the mount */
	struct cgroup_v1 cgroup_v1[FACTS_HIERARCHIES_MAX];
	uint32_t cgroup_v1_n;
	/* lsm */
	bool apparmor, selinux;
	bool apparmor_restricts_userns; /* kernel.apparmor_restrict_unprivileged_userns */
	/* rdt */
	char resctrl[128]; /* where it is mounted, "" if nowhere */
	/* nodes, as lists; "" where nobody says */
	char memory_nodes[128]; /* of the host, those that have memory */
	char memory_nodes_own[128]; /* that the caller may use */
	/* oom */
	int oom_score, oom_score_min; /* the caller's own, and the lowest that it may set */
	/* subids */
	char newuidmap[128], newgidmap[128]; /* paths, "" if missing */
	char nsresourced[128]; /* its socket, "" if it is not there */
	struct id_range subuids[FACTS_RANGES_MAX], subgids[FACTS_RANGES_MAX];
	uint32_t subuids_n, subgids_n;
	/* host */
	uint64_t max_user_namespaces;
	bool unprivileged_userns; /* kernel.unprivileged_userns_clone is absent or 1 */
	char release[65]; /* uname */
};

static inline bool facts_kernel(const struct facts *f, int major, int minor)
{
	return f->kernel_major > major || (f->kernel_major == major && f->kernel_minor >= minor);
}

static inline bool facts_cap(const struct facts *f, int cap)
{
	return f->caps_effective >> cap & 1;
}

/* Over the host, and not over the caller's own user namespace alone. */
static inline bool facts_host_cap(const struct facts *f, int cap)
{
	return facts_cap(f, cap) && !f->in_user_ns;
}
