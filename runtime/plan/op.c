/* SPDX-License-Identifier: Apache-2.0 */
/* op.c - the words of the operations: one row an op, naming the fields that it uses. */
#include "runtime/plan/op.h"

#include <linux/mount.h>
#include <linux/sched.h>

#include "spec/oci/words.h"

#ifndef MOUNT_ATTR_NOSYMFOLLOW /* 5.14 */
#define MOUNT_ATTR_NOSYMFOLLOW 0x00200000
#endif

const struct name stage_names[] = {
	{ "prepare", STAGE_PREPARE },	  { "ids", STAGE_IDS },
	{ "join", STAGE_JOIN },		  { "beside", STAGE_BESIDE },
	{ "namespace", STAGE_NAMESPACE }, { "root", STAGE_ROOT },
	{ "pivot", STAGE_PIVOT },	  { "process", STAGE_PROCESS },
	{ "last", STAGE_LAST },		  { NULL, 0 },
};

const struct name scope_managers[] = { { "system", SCOPE_SYSTEM }, { "user", SCOPE_USER }, { 0 } };

const struct name ways[] = {
	{ "tcp4", WAY_TCP4 },	      { "tcp6", WAY_TCP6 },
	{ "dns-udp4", WAY_DNS_UDP4 }, { "dns-udp6", WAY_DNS_UDP6 },
	{ "dns-tcp4", WAY_DNS_TCP4 }, { "dns-tcp6", WAY_DNS_TCP6 },
	{ "proxy", WAY_PROXY },	      { NULL, 0 },
};

const struct name op_flag_names[] = {
	{ "else", OP_ELSE },
	{ "optional", OP_OPTIONAL },
	{ "file", OP_FILE },
	{ "src-nofollow", OP_NOFOLLOW_SOURCE },
	{ "dest-nofollow", OP_NOFOLLOW_DEST },
	{ "must-exist", OP_MUST_EXIST },
	{ "early", OP_EARLY },
	{ "hosts-peer", OP_HOSTS_PEER },
	{ "copy-symlink", OP_COPY_SYMLINK },
	{ "readonly-late", OP_READONLY_LATE },
	{ "copy-up", OP_COPY_UP },
	{ "hold", OP_HOLD },
	{ "by-parent", OP_BY_PARENT },
	{ NULL, 0 },
};

/* Of several bits the widest word comes first. */
static const struct name attr_words[] = {
	{ "ro", MOUNT_ATTR_RDONLY },
	{ "nosuid", MOUNT_ATTR_NOSUID },
	{ "nodev", MOUNT_ATTR_NODEV },
	{ "noexec", MOUNT_ATTR_NOEXEC },
	{ "atime-mode", MOUNT_ATTR__ATIME },
	{ "noatime", MOUNT_ATTR_NOATIME },
	{ "strictatime", MOUNT_ATTR_STRICTATIME },
	{ "nodiratime", MOUNT_ATTR_NODIRATIME },
	{ "nosymfollow", MOUNT_ATTR_NOSYMFOLLOW },
	{ "idmap", MOUNT_ATTR_IDMAP },
	{ NULL, 0 },
};

static const struct name ms_words[] = {
	{ "rec", MS_REC },	   { "shared", MS_SHARED },	    { "slave", MS_SLAVE },
	{ "private", MS_PRIVATE }, { "unbindable", MS_UNBINDABLE }, { NULL, 0 },
};

/* The fields that several rows have in common. */
#define PATH .path = { "path", FIELD_TEXT }
#define TEXT(what) .text = { what, FIELD_TEXT }
#define NUMBER(field, what) .field = { what, FIELD_NUMBER }
#define ATTRS(field, what) .field = { what, FIELD_FLAGS, attr_words }
#define MS(field, what) .field = { what, FIELD_FLAGS, ms_words }
#define CAPS(field, what) .field = { what, FIELD_CAPS, word_capabilities }

const struct op_info op_infos[OP_COUNT] = {
	[OP_CGROUP] = { "cgroup", PATH, .type = { "type", FIELD_TEXT }, TEXT("mount"),
			.data = { "needs", FIELD_BYTES } },
	[OP_CGROUP_WRITE] = { "cgroup-write", PATH, .type = { "type", FIELD_TEXT }, TEXT("value") },
	[OP_CGROUP_DEVICES] = { "cgroup-devices", TEXT("rules") },
	[OP_CGROUP_OWNER] = { "cgroup-owner", NUMBER(a, "uid") },
	[OP_CGROUP_SCOPE] = { "cgroup-scope", PATH, TEXT("mount"),
			      .a = { "manager", FIELD_WORD, scope_managers },
			      .data = { "properties", FIELD_BYTES } },
	[OP_CGROUP_BELOW] = { "cgroup-below", PATH },
	[OP_ID_MAP] = { "id-map", PATH, TEXT("map") },
	[OP_ID_MAP_HELPER] = { "id-map-helper", PATH, TEXT("map") },
	[OP_ID_MAP_SERVICE] = { "id-map-service", PATH, TEXT("name"), NUMBER(a, "first"),
				NUMBER(b, "count") },
	[OP_DENY_SETGROUPS] = { "deny-setgroups" },
	[OP_BECOME_ROOT] = { "become-root", NUMBER(a, "uid"), NUMBER(b, "gid") },
	[OP_OOM_SCORE] = { "oom-score", .a = { "score", FIELD_SIGNED } },
	[OP_JOIN] = { "join", PATH, .a = { "type", FIELD_WORD, word_namespaces } },
	[OP_UNSHARE] = { "unshare", .a = { "types", FIELD_FLAGS, word_namespaces } },
	[OP_JOIN_BESIDE] = { "join-beside", .a = { "type", FIELD_WORD, word_namespaces } },
	[OP_TIME_OFFSET] = { "time-offset", PATH, .a = { "secs", FIELD_SIGNED },
			     NUMBER(b, "nanosecs") },
	[OP_HOSTNAME] = { "hostname", TEXT("name") },
	[OP_DOMAINNAME] = { "domainname", TEXT("name") },
	[OP_LOOPBACK_UP] = { "loopback-up" },
	[OP_ROUTE_LOCAL] = { "route-local", PATH },
	[OP_REDIRECT] = { "redirect", NUMBER(a, "port") },
	[OP_LISTEN] = { "listen", PATH, .type = { "protocol", FIELD_TEXT }, NUMBER(a, "port"),
			.b = { "for", FIELD_WORD, ways } },
	[OP_LISTEN_PORTS] = { "listen-ports", .data = { "ports", FIELD_IDS } },
	[OP_NAT] = { "nat", .type = { "by", FIELD_TEXT } },
	[OP_NET_DEVICE] = { "net-device", PATH, TEXT("name") },
	[OP_RDT] = { "rdt", PATH, TEXT("group"), .type = { "monitor", FIELD_TEXT },
		     .data = { "schemata", FIELD_BYTES } },
	[OP_SYSCTL] = { "sysctl", PATH, TEXT("value") },
	[OP_PROPAGATION_ALL] = { "propagation-all", MS(a, "to") },
	[OP_ROOT_OPEN] = { "root-open", PATH },
	[OP_ROOT_NEW] = { "root-new", .type = { "type", FIELD_TEXT }, TEXT("source"),
			  .data = { "data", FIELD_BYTES }, ATTRS(a, "attrs") },
	[OP_SPACE] = { "space", PATH, ATTRS(a, "attrs") },
	[OP_SEED_FILE] = { "file", PATH, .data = { "text", FIELD_BYTES },
			   .a = { "mode", FIELD_OCTAL } },
	[OP_FILE_OVER] = { "file-over", PATH, .data = { "text", FIELD_BYTES },
			   .a = { "mode", FIELD_OCTAL } },
	[OP_MOUNT] = { "mount", PATH, .type = { "type", FIELD_TEXT }, TEXT("source"),
		       .data = { "data", FIELD_BYTES }, ATTRS(a, "attrs") },
	[OP_BIND] = { "bind", PATH, TEXT("source"), .data = { "idmap", FIELD_IDMAP },
		      ATTRS(a, "attrs"), ATTRS(b, "clear"), MS(c, "how"), ATTRS(d, "all") },
	[OP_SETATTR] = { "setattr", PATH, ATTRS(a, "attrs"), ATTRS(b, "clear"), MS(c, "how") },
	[OP_PROPAGATION] = { "propagation", PATH, MS(a, "to"), MS(c, "how") },
	[OP_UMOUNT] = { "umount", PATH },
	[OP_MKDIR] = { "mkdir", PATH, .a = { "mode", FIELD_OCTAL } },
	[OP_COPY] = { "copy", PATH, TEXT("from") },
	[OP_MKNOD] = { "mknod", PATH, .a = { "mode", FIELD_OCTAL }, .b = { "device", FIELD_DEVICE },
		       .c = { "owner", FIELD_OWNER } },
	[OP_DEVICE_BIND] = { "device-bind", PATH, TEXT("source"), .b = { "device", FIELD_DEVICE } },
	[OP_SYMLINK] = { "symlink", PATH, TEXT("to") },
	[OP_MASK] = { "mask", PATH },
	[OP_READONLY] = { "readonly", PATH },
	[OP_CONSOLE] = { "console", PATH, NUMBER(a, "rows"), NUMBER(b, "columns") },
	[OP_ROOT_READONLY] = { "root-readonly" },
	[OP_PIVOT] = { "pivot" },
	[OP_MOVE_ROOT] = { "move-root" },
	[OP_ROOT_PROPAGATION] = { "root-propagation", MS(a, "to") },
	[OP_SESSION] = { "session" },
	[OP_KEYRING] = { "keyring", TEXT("name") },
	[OP_CWD] = { "cwd", PATH },
	[OP_RLIMIT] = { "rlimit", .a = { "limit", FIELD_WORD, word_rlimits },
			.b = { "soft", FIELD_LIMIT }, .c = { "hard", FIELD_LIMIT } },
	[OP_SCHEDULER] = { "scheduler", .a = { "policy", FIELD_WORD, word_sched_policies } },
	[OP_IO_PRIORITY] = { "io-priority", .a = { "class", FIELD_WORD, word_io_classes },
			     .b = { "priority", FIELD_SIGNED } },
	[OP_AFFINITY] = { "affinity", TEXT("cpus") },
	[OP_MEMORY_POLICY] = { "memory-policy", TEXT("nodes"), .a = { "mode", FIELD_POLICY } },
	[OP_PERSONALITY] = { "personality", .a = { "domain", FIELD_WORD, word_personalities } },
	[OP_UMASK] = { "umask", .a = { "mask", FIELD_OCTAL } },
	[OP_BOUNDING] = { "bounding", CAPS(a, "keep") },
	[OP_GROUPS] = { "groups", .data = { "gids", FIELD_IDS } },
	[OP_USER] = { "user", NUMBER(a, "uid"), NUMBER(b, "gid") },
	[OP_CAPS] = { "caps", CAPS(a, "permitted"), CAPS(b, "effective"), CAPS(c, "inheritable"),
		      CAPS(d, "ambient") },
	[OP_NO_NEW_PRIVS] = { "no-new-privs" },
	[OP_APPARMOR] = { "apparmor", TEXT("profile") },
	[OP_SELINUX] = { "selinux", TEXT("label") },
	[OP_LANDLOCK_SCOPE] = { "landlock-scope" },
	/* The number of instructions differs by architecture and is no decision of the plan's. */
	[OP_SECCOMP] = { "seccomp", .type = { "metadata", FIELD_TEXT }, TEXT("listener"),
			 .b = { "filter-flags", FIELD_FLAGS, word_seccomp_flags } },
	[OP_NOT_DUMPABLE] = { "not-dumpable" },
};
