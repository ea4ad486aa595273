/* SPDX-License-Identifier: Apache-2.0 */
/* words.c - the tables of words: runtime-spec 1.3 on the left, the kernel's numbers on the right.
 *
 * Numbers that the headers of Debian 12 (Linux 6.1) or musl lack stand here as numbers. */
#include "spec/oci/words.h"

#include <ctype.h>
#include <linux/capability.h>
#include <linux/mount.h>
#include <linux/sched.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stddef.h>
#include <string.h>
#include <strings.h>
#include <sys/personality.h>
#include <sys/resource.h>

#include "spec/base/str.h"
#include "spec/oci/config.h"

const struct name word_namespaces[] = {
	{ "mount", CLONE_NEWNS },      { "pid", CLONE_NEWPID },	  { "network", CLONE_NEWNET },
	{ "uts", CLONE_NEWUTS },       { "ipc", CLONE_NEWIPC },	  { "user", CLONE_NEWUSER },
	{ "cgroup", CLONE_NEWCGROUP }, { "time", CLONE_NEWTIME }, { NULL, 0 },
};

const struct name word_network_modes[] = {
	{ "none", NETWORK_NONE },
	{ "loopback", NETWORK_LOOPBACK },
	{ "filtered", NETWORK_FILTERED },
	{ "host", NETWORK_HOST },
	{ "pasta", NETWORK_PASTA },
	{ "slirp4netns", NETWORK_SLIRP4NETNS },
	{ NULL, 0 },
};

const struct name word_capabilities[] = {
	{ "CAP_CHOWN", CAP_CHOWN },
	{ "CAP_DAC_OVERRIDE", CAP_DAC_OVERRIDE },
	{ "CAP_DAC_READ_SEARCH", CAP_DAC_READ_SEARCH },
	{ "CAP_FOWNER", CAP_FOWNER },
	{ "CAP_FSETID", CAP_FSETID },
	{ "CAP_KILL", CAP_KILL },
	{ "CAP_SETGID", CAP_SETGID },
	{ "CAP_SETUID", CAP_SETUID },
	{ "CAP_SETPCAP", CAP_SETPCAP },
	{ "CAP_LINUX_IMMUTABLE", CAP_LINUX_IMMUTABLE },
	{ "CAP_NET_BIND_SERVICE", CAP_NET_BIND_SERVICE },
	{ "CAP_NET_BROADCAST", CAP_NET_BROADCAST },
	{ "CAP_NET_ADMIN", CAP_NET_ADMIN },
	{ "CAP_NET_RAW", CAP_NET_RAW },
	{ "CAP_IPC_LOCK", CAP_IPC_LOCK },
	{ "CAP_IPC_OWNER", CAP_IPC_OWNER },
	{ "CAP_SYS_MODULE", CAP_SYS_MODULE },
	{ "CAP_SYS_RAWIO", CAP_SYS_RAWIO },
	{ "CAP_SYS_CHROOT", CAP_SYS_CHROOT },
	{ "CAP_SYS_PTRACE", CAP_SYS_PTRACE },
	{ "CAP_SYS_PACCT", CAP_SYS_PACCT },
	{ "CAP_SYS_ADMIN", CAP_SYS_ADMIN },
	{ "CAP_SYS_BOOT", CAP_SYS_BOOT },
	{ "CAP_SYS_NICE", CAP_SYS_NICE },
	{ "CAP_SYS_RESOURCE", CAP_SYS_RESOURCE },
	{ "CAP_SYS_TIME", CAP_SYS_TIME },
	{ "CAP_SYS_TTY_CONFIG", CAP_SYS_TTY_CONFIG },
	{ "CAP_MKNOD", CAP_MKNOD },
	{ "CAP_LEASE", CAP_LEASE },
	{ "CAP_AUDIT_WRITE", CAP_AUDIT_WRITE },
	{ "CAP_AUDIT_CONTROL", CAP_AUDIT_CONTROL },
	{ "CAP_SETFCAP", CAP_SETFCAP },
	{ "CAP_MAC_OVERRIDE", CAP_MAC_OVERRIDE },
	{ "CAP_MAC_ADMIN", CAP_MAC_ADMIN },
	{ "CAP_SYSLOG", CAP_SYSLOG },
	{ "CAP_WAKE_ALARM", CAP_WAKE_ALARM },
	{ "CAP_BLOCK_SUSPEND", CAP_BLOCK_SUSPEND },
	{ "CAP_AUDIT_READ", CAP_AUDIT_READ },
	{ "CAP_PERFMON", 38 },
	{ "CAP_BPF", 39 },
	{ "CAP_CHECKPOINT_RESTORE", 40 },
	{ NULL, 0 },
};

const struct name word_rlimits[] = {
	{ "RLIMIT_CPU", RLIMIT_CPU },
	{ "RLIMIT_FSIZE", RLIMIT_FSIZE },
	{ "RLIMIT_DATA", RLIMIT_DATA },
	{ "RLIMIT_STACK", RLIMIT_STACK },
	{ "RLIMIT_CORE", RLIMIT_CORE },
	{ "RLIMIT_RSS", RLIMIT_RSS },
	{ "RLIMIT_NPROC", RLIMIT_NPROC },
	{ "RLIMIT_NOFILE", RLIMIT_NOFILE },
	{ "RLIMIT_MEMLOCK", RLIMIT_MEMLOCK },
	{ "RLIMIT_AS", RLIMIT_AS },
	{ "RLIMIT_LOCKS", RLIMIT_LOCKS },
	{ "RLIMIT_SIGPENDING", RLIMIT_SIGPENDING },
	{ "RLIMIT_MSGQUEUE", RLIMIT_MSGQUEUE },
	{ "RLIMIT_NICE", RLIMIT_NICE },
	{ "RLIMIT_RTPRIO", RLIMIT_RTPRIO },
	{ "RLIMIT_RTTIME", RLIMIT_RTTIME },
	{ NULL, 0 },
};

/* signal(7) as the payload's C library counts: glibc keeps 32 and 33 for itself. */
#define SIGNAL_RTMIN 34
#define SIGNAL_RTMAX 64

const struct name word_signals[] = {
	{ "HUP", SIGHUP },	   { "INT", SIGINT },
	{ "QUIT", SIGQUIT },	   { "ILL", SIGILL },
	{ "TRAP", SIGTRAP },	   { "ABRT", SIGABRT },
	{ "IOT", SIGABRT },	   { "BUS", SIGBUS },
	{ "FPE", SIGFPE },	   { "KILL", SIGKILL },
	{ "USR1", SIGUSR1 },	   { "SEGV", SIGSEGV },
	{ "USR2", SIGUSR2 },	   { "PIPE", SIGPIPE },
	{ "ALRM", SIGALRM },	   { "TERM", SIGTERM },
#ifdef SIGSTKFLT
	{ "STKFLT", SIGSTKFLT },
#endif
	{ "CHLD", SIGCHLD },	   { "CLD", SIGCHLD },
	{ "CONT", SIGCONT },	   { "STOP", SIGSTOP },
	{ "TSTP", SIGTSTP },	   { "TTIN", SIGTTIN },
	{ "TTOU", SIGTTOU },	   { "URG", SIGURG },
	{ "XCPU", SIGXCPU },	   { "XFSZ", SIGXFSZ },
	{ "VTALRM", SIGVTALRM },   { "PROF", SIGPROF },
	{ "WINCH", SIGWINCH },	   { "IO", SIGIO },
	{ "POLL", SIGIO },	   { "PWR", SIGPWR },
	{ "SYS", SIGSYS },	   { "RTMIN", SIGNAL_RTMIN },
	{ "RTMAX", SIGNAL_RTMAX }, { NULL, 0 },
};

const struct name word_seccomp_actions[] = {
	{ "SCMP_ACT_ALLOW", SECCOMP_RET_ALLOW },
	{ "SCMP_ACT_ERRNO", SECCOMP_RET_ERRNO },
	{ "SCMP_ACT_KILL", SECCOMP_RET_KILL_THREAD },
	{ "SCMP_ACT_KILL_PROCESS", SECCOMP_RET_KILL_PROCESS },
	{ "SCMP_ACT_KILL_THREAD", SECCOMP_RET_KILL_THREAD },
	{ "SCMP_ACT_LOG", SECCOMP_RET_LOG },
	{ "SCMP_ACT_NOTIFY", SECCOMP_RET_USER_NOTIF },
	{ "SCMP_ACT_TRACE", SECCOMP_RET_TRACE },
	{ "SCMP_ACT_TRAP", SECCOMP_RET_TRAP },
	{ NULL, 0 },
};

/* AUDIT_ARCH_x is the ELF machine with marks; x32 has libseccomp's number, for the kernel calls it
 * x86-64. */
#define ARCH_64 UINT32_C(0x80000000)
#define ARCH_LE UINT32_C(0x40000000)
#define ARCH_N32 UINT32_C(0x20000000)
enum machine {
	MACHINE_386 = 3,
	MACHINE_68K = 4,
	MACHINE_MIPS = 8,
	MACHINE_PARISC = 15,
	MACHINE_PPC = 20,
	MACHINE_PPC64 = 21,
	MACHINE_S390 = 22,
	MACHINE_ARM = 40,
	MACHINE_SH = 42,
	MACHINE_X86_64 = 62,
	MACHINE_AARCH64 = 183,
	MACHINE_RISCV = 243,
	MACHINE_LOONGARCH = 258,
};

const struct name word_seccomp_archs[] = {
	{ "SCMP_ARCH_X86_64", MACHINE_X86_64 | ARCH_64 | ARCH_LE },
	{ "SCMP_ARCH_X86", MACHINE_386 | ARCH_LE },
	{ "SCMP_ARCH_X32", MACHINE_X86_64 | ARCH_LE },
	{ "SCMP_ARCH_ARM", MACHINE_ARM | ARCH_LE },
	{ "SCMP_ARCH_AARCH64", MACHINE_AARCH64 | ARCH_64 | ARCH_LE },
	{ "SCMP_ARCH_LOONGARCH64", MACHINE_LOONGARCH | ARCH_64 | ARCH_LE },
	{ "SCMP_ARCH_M68K", MACHINE_68K },
	{ "SCMP_ARCH_MIPS", MACHINE_MIPS },
	{ "SCMP_ARCH_MIPS64", MACHINE_MIPS | ARCH_64 },
	{ "SCMP_ARCH_MIPS64N32", MACHINE_MIPS | ARCH_64 | ARCH_N32 },
	{ "SCMP_ARCH_MIPSEL", MACHINE_MIPS | ARCH_LE },
	{ "SCMP_ARCH_MIPSEL64", MACHINE_MIPS | ARCH_64 | ARCH_LE },
	{ "SCMP_ARCH_MIPSEL64N32", MACHINE_MIPS | ARCH_64 | ARCH_LE | ARCH_N32 },
	{ "SCMP_ARCH_PPC", MACHINE_PPC },
	{ "SCMP_ARCH_PPC64", MACHINE_PPC64 | ARCH_64 },
	{ "SCMP_ARCH_PPC64LE", MACHINE_PPC64 | ARCH_64 | ARCH_LE },
	{ "SCMP_ARCH_S390", MACHINE_S390 },
	{ "SCMP_ARCH_S390X", MACHINE_S390 | ARCH_64 },
	{ "SCMP_ARCH_SH", MACHINE_SH | ARCH_LE },
	{ "SCMP_ARCH_SHEB", MACHINE_SH },
	{ "SCMP_ARCH_PARISC", MACHINE_PARISC },
	{ "SCMP_ARCH_PARISC64", MACHINE_PARISC | ARCH_64 },
	{ "SCMP_ARCH_RISCV64", MACHINE_RISCV | ARCH_64 | ARCH_LE },
	{ NULL, 0 },
};

const struct name word_seccomp_ops[] = {
	{ "SCMP_CMP_EQ", SCMP_OP_EQ }, { "SCMP_CMP_GE", SCMP_OP_GE },
	{ "SCMP_CMP_GT", SCMP_OP_GT }, { "SCMP_CMP_LE", SCMP_OP_LE },
	{ "SCMP_CMP_LT", SCMP_OP_LT }, { "SCMP_CMP_MASKED_EQ", SCMP_OP_MASKED_EQ },
	{ "SCMP_CMP_NE", SCMP_OP_NE }, { NULL, 0 },
};

const struct name word_seccomp_flags[] = {
	{ "SECCOMP_FILTER_FLAG_TSYNC", 1 << 0 },
	{ "SECCOMP_FILTER_FLAG_LOG", 1 << 1 },
	{ "SECCOMP_FILTER_FLAG_SPEC_ALLOW", 1 << 2 },
	{ "SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV", 1 << 5 }, /* 5.19 */
	{ NULL, 0 },
};

/* sched(7); the C libraries' <sched.h> and the kernel's cannot be included together. */
const struct name word_sched_policies[] = {
	{ "SCHED_OTHER", 0 }, { "SCHED_FIFO", 1 }, { "SCHED_RR", 2 },	    { "SCHED_BATCH", 3 },
	{ "SCHED_ISO", 4 },   { "SCHED_IDLE", 5 }, { "SCHED_DEADLINE", 6 }, { NULL, 0 },
};

const struct name word_sched_flags[] = {
	{ "SCHED_FLAG_RESET_ON_FORK", 0x01 },  { "SCHED_FLAG_RECLAIM", 0x02 },
	{ "SCHED_FLAG_DL_OVERRUN", 0x04 },     { "SCHED_FLAG_KEEP_POLICY", 0x08 },
	{ "SCHED_FLAG_KEEP_PARAMS", 0x10 },    { "SCHED_FLAG_UTIL_CLAMP_MIN", 0x20 },
	{ "SCHED_FLAG_UTIL_CLAMP_MAX", 0x40 }, { NULL, 0 },
};

/* ioprio_set(2) */
const struct name word_io_classes[] = {
	{ "IOPRIO_CLASS_RT", 1 },
	{ "IOPRIO_CLASS_BE", 2 },
	{ "IOPRIO_CLASS_IDLE", 3 },
	{ NULL, 0 },
};

/* set_mempolicy(2) */
const struct name word_mpol_modes[] = {
	{ "MPOL_DEFAULT", 0 },
	{ "MPOL_PREFERRED", 1 },
	{ "MPOL_BIND", 2 },
	{ "MPOL_INTERLEAVE", 3 },
	{ "MPOL_LOCAL", 4 },
	{ "MPOL_PREFERRED_MANY", 5 }, /* 5.15 */
	{ "MPOL_WEIGHTED_INTERLEAVE", 6 }, /* 6.9 */
	{ NULL, 0 },
};

const struct name word_mpol_flags[] = {
	{ "MPOL_F_NUMA_BALANCING", 1 << 13 },
	{ "MPOL_F_RELATIVE_NODES", 1 << 14 },
	{ "MPOL_F_STATIC_NODES", 1 << 15 },
	{ NULL, 0 },
};

/* The specification knows the first four; engines also write the recursive words, which mean the
 * same for the root of a tree. */
const struct name word_propagations[] = {
	{ "private", MS_PRIVATE },	 { "shared", MS_SHARED },	   { "slave", MS_SLAVE },
	{ "unbindable", MS_UNBINDABLE }, { "rprivate", MS_PRIVATE },	   { "rshared", MS_SHARED },
	{ "rslave", MS_SLAVE },		 { "runbindable", MS_UNBINDABLE }, { NULL, 0 },
};

const struct name word_personalities[] = {
	{ "LINUX", PER_LINUX },
	{ "LINUX32", PER_LINUX32 },
	{ NULL, 0 },
};

const struct name word_device_types[] = {
	{ "c", 'c' }, { "b", 'b' }, { "u", 'u' }, { "p", 'p' }, { NULL, 0 },
};

const struct name word_device_cgroup_types[] = {
	{ "a", 'a' },
	{ "b", 'b' },
	{ "c", 'c' },
	{ NULL, 0 },
};

static int signal_number(const char *digits)
{
	struct err unused;
	uint64_t v;

	if (str_u64(digits, 10, SIGNAL_RTMAX, &v, &unused) < 0)
		return -1;
	return (int)v;
}

/* "+3" behind RTMIN, "-3" behind RTMAX. */
static int realtime_signal(int base, const char *rest)
{
	struct err unused;
	uint64_t steps;

	if (rest[0] != (base == SIGNAL_RTMIN ? '+' : '-'))
		return -1;
	if (str_u64(rest + 1, 10, SIGNAL_RTMAX - SIGNAL_RTMIN, &steps, &unused) < 0)
		return -1;
	return base == SIGNAL_RTMIN ? base + (int)steps : base - (int)steps;
}

int word_signal(const char *word)
{
	if (isdigit((unsigned char)word[0]))
		return signal_number(word);
	if (strncasecmp(word, "SIG", 3) == 0)
		word += 3;
	for (const struct name *n = word_signals; n->name; n++)
		if (strcasecmp(n->name, word) == 0)
			return (int)n->value;
	if (strncasecmp(word, "RTMIN", 5) == 0)
		return realtime_signal(SIGNAL_RTMIN, word + 5);
	if (strncasecmp(word, "RTMAX", 5) == 0)
		return realtime_signal(SIGNAL_RTMAX, word + 5);
	return -1;
}
