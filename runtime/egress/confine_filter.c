/* SPDX-License-Identifier: Apache-2.0 */
/* confine_filter.c - an allow list as a classic BPF program; the calls in the first rows are the ones that are made most. */
#include "runtime/egress/confine_filter.h"

#include <elf.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>

#include "spec/base/audit.h"
#include "spec/base/sys.h"

_Static_assert(AUDIT_NATIVE != 0, "the filter needs to know this architecture's AUDIT_ARCH");

/* Serving, then time, memory and what C libraries do by themselves. */
static const uint32_t calls[] = {
	__NR_splice,	   __NR_recvfrom,	__NR_sendto,
#ifdef __NR_epoll_wait
	__NR_epoll_wait,
#endif
	__NR_epoll_pwait,  __NR_epoll_ctl,
#ifdef __NR_accept
	__NR_accept,
#endif
	__NR_accept4,	   __NR_connect,	__NR_getsockopt,
	__NR_setsockopt,   __NR_getsockname,	__NR_shutdown,
	__NR_close,	   __NR_write,		__NR_read,
	__NR_recvmsg,	   __NR_sendmsg,	__NR_pipe2,
	__NR_fcntl,	   __NR_clock_gettime,	__NR_getrandom,
	__NR_brk,	   __NR_munmap,		__NR_madvise,
	__NR_mremap,	   __NR_futex,		__NR_restart_syscall,
	__NR_rt_sigreturn, __NR_rt_sigprocmask, __NR_exit,
	__NR_exit_group,
};

/* Those whose argument decides: the low half of args[arg] must be one of the values, or have none of the bits. */
static const struct argument {
	uint32_t call;
	uint8_t arg;
	uint32_t values[2]; /* equal to one of them */
	uint32_t without; /* not 0: instead, none of these bits */
} arguments[] = {
	{ __NR_socket, 0, { 2 /* AF_INET */, 10 /* AF_INET6 */ }, 0 },
	{ __NR_mmap, 2, { 0 }, PROT_EXEC },
	{ __NR_mprotect, 2, { 0 }, PROT_EXEC },
};

struct program {
	struct sock_filter code[4 + ARRAY_LEN(calls) * 2 + ARRAY_LEN(arguments) * 6 + 1];
	unsigned short n;
};

#define LOW_HALF(i) (offsetof(struct seccomp_data, args) + (i) * sizeof(uint64_t))

static void add(struct program *p, uint16_t code, uint32_t k, uint8_t if_true, uint8_t if_false)
{
	p->code[p->n++] = (struct sock_filter){ code, if_true, if_false, k };
}

static void add_return(struct program *p, uint32_t what)
{
	add(p, BPF_RET | BPF_K, what, 0, 0);
}

static void add_argument(struct program *p, const struct argument *a)
{
	add(p, BPF_JMP | BPF_JEQ | BPF_K, a->call, 0, a->without ? 4 : 5);
	add(p, BPF_LD | BPF_W | BPF_ABS, LOW_HALF(a->arg), 0, 0);
	if (a->without) {
		add(p, BPF_JMP | BPF_JSET | BPF_K, a->without, 1, 0);
	} else {
		add(p, BPF_JMP | BPF_JEQ | BPF_K, a->values[0], 1, 0);
		add(p, BPF_JMP | BPF_JEQ | BPF_K, a->values[1], 0, 1);
	}
	add_return(p, SECCOMP_RET_ALLOW);
	add_return(p, SECCOMP_RET_KILL_PROCESS);
}

int confine_filter(struct err *err)
{
	struct program p = { .n = 0 };
	struct sock_fprog filter = { .filter = p.code };

	add(&p, BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, arch), 0, 0);
	add(&p, BPF_JMP | BPF_JEQ | BPF_K, AUDIT_NATIVE, 1, 0);
	add_return(&p, SECCOMP_RET_KILL_PROCESS);
	add(&p, BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr), 0, 0);
	for (size_t i = 0; i < ARRAY_LEN(calls); i++) {
		add(&p, BPF_JMP | BPF_JEQ | BPF_K, calls[i], 0, 1);
		add_return(&p, SECCOMP_RET_ALLOW);
	}
	for (size_t i = 0; i < ARRAY_LEN(arguments); i++)
		add_argument(&p, &arguments[i]);
	add_return(&p, SECCOMP_RET_KILL_PROCESS);
	filter.len = p.n;
	if (sys_seccomp(SECCOMP_SET_MODE_FILTER, 0, &filter) < 0)
		return err_host(err, errno, "seccomp filter of the network helper");
	return 0;
}
