/* SPDX-License-Identifier: Apache-2.0 */
/* op.h - the operations of a plan: what a planner may say and an applier must do.
 *
 * One op is one step that somebody can read, print, test and fail at. Planners append ops
 * (plan_add); only act/ carries them out (act_apply). The table of an op's words (op_infos) names
 * its fields, so that the printed plan, the JSON plan and the error messages come from one place.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "spec/base/arena.h"
#include "spec/base/names.h"
#include "spec/base/str.h"
#include "spec/oci/config.h"

/* Who carries an op out, and when; in this order. The columns are processes:
 *
 *   parent (srt-oci)            middle (only where needed)      child (becomes the payload)
 *   PREPARE
 *      |-- clone ------------------> JOIN
 *      |                             |-- clone --------------------> .
 *   BESIDE (a process of the parent's, in the child's user namespace, while the child goes on)
 *   IDS  <---- "write my maps" ------------------------------------- .
 *      `------- go ------------------------------------------------> NAMESPACE
 *                                                                    ROOT
 *   hooks prestart, createRuntime  <---- "root is ready" ----------- .
 *      `------- go ------------------------------------------------> PIVOT (createContainer hooks
 * first) PROCESS state, pid file, console  <--------- "ready" ------------------- .
 *      `------- go, or `start` by the start socket ----------------> LAST (startContainer hooks
 * first) exec
 */
enum stage {
	STAGE_PREPARE,
	STAGE_IDS,
	STAGE_JOIN,
	STAGE_BESIDE,
	STAGE_NAMESPACE,
	STAGE_ROOT,
	STAGE_PIVOT,
	STAGE_PROCESS,
	STAGE_LAST,
	STAGE_COUNT
};

enum op_code {
	/* the container's cgroup; PREPARE, and `update` */
	OP_CGROUP, /* path below the mount point text, made where missing; type the v1 controllers or
		      "unified"; data controllers it must have. What follows for that type is about
		      it, and the container's process is put into the last one */
	OP_CGROUP_WRITE, /* type likewise, path the file, text what is written */
	OP_CGROUP_DEVICES, /* text the rules, data a BPF program of len bytes; v2 */
	OP_CGROUP_OWNER, /* a uid: v2's files for delegation become its own */
	OP_CGROUP_SCOPE, /* path the unit that systemd makes, a whose systemd, data its properties, text the
			    mount point; once the process is there. What follows is about its cgroup */
	OP_CGROUP_BELOW, /* path a name: a cgroup below the last one, which the process goes into */
	/* ids: who am I inside */
	OP_ID_MAP, /* path uid_map or gid_map, text the map; by the parent (IDS) or the process
		      itself (NAMESPACE) */
	OP_ID_MAP_HELPER, /* path newuidmap or newgidmap, text the map; IDS */
	OP_ID_MAP_SERVICE, /* path of systemd-nsresourced's socket, text a name, a the first id inside, b how many; IDS */
	OP_DENY_SETGROUPS,
	OP_BECOME_ROOT, /* setresuid, setresgid and setgroups to 0 inside the new user namespace */
	OP_OOM_SCORE, /* a the score */
	/* namespaces */
	OP_JOIN, /* path of the namespace, a its CLONE_NEW flag */
	OP_UNSHARE, /* a the flags */
	OP_JOIN_BESIDE, /* a the CLONE_NEW flag of the namespace that stage BESIDE has made */
	OP_TIME_OFFSET, /* path "boottime" or "monotonic", a seconds, b nanoseconds */
	OP_HOSTNAME, /* text */
	OP_DOMAINNAME, /* text */
	OP_LOOPBACK_UP,
	OP_ROUTE_LOCAL, /* path "0.0.0.0/0" or "::/0": all of it ends in the namespace itself */
	OP_REDIRECT, /* a: every TCP connection that begins inside goes to that port of the loopback */
	OP_LISTEN, /* path an address inside, a port, type tcp or udp, b which one (enum way_socket): a socket for the helper that
		      is the way out */
	OP_LISTEN_PORTS, /* data uint32_t[] of len bytes: likewise, TCP on each of them, of any address */
	OP_NAT, /* type pasta or slirp4netns: that program, beside the container, is the way out of its network namespace */
	OP_NET_DEVICE, /* path its name in the runtime's network namespace, text the one inside */
	OP_RDT, /* path of resctrl, text the group ("" the root's), type a monitoring group in it or NULL, data lines for
		   schemata; flags MUST_EXIST of a group that is only joined */
	OP_SYSCTL, /* path below /proc/sys, text the value */
	/* mounts: destination is path, resolved inside the root */
	OP_PROPAGATION_ALL, /* a MS_x|MS_REC for the whole mount namespace */
	OP_ROOT_OPEN, /* path of the rootfs: bind it onto itself, keep its fd */
	OP_ROOT_NEW, /* an empty root: type, text source, data options; a attributes */
	OP_MOUNT, /* a new file system: type, text source, data options; a attributes; flags MOUNT_x
		   */
	OP_BIND, /* text source, path; a attributes to set, d likewise on all below, c MS_REC or 0; data struct mount_idmap */
	OP_SETATTR, /* path; a set, b clear, c MS_REC or 0: change a mount that is there */
	OP_PROPAGATION, /* path; a MS_x, c MS_REC or 0 */
	OP_UMOUNT, /* path: takes the mount there off */
	OP_MKDIR, /* path, a mode */
	OP_SPACE, /* path: a mount of its own on itself; a attributes */
	OP_SEED_FILE, /* path, a mode, data its bytes; covers what is there */
	OP_FILE_OVER, /* path, a mode, data its bytes: a file in memory is mounted there; where nothing is, its place is made */
	OP_COPY, /* path, text: what lies in the directory text is copied into that at path, both in the root */
	OP_MKNOD, /* path, a mode with type, b device number, c uid<<32|gid */
	OP_DEVICE_BIND, /* path, text the host's node, b device number it must have */
	OP_SYMLINK, /* path, text what it points to */
	OP_MASK, /* path */
	OP_READONLY, /* path */
	OP_CONSOLE, /* a rows, b columns: the pty and its place on /dev/console */
	OP_ROOT_READONLY,
	OP_PIVOT,
	OP_MOVE_ROOT, /* --no-pivot: MS_MOVE and chroot */
	OP_ROOT_PROPAGATION, /* a MS_x: rootfsPropagation, after pivot */
	/* process */
	OP_SESSION, /* setsid; and the console as controlling terminal where there is one */
	OP_KEYRING, /* text its name */
	OP_CWD, /* path */
	OP_RLIMIT, /* a RLIMIT_x, b soft, c hard */
	OP_SCHEDULER, /* data struct scheduler */
	OP_IO_PRIORITY, /* a class, b priority */
	OP_AFFINITY, /* text CPU list */
	OP_MEMORY_POLICY, /* a mode with flags, text node list */
	OP_PERSONALITY, /* a */
	OP_UMASK, /* a */
	OP_BOUNDING, /* a the set that stays */
	OP_GROUPS, /* data uint32_t[], len bytes */
	OP_USER, /* a uid, b gid */
	OP_CAPS, /* a permitted, b effective, c inheritable, d ambient */
	OP_NO_NEW_PRIVS,
	OP_APPARMOR, /* text profile */
	OP_SELINUX, /* text label */
	OP_LANDLOCK_SCOPE, /* abstract unix sockets and processes of the host's are out of reach, by Landlock */
	OP_SECCOMP, /* data struct seccomp_program */
	OP_NOT_DUMPABLE, /* until exec, /proc/PID of this process is closed to others */
	OP_COUNT
};

enum op_flag {
	OP_ELSE = 1, /* only where the op before it failed */
	OP_OPTIONAL = 2, /* a failure becomes a warning */
	OP_FILE = 4, /* the mount point to be made is a file */
	OP_NOFOLLOW_SOURCE = 8, /* src-nofollow */
	OP_NOFOLLOW_DEST = 16, /* dest-nofollow */
	OP_MUST_EXIST = 32, /* a missing path is an error; otherwise, for masks, it is nothing */
	OP_COPY_SYMLINK = 128, /* a source that is a symlink is made again, not mounted */
	OP_READONLY_LATE = 256, /* the mount becomes read-only once all places below it are made */
	OP_COPY_UP = 512, /* the new tmpfs begins with a copy of what it covers */
	OP_HOSTS_PEER =
		4096, /* with OP_BY_PARENT: of the host's own mount, not of the child's slave of it */
	OP_HOLD = 1024, /* a new tmpfs that later ops make names in: it is kept open for them */
	OP_BY_PARENT =
		2048, /* needs rights that the child has given up: the parent does it, or opens what it is about */
	OP_EARLY = 64, /* a seccomp filter loaded before the capabilities fall, as no_new_privs is
			  off */
};

struct op {
	uint8_t code; /* enum op_code */
	uint8_t stage; /* enum stage */
	uint16_t flags; /* enum op_flag */
	uint32_t len; /* bytes of data */
	uint32_t
		held; /* of mounts: 1 + the place in plan.held where its fd is kept for the ops after it; 0 none */
	const char *cause; /* JSON pointer of the property behind it; "" where it is ours */
	const char *path, *type, *text;
	const void *data;
	uint64_t a, b, c, d;
};

/* The sockets inside by which a container's network helper is reached. */
enum way_socket {
	WAY_TCP4, /* where TCP is redirected to */
	WAY_TCP6,
	WAY_DNS_UDP4,
	WAY_DNS_UDP6,
	WAY_DNS_TCP4,
	WAY_DNS_TCP6,
	WAY_PROXY, /* the last to be made */
	WAY_SOCKETS,
	WAY_PORT = WAY_SOCKETS /* one of those that stand in for a redirection */
};
/* Of a container's, those that stand in for a redirection, IPv4 and IPv6, and all together. */
#define WAY_PORTS_MAX 128
#define WAY_SOCKETS_MAX (WAY_SOCKETS + WAY_PORTS_MAX)

/* Whose systemd makes a scope. */
enum scope_manager { SCOPE_SYSTEM, SCOPE_USER };

/* data of an OP_BIND with an id map. */
struct mount_idmap {
	struct id_mappings uids, gids;
	bool recursive;
};

/* How an op is printed: a name, and how each field in use is called and shown. */
enum field_kind {
	FIELD_NONE,
	FIELD_TEXT,
	FIELD_NUMBER,
	FIELD_OCTAL,
	FIELD_FLAGS, /* or-ed values by .words */
	FIELD_WORD, /* one value by .words */
	FIELD_CAPS, /* bits by word_capabilities */
	FIELD_DEVICE, /* major:minor */
	FIELD_LIMIT, /* number, all ones is "unlimited" */
	FIELD_SIGNED,
	FIELD_POLICY, /* a word_mpol_modes value or-ed with word_mpol_flags */
	FIELD_OWNER, /* uid << 32 | gid */
	/* of data */
	FIELD_BYTES, /* text of op.len bytes */
	FIELD_IDS, /* uint32_t[] of op.len bytes */
	FIELD_IDMAP, /* struct mount_idmap */
};
struct field {
	const char *name;
	uint8_t kind;
	const struct name *words;
};
struct op_info {
	const char *name;
	struct field path, type, text, data, a, b, c, d;
};
extern const struct op_info op_infos[OP_COUNT];
extern const struct name stage_names[]; /* "prepare" … */
extern const struct name op_flag_names[];
extern const struct name scope_managers[]; /* "system", "user" */
extern const struct name ways[]; /* "tcp4" … */
