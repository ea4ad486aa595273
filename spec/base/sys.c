/* SPDX-License-Identifier: Apache-2.0 */
/* sys.c - the real system calls behind sys.h. */
#include "spec/base/sys.h"

#include <errno.h>
#include <grp.h>
#include <linux/futex.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#define SYS_landlock_create_ruleset_ 444 /* the same on every architecture */

/* Generic numbers of calls younger than the C libraries' headers; alike on every architecture. */
#ifndef SYS_open_tree
#define SYS_open_tree 428
#define SYS_move_mount 429
#define SYS_fsopen 430
#define SYS_fsconfig 431
#define SYS_fsmount 432
#endif
#ifndef SYS_pidfd_send_signal
#define SYS_pidfd_send_signal 424
#endif
#ifndef SYS_pidfd_open
#define SYS_pidfd_open 434
#endif
#ifndef SYS_clone3
#define SYS_clone3 435
#endif
#ifndef SYS_close_range
#define SYS_close_range 436
#endif
#ifndef SYS_openat2
#define SYS_openat2 437
#endif
#ifndef SYS_mount_setattr
#define SYS_mount_setattr 442
#endif
#define KEYCTL_JOIN_SESSION_KEYRING 1

int sys_mount(const char *source, const char *target, const char *type, unsigned long flags,
	      const char *data)
{
	return (int)syscall(SYS_mount, source, target, type, flags, data);
}

int sys_umount2(const char *target, int flags)
{
	return (int)syscall(SYS_umount2, target, flags);
}

int sys_pivot_root(const char *new_root, const char *put_old)
{
	return (int)syscall(SYS_pivot_root, new_root, put_old);
}

int sys_open_tree(int dirfd, const char *path, unsigned int flags)
{
	return (int)syscall(SYS_open_tree, dirfd, path, flags);
}

int sys_move_mount(int from_dirfd, const char *from, int to_dirfd, const char *to,
		   unsigned int flags)
{
	return (int)syscall(SYS_move_mount, from_dirfd, from, to_dirfd, to, flags);
}

int sys_fsopen(const char *type, unsigned int flags)
{
	return (int)syscall(SYS_fsopen, type, flags);
}

int sys_fsconfig(int fd, unsigned int cmd, const char *key, const void *value, int aux)
{
	return (int)syscall(SYS_fsconfig, fd, cmd, key, value, aux);
}

int sys_fsmount(int fd, unsigned int flags, unsigned int attrs)
{
	return (int)syscall(SYS_fsmount, fd, flags, attrs);
}

int sys_mount_setattr(int dirfd, const char *path, unsigned int flags, struct mount_attr *attr)
{
	return (int)syscall(SYS_mount_setattr, dirfd, path, flags, attr, sizeof(*attr));
}

int sys_openat2(int dirfd, const char *path, const struct open_how *how)
{
	return (int)syscall(SYS_openat2, dirfd, path, how, sizeof(*how));
}

int sys_openat(int dirfd, const char *path, int flags, mode_t mode)
{
	return openat(dirfd, path, flags, mode);
}

int sys_mkdirat(int dirfd, const char *path, mode_t mode)
{
	return mkdirat(dirfd, path, mode);
}

int sys_mknodat(int dirfd, const char *path, mode_t mode, dev_t dev)
{
	return mknodat(dirfd, path, mode, dev);
}

int sys_symlinkat(const char *target, int dirfd, const char *path)
{
	return symlinkat(target, dirfd, path);
}

int sys_unlinkat(int dirfd, const char *path, int flags)
{
	return unlinkat(dirfd, path, flags);
}

int sys_renameat(int from_dirfd, const char *from, int to_dirfd, const char *to)
{
	return renameat(from_dirfd, from, to_dirfd, to);
}

int sys_fchownat(int dirfd, const char *path, uid_t uid, gid_t gid, int flags)
{
	return fchownat(dirfd, path, uid, gid, flags);
}

int sys_fchmod(int fd, mode_t mode)
{
	return fchmod(fd, mode);
}

int sys_fstat(int fd, struct stat *st)
{
	return fstat(fd, st);
}

int sys_fstatat(int dirfd, const char *path, struct stat *st, int flags)
{
	return fstatat(dirfd, path, st, flags);
}

/* The fields of struct statx that are asked for; the C libraries and the kernel's headers disagree on who declares it. */
#define STATX_MNT_ID_ 0x1000u
#define STATX_BYTES 256
#define STATX_MNT_ID_AT 0x90

int sys_mount_id(int fd, uint64_t *ret)
{
	_Alignas(8) unsigned char bytes[STATX_BYTES] = { 0 };
	uint32_t mask;

	if (syscall(SYS_statx, fd, "", AT_EMPTY_PATH, STATX_MNT_ID_, bytes) < 0)
		return -1;
	memcpy(&mask, bytes, sizeof(mask));
	if (!(mask & STATX_MNT_ID_)) {
		errno = ENOSYS;
		return -1;
	}
	memcpy(ret, bytes + STATX_MNT_ID_AT, sizeof(*ret));
	return 0;
}

ssize_t sys_readlinkat(int dirfd, const char *path, char *buf, size_t n)
{
	return readlinkat(dirfd, path, buf, n);
}

int sys_fstatfs(int fd, struct statfs *st)
{
	return fstatfs(fd, st);
}

ssize_t sys_read(int fd, void *buf, size_t n)
{
	return read(fd, buf, n);
}

ssize_t sys_pread(int fd, void *buf, size_t n, off_t from)
{
	return pread(fd, buf, n, from);
}

ssize_t sys_write(int fd, const void *buf, size_t n)
{
	return write(fd, buf, n);
}

ssize_t sys_getdents(int fd, void *buf, size_t n)
{
	return syscall(SYS_getdents64, fd, buf, n);
}

int sys_fchdir(int fd)
{
	return fchdir(fd);
}

int sys_chdir(const char *path)
{
	return chdir(path);
}

int sys_chroot(const char *path)
{
	return chroot(path);
}

int sys_close(int fd)
{
	return close(fd);
}

int sys_close_range(unsigned int first, unsigned int last, unsigned int flags)
{
	return (int)syscall(SYS_close_range, first, last, flags);
}

int sys_dup3(int from, int to, int flags)
{
	return dup3(from, to, flags);
}

int sys_memfd_create(const char *name, unsigned int flags)
{
	return (int)syscall(SYS_memfd_create, name, flags);
}

int sys_fcntl(int fd, int cmd, long arg)
{
	/* Of musl's own each F_DUPFD_CLOEXEC is two calls. */
	return (int)syscall(SYS_fcntl, fd, cmd, arg);
}

int sys_flock(int fd, int operation)
{
	return flock(fd, operation);
}

int sys_ioctl(int fd, unsigned long request, void *arg)
{
	return (int)syscall(SYS_ioctl, fd, request, arg);
}

void sys_set_tid_address(int *word)
{
	(void)syscall(SYS_set_tid_address, word);
}

void sys_end(int status)
{
	(void)syscall(SYS_exit_group, status);
	__builtin_trap();
}

pid_t sys_clone3(struct clone_args *args, size_t size)
{
	return (pid_t)syscall(SYS_clone3, args, size);
}

int sys_setns(int fd, int flags)
{
	return (int)syscall(SYS_setns, fd, flags);
}

int sys_unshare(int flags)
{
	return (int)syscall(SYS_unshare, flags);
}

int sys_pidfd_open(pid_t pid, unsigned int flags)
{
	return (int)syscall(SYS_pidfd_open, pid, flags);
}

int sys_pidfd_send_signal(int pidfd, int sig)
{
	return (int)syscall(SYS_pidfd_send_signal, pidfd, sig, NULL, 0);
}

int sys_kill(pid_t pid, int sig)
{
	return kill(pid, sig);
}

int sys_waitid(int type, id_t id, siginfo_t *info, int options)
{
	return (int)syscall(SYS_waitid, type, id, info, options, NULL);
}

int sys_execveat(int dirfd, const char *path, char *const argv[], char *const envp[], int flags)
{
	return (int)syscall(SYS_execveat, dirfd, path, argv, envp, flags);
}

pid_t sys_fork(void)
{
	return fork();
}

/* The calling process leads a group of its own. */
int sys_setpgid(void)
{
	return setpgid(0, 0);
}

pid_t sys_setsid(void)
{
	return setsid();
}

int sys_futex_wait(const uint32_t *word, uint32_t is)
{
	return (int)syscall(SYS_futex, word, FUTEX_WAIT, is, NULL, NULL, 0);
}

int sys_futex_wake(const uint32_t *word)
{
	return (int)syscall(SYS_futex, word, FUTEX_WAKE, 1, NULL, NULL, 0);
}

int sys_prctl(int option, unsigned long a, unsigned long b, unsigned long c, unsigned long d)
{
	return prctl(option, a, b, c, d);
}

int sys_personality(unsigned long persona)
{
	return personality(persona);
}

int sys_prlimit(pid_t pid, int resource, const struct rlimit *set, struct rlimit *old)
{
	return (int)syscall(SYS_prlimit64, pid, resource, set, old);
}

int sys_sched_setattr(pid_t pid, const void *attr, unsigned int flags)
{
	return (int)syscall(SYS_sched_setattr, pid, attr, flags);
}

int sys_sched_getattr(pid_t pid, void *attr, unsigned int size)
{
	return (int)syscall(SYS_sched_getattr, pid, attr, size, 0);
}

int sys_sched_priority(int *ret)
{
	struct sched_param own = { 0 };
	int r = (int)syscall(SYS_sched_getparam, 0, &own);

	*ret = own.sched_priority;
	return r;
}

int sys_sched_setaffinity(pid_t pid, size_t size, const void *mask)
{
	return (int)syscall(SYS_sched_setaffinity, pid, size, mask);
}

int sys_ioprio_set(int which, int who, int prio)
{
	return (int)syscall(SYS_ioprio_set, which, who, prio);
}

int sys_ioprio_get(int which, int who)
{
	return (int)syscall(SYS_ioprio_get, which, who);
}

int sys_set_mempolicy(int mode, const unsigned long *nodes, unsigned long max_node)
{
	return (int)syscall(SYS_set_mempolicy, mode, nodes, max_node);
}

void sys_signals_default(void)
{
	/* The kernel's own struct sigaction, which C libraries wrap: all zero is SIG_DFL without flags. */
	static const struct {
		uint64_t handler, flags, restorer, mask;
	} none;

	for (int sig = 1; sig <= 64; sig++)
		(void)syscall(SYS_rt_sigaction, sig, &none, NULL,
			      sizeof(none.mask)); /* KILL and STOP refuse */
}

int sys_sigprocmask(int how, const sigset_t *set, sigset_t *old)
{
	return sigprocmask(how, set, old);
}

mode_t sys_umask(mode_t mask)
{
	return umask(mask);
}

int sys_sethostname(const char *name, size_t len)
{
	return (int)syscall(SYS_sethostname, name, len);
}

int sys_setdomainname(const char *name, size_t len)
{
	return (int)syscall(SYS_setdomainname, name, len);
}

/* The raw calls change this thread only, which is all there is here, and skip the C library's
 * thread handshake. */
int sys_setgroups(size_t n, const gid_t *groups)
{
	return (int)syscall(SYS_setgroups, n, groups);
}

int sys_setresgid(gid_t gid)
{
	return (int)syscall(SYS_setresgid, gid, gid, gid);
}

int sys_setresuid(uid_t uid)
{
	return (int)syscall(SYS_setresuid, uid, uid, uid);
}

int sys_capget(struct __user_cap_header_struct *header, struct __user_cap_data_struct *data)
{
	return (int)syscall(SYS_capget, header, data);
}

int sys_capset(struct __user_cap_header_struct *header, const struct __user_cap_data_struct *data)
{
	return (int)syscall(SYS_capset, header, data);
}

int sys_seccomp(unsigned int op, unsigned int flags, void *arg)
{
	return (int)syscall(SYS_seccomp, op, flags, arg);
}

int sys_landlock_abi(void)
{
	return (int)syscall(SYS_landlock_create_ruleset_, NULL, 0, 1);
}

int sys_bpf(int cmd, void *attr, size_t size)
{
	return (int)syscall(SYS_bpf, cmd, attr, size);
}

long sys_keyctl_join(const char *name)
{
	return syscall(SYS_keyctl, KEYCTL_JOIN_SESSION_KEYRING, name, 0, 0, 0);
}

/* A domain without a rule; older headers lack linux/landlock.h. */
static int landlock(const void *attr, size_t size)
{
	long fd = syscall(SYS_landlock_create_ruleset_, attr, size, 0);
	long r = fd < 0 ? -1 : syscall(446, (int)fd, 0); /* landlock_restrict_self */

	if (fd >= 0)
		(void)close((int)fd);
	return (int)r;
}

int sys_landlock_scope(void)
{
	/* handled_access_fs, handled_access_net, scoped: LANDLOCK_SCOPE_ABSTRACT_UNIX_SOCKET and _SIGNAL */
	const uint64_t attr[3] = { 0, 0, 3 };

	return landlock(attr, sizeof(attr));
}

int sys_landlock_none(void)
{
	/* Every right of Landlock's first version. */
	const uint64_t rights = (1u << 13) - 1;

	return landlock(&rights, sizeof(rights));
}

int sys_socket(int domain, int type, int protocol)
{
	return socket(domain, type, protocol);
}

int sys_accept(int fd, int flags)
{
	return accept4(fd, NULL, NULL, flags);
}

int sys_connect(int fd, const struct sockaddr *addr, socklen_t len)
{
	return connect(fd, addr, len);
}

int sys_bind(int fd, const struct sockaddr *addr, socklen_t len)
{
	return bind(fd, addr, len);
}

int sys_listen(int fd, int backlog)
{
	return listen(fd, backlog);
}

int sys_setsockopt(int fd, int level, int name, const void *value, socklen_t len)
{
	return setsockopt(fd, level, name, value, len);
}

int sys_socketpair(int type, int fds[2])
{
	return socketpair(AF_UNIX, type, 0, fds);
}

ssize_t sys_sendmsg(int fd, const struct msghdr *msg, int flags)
{
	return sendmsg(fd, msg, flags);
}

ssize_t sys_recvmsg(int fd, struct msghdr *msg, int flags)
{
	return recvmsg(fd, msg, flags);
}
