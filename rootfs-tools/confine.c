/* SPDX-License-Identifier: Apache-2.0 */
/* confine.c - the cage of the process that parses archives.
 * Should: leave what reading, writing and allocating need.  Mustn't: leave a way to open anything. */
#include <errno.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>

#include "rootfs-tools/record.h"
#include "spec/base/sys.h"

/* Above what the largest window of a compression (128 MiB) takes. */
#define MEMORY_MAX (1ULL << 30)

#if defined(__x86_64__)
#define ARCH AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define ARCH AUDIT_ARCH_AARCH64
#elif defined(__riscv)
#define ARCH AUDIT_ARCH_RISCV64
#else
#define ARCH 0 /* not known here: nothing is read on such a machine */
#endif

/* sysinfo: glibc sorts large arrays by how much memory there is. */
static const int ALLOWED[] = {
	SYS_sysinfo,	  SYS_read,	 SYS_write,	    SYS_pread64,     SYS_lseek,
	SYS_close,	  SYS_mmap,	 SYS_munmap,	    SYS_mremap,	     SYS_mprotect,
	SYS_madvise,	  SYS_brk,	 SYS_futex,	    SYS_exit,	     SYS_exit_group,
	SYS_rt_sigreturn, SYS_getrandom, SYS_clock_gettime, SYS_sched_yield, SYS_restart_syscall,
};

static int limit_set(int which, rlim_t value, struct err *err)
{
	const struct rlimit limit = { value, value };

	if (setrlimit((__rlimit_resource_t)which, &limit) < 0)
		return err_host(err, errno, "limit the reader");
	return 0;
}

static int limits_set_all(uint64_t seconds, struct err *err)
{
	TRY(limit_set(RLIMIT_AS, MEMORY_MAX, err));
	TRY(limit_set(RLIMIT_CPU, seconds + 1, err));
	TRY(limit_set(RLIMIT_CORE, 0, err));
	TRY(limit_set(RLIMIT_NOFILE, 0, err));
	return limit_set(RLIMIT_FSIZE, 0, err);
}

static int filter_load(struct err *err)
{
	enum { HEAD = 4, N = ARRAY_LEN(ALLOWED) };
	struct sock_filter code[HEAD + N + 2] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, arch)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, ARCH, 1, 0),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS),
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
	};
	const struct sock_fprog program = { ARRAY_LEN(code), code };

	if (ARCH == 0)
		return err_host(err, ENOSYS, "confine the reader on this kind of machine");
	for (unsigned int i = 0; i < N; i++)
		code[HEAD + i] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K,
							      (unsigned int)ALLOWED[i], N - i, 0);
	code[HEAD + N] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS);
	code[HEAD + N + 1] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
	if (sys_seccomp(SECCOMP_SET_MODE_FILTER, 0, (void *)(uintptr_t)&program) < 0)
		return err_host(err, errno, "load the reader's filter");
	return 0;
}

int reader_confine(uint64_t seconds, struct err *err)
{
	if (sys_prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 ||
	    sys_prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0)
		return err_host(err, errno, "confine the reader");
	/* Before Linux 5.13, or switched off: the filter below denies every opening by itself. */
	if (sys_landlock_none() < 0 && errno != ENOSYS && errno != EOPNOTSUPP)
		return err_host(err, errno, "close the file system to the reader");
	TRY(limits_set_all(seconds, err));
	return filter_load(err);
}
