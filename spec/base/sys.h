/* SPDX-License-Identifier: Apache-2.0 */
/* sys.h - one wrapper for each privileged or young system call.
 *
 * The one place where the project calls the kernel for namespaces, mounts, identities and
 * processes, so that the fault tests can stand in for it (tests/fault/sys_fake.c has the same
 * face). Each returns what the system call returns: -1 and errno on failure. Numbers missing in the
 * C library's headers are here, with the kernel version that brought them. */
#pragma once

#include <fcntl.h>
#include <linux/capability.h>
#include <linux/filter.h>
#include <linux/mount.h>
#include <linux/openat2.h>
#include <linux/sched.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <sys/vfs.h>
#include <sys/wait.h>

/* umount2(2) */
#ifndef MNT_DETACH
#define MNT_DETACH 2
#endif
#ifndef UMOUNT_NOFOLLOW
#define UMOUNT_NOFOLLOW 8
#endif
#ifndef MOUNT_ATTR_NOSYMFOLLOW /* 5.14 */
#define MOUNT_ATTR_NOSYMFOLLOW 0x00200000
#endif
#ifndef AT_RECURSIVE
#define AT_RECURSIVE 0x8000
#endif
#ifndef CLONE_NEWTIME
#define CLONE_NEWTIME 0x00000080
#endif
#ifndef CLONE_INTO_CGROUP
#define CLONE_INTO_CGROUP 0x200000000ULL
#endif
#ifndef CLONE_CLEAR_SIGHAND /* 5.5 */
#define CLONE_CLEAR_SIGHAND 0x100000000ULL
#endif
#ifndef CLOSE_RANGE_CLOEXEC /* 5.11 */
#define CLOSE_RANGE_CLOEXEC (1U << 2)
#endif
#ifndef P_PIDFD
#define P_PIDFD 3
#endif

/* An entry of a directory, as the kernel writes it: struct linux_dirent64. */
struct sys_dirent {
	uint64_t ino;
	int64_t off;
	uint16_t len;
	uint8_t type;
	char name[];
};

/* mounts */
int sys_mount(const char *source, const char *target, const char *type, unsigned long flags,
	      const char *data);
int sys_umount2(const char *target, int flags);
int sys_pivot_root(const char *new_root, const char *put_old);
int sys_open_tree(int dirfd, const char *path, unsigned int flags);
int sys_move_mount(int from_dirfd, const char *from, int to_dirfd, const char *to,
		   unsigned int flags);
int sys_fsopen(const char *type, unsigned int flags);
int sys_fsconfig(int fd, unsigned int cmd, const char *key, const void *value, int aux);
int sys_fsmount(int fd, unsigned int flags, unsigned int attrs);
int sys_mount_setattr(int dirfd, const char *path, unsigned int flags, struct mount_attr *attr);

/* files beneath a root */
int sys_openat2(int dirfd, const char *path, const struct open_how *how);
int sys_openat(int dirfd, const char *path, int flags, mode_t mode);
int sys_mkdirat(int dirfd, const char *path, mode_t mode);
int sys_mknodat(int dirfd, const char *path, mode_t mode, dev_t dev);
int sys_symlinkat(const char *target, int dirfd, const char *path);
int sys_unlinkat(int dirfd, const char *path, int flags);
int sys_renameat(int from_dirfd, const char *from, int to_dirfd, const char *to);
int sys_fchownat(int dirfd, const char *path, uid_t uid, gid_t gid, int flags);
int sys_fchmod(int fd, mode_t mode);
int sys_fstat(int fd, struct stat *st);
int sys_fstatat(int dirfd, const char *path, struct stat *st, int flags);
/* sys_mount_id: of the mount that fd is on (Linux 5.8). */
int sys_mount_id(int fd, uint64_t *ret);
ssize_t sys_readlinkat(int dirfd, const char *path, char *buf, size_t n);
int sys_fstatfs(int fd, struct statfs *st);
ssize_t sys_read(int fd, void *buf, size_t n);
ssize_t sys_pread(int fd, void *buf, size_t n, off_t from);
ssize_t sys_write(int fd, const void *buf, size_t n);
ssize_t sys_getdents(int fd, void *buf, size_t n); /* entries: struct sys_dirent */
int sys_fchdir(int fd);
int sys_chdir(const char *path);
int sys_chroot(const char *path);
int sys_close(int fd);
int sys_close_range(unsigned int first, unsigned int last, unsigned int flags);
int sys_dup3(int from, int to, int flags);
int sys_memfd_create(const char *name, unsigned int flags);
int sys_fcntl(int fd, int cmd, long arg);
int sys_flock(int fd, int operation);
int sys_ioctl(int fd, unsigned long request, void *arg);

/* processes and namespaces */
pid_t sys_fork(void);
int sys_setpgid(void);
/* sys_set_tid_address: cannot fail. sys_end: exits; where a filter forbids even that, by a fault. */
void sys_set_tid_address(int *word);
_Noreturn void sys_end(int status);
pid_t sys_clone3(struct clone_args *args, size_t size);
int sys_setns(int fd, int flags);
int sys_unshare(int flags);
int sys_pidfd_open(pid_t pid, unsigned int flags);
int sys_pidfd_send_signal(int pidfd, int sig);
int sys_kill(pid_t pid, int sig);
int sys_waitid(int type, id_t id, siginfo_t *info, int options);
int sys_execveat(int dirfd, const char *path, char *const argv[], char *const envp[], int flags);
pid_t sys_setsid(void);
/* sys_futex_wait, sys_futex_wake: on a word that processes share; wakes one. */
int sys_futex_wait(const uint32_t *word, uint32_t is);
int sys_futex_wake(const uint32_t *word);
int sys_prctl(int option, unsigned long a, unsigned long b, unsigned long c, unsigned long d);
int sys_personality(unsigned long persona);
int sys_prlimit(pid_t pid, int resource, const struct rlimit *set, struct rlimit *old);
int sys_sched_setattr(pid_t pid, const void *attr, unsigned int flags);
/* sys_sched_getattr: struct sched_attr, as much of it as there is room for. */
int sys_sched_getattr(pid_t pid, void *attr, unsigned int size);
/* sys_sched_priority: one's own as a realtime process, 0 as another. (musl's sched_getparam(3) is none.) */
int sys_sched_priority(int *ret);
int sys_sched_setaffinity(pid_t pid, size_t size, const void *mask);
int sys_ioprio_set(int which, int who, int prio);
int sys_ioprio_get(int which, int who);
int sys_set_mempolicy(int mode, const unsigned long *nodes, unsigned long max_node);
/* sys_signals_default: every signal to its default, also those that C libraries keep for themselves. */
void sys_signals_default(void);
int sys_sigprocmask(int how, const sigset_t *set, sigset_t *old);
mode_t sys_umask(mode_t mask);

/* identity */
int sys_sethostname(const char *name, size_t len);
int sys_setdomainname(const char *name, size_t len);
int sys_setgroups(size_t n, const gid_t *groups);
int sys_setresgid(gid_t gid);
int sys_setresuid(uid_t uid);
int sys_capget(struct __user_cap_header_struct *header, struct __user_cap_data_struct *data);
int sys_capset(struct __user_cap_header_struct *header, const struct __user_cap_data_struct *data);
int sys_seccomp(unsigned int op, unsigned int flags, void *arg);
int sys_landlock_abi(void); /* landlock_create_ruleset(2): the version, or -1 (5.13) */
/* sys_landlock_scope: abstract unix sockets and processes outside of what descends from us are out of reach (6.12). */
#define LANDLOCK_ABI_SCOPES 6
int sys_landlock_scope(void);
/* attr is the kernel's union bpf_attr. */
int sys_bpf(int cmd, void *attr, size_t size);
long sys_keyctl_join(const char *name);
/* sys_landlock_none: no path can be opened, made or removed any more (5.13); what is open stays. */
int sys_landlock_none(void);

/* sockets */
int sys_socket(int domain, int type, int protocol);
int sys_accept(int fd, int flags);
int sys_connect(int fd, const struct sockaddr *addr, socklen_t len);
int sys_bind(int fd, const struct sockaddr *addr, socklen_t len);
int sys_listen(int fd, int backlog);
int sys_setsockopt(int fd, int level, int name, const void *value, socklen_t len);
int sys_socketpair(int type, int fds[2]);
ssize_t sys_sendmsg(int fd, const struct msghdr *msg, int flags);
ssize_t sys_recvmsg(int fd, struct msghdr *msg, int flags);
