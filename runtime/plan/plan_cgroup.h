/* SPDX-License-Identifier: Apache-2.0 */
/* plan_cgroup.h - where a container's cgroup is, and the files that limit it. Pure. */
#pragma once

#include "runtime/plan/plan.h"

/* What a hierarchy of v2 is called; those of v1 by their controllers. */
#define CGROUP_UNIFIED "unified"

/* The container's cgroup in one hierarchy. */
struct cgroup_spot {
	const char *type; /* CGROUP_UNIFIED, "cpu,cpuacct", "name=systemd" */
	const char *mount, *path; /* path is below mount, absolute and clean */
	const char *controllers; /* of v2: those it has or can be given, space separated */
	const char *needs; /* of v2: those that limits were planned for; filled by plan_limits */
};
struct cgroup_spots {
	struct cgroup_spot v[FACTS_HIERARCHIES_MAX + 1];
	size_t n;
};

/* cgroup_is_asked: the config names a cgroup, or limits that need one. A list of devices alone is none in a user namespace:
 * whatever it says, no device can be opened there that is not bound. */
bool cgroup_is_asked(const struct config *c);
/* plan_cgroup: the ops that make it, limit it and hand it over; a warning for each limit where there is none to be had. */
int plan_cgroup(struct plan *p, const struct config *c, const struct facts *f,
		const struct plan_options *o, struct err *err);
/* plan_cgroup_spread: the ops of a mount of type cgroup on a host with hierarchies of v1. */
void plan_cgroup_spread(struct plan *p, const struct config *c, const struct facts *f,
			const char *cause, const char *dest, uint64_t attrs);
struct limits;
/* plan_scope: the op by which systemd makes it; the one spot is filled. plan_scope_optional: limits of a user's scope that
 * its manager may have been given no controller for become warnings (ops from first on). plan_scope_below: a cgroup in it;
 * plan_scope_subgroup: that of an annotation. */
int plan_scope(struct limits *l, const struct config *c, const struct facts *f,
	       const struct plan_options *o, struct err *err);
void plan_scope_optional(struct plan *p, size_t first);
void plan_scope_below(struct plan *p, const char *name, const char *cause);
int plan_scope_subgroup(struct plan *p, const struct config *c, struct err *err);
/* cgroup_spot_of: the one of that type, or NULL. cgroup_has: a controller is one of those of a v1 type (commas) or list. */
const struct cgroup_spot *cgroup_spot_of(const struct cgroup_spots *spots, const char *type);
bool cgroup_has(const char *list, const char *controller);
bool cgroup_is_v2(const struct cgroup_spot *spot);

/* How limits are planned. */
struct limits {
	struct plan *p;
	const struct resources *r;
	struct cgroup_spots *spots;
	const char *prefix; /* of the causes: "/linux/resources", or "" */
	bool devices; /* rules on devices can be applied, and mean something */
	bool ignore_default_shares; /* nobody meant them */
	bool update; /* of a container that has limits already */
};
/* plan_limits: ops OP_CGROUP_WRITE and OP_CGROUP_DEVICES, and a warning for whatever no hierarchy can hold. Nothing that
 * is zero or absent is written. */
int plan_limits(struct limits *l, struct err *err);
/* plan_limits_lost: a warning for each of them, as there is no cgroup; why is what it says. */
int plan_limits_lost(struct limits *l, const char *why, struct err *err);

/* One property of resources and the files it becomes, for planning and for the reference. */
struct limit_row {
	const char *pointer; /* below resources */
	const char *v1_controller, *v1; /* NULL: none */
	const char *v2_controller, *v2;
	const char *remark; /* for the reference; how values are converted, or NULL */
	unsigned int flags; /* OP_OPTIONAL: a kernel without the file is no error */
	size_t part, at; /* of the pointer in struct resources, and of the member behind it */
	enum limit_kind {
		LIMIT_BYTES, /* -1 is "no limit", which v2 calls "max" */
		LIMIT_MAX, /* likewise, on both */
		LIMIT_NUMBER,
		LIMIT_FROM_ZERO, /* zero is a number like others */
		LIMIT_BOOL,
		LIMIT_LIST
	} kind;
	/* What cannot be written as it stands; NULL: it can. asked is for those without a member. */
	int (*plan)(struct limits *l, const struct limit_row *row, struct err *err);
	bool (*asked)(const struct resources *r);
};
extern const struct limit_row limit_rows[];
extern const size_t limit_rows_n;

/* cpu_weight: cpu.shares of v1 (2 to 262144) as cpu.weight of v2 (1 to 10000); 1024 is 100. io_weight: blkio.weight (10 to
 * 1000) as io.weight (1 to 10000). */
uint64_t cpu_weight(uint64_t shares);
uint64_t io_weight(uint64_t weight);
