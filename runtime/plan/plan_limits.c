/* SPDX-License-Identifier: Apache-2.0 */
/* plan_limits.c - linux.resources → what is written to which file of which hierarchy: one row a property.
 *
 * A controller is on v1 or on v2, never on both, also on a hybrid host: so each row is looked up by controller. What no
 * hierarchy can hold is a warning. Here are the table, memory and CPU; plan_limits_io.c has the rest. */
#include <string.h>

#include "runtime/plan/limits.h"
#include "spec/base/str.h"

#define SHARES_DEFAULT 1024u

/* --- memory ----------------------------------------------------------------------------------- */

/* memory.limit stands between the old and the new limit of memory and swap on v1: where that is in the way it is written
 * first, else last. An update cannot know. */
static int plan_memory_limit(struct limits *l, const struct limit_row *row, struct err *err)
{
	const struct cgroup_spot *v1 = limits_v1(l, "memory");
	int64_t swap = l->r->memory->swap.v;

	if (v1 && l->update && swap) {
		const char *file = "memory.memsw.limit_in_bytes";
		struct op *op;

		(void)limits_write(l, v1, row, file,
				   arena_printf(l->p->arena, "%lld", (long long)swap));
		op = limits_write(l, v1, row, row->v1, limits_value(l, row, false));
		op->flags |= OP_ELSE;
	}
	TRY(limits_plain(l, row, err));
	if (l->r->memory->all_or_none && !v1 && limits_v2(l, "memory"))
		limits_write(l, limits_v2(l, "memory"), row, "memory.oom.group", "1")->flags |=
			OP_OPTIONAL; /* Linux 4.19 */
	return 0;
}

static int plan_swap(struct limits *l, const struct limit_row *row, struct err *err)
{
	struct cgroup_spot *v2 = limits_v2(l, "memory");
	const struct memory *m = l->r->memory;
	const char *value = "max";

	if (limits_v1(l, "memory") || !v2)
		return limits_plain(l, row, err);
	if (m->swap.v > 0 && m->limit.v <= 0)
		return plan_warn(
			l->p, err, limits_cause(l, row),
			"cgroup v2 limits swap by itself: without a limit of memory there is "
			"nothing to subtract; add memory/limit");
	if (m->swap.v > 0)
		value = arena_printf(l->p->arena, "%lld", (long long)(m->swap.v - m->limit.v));
	limits_need(l, v2, "memory");
	(void)limits_write(l, v2, row, row->v2, value);
	return 0;
}

/* Every kernel that this program runs on counts children, always; and a check before an update is not written. */
static int plan_nothing(struct limits *l, const struct limit_row *row, struct err *err)
{
	(void)l;
	(void)row;
	(void)err;
	return 0;
}

/* Since Linux 5.11 the other way is refused. */
static bool asks_flat(const struct resources *r)
{
	return r->memory && r->memory->use_hierarchy.set && !r->memory->use_hierarchy.v;
}

static int plan_flat(struct limits *l, const struct limit_row *row, struct err *err)
{
	return plan_warn(l->p, err, limits_cause(l, row),
			 "the kernel always counts what cgroups below use; it is not turned off");
}

/* --- cpu -------------------------------------------------------------------------------------- */

static int plan_shares(struct limits *l, const struct limit_row *row, struct err *err)
{
	struct cgroup_spot *v2 = limits_v2(l, "cpu");
	uint64_t shares = l->r->cpu->shares.v;

	if (l->ignore_default_shares && shares == SHARES_DEFAULT)
		return 0;
	if (limits_v1(l, "cpu") || !v2)
		return limits_plain(l, row, err);
	limits_need(l, v2, "cpu");
	(void)limits_write(
		l, v2, row, row->v2,
		arena_printf(l->p->arena, "%llu", (unsigned long long)cpu_weight(shares)));
	return 0;
}

static bool asks_quota(const struct resources *r)
{
	return r->cpu && (r->cpu->quota.v || r->cpu->period.v);
}

static void quota_v1(const struct limits *l, const struct cgroup_spot *v1,
		     const struct limit_row *row)
{
	const struct cpu *c = l->r->cpu;
	struct arena *a = l->p->arena;
	const char *quota = arena_printf(a, "%lld", (long long)c->quota.v);
	const char *period = arena_printf(a, "%llu", (unsigned long long)c->period.v);

	/* A period that the present quota does not fit comes after the new one. */
	if (c->period.v)
		(void)limits_write(l, v1, row, "cpu.cfs_period_us", period);
	if (c->period.v && c->quota.v && l->update) {
		limits_write(l, v1, row, row->v1, quota)->flags |= OP_ELSE;
		(void)limits_write(l, v1, row, "cpu.cfs_period_us", period);
	}
	if (c->quota.v)
		(void)limits_write(l, v1, row, row->v1, quota);
}

static int plan_quota(struct limits *l, const struct limit_row *row, struct err *err)
{
	struct cgroup_spot *v1 = limits_v1(l, "cpu"), *v2 = limits_v2(l, "cpu");
	const struct cpu *c = l->r->cpu;
	struct text value = { .arena = l->p->arena };

	if (v1) {
		quota_v1(l, v1, row);
		return 0;
	}
	if (!v2)
		return limits_lost(l, row, err);
	limits_need(l, v2, "cpu");
	if (c->quota.v > 0)
		text_addf(&value, "%lld", (long long)c->quota.v);
	else
		text_add(&value, "max");
	if (c->period.v)
		text_addf(&value, " %llu", (unsigned long long)c->period.v);
	(void)limits_write(l, v2, row, row->v2, value.s);
	return 0;
}

/* An idle group has no weight that could be set: leaving that state comes first, entering it last. */
static bool leaves_idle(const struct resources *r)
{
	return r->cpu && r->cpu->idle.set && r->cpu->idle.v == 0;
}

static int plan_not_idle(struct limits *l, const struct limit_row *row, struct err *err)
{
	struct cgroup_spot *v1 = limits_v1(l, "cpu"), *v2 = limits_v2(l, "cpu");

	/* A new one is not. */
	if (!l->update)
		return 0;
	if (!v1 && !v2)
		return limits_lost(l, row, err);
	(void)limits_write(l, v1 ? v1 : v2, row, row->v1, "0");
	if (!v1)
		limits_need(l, v2, "cpu");
	return 0;
}

/* --- the table -------------------------------------------------------------------------------- */

#define MEMORY(member) offsetof(struct resources, memory), offsetof(struct memory, member)
#define CPU(member) offsetof(struct resources, cpu), offsetof(struct cpu, member)
#define PIDS(member) offsetof(struct resources, pids), offsetof(struct pids, member)
#define BLOCK_IO(member) offsetof(struct resources, block_io), offsetof(struct block_io, member)
#define NONE 0, 0, 0, LIMIT_NUMBER

const struct limit_row limit_rows[] = {
	{ "/devices", "devices", "devices.allow, devices.deny", "", "a BPF program",
	  "in the order given, then the devices that every container has", NONE,
	  limit_plan_device_rules, limit_asks_devices },
	{ "/memory/limit", "memory", "memory.limit_in_bytes", "memory", "memory.max", NULL, 0,
	  MEMORY(limit), LIMIT_BYTES, plan_memory_limit },
	{ "/memory/reservation", "memory", "memory.soft_limit_in_bytes", "memory", "memory.low",
	  NULL, 0, MEMORY(reservation), LIMIT_BYTES },
	{ "/memory/swap", "memory", "memory.memsw.limit_in_bytes", "memory", "memory.swap.max",
	  "v2: less the limit; without swap accounting in the kernel a warning", OP_OPTIONAL,
	  MEMORY(swap), LIMIT_BYTES, plan_swap },
	{ "/memory/kernel", "memory", "memory.kmem.limit_in_bytes", NULL, NULL,
	  "kernels since 5.16 ignore it or refuse it, which is a warning", OP_OPTIONAL,
	  MEMORY(kernel), LIMIT_BYTES },
	{ "/memory/kernelTCP", "memory", "memory.kmem.tcp.limit_in_bytes", NULL, NULL, NULL, 0,
	  MEMORY(kernel_tcp), LIMIT_BYTES },
	{ "/memory/swappiness", "memory", "memory.swappiness", NULL, NULL, NULL, 0,
	  MEMORY(swappiness), LIMIT_FROM_ZERO },
	{ "/memory/disableOOMKiller", "memory", "memory.oom_control", NULL, NULL, NULL, 0,
	  MEMORY(disable_oom_killer), LIMIT_BOOL },
	{ "/memory/useHierarchy", "memory", "(always on)", "memory", "(always on)", NULL, 0,
	  MEMORY(use_hierarchy), LIMIT_BOOL, plan_nothing },
	{ "/memory/useHierarchy", "memory", NULL, NULL, NULL, "false: a warning", NONE, plan_flat,
	  asks_flat },
	{ "/memory/checkBeforeUpdate", "memory", "(the kernel does)", "memory", "memory.current",
	  "read by update", 0, MEMORY(check_before_update), LIMIT_BOOL, plan_nothing },
	{ "/cpu/idle", "cpu", "cpu.idle", "cpu", "cpu.idle",
	  "after the shares, as an idle group takes none; 0: by update, and before them", 0, 0, 0,
	  LIMIT_NUMBER, plan_not_idle, leaves_idle },
	{ "/cpu/shares", "cpu", "cpu.shares", "cpu", "cpu.weight",
	  "v2: 2 is 1, 1024 is 100, 262144 is 10000, a curve between", 0, CPU(shares), LIMIT_NUMBER,
	  plan_shares },
	{ "/cpu/quota", "cpu", "cpu.cfs_quota_us", "cpu", "cpu.max",
	  "with /cpu/period, on v1 cpu.cfs_period_us", NONE, plan_quota, asks_quota },
	{ "/cpu/burst", "cpu", "cpu.cfs_burst_us", "cpu", "cpu.max.burst", NULL, 0, CPU(burst),
	  LIMIT_NUMBER },
	{ "/cpu/realtimePeriod", "cpu", "cpu.rt_period_us", NULL, NULL, NULL, 0,
	  CPU(realtime_period), LIMIT_NUMBER },
	{ "/cpu/realtimeRuntime", "cpu", "cpu.rt_runtime_us", NULL, NULL, NULL, 0,
	  CPU(realtime_runtime), LIMIT_NUMBER },
	{ "/cpu/cpus", "cpuset", "cpuset.cpus", "cpuset", "cpuset.cpus", NULL, 0, CPU(cpus),
	  LIMIT_LIST },
	{ "/cpu/mems", "cpuset", "cpuset.mems", "cpuset", "cpuset.mems", NULL, 0, CPU(mems),
	  LIMIT_LIST },
	{ "/cpu/idle", "cpu", "cpu.idle", "cpu", "cpu.idle", NULL, 0, CPU(idle), LIMIT_NUMBER },
	{ "/pids/limit", "pids", "pids.max", "pids", "pids.max", NULL, 0, PIDS(limit), LIMIT_MAX },
	{ "/blockIO/weight", "blkio", "blkio.weight", "io", "io.weight",
	  "blkio.bfq.weight or io.bfq.weight where BFQ is there; io.weight: 10 is 1, 1000 is 10000; "
	  "a host without any of them: a warning",
	  0, BLOCK_IO(weight), LIMIT_NUMBER, limit_plan_io_weight },
	{ "/blockIO/leafWeight", "blkio", NULL, NULL, NULL, "gone since Linux 5.0", 0,
	  BLOCK_IO(leaf_weight), LIMIT_NUMBER, limit_plan_leaf_weight },
	{ "/blockIO/weightDevice", "blkio", "blkio.weight_device", "io", "io.weight",
	  "likewise, by device", NONE, limit_plan_weight_device, limit_asks_weight_device },
	{ "/blockIO/throttleReadBpsDevice", "blkio", "blkio.throttle.read_bps_device", "io",
	  "io.max", "v2: rbps=; 0 lifts it", NONE, limit_plan_read_bps, limit_asks_read_bps },
	{ "/blockIO/throttleWriteBpsDevice", "blkio", "blkio.throttle.write_bps_device", "io",
	  "io.max", "v2: wbps=", NONE, limit_plan_write_bps, limit_asks_write_bps },
	{ "/blockIO/throttleReadIOPSDevice", "blkio", "blkio.throttle.read_iops_device", "io",
	  "io.max", "v2: riops=", NONE, limit_plan_read_iops, limit_asks_read_iops },
	{ "/blockIO/throttleWriteIOPSDevice", "blkio", "blkio.throttle.write_iops_device", "io",
	  "io.max", "v2: wiops=", NONE, limit_plan_write_iops, limit_asks_write_iops },
	{ "/hugepageLimits", "hugetlb", "hugetlb.SIZE.limit_in_bytes", "hugetlb",
	  "hugetlb.SIZE.max", "and the same of .rsvd, so that mmap fails and not the access", NONE,
	  limit_plan_hugepages, limit_asks_hugepages },
	{ "/network/classID", "net_cls", "net_cls.classid", NULL, NULL, NULL, NONE,
	  limit_plan_class, limit_asks_class },
	{ "/network/priorities", "net_prio", "net_prio.ifpriomap", NULL, NULL, NULL, NONE,
	  limit_plan_priorities, limit_asks_priorities },
	{ "/rdma", "rdma", "rdma.max", "rdma", "rdma.max", NULL, NONE, limit_plan_rdma,
	  limit_asks_rdma },
	{ "/unified", NULL, NULL, "", "the file named",
	  "one write a line; without the controller an error", NONE, limit_plan_unified,
	  limit_asks_unified },
};
const size_t limit_rows_n = ARRAY_LEN(limit_rows);

int plan_limits(struct limits *l, struct err *err)
{
	for (size_t i = 0; i < limit_rows_n; i++) {
		const struct limit_row *row = &limit_rows[i];

		if (limit_asked(l->r, row))
			TRY(row->plan ? row->plan(l, row, err) : limits_plain(l, row, err));
	}
	return 0;
}

int plan_limits_lost(struct limits *l, const char *why, struct err *err)
{
	for (size_t i = 0; i < limit_rows_n; i++) {
		const struct limit_row *row = &limit_rows[i];

		if (!limit_asked(l->r, row) || row->plan == plan_nothing ||
		    (row->plan == limit_plan_device_rules && !l->devices) ||
		    (row->plan == plan_shares && l->ignore_default_shares &&
		     l->r->cpu->shares.v == SHARES_DEFAULT) ||
		    (row->plan == plan_not_idle && !l->update))
			continue;
		if (row->plan == limit_plan_unified)
			return limit_plan_unified(l, row, err);
		TRY(plan_warn(l->p, err, limits_cause(l, row), "%s", why));
	}
	return 0;
}
