/* SPDX-License-Identifier: Apache-2.0 */
/* sys_fake.c - the face of sys.h with failures on demand. */
#include "tests/fault/sys_fake.h"

#include <dirent.h>
#include <errno.h>
#include <linux/seccomp.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "spec/base/sys.h"

/* What is pretended looks at none of its parameters. */
#pragma GCC diagnostic ignored "-Wunused-parameter"

#define CLONE_REAL (CLONE_PIDFD | CLONE_FILES | CLONE_PARENT_SETTID)

static struct {
	unsigned int calls, fail_at, die_at;
	int errnum;
	const char *failed;
	int fds, mounts;
	char words[128];
} fake;

static int open_fds(void)
{
	DIR *d = opendir("/proc/self/fd");
	int n = -3; /* ".", ".." and the stream's own */

	if (!d)
		abort();
	while (readdir(d))
		n++;
	(void)closedir(d);
	return n;
}

void fake_begin(void)
{
	fake.calls = fake.fail_at = fake.die_at = 0;
	fake.failed = NULL;
	fake.mounts = 0;
	fake.fds = open_fds();
}

void fake_fail_at(unsigned int n, int errnum)
{
	fake.fail_at = n ? fake.calls + n : 0;
	fake.errnum = errnum;
}

void fake_die_at(unsigned int n)
{
	fake.die_at = fake.calls + n;
}

unsigned int fake_calls(void)
{
	return fake.calls;
}

const char *fake_failed(void)
{
	return fake.failed;
}

static bool has_children(void)
{
	siginfo_t info = { 0 };

	return waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT) == 0 || errno != ECHILD;
}

const char *fake_leaks(void)
{
	int fds = open_fds() - fake.fds;
	bool children = has_children();

	if (fds == 0 && fake.mounts == 0 && !children)
		return NULL;
	(void)snprintf(fake.words, sizeof(fake.words), "%d descriptors, %d mounts%s", fds,
		       fake.mounts, children ? ", a child" : "");
	return fake.words;
}

/* One call: is it the one? */
static bool fails(const char *name)
{
	fake.calls++;
	if (fake.calls == fake.die_at)
		(void)kill(getpid(), SIGKILL);
	if (fake.calls != fake.fail_at)
		return false;
	fake.failed = name;
	errno = fake.errnum;
	return true;
}

/* REAL: done. PRETEND: nothing happens. */
#define REAL(type, name, parameters, call)               \
	type sys_##name parameters                       \
	{                                                \
		return fails(#name) ? -1 : (type)(call); \
	}
#define PRETEND(name, parameters) REAL(int, name, parameters, 0)

/* --- mounts ----------------------------------------------------------------------------------- */

#define MS_CHANGES (MS_REMOUNT | MS_SHARED | MS_PRIVATE | MS_SLAVE | MS_UNBINDABLE | MS_MOVE)

static int count_mount(int n)
{
	if (fake.mounts + n < 0) {
		errno = EINVAL;
		return -1;
	}
	fake.mounts += n;
	return 0;
}

/* A descriptor that stands for a file system's context or a mount of it. */
static int stand_in(const char *name)
{
	return (int)syscall(SYS_memfd_create, name, MFD_CLOEXEC);
}

REAL(int, mount,
     (const char *source, const char *target, const char *type, unsigned long flags,
      const char *data),
     flags &MS_CHANGES ? 0 : count_mount(1))
REAL(int, umount2, (const char *target, int flags), count_mount(-1))
PRETEND(pivot_root, (const char *new_root, const char *put_old))
REAL(int, open_tree, (int dirfd, const char *path, unsigned int flags),
     openat(dirfd, *path ? path : ".", O_PATH | O_CLOEXEC))
REAL(int, move_mount,
     (int from_dirfd, const char *from, int to_dirfd, const char *to, unsigned int flags),
     count_mount(1))
REAL(int, fsopen, (const char *type, unsigned int flags), stand_in(type))
PRETEND(fsconfig, (int fd, unsigned int cmd, const char *key, const void *value, int aux))
REAL(int, fsmount, (int fd, unsigned int flags, unsigned int attrs), stand_in("mount"))
PRETEND(mount_setattr, (int dirfd, const char *path, unsigned int flags, struct mount_attr *attr))

/* --- files ------------------------------------------------------------------------------------ */

REAL(int, openat2, (int dirfd, const char *path, const struct open_how *how),
     syscall(SYS_openat2, dirfd, path, how, sizeof(*how)))
REAL(int, openat, (int dirfd, const char *path, int flags, mode_t mode),
     openat(dirfd, path, flags, mode))
REAL(int, mkdirat, (int dirfd, const char *path, mode_t mode), mkdirat(dirfd, path, mode))
REAL(int, mknodat, (int dirfd, const char *path, mode_t mode, dev_t dev),
     mknodat(dirfd, path, S_IFREG | (mode & 0777), 0))
REAL(int, symlinkat, (const char *target, int dirfd, const char *path),
     symlinkat(target, dirfd, path))
REAL(int, unlinkat, (int dirfd, const char *path, int flags), unlinkat(dirfd, path, flags))
REAL(int, renameat, (int from_dirfd, const char *from, int to_dirfd, const char *to),
     renameat(from_dirfd, from, to_dirfd, to))
REAL(int, fchownat, (int dirfd, const char *path, uid_t uid, gid_t gid, int flags),
     faccessat(dirfd, *path ? path : ".", F_OK, 0))
REAL(int, fchmod, (int fd, mode_t mode), fchmod(fd, mode))
REAL(int, fstat, (int fd, struct stat *st), fstat(fd, st))
REAL(int, fstatfs, (int fd, struct statfs *st), fstatfs(fd, st))
REAL(ssize_t, read, (int fd, void *buf, size_t n), read(fd, buf, n))
REAL(ssize_t, write, (int fd, const void *buf, size_t n), write(fd, buf, n))
REAL(ssize_t, getdents, (int fd, void *buf, size_t n), syscall(SYS_getdents64, fd, buf, n))
REAL(int, fchdir, (int fd), fchdir(fd))
REAL(int, chdir, (const char *path), chdir(path))
PRETEND(chroot, (const char *path))
REAL(int, close_range, (unsigned int first, unsigned int last, unsigned int flags),
     syscall(SYS_close_range, first, last, flags))
REAL(int, dup3, (int from, int to, int flags), dup3(from, to, flags))
REAL(int, memfd_create, (const char *name, unsigned int flags),
     syscall(SYS_memfd_create, name, flags))
REAL(int, fcntl, (int fd, int cmd, long arg), fcntl(fd, cmd, arg))
REAL(int, flock, (int fd, int operation), flock(fd, operation))
REAL(int, ioctl, (int fd, unsigned long request, void *arg), ioctl(fd, request, arg))

/* The kernel closes even where it reports a failure. */
int sys_close(int fd)
{
	bool failed = fails("close");
	int saved = errno, rc = close(fd);

	if (!failed)
		return rc;
	errno = saved;
	return -1;
}

/* --- processes -------------------------------------------------------------------------------- */

/* A process like any other: without namespaces, in memory of its own. */
pid_t sys_clone3(struct clone_args *args, size_t size)
{
	struct clone_args real = *args;

	if (fails("clone3"))
		return -1;
	real.flags &= CLONE_REAL;
	real.stack = real.stack_size = 0;
	return (pid_t)syscall(SYS_clone3, &real, sizeof(real));
}

PRETEND(setns, (int fd, int flags))
PRETEND(unshare, (int flags))
REAL(int, pidfd_open, (pid_t pid, unsigned int flags), syscall(SYS_pidfd_open, pid, flags))
REAL(int, pidfd_send_signal, (int pidfd, int sig),
     syscall(SYS_pidfd_send_signal, pidfd, sig, NULL, 0))
REAL(int, kill, (pid_t pid, int sig), kill(pid, sig))
REAL(int, waitid, (int type, id_t id, siginfo_t *info, int options),
     syscall(SYS_waitid, type, id, info, options, NULL))
REAL(int, execveat,
     (int dirfd, const char *path, char *const argv[], char *const envp[], int flags),
     syscall(SYS_execveat, dirfd, path, argv, envp, flags))
REAL(pid_t, setsid, (void), getpid())
PRETEND(personality, (unsigned long persona))
PRETEND(sched_setattr, (pid_t pid, const void *attr, unsigned int flags))
PRETEND(sched_setaffinity, (pid_t pid, size_t size, const void *mask))
PRETEND(ioprio_set, (int which, int who, int prio))
PRETEND(set_mempolicy, (int mode, const unsigned long *nodes, unsigned long max_node))
REAL(int, sigprocmask, (int how, const sigset_t *set, sigset_t *old), sigprocmask(how, set, old))

/* The bounding set is read; nothing is given up. */
REAL(int, prctl, (int option, unsigned long a, unsigned long b, unsigned long c, unsigned long d),
     option == PR_CAPBSET_READ || option == PR_SET_PDEATHSIG ? prctl(option, a, b, c, d) : 0)
REAL(int, prlimit, (pid_t pid, int resource, const struct rlimit *set, struct rlimit *old),
     syscall(SYS_prlimit64, pid, resource, NULL, old))

/* Cannot fail. */
mode_t sys_umask(mode_t mask)
{
	return umask(mask);
}

/* --- identity --------------------------------------------------------------------------------- */

PRETEND(sethostname, (const char *name, size_t len))
PRETEND(setdomainname, (const char *name, size_t len))
PRETEND(setgroups, (size_t n, const gid_t *groups))
PRETEND(setresgid, (gid_t gid))
PRETEND(setresuid, (uid_t uid))
REAL(int, capget, (struct __user_cap_header_struct * header, struct __user_cap_data_struct *data),
     syscall(SYS_capget, header, data))
PRETEND(capset,
	(struct __user_cap_header_struct * header, const struct __user_cap_data_struct *data))
REAL(int, seccomp, (unsigned int op, unsigned int flags, void *arg),
     flags &SECCOMP_FILTER_FLAG_NEW_LISTENER ? stand_in("listener") : 0)
REAL(long, keyctl_join, (const char *name), 1)

/* --- sockets ---------------------------------------------------------------------------------- */

REAL(int, socket, (int domain, int type, int protocol), socket(domain, type, protocol))
REAL(int, accept, (int fd, int flags), accept4(fd, NULL, NULL, flags))
REAL(int, connect, (int fd, const struct sockaddr *addr, socklen_t len), connect(fd, addr, len))
REAL(int, socketpair, (int type, int fds[2]), socketpair(AF_UNIX, type, 0, fds))
REAL(ssize_t, sendmsg, (int fd, const struct msghdr *msg, int flags), sendmsg(fd, msg, flags))
REAL(ssize_t, recvmsg, (int fd, struct msghdr *msg, int flags), recvmsg(fd, msg, flags))
