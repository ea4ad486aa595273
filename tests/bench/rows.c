/* SPDX-License-Identifier: Apache-2.0 */
/* rows.c - what is compared with what: a command or a few per row. */
#include "tests/bench/bench.h"

#define BWRAP                                                                                     \
	"bwrap --unshare-user --unshare-ipc --unshare-pid --unshare-net --unshare-uts "           \
	"--unshare-cgroup --uid 0 --gid 0 --hostname bench --as-pid-1 --new-session "             \
	"--ro-bind %p/rootfs / --proc /proc --dev /dev --mqueue /dev/mqueue --ro-bind /sys /sys " \
	"--tmpfs /tmp --cap-drop ALL --cap-add CAP_AUDIT_WRITE --cap-add CAP_KILL "               \
	"--cap-add CAP_NET_BIND_SERVICE --clearenv --setenv PATH /bin "
#define BWRAP_MASKS                                                                               \
	"--tmpfs /proc/acpi --ro-bind /dev/null /proc/keys --ro-bind /dev/null /proc/timer_list " \
	"--tmpfs /sys/firmware --ro-bind /proc/bus /proc/bus --ro-bind /proc/fs /proc/fs "        \
	"--ro-bind /proc/irq /proc/irq --ro-bind /proc/sys /proc/sys --seccomp 9 "

#define LIFE(engine, cmd)                                                               \
	{                                                                               \
		GROUP_LIFE, engine, engine, NULL,                                       \
		{                                                                       \
			cmd " create -b %p/pause %i", cmd " start %i", cmd " state %i", \
				cmd " kill %i KILL", cmd " delete --force %i"           \
		}                                                                       \
	}
#define RUNNING(group, engine, cmd, what)                                  \
	{                                                                  \
		group, engine, engine, cmd " run --detach -b %p/pause %c", \
		{                                                          \
			cmd what                                           \
		}                                                          \
	}

#define PYTHON "/usr/bin/python3 -I -S -E -c pass"

const struct row rows[] = {
	{ GROUP_START, "floor", "floor", NULL, { "%B/bench/floor %p/rootfs /bin/true" }, true },
	{ GROUP_START, "srt-oci run", "srt-oci", NULL, { "%B/srt-oci run -b %p/true %i" }, true },
	{ GROUP_START,
	  "bwrap (no filter, masks, limits)",
	  "bwrap",
	  NULL,
	  { BWRAP "/bin/true" },
	  true },
	{ GROUP_START,
	  "bwrap with filter and masks",
	  "bwrap-masks",
	  NULL,
	  { BWRAP BWRAP_MASKS "/bin/true" },
	  false,
	  true },
	{ GROUP_START, "crun run", "crun", NULL, { "crun run -b %p/true %i" }, true },
	{ GROUP_START, "runc run", "runc", NULL, { "runc run -b %p/true %i" }, true },
	{ GROUP_START, "no isolation: posix_spawn", "none", NULL, { "%B/bench/true" } },
	LIFE("srt-oci", "%B/srt-oci"),
	LIFE("crun", "crun"),
	LIFE("runc", "runc"),
	RUNNING(GROUP_EXEC, "srt-oci", "%B/srt-oci", " exec %c /bin/true"),
	RUNNING(GROUP_EXEC, "crun", "crun", " exec %c /bin/true"),
	RUNNING(GROUP_EXEC, "runc", "runc", " exec %c /bin/true"),
	RUNNING(GROUP_STATE, "srt-oci", "%B/srt-oci", " state %c"),
	RUNNING(GROUP_STATE, "crun", "crun", " state %c"),
	RUNNING(GROUP_STATE, "runc", "runc", " state %c"),
	{ GROUP_PYTHON, "no isolation", "none", NULL, { PYTHON } },
	{ GROUP_PYTHON, "floor", "floor", NULL, { "%B/bench/floor %p/rootfs-python " PYTHON } },
	{ GROUP_PYTHON, "srt-oci run", "srt-oci", NULL, { "%B/srt-oci run -b %p/python %i" } },
	{ GROUP_PYTHON, "crun run", "crun", NULL, { "crun run -b %p/python %i" } },
	{ GROUP_PYTHON, "runc run", "runc", NULL, { "runc run -b %p/python %i" } },
};
const size_t rows_n = ARRAY_LEN(rows);
_Static_assert(ARRAY_LEN(rows) <= ROWS_MAX, "room for every row");

const struct goal goals[] = {
	{ "G1 run against the floor", GROUP_START, "srt-oci", "floor", 1.25 },
	{ "G2 run against crun", GROUP_START, "srt-oci", "crun", 0.09 },
	{ "G2 run against runc", GROUP_START, "srt-oci", "runc", 0.06 },
	{ "G2 run against bwrap", GROUP_START, "srt-oci", "bwrap", 0.70 },
	{ "G3 lifecycle against crun", GROUP_LIFE, "srt-oci", "crun", 0.10 },
	{ "G3 state against crun", GROUP_STATE, "srt-oci", "crun", 0.08 },
	{ "G4 exec against crun", GROUP_EXEC, "srt-oci", "crun", 0.20 },
	{ "G9 python3 in a container against outside", GROUP_PYTHON, "srt-oci", "none", 1.25 },
};

const size_t goals_n = ARRAY_LEN(goals);
