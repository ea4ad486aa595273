/* SPDX-License-Identifier: Apache-2.0 */
/* config.h - config.json of OCI runtime-spec 1.3 for Linux as typed structs.
 *
 * Made by config_read (bytes) or by composing one in memory; checked by rules_check; `const struct
 * config *` from there on. All memory is the arena's. Names keep the specification's words.
 * "Absent" is NULL for strings and sub-objects, count 0 for lists, and .set == false for numbers
 * whose zero means something. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "spec/base/arena.h"
#include "spec/base/err.h"

/* The specification that we implement. */
#define OCI_VERSION "1.3.0"

/* Numbers that may be absent. */
struct opt_u64 {
	bool set;
	uint64_t v;
};
struct opt_i64 {
	bool set;
	int64_t v;
};
struct opt_bool {
	bool set;
	bool v;
};

struct strings {
	const char **v; /* also NULL-terminated, ready for execve */
	size_t n;
};
struct numbers {
	uint32_t *v;
	size_t n;
};
struct pair {
	const char *key, *value;
};
struct pairs {
	struct pair *v;
	size_t n;
};

struct id_mapping {
	uint32_t container_id, host_id, size;
};
struct id_mappings {
	struct id_mapping *v;
	size_t n;
};

/* --- process
 * -------------------------------------------------------------------------------------------------------
 */

struct user {
	uint32_t uid, gid;
	struct opt_u64 umask;
	struct numbers additional_gids;
	const char *username;
};
struct console_size {
	uint64_t height, width;
};
/* Bit n is capability n (CAP_CHOWN is bit 0). A name that this program does not know is refused when
 * the document is read, so unknown is always empty. */
struct cap_set {
	bool set;
	uint64_t bits;
	struct strings unknown;
};
struct capabilities {
	struct cap_set bounding, effective, inheritable, permitted, ambient;
};
struct posix_rlimit {
	int type; /* RLIMIT_x */
	uint64_t soft, hard;
};
struct rlimits {
	struct posix_rlimit *v;
	size_t n;
};
struct scheduler {
	int policy; /* SCHED_x */
	int64_t nice, priority;
	uint64_t flags; /* SCHED_FLAG_x or-ed */
	uint64_t runtime, deadline, period; /* ns */
};
struct io_priority {
	int class; /* IOPRIO_CLASS_x */
	int64_t priority;
};
struct exec_cpu_affinity {
	const char *initial, *final; /* CPU lists, "0-3,7" */
};
struct process {
	bool terminal;
	struct console_size *console_size;
	struct user user;
	struct strings args;
	const char *command_line; /* Windows; read, never used */
	struct strings env;
	const char *cwd;
	struct capabilities *capabilities;
	struct rlimits rlimits;
	bool no_new_privileges;
	const char *apparmor_profile;
	const char *selinux_label;
	struct opt_i64 oom_score_adj;
	struct scheduler *scheduler;
	struct io_priority *io_priority;
	struct exec_cpu_affinity *exec_cpu_affinity;
	/* Composed in memory, never in a document: the host's abstract unix sockets are out of reach. */
	bool scoped;
};

/* --- mounts
 * --------------------------------------------------------------------------------------------------------
 */

struct mount {
	const char *destination, *type, *source;
	struct strings options;
	struct id_mappings uid_mappings, gid_mappings;
	bool idmap_may_fail; /* where the file system knows no id maps, it is mounted without; never in a document */
};
struct mounts {
	struct mount *v;
	size_t n;
};

/* What a root that is made anew begins with. */
enum seed_kind {
	SEED_DIR, /* a directory */
	SEED_SPACE, /* a directory that stays writable where the root does not */
	SEED_FILE, /* a file with that text; covers one that is there */
	SEED_LINK, /* a symlink to that text */
	SEED_COPY, /* in a directory that is there, what the one named by text holds once all is mounted */
};
struct seed {
	int kind; /* enum seed_kind */
	const char *path, *text;
	uint32_t mode;
};
struct seeds {
	struct seed *v;
	size_t n;
};
struct root {
	const char *path;
	bool readonly;
	/* Composed in memory, never in a document: the root is a tmpfs with these options (NULL: it is what
	 * lies at path), and holds these. */
	const char *fresh;
	struct seeds seeds;
};

/* --- hooks
 * ---------------------------------------------------------------------------------------------------------
 */

struct hook {
	const char *path;
	struct strings args, env;
	struct opt_i64 timeout; /* seconds */
	const char *out, *err; /* files for its output, by annotation; NULL: the runtime's */
};
struct hook_list {
	struct hook *v;
	size_t n;
};
struct hooks {
	struct hook_list prestart, create_runtime, create_container, start_container, poststart,
		poststop;
};

/* --- linux
 * ---------------------------------------------------------------------------------------------------------
 */

struct namespace
{
	int type; /* CLONE_NEWx */
	const char *path;
};
struct namespaces {
	struct namespace *v;
	size_t n;
};
struct device {
	int type; /* 'c' 'u' 'b' 'p' */
	const char *path;
	struct opt_i64 major, minor;
	struct opt_u64 file_mode, uid, gid;
};
struct devices {
	struct device *v;
	size_t n;
};
struct net_device {
	const char *host_name; /* the property's key */
	const char *name; /* inside; NULL: the same */
};
struct net_devices {
	struct net_device *v;
	size_t n;
};

struct device_cgroup {
	bool allow;
	int type; /* 'a' 'b' 'c' */
	struct opt_i64 major, minor;
	const char *access;
};
struct device_cgroups {
	struct device_cgroup *v;
	size_t n;
};
struct memory {
	struct opt_i64 limit, reservation, swap, kernel, kernel_tcp;
	struct opt_u64 swappiness;
	struct opt_bool disable_oom_killer, use_hierarchy, check_before_update;
	bool all_or_none; /* whoever passes the limit takes all processes along; srt.limits */
};
struct cpu {
	struct opt_u64 shares, period, burst, realtime_period;
	struct opt_i64 quota, realtime_runtime, idle;
	const char *cpus, *mems;
};
struct pids {
	struct opt_i64 limit;
};
struct weight_device {
	int64_t major, minor;
	struct opt_u64 weight, leaf_weight;
};
struct weight_devices {
	struct weight_device *v;
	size_t n;
};
struct throttle_device {
	int64_t major, minor;
	uint64_t rate;
};
struct throttle_devices {
	struct throttle_device *v;
	size_t n;
};
struct block_io {
	struct opt_u64 weight, leaf_weight;
	struct weight_devices weight_device;
	struct throttle_devices throttle_read_bps, throttle_write_bps, throttle_read_iops,
		throttle_write_iops;
};
struct hugepage_limit {
	const char *page_size;
	uint64_t limit;
};
struct hugepage_limits {
	struct hugepage_limit *v;
	size_t n;
};
struct interface_priority {
	const char *name;
	uint32_t priority;
};
struct interface_priorities {
	struct interface_priority *v;
	size_t n;
};
struct network_class {
	struct opt_u64 class_id;
	struct interface_priorities priorities;
};
struct rdma {
	const char *device; /* the property's key */
	struct opt_u64 hca_handles, hca_objects;
};
struct rdmas {
	struct rdma *v;
	size_t n;
};
struct resources {
	struct pairs unified;
	struct device_cgroups devices;
	struct memory *memory;
	struct cpu *cpu;
	struct pids *pids;
	struct block_io *block_io;
	struct hugepage_limits hugepage_limits;
	struct network_class *network;
	struct rdmas rdma;
};

/* Words of libseccomp without its header: SCMP_ACT_x numbers are the kernel's SECCOMP_RET_x. */
struct seccomp_arg {
	uint32_t index;
	uint64_t value, value_two;
	int op; /* enum seccomp_op */
};
enum seccomp_op {
	SCMP_OP_NE = 1,
	SCMP_OP_LT,
	SCMP_OP_LE,
	SCMP_OP_EQ,
	SCMP_OP_GE,
	SCMP_OP_GT,
	SCMP_OP_MASKED_EQ
};
struct seccomp_args {
	struct seccomp_arg *v;
	size_t n;
};
struct seccomp_syscall {
	struct strings names;
	uint32_t action; /* SECCOMP_RET_x from <linux/seccomp.h>, data 0 */
	struct opt_u64 errno_ret;
	struct seccomp_args args;
};
struct seccomp_syscalls {
	struct seccomp_syscall *v;
	size_t n;
};
struct seccomp {
	uint32_t default_action; /* SECCOMP_RET_x */
	struct opt_u64 default_errno_ret;
	struct strings architectures; /* SCMP_ARCH_x */
	int x32_errno; /* of x32's calls, where it is not listed beside x86_64; 0: they kill the thread. No document's. */
	uint64_t flags; /* SECCOMP_FILTER_FLAG_x or-ed */
	bool flags_set;
	const char *listener_path, *listener_metadata;
	struct seccomp_syscalls syscalls;
};

struct intel_rdt {
	const char *clos_id, *l3_cache_schema, *mem_bw_schema;
	struct strings schemata;
	bool enable_monitoring;
};
struct memory_policy {
	int mode; /* MPOL_x */
	const char *nodes; /* list, "0-3" */
	uint64_t flags; /* MPOL_F_x or-ed */
};
struct personality {
	uint64_t domain; /* PER_LINUX or PER_LINUX32 */
	struct strings flags; /* none are defined yet: any is refused */
};
struct time_offset {
	struct opt_i64 secs;
	struct opt_u64 nanosecs;
};
struct time_offsets {
	struct time_offset *boottime, *monotonic;
};
struct linux_config {
	struct namespaces namespaces;
	struct id_mappings uid_mappings, gid_mappings;
	struct devices devices;
	struct net_devices net_devices;
	const char *cgroups_path;
	struct resources *resources;
	unsigned long rootfs_propagation; /* MS_SHARED, MS_SLAVE, MS_PRIVATE or MS_UNBINDABLE (no
					     MS_REC); 0 absent */
	struct seccomp *seccomp;
	struct pairs sysctl;
	struct strings masked_paths, readonly_paths;
	const char *mount_label;
	struct intel_rdt *intel_rdt;
	struct memory_policy *memory_policy;
	struct personality *personality;
	struct time_offsets *time_offsets;
};

/* "srt": what is this runtime's own. */
enum network_mode {
	NETWORK_AS_NAMESPACES, /* nothing is said */
	NETWORK_NONE, /* a namespace of its own, its loopback down */
	NETWORK_LOOPBACK, /* likewise, up */
	NETWORK_FILTERED, /* and a way out by rules */
	NETWORK_HOST,
	NETWORK_PASTA, /* and a way out to everywhere, by that program beside it */
	NETWORK_SLIRP4NETNS,
};
struct srt_network {
	int mode; /* enum network_mode */
	struct strings allow, deny, publish;
	const char *hosts; /* in place of the host's /etc/hosts, for names; NULL */
};
/* As they are written; each of them is a flag of `sandbox-runtime exec`, too. */
struct srt_limits {
	const char *timeout, *kill_after, *memory, *cpu, *processes, *open_files, *file_size;
	const char *files, *disk, *output; /* of a sandbox alone: refused */
	uint64_t timeout_ms, kill_after_ms; /* limits_apply; 0: none */
};
struct srt {
	struct srt_network *network;
	struct srt_limits *limits;
};

struct config {
	const char *oci_version;
	struct root *root;
	struct mounts mounts;
	struct process *process;
	const char *hostname, *domainname;
	struct hooks *hooks;
	struct pairs annotations;
	struct linux_config
		linux_; /* zeroed where absent ("linux" is a predefined macro of gnu C) */
	bool has_linux;
	struct srt *srt;
};

/* Largest config.json that is read, in bytes, and how deep it may nest. */
#define CONFIG_MAX_BYTES (4u << 20)
#define CONFIG_MAX_DEPTH 64

/* config_parse: bytes → struct, every property's type checked; errors carry line:column (syntax) or
 * the JSON pointer. Unknown keys are ignored, a key twice in one object is an error. name is what
 * messages call the document. */
int config_parse(const char *bytes, size_t len, const char *name, struct arena *a,
		 struct config **ret, struct err *err);
/* config_parse_in_place: the same without a copy; bytes must live as long as the config, which cuts them (json_restore). */
int config_parse_in_place(char *bytes, size_t len, const char *name, struct arena *a,
			  struct config **ret, struct err *err);
/* process_parse: the same for a process.json (exec --process). */
int process_parse(const char *bytes, size_t len, const char *name, struct arena *a,
		  struct process **ret, struct err *err);
/* config_check: what is semantically wrong with it: one row of rules per clause (rules.h). The first
 * violation found is the error; place is the JSON pointer. Needs what config_parse makes sure of:
 * required members are there. */
int config_check(const struct config *config, struct err *err);
/* process_check: the rows that concern a process alone. */
int process_check(const struct process *process, struct err *err);
/* resources_parse, resources_check: likewise for "linux.resources" alone (update). */
int resources_parse(const char *bytes, size_t len, const char *name, struct arena *a,
		    struct resources **ret, struct err *err);
int resources_check(const struct resources *resources, struct err *err);

/* mounts_parse, mounts_check: likewise for a list of mounts, alone or as the member "mounts" of an object. */
int mounts_parse(const char *bytes, size_t len, const char *name, struct arena *a,
		 struct mounts *ret, struct err *err);
int mounts_check(const struct mounts *mounts, struct err *err);

/* limits_apply: what of "srt.limits" the rest of a config can say is said there, unless it says what is stricter; the times are
 * read. limits_check: one that only a sandbox holds is an error. limits_timeout: of wall clock, in ms; 0: none. limits_need_cgroup:
 * some of them are a cgroup's to hold. */
int limits_apply(struct config *config, struct arena *a, struct err *err);
int limits_check(const struct config *config, struct err *err);
uint64_t limits_timeout(const struct config *config);
bool limits_need_cgroup(const struct config *config);
/* config_network: "srt.network", or NULL. config_is_filtered: its way out is filtered. network_is_nat: in that mode (enum
 * network_mode) a program beside the container is its way out. */
const struct srt_network *config_network(const struct config *config);
bool config_is_filtered(const struct config *config);
static inline bool network_is_nat(int mode)
{
	return mode == NETWORK_PASTA || mode == NETWORK_SLIRP4NETNS;
}
/* namespace_of: the entry of that CLONE_NEWx, or NULL. */
const struct namespace *namespace_of(const struct config *config, int type);
/* config_has_ns: a namespace of that type is asked for, new or by path. */
static inline bool config_has_ns(const struct config *config, int type)
{
	return namespace_of(config, type) != NULL;
}
