/* SPDX-License-Identifier: Apache-2.0 */
/* config_linux.c - table of "linux" (config-linux.md). */
#include "spec/oci/config.h"
#include "spec/oci/tables.h"
#include "spec/oci/words.h"

static const struct bind_row namespace_rows[] = {
	ROW(namespace, type, "type", WORD, REQUIRED, "which kind", .words = word_namespaces),
	ROW(namespace, path, "path", STR, 0, "join this one; absent: a new one"),
};
static const struct bind_table namespace_table = TABLE(namespace, namespace_rows);

static const struct bind_row device_rows[] = {
	ROW(device, type, "type", WORD, REQUIRED, "c or u, b, p", .words = word_device_types),
	ROW(device, path, "path", STR, REQUIRED, "where, absolute"),
	ROW(device, major, "major", OPT_INT, 0, "major number, but for p", RANGE_I64),
	ROW(device, minor, "minor", OPT_INT, 0, "minor number, but for p", RANGE_I64),
	ROW(device, file_mode, "fileMode", OPT_UINT, 0, "permissions, in decimal", RANGE_U32),
	ROW(device, uid, "uid", OPT_UINT, 0, "owner, inside the container", RANGE_ID),
	ROW(device, gid, "gid", OPT_UINT, 0, "group, inside the container", RANGE_ID),
};
static const struct bind_table device_table = TABLE(device, device_rows);

static const struct bind_row net_device_rows[] = {
	ROW(net_device, name, "name", STR, 0, "its name inside; absent: the same"),
};
static const struct bind_table net_device_table = MAP_TABLE(net_device, host_name, net_device_rows);

static const struct bind_row intel_rdt_rows[] = {
	ROW(intel_rdt, clos_id, "closID", STR, 0, "class of service"),
	ROW(intel_rdt, schemata, "schemata", STRINGS, 0, "lines for the schemata file"),
	ROW(intel_rdt, l3_cache_schema, "l3CacheSchema", STR, 0, "L3 cache lines"),
	ROW(intel_rdt, mem_bw_schema, "memBwSchema", STR, 0, "memory bandwidth line"),
	ROW(intel_rdt, enable_monitoring, "enableMonitoring", BOOL, 0, "a monitoring group"),
};
static const struct bind_table intel_rdt_table = TABLE(intel_rdt, intel_rdt_rows);

static const struct bind_row memory_policy_rows[] = {
	ROW(memory_policy, mode, "mode", WORD, REQUIRED, "policy", .words = word_mpol_modes),
	ROW(memory_policy, nodes, "nodes", STR, 0, "memory nodes, as a list"),
	ROW(memory_policy, flags, "flags", WORDS, 0, "flags", .words = word_mpol_flags),
};
static const struct bind_table memory_policy_table = TABLE(memory_policy, memory_policy_rows);

static const struct bind_row personality_rows[] = {
	ROW(personality, domain, "domain", WORD, REQUIRED, "execution domain",
	    .words = word_personalities),
	ROW(personality, flags, "flags", STRINGS, 0, "none are defined yet"),
};
static const struct bind_table personality_table = TABLE(personality, personality_rows);

static const struct bind_row time_offset_rows[] = {
	ROW(time_offset, secs, "secs", OPT_INT, 0, "seconds", RANGE_I64),
	ROW(time_offset, nanosecs, "nanosecs", OPT_UINT, 0, "and nanoseconds", RANGE_U32),
};
static const struct bind_table time_offset_table = TABLE(time_offset, time_offset_rows);

static const struct bind_row time_offsets_rows[] = {
	ROW_OBJECT(time_offsets, boottime, "boottime", time_offset_table, 0, "of CLOCK_BOOTTIME"),
	ROW_OBJECT(time_offsets, monotonic, "monotonic", time_offset_table, 0,
		   "of CLOCK_MONOTONIC"),
};
static const struct bind_table time_offsets_table = TABLE(time_offsets, time_offsets_rows);

static const struct bind_row linux_rows[] = {
	ROW_LIST(linux_config, namespaces, "namespaces", namespace_table, 0,
		 "what is not shared with the runtime"),
	ROW_LIST(linux_config, uid_mappings, "uidMappings", id_mapping_table, 0,
		 "user ids of the user namespace"),
	ROW_LIST(linux_config, gid_mappings, "gidMappings", id_mapping_table, 0,
		 "group ids of the user namespace"),
	ROW_LIST(linux_config, devices, "devices", device_table, 0, "device nodes to be made"),
	ROW_MAP(linux_config, net_devices, "netDevices", net_device_table, 0,
		"network interfaces that move in, by name"),
	ROW(linux_config, cgroups_path, "cgroupsPath", STR, 0, "the container's cgroup"),
	ROW_OBJECT(linux_config, resources, "resources", resources_table, 0, "limits"),
	ROW(linux_config, rootfs_propagation, "rootfsPropagation", WORD, 0,
	    "mount propagation of the root", .words = word_propagations),
	ROW_OBJECT(linux_config, seccomp, "seccomp", seccomp_table, 0, "system call filter"),
	ROW(linux_config, sysctl, "sysctl", PAIRS, 0, "kernel parameters of the namespaces"),
	ROW(linux_config, masked_paths, "maskedPaths", STRINGS, 0, "made unreadable"),
	ROW(linux_config, readonly_paths, "readonlyPaths", STRINGS, 0, "made read-only"),
	ROW(linux_config, mount_label, "mountLabel", STR, 0, "SELinux label of the mounts"),
	ROW_OBJECT(linux_config, intel_rdt, "intelRdt", intel_rdt_table, 0,
		   "Intel Resource Director Technology"),
	ROW_OBJECT(linux_config, memory_policy, "memoryPolicy", memory_policy_table, 0,
		   "NUMA memory policy"),
	ROW_OBJECT(linux_config, personality, "personality", personality_table, 0,
		   "execution domain"),
	ROW_OBJECT(linux_config, time_offsets, "timeOffsets", time_offsets_table, 0,
		   "offsets of the time namespace"),
};
const struct bind_table linux_table = TABLE(linux_config, linux_rows);
