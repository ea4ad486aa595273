/* SPDX-License-Identifier: Apache-2.0 */
/* template.c - the document that crun's and runc's users expect of `spec`, from tables. */
#include "spec/oci/template.h"

#include "spec/oci/config.h"

/* Nothing in it is newer, and crun before 1.9 runs no later one. */
#define TEMPLATE_VERSION "1.0.2"

#define OPTIONS_MAX 8

enum when { ALWAYS, ROOTFUL, ROOTLESS };

struct line {
	const char *destination, *type, *source;
	const char *options[OPTIONS_MAX];
	enum when when;
};

/* gid=5 is tty's, which one mapped id does not have; a new sysfs needs the network namespace's
 * owner to be the user namespace, which the host's /sys does not mind. */
static const struct line mounts[] = {
	{ "/proc", "proc", "proc", { NULL }, ALWAYS },
	{ "/dev",
	  "tmpfs",
	  "tmpfs",
	  { "nosuid", "strictatime", "mode=755", "size=65536k" },
	  ALWAYS },
	{ "/dev/pts",
	  "devpts",
	  "devpts",
	  { "nosuid", "noexec", "newinstance", "ptmxmode=0666", "mode=0620", "gid=5" },
	  ROOTFUL },
	{ "/dev/pts",
	  "devpts",
	  "devpts",
	  { "nosuid", "noexec", "newinstance", "ptmxmode=0666", "mode=0620" },
	  ROOTLESS },
	{ "/dev/shm",
	  "tmpfs",
	  "shm",
	  { "nosuid", "noexec", "nodev", "mode=1777", "size=65536k" },
	  ALWAYS },
	{ "/dev/mqueue", "mqueue", "mqueue", { "nosuid", "noexec", "nodev" }, ALWAYS },
	{ "/sys", "sysfs", "sysfs", { "nosuid", "noexec", "nodev", "ro" }, ROOTFUL },
	{ "/sys", "none", "/sys", { "rbind", "nosuid", "noexec", "nodev", "ro" }, ROOTLESS },
	{ "/sys/fs/cgroup",
	  "cgroup",
	  "cgroup",
	  { "nosuid", "noexec", "nodev", "relatime", "ro" },
	  ALWAYS },
};

static const char *const args[] = { "sh", NULL };
static const char *const env[] = {
	"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
	"TERM=xterm",
	NULL,
};
static const char *const capabilities[] = {
	"CAP_AUDIT_WRITE",
	"CAP_KILL",
	"CAP_NET_BIND_SERVICE",
	NULL,
};
static const char *const capability_sets[] = { "bounding", "effective", "permitted" };
static const char *const masked_paths[] = {
	"/proc/acpi",
	"/proc/asound",
	"/proc/interrupts",
	"/proc/kcore",
	"/proc/keys",
	"/proc/latency_stats",
	"/proc/sched_debug",
	"/proc/scsi",
	"/proc/timer_list",
	"/proc/timer_stats",
	"/sys/devices/virtual/powercap",
	"/sys/firmware",
	NULL,
};
static const char *const readonly_paths[] = {
	"/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger", NULL,
};
static const struct {
	const char *type;
	enum when when;
} namespaces[] = {
	{ "pid", ALWAYS },   { "network", ALWAYS }, { "ipc", ALWAYS },	  { "uts", ALWAYS },
	{ "mount", ALWAYS }, { "cgroup", ALWAYS },  { "user", ROOTLESS },
};

static bool wanted(enum when when, bool rootless)
{
	return when == ALWAYS || (when == ROOTLESS) == rootless;
}

static void emit_strings(struct emit *e, const char *key, const char *const *strings)
{
	emit_array(e, key);
	for (; *strings; strings++)
		emit_str(e, NULL, *strings);
	emit_end_array(e);
}

static void emit_process(struct emit *e)
{
	emit_object(e, "process");
	emit_bool(e, "terminal", true);
	emit_object(e, "user");
	emit_uint(e, "uid", 0);
	emit_uint(e, "gid", 0);
	emit_end_object(e);
	emit_strings(e, "args", args);
	emit_strings(e, "env", env);
	emit_str(e, "cwd", "/");
	emit_object(e, "capabilities");
	for (size_t i = 0; i < ARRAY_LEN(capability_sets); i++)
		emit_strings(e, capability_sets[i], capabilities);
	emit_end_object(e);
	emit_array(e, "rlimits");
	emit_object(e, NULL);
	emit_str(e, "type", "RLIMIT_NOFILE");
	emit_uint(e, "hard", 1024);
	emit_uint(e, "soft", 1024);
	emit_end_object(e);
	emit_end_array(e);
	emit_bool(e, "noNewPrivileges", true);
	emit_end_object(e);
}

static void emit_mounts(struct emit *e, bool rootless)
{
	emit_array(e, "mounts");
	for (size_t i = 0; i < ARRAY_LEN(mounts); i++) {
		if (!wanted(mounts[i].when, rootless))
			continue;
		emit_object(e, NULL);
		emit_str(e, "destination", mounts[i].destination);
		emit_str(e, "type", mounts[i].type);
		emit_str(e, "source", mounts[i].source);
		if (mounts[i].options[0])
			emit_strings(e, "options", mounts[i].options);
		emit_end_object(e);
	}
	emit_end_array(e);
}

static void emit_mapping(struct emit *e, const char *key, uint32_t id)
{
	emit_array(e, key);
	emit_object(e, NULL);
	emit_uint(e, "containerID", 0);
	emit_uint(e, "hostID", id);
	emit_uint(e, "size", 1);
	emit_end_object(e);
	emit_end_array(e);
}

static void emit_resources(struct emit *e)
{
	emit_object(e, "resources");
	emit_array(e, "devices");
	emit_object(e, NULL);
	emit_bool(e, "allow", false);
	emit_str(e, "access", "rwm");
	emit_end_object(e);
	emit_end_array(e);
	emit_end_object(e);
}

static void emit_linux(struct emit *e, const struct template_options *o)
{
	emit_object(e, "linux");
	if (o->rootless) {
		emit_mapping(e, "uidMappings", o->uid);
		emit_mapping(e, "gidMappings", o->gid);
	} else {
		emit_resources(e);
	}
	emit_array(e, "namespaces");
	for (size_t i = 0; i < ARRAY_LEN(namespaces); i++) {
		if (!wanted(namespaces[i].when, o->rootless))
			continue;
		emit_object(e, NULL);
		emit_str(e, "type", namespaces[i].type);
		emit_end_object(e);
	}
	emit_end_array(e);
	emit_strings(e, "maskedPaths", masked_paths);
	emit_strings(e, "readonlyPaths", readonly_paths);
	emit_end_object(e);
}

void template_emit(struct emit *e, const struct template_options *options)
{
	emit_object(e, NULL);
	emit_str(e, "ociVersion", TEMPLATE_VERSION);
	emit_process(e);
	emit_object(e, "root");
	emit_str(e, "path", "rootfs");
	emit_bool(e, "readonly", true);
	emit_end_object(e);
	emit_str(e, "hostname", "srt-oci");
	emit_mounts(e, options->rootless);
	emit_linux(e, options);
	emit_end_object(e);
}
