/* SPDX-License-Identifier: Apache-2.0 */
/* config.c - a sandbox for one interpreter, as tables. */
#include "bundle/config.h"

#include <sys/utsname.h>

#include "spec/json/emit.h"

#define OCI_VERSION "1.0.2"
/* Open files: what select(2) can name. */
#define NOFILE 1024
#define ENOSYS_NUMBER 38
#define EPERM_NUMBER 1

struct arch {
	const char *machine, *debian; /* uname -m; dpkg --print-architecture */
	const char *seccomp[4]; /* with its smaller sisters, which the kernel runs as well */
};

static const struct arch ARCHES[] = {
	{ "x86_64", "amd64", { "SCMP_ARCH_X86_64", "SCMP_ARCH_X86", "SCMP_ARCH_X32" } },
	{ "aarch64", "arm64", { "SCMP_ARCH_AARCH64", "SCMP_ARCH_ARM" } },
	{ "riscv64", "riscv64", { "SCMP_ARCH_RISCV64" } },
};

struct mount {
	const char *destination, *type, *source;
	const char *options[8];
};

/* devpts names no group: only one id is mapped. */
static const struct mount MOUNTS[] = {
	{ "/proc", "proc", "proc", { "nosuid", "noexec", "nodev" } },
	{ "/dev", "tmpfs", "tmpfs", { "nosuid", "strictatime", "mode=755", "size=64k" } },
	{ "/dev/pts",
	  "devpts",
	  "devpts",
	  { "nosuid", "noexec", "newinstance", "ptmxmode=0666", "mode=0620" } },
	{ "/dev/shm",
	  "tmpfs",
	  "shm",
	  { "nosuid", "noexec", "nodev", "mode=1777", "size=67108864" } },
	{ "/dev/mqueue", "mqueue", "mqueue", { "nosuid", "noexec", "nodev" } },
	{ "/sys", "sysfs", "sysfs", { "nosuid", "noexec", "nodev", "ro" } },
	{ "/tmp", "tmpfs", "tmpfs", { "nosuid", "nodev", "mode=1777", "size=268435456" } },
};
const char *const CONFIG_MOUNTPOINTS[] = { "/dev", "/proc", "/sys", "/tmp", NULL };

static const char *const MASKED[] = {
	"/proc/acpi",	       "/proc/asound",	    "/proc/kcore", "/proc/keys",
	"/proc/latency_stats", "/proc/sched_debug", "/proc/scsi",  "/proc/timer_list",
	"/proc/timer_stats",   "/sys/firmware",	    NULL,
};
static const char *const READONLY[] = { "/proc/bus",	       "/proc/fs", "/proc/irq", "/proc/sys",
					"/proc/sysrq-trigger", NULL };
static const char *const NAMESPACES[] = { "cgroup", "ipc",  "mount", "network",
					  "pid",    "user", "uts",   NULL };
static const char *const CAPABILITY_SETS[] = { "ambient",     "bounding",  "effective",
					       "inheritable", "permitted", NULL };

/* System calls that need a capability of the initial namespace, or have a history of leading there,
 * and that interpreters do without. */
static const char *const DENIED[] = {
	"acct",
	"add_key",
	"bpf",
	"clock_adjtime",
	"clock_settime",
	"delete_module",
	"finit_module",
	"fsconfig",
	"fsmount",
	"fsopen",
	"fspick",
	"init_module",
	"io_uring_enter",
	"io_uring_register",
	"io_uring_setup",
	"kexec_file_load",
	"kexec_load",
	"keyctl",
	"lookup_dcookie",
	"mount",
	"mount_setattr",
	"move_mount",
	"move_pages",
	"open_by_handle_at",
	"open_tree",
	"perf_event_open",
	"pivot_root",
	"quotactl",
	"reboot",
	"request_key",
	"setns",
	"settimeofday",
	"swapoff",
	"swapon",
	"umount",
	"umount2",
	"unshare",
	"userfaultfd",
	"vhangup",
	NULL,
};

/* A denied argument: (argument & mask) == value. */
struct guard {
	const char *call;
	unsigned int index;
	uint64_t mask, value;
};
static const struct guard GUARDS[] = {
	{ "clone", 0, 0x10000000, 0x10000000 }, /* CLONE_NEWUSER */
	{ "ioctl", 1, 0xffffffff, 0x5412 }, /* TIOCSTI: types into the caller's terminal */
	{ "ioctl", 1, 0xffffffff, 0x541c }, /* TIOCLINUX: likewise on a console */
};

static const char *const ENVIRONMENT[] = {
	"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
	"HOME=/tmp",
	"LANG=C.UTF-8",
	NULL,
};

const char *arch_of_machine(void)
{
	struct utsname u;

	if (uname(&u) < 0)
		return NULL;
	for (size_t i = 0; i < ARRAY_LEN(ARCHES); i++)
		if (str_eq(ARCHES[i].machine, u.machine))
			return ARCHES[i].debian;
	return NULL;
}

static void strings_emit(struct emit *e, const char *key, const char *const *words)
{
	emit_array(e, key);
	for (; *words; words++)
		emit_str(e, NULL, *words);
	emit_end_array(e);
}

static void id_map_emit(struct emit *e, const char *key, uint32_t host)
{
	emit_array(e, key);
	emit_object(e, NULL);
	emit_uint(e, "containerID", 0);
	emit_uint(e, "hostID", host);
	emit_uint(e, "size", 1);
	emit_end_object(e);
	emit_end_array(e);
}

static void guard_emit(struct emit *e, const struct guard *g)
{
	emit_object(e, NULL);
	emit_str(e, "action", "SCMP_ACT_ERRNO");
	emit_array(e, "args");
	emit_object(e, NULL);
	emit_uint(e, "index", g->index);
	emit_str(e, "op", "SCMP_CMP_MASKED_EQ");
	emit_uint(e, "value", g->mask);
	emit_uint(e, "valueTwo", g->value);
	emit_end_object(e);
	emit_end_array(e);
	emit_uint(e, "errnoRet", EPERM_NUMBER);
	emit_array(e, "names");
	emit_str(e, NULL, g->call);
	emit_end_array(e);
	emit_end_object(e);
}

static void denial_emit(struct emit *e, const char *const *names, unsigned int errnum)
{
	emit_object(e, NULL);
	emit_str(e, "action", "SCMP_ACT_ERRNO");
	emit_uint(e, "errnoRet", errnum);
	strings_emit(e, "names", names);
	emit_end_object(e);
}

static void seccomp_emit(struct emit *e, const char *arch)
{
	/* Its flags lie in memory, out of a filter's sight; without it the C library takes clone. */
	static const char *const unseen[] = { "clone3", NULL };

	emit_object(e, "seccomp");
	for (size_t i = 0; i < ARRAY_LEN(ARCHES); i++)
		if (arch && str_eq(ARCHES[i].debian, arch))
			strings_emit(e, "architectures", ARCHES[i].seccomp);
	emit_str(e, "defaultAction", "SCMP_ACT_ALLOW");
	emit_array(e, "syscalls");
	denial_emit(e, DENIED, EPERM_NUMBER);
	denial_emit(e, unseen, ENOSYS_NUMBER);
	for (size_t i = 0; i < ARRAY_LEN(GUARDS); i++)
		guard_emit(e, &GUARDS[i]);
	emit_end_array(e);
	emit_end_object(e);
}

static void linux_emit(struct emit *e, const struct config_want *want)
{
	emit_object(e, "linux");
	if (want->maps)
		id_map_emit(e, "gidMappings", want->gid);
	strings_emit(e, "maskedPaths", MASKED);
	emit_array(e, "namespaces");
	for (const char *const *ns = NAMESPACES; *ns; ns++) {
		emit_object(e, NULL);
		emit_str(e, "type", *ns);
		emit_end_object(e);
	}
	emit_end_array(e);
	strings_emit(e, "readonlyPaths", READONLY);
	seccomp_emit(e, want->arch);
	if (want->maps)
		id_map_emit(e, "uidMappings", want->uid);
	emit_end_object(e);
}

static void mounts_emit(struct emit *e)
{
	emit_array(e, "mounts");
	for (size_t i = 0; i < ARRAY_LEN(MOUNTS); i++) {
		emit_object(e, NULL);
		emit_str(e, "destination", MOUNTS[i].destination);
		strings_emit(e, "options", MOUNTS[i].options);
		emit_str(e, "source", MOUNTS[i].source);
		emit_str(e, "type", MOUNTS[i].type);
		emit_end_object(e);
	}
	emit_end_array(e);
}

/* The recipe's word for a variable stands in place of ours. */
static bool is_set(const struct strings *env, const char *assignment)
{
	size_t n = strcspn(assignment, "=") + 1;

	for (size_t i = 0; i < env->n; i++)
		if (strncmp(env->v[i], assignment, n) == 0)
			return true;
	return false;
}

static void env_emit(struct emit *e, const struct strings *env)
{
	emit_array(e, "env");
	for (const char *const *v = ENVIRONMENT; *v; v++)
		if (!is_set(env, *v))
			emit_str(e, NULL, *v);
	for (size_t i = 0; i < env->n; i++)
		emit_str(e, NULL, env->v[i]);
	emit_end_array(e);
}

static void process_emit(struct emit *e, const struct process *p)
{
	static const char *const nothing[] = { NULL };

	emit_object(e, "process");
	emit_array(e, "args");
	for (size_t i = 0; i < p->args.n; i++)
		emit_str(e, NULL, p->args.v[i]);
	emit_end_array(e);
	emit_object(e, "capabilities");
	for (const char *const *set = CAPABILITY_SETS; *set; set++)
		strings_emit(e, *set, nothing);
	emit_end_object(e);
	emit_str(e, "cwd", p->cwd ? p->cwd : "/");
	env_emit(e, &p->env);
	emit_bool(e, "noNewPrivileges", true);
	emit_array(e, "rlimits");
	emit_object(e, NULL);
	emit_uint(e, "hard", NOFILE);
	emit_uint(e, "soft", NOFILE);
	emit_str(e, "type", "RLIMIT_NOFILE");
	emit_end_object(e);
	emit_end_array(e);
	emit_bool(e, "terminal", false);
	emit_object(e, "user");
	emit_uint(e, "gid", 0);
	emit_uint(e, "uid", 0);
	emit_end_object(e);
	emit_end_object(e);
}

void config_emit(const struct config_want *want, struct text *out)
{
	struct emit e = { .out = out, .indent = 2 };

	emit_object(&e, NULL);
	emit_str(&e, "hostname", want->name);
	linux_emit(&e, want);
	mounts_emit(&e);
	emit_str(&e, "ociVersion", OCI_VERSION);
	process_emit(&e, want->process);
	emit_object(&e, "root");
	emit_str(&e, "path", "rootfs");
	emit_bool(&e, "readonly", !want->writable);
	emit_end_object(&e);
	emit_end_object(&e);
	text_add(out, "\n");
}
