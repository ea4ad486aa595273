/* SPDX-License-Identifier: Apache-2.0 */
/* limits.h - for the planners of limits alone. */
#pragma once

#include "runtime/plan/plan_cgroup.h"

/* limits_v1, limits_v2: the container's cgroup in the hierarchy of that version that has the controller, or NULL; v2 without
 * a controller ("") is wherever there is one. limits_need: on v2 it must be enabled. */
struct cgroup_spot *limits_v1(const struct limits *l, const char *controller);
struct cgroup_spot *limits_v2(const struct limits *l, const char *controller);
void limits_need(const struct limits *l, struct cgroup_spot *spot, const char *controller);
/* limits_cause: the pointer of a row. limits_write: one op. limits_value: a row's as text. limits_lost: the warning that no hierarchy can hold it.
 * limits_plain: a row whose value is written as it stands. */
const char *limits_cause(const struct limits *l, const struct limit_row *row);
struct op *limits_write(const struct limits *l, const struct cgroup_spot *spot,
			const struct limit_row *row, const char *file, const char *value);
const char *limits_value(const struct limits *l, const struct limit_row *row, bool v2);
int limits_lost(const struct limits *l, const struct limit_row *row, struct err *err);
int limits_plain(struct limits *l, const struct limit_row *row, struct err *err);
/* limit_asked: it is there, and not zero, which means unset. */
bool limit_asked(const struct resources *r, const struct limit_row *row);

/* The rows' own planners, and whether there is something for them. */
typedef int limit_plan_fn(struct limits *l, const struct limit_row *row, struct err *err);
typedef bool limit_asks_fn(const struct resources *r);
limit_plan_fn limit_plan_device_rules, limit_plan_io_weight, limit_plan_weight_device,
	limit_plan_leaf_weight, limit_plan_hugepages, limit_plan_class, limit_plan_priorities,
	limit_plan_rdma, limit_plan_unified, limit_plan_read_bps, limit_plan_write_bps,
	limit_plan_read_iops, limit_plan_write_iops;
limit_asks_fn limit_asks_devices, limit_asks_weight_device, limit_asks_hugepages, limit_asks_class,
	limit_asks_priorities, limit_asks_rdma, limit_asks_unified, limit_asks_read_bps,
	limit_asks_write_bps, limit_asks_read_iops, limit_asks_write_iops;
