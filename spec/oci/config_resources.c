/* SPDX-License-Identifier: Apache-2.0 */
/* config_resources.c - table of "linux.resources" (config-linux.md#control-groups). */
#include "spec/oci/config.h"
#include "spec/oci/tables.h"
#include "spec/oci/words.h"

static const struct bind_row device_cgroup_rows[] = {
	ROW(device_cgroup, allow, "allow", BOOL, REQUIRED, "allowed or denied"),
	ROW(device_cgroup, type, "type", WORD, 0, "a (all, where absent), b or c",
	    .words = word_device_cgroup_types, .fallback = 'a'),
	ROW(device_cgroup, major, "major", OPT_INT, 0, "major number; absent: all", RANGE_I64),
	ROW(device_cgroup, minor, "minor", OPT_INT, 0, "minor number; absent: all", RANGE_I64),
	ROW(device_cgroup, access, "access", STR, 0, "any of r, w, m"),
};
static const struct bind_table device_cgroup_table = TABLE(device_cgroup, device_cgroup_rows);

static const struct bind_row memory_rows[] = {
	ROW(memory, limit, "limit", OPT_INT, 0, "bytes; -1: no limit", RANGE_I64),
	ROW(memory, reservation, "reservation", OPT_INT, 0, "soft limit in bytes", RANGE_I64),
	ROW(memory, swap, "swap", OPT_INT, 0, "memory and swap together, in bytes", RANGE_I64),
	ROW(memory, kernel, "kernel", OPT_INT, 0, "kernel memory, cgroup v1 (deprecated)",
	    RANGE_I64),
	ROW(memory, kernel_tcp, "kernelTCP", OPT_INT, 0, "kernel memory of TCP, cgroup v1",
	    RANGE_I64),
	ROW(memory, swappiness, "swappiness", OPT_UINT, 0, "0 to 100, cgroup v1"),
	ROW(memory, disable_oom_killer, "disableOOMKiller", OPT_BOOL, 0,
	    "tasks wait instead of being killed, cgroup v1"),
	ROW(memory, use_hierarchy, "useHierarchy", OPT_BOOL, 0,
	    "children count, cgroup v1 (deprecated)"),
	ROW(memory, check_before_update, "checkBeforeUpdate", OPT_BOOL, 0,
	    "an update fails where more is in use than the new limit"),
};
static const struct bind_table memory_table = TABLE(memory, memory_rows);

static const struct bind_row cpu_rows[] = {
	ROW(cpu, shares, "shares", OPT_UINT, 0, "share of CPU time relative to others"),
	ROW(cpu, quota, "quota", OPT_INT, 0, "microseconds in each period; -1: no limit",
	    RANGE_I64),
	ROW(cpu, burst, "burst", OPT_UINT, 0, "microseconds that may be saved up"),
	ROW(cpu, period, "period", OPT_UINT, 0, "microseconds"),
	ROW(cpu, realtime_runtime, "realtimeRuntime", OPT_INT, 0, "microseconds, cgroup v1",
	    RANGE_I64),
	ROW(cpu, realtime_period, "realtimePeriod", OPT_UINT, 0, "microseconds, cgroup v1"),
	ROW(cpu, cpus, "cpus", STR, 0, "CPUs to run on, as a list"),
	ROW(cpu, mems, "mems", STR, 0, "memory nodes to use, as a list"),
	ROW(cpu, idle, "idle", OPT_INT, 0, "1: only when nothing else runs", RANGE_I64),
};
static const struct bind_table cpu_table = TABLE(cpu, cpu_rows);

static const struct bind_row pids_rows[] = {
	ROW(pids, limit, "limit", OPT_INT, REQUIRED, "tasks at most; -1: no limit", RANGE_I64),
};
static const struct bind_table pids_table = TABLE(pids, pids_rows);

static const struct bind_row weight_device_rows[] = {
	ROW(weight_device, major, "major", INT, REQUIRED, "major number", RANGE_I64),
	ROW(weight_device, minor, "minor", INT, REQUIRED, "minor number", RANGE_I64),
	ROW(weight_device, weight, "weight", OPT_UINT, 0, "weight of the cgroup", RANGE_U16),
	ROW(weight_device, leaf_weight, "leafWeight", OPT_UINT, 0, "weight of its own tasks",
	    RANGE_U16),
};
static const struct bind_table weight_device_table = TABLE(weight_device, weight_device_rows);

static const struct bind_row throttle_device_rows[] = {
	ROW(throttle_device, major, "major", INT, REQUIRED, "major number", RANGE_I64),
	ROW(throttle_device, minor, "minor", INT, REQUIRED, "minor number", RANGE_I64),
	ROW(throttle_device, rate, "rate", UINT, 0, "bytes or operations per second"),
};
static const struct bind_table throttle_device_table = TABLE(throttle_device, throttle_device_rows);

static const struct bind_row block_io_rows[] = {
	ROW(block_io, weight, "weight", OPT_UINT, 0, "weight of the cgroup", RANGE_U16),
	ROW(block_io, leaf_weight, "leafWeight", OPT_UINT, 0, "weight of its own tasks", RANGE_U16),
	ROW_LIST(block_io, weight_device, "weightDevice", weight_device_table, 0,
		 "weights by device"),
	ROW_LIST(block_io, throttle_read_bps, "throttleReadBpsDevice", throttle_device_table, 0,
		 "bytes read per second"),
	ROW_LIST(block_io, throttle_write_bps, "throttleWriteBpsDevice", throttle_device_table, 0,
		 "bytes written per second"),
	ROW_LIST(block_io, throttle_read_iops, "throttleReadIOPSDevice", throttle_device_table, 0,
		 "reads per second"),
	ROW_LIST(block_io, throttle_write_iops, "throttleWriteIOPSDevice", throttle_device_table, 0,
		 "writes per second"),
};
static const struct bind_table block_io_table = TABLE(block_io, block_io_rows);

static const struct bind_row hugepage_limit_rows[] = {
	ROW(hugepage_limit, page_size, "pageSize", STR, REQUIRED, "2MB, 1GB …"),
	ROW(hugepage_limit, limit, "limit", UINT, REQUIRED, "bytes"),
};
static const struct bind_table hugepage_limit_table = TABLE(hugepage_limit, hugepage_limit_rows);

static const struct bind_row interface_priority_rows[] = {
	ROW(interface_priority, name, "name", STR, REQUIRED, "network interface"),
	ROW(interface_priority, priority, "priority", UINT, REQUIRED, "priority of its traffic",
	    RANGE_U32),
};
static const struct bind_table interface_priority_table =
	TABLE(interface_priority, interface_priority_rows);

static const struct bind_row network_class_rows[] = {
	ROW(network_class, class_id, "classID", OPT_UINT, 0, "class of packets, cgroup v1",
	    RANGE_U32),
	ROW_LIST(network_class, priorities, "priorities", interface_priority_table, 0,
		 "priorities by interface, cgroup v1"),
};
static const struct bind_table network_class_table = TABLE(network_class, network_class_rows);

static const struct bind_row rdma_rows[] = {
	ROW(rdma, hca_handles, "hcaHandles", OPT_UINT, 0, "handles at most", RANGE_U32),
	ROW(rdma, hca_objects, "hcaObjects", OPT_UINT, 0, "objects at most", RANGE_U32),
};
static const struct bind_table rdma_table = MAP_TABLE(rdma, device, rdma_rows);

static const struct bind_row resources_rows[] = {
	ROW(resources, unified, "unified", PAIRS, 0, "cgroup v2 files and what to write"),
	ROW_LIST(resources, devices, "devices", device_cgroup_table, 0,
		 "which devices may be used; later entries win"),
	ROW_OBJECT(resources, memory, "memory", memory_table, 0, "memory"),
	ROW_OBJECT(resources, cpu, "cpu", cpu_table, 0, "CPU time"),
	ROW_OBJECT(resources, pids, "pids", pids_table, 0, "tasks"),
	ROW_OBJECT(resources, block_io, "blockIO", block_io_table, 0, "block devices"),
	ROW_LIST(resources, hugepage_limits, "hugepageLimits", hugepage_limit_table, 0,
		 "huge pages by size"),
	ROW_OBJECT(resources, network, "network", network_class_table, 0, "network"),
	ROW_MAP(resources, rdma, "rdma", rdma_table, 0, "RDMA, by device"),
};
const struct bind_table resources_table = TABLE(resources, resources_rows);
