/* SPDX-License-Identifier: Apache-2.0 */
/* sys_fake.c - the face of sys.h with failures on demand. */
#include "tests/fault/sys_fake.h"
#include "tests/fault/cgroup_fake.h"
#include "tests/fault/net_fake.h"

#include <dirent.h>
#include <errno.h>
#include <linux/seccomp.h>
#include <linux/sockios.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "spec/base/sys.h"
#include "spec/base/vfork.h"

/* What is pretended looks at none of its parameters. */
#pragma GCC diagnostic ignored "-Wunused-parameter"

#define CLONE_REAL \
	(CLONE_PIDFD | CLONE_FILES | CLONE_PARENT | CLONE_PARENT_SETTID | CLONE_CLEAR_SIGHAND)
#define PROC_SUPER_MAGIC 0x9fa0
#define DEVICES_MAX 64

/* What this process, and what all its children, have called; shared with them. */
struct seen {
	unsigned int calls, fail_at;
	int errnum;
	char failed[32];
};
enum { SELF, CHILDREN };

static struct {
	struct seen *seen;
	bool begun;
	int who; /* SELF, or CHILDREN in a child */
	unsigned int die_at;
	int fds, mounts;
	int pair[2]; /* the last one */
	void (*child)(void *ctx, int sock);
	void *child_ctx;
	const char *scratch;
	unsigned int scratches;
	/* Files on which a device is mounted, or which are one that only root can make. */
	struct {
		dev_t dev;
		ino_t ino;
		int fd;
	} devices[DEVICES_MAX];
	int devices_n;
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

/* Made when it is first needed. */
static struct seen *seen_by(int who)
{
	if (!fake.seen)
		fake.seen = mmap(NULL, 2 * sizeof(*fake.seen), PROT_READ | PROT_WRITE,
				 MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (fake.seen == MAP_FAILED)
		abort();
	return &fake.seen[who];
}

void fake_begin(void)
{
	memset(seen_by(SELF), 0, 2 * sizeof(*fake.seen));
	while (fake.devices_n > 0)
		(void)close(fake.devices[--fake.devices_n].fd);
	fake.begun = true;
	fake.who = SELF;
	fake.die_at = fake.scratches = 0;
	fake.child = NULL;
	fake.scratch = NULL;
	fake.mounts = 0;
	fake.fds = open_fds();
}

static void fail_at(struct seen *seen, unsigned int n, int errnum)
{
	seen->fail_at = n ? seen->calls + n : 0;
	seen->errnum = errnum;
}

void fake_fail_at(unsigned int n, int errnum)
{
	fail_at(seen_by(SELF), n, errnum);
}

void fake_fail_child_at(unsigned int n, int errnum)
{
	fail_at(seen_by(CHILDREN), n, errnum);
}

void fake_die_at(unsigned int n)
{
	fake.die_at = seen_by(SELF)->calls + n;
}

void fake_scratch(const char *dir)
{
	fake.scratch = dir;
}

void fake_child(void (*fn)(void *ctx, int sock), void *ctx)
{
	fake.child = fn;
	fake.child_ctx = ctx;
}

unsigned int fake_calls(void)
{
	return seen_by(SELF)->calls;
}

const char *fake_failed(void)
{
	for (int i = SELF; i <= CHILDREN; i++)
		if (seen_by(i)->failed[0])
			return seen_by(i)->failed;
	return NULL;
}

int fake_fds(void)
{
	return open_fds() - fake.fds - fake.devices_n;
}

static bool has_children(void)
{
	siginfo_t info = { 0 };

	return waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT) == 0 || errno != ECHILD;
}

const char *fake_leaks(void)
{
	int fds = fake_fds();
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
	struct seen *seen = seen_by(fake.who);

	if (++seen->calls == fake.die_at && fake.who == SELF)
		(void)kill(getpid(), SIGKILL);
	if (seen->calls != seen->fail_at)
		return false;
	(void)snprintf(seen->failed, sizeof(seen->failed), "%s", name);
	errno = seen->errnum;
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

/* A descriptor that stands for a file system's context. */
static int stand_in(const char *name)
{
	return (int)syscall(SYS_memfd_create, name, MFD_CLOEXEC);
}

/* An empty file system: a directory, where there is a place for it. */
static int new_file_system(void)
{
	char path[4096];

	if (!fake.scratch)
		return stand_in("mount");
	(void)snprintf(path, sizeof(path), "%s/%u", fake.scratch, fake.scratches++);
	if (mkdir(path, 0755) < 0)
		return -1;
	return open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

static int clone_tree(int dirfd, const char *path, unsigned int flags)
{
	int nofollow = flags & AT_SYMLINK_NOFOLLOW ? O_NOFOLLOW : 0;

	return *path ? openat(dirfd, path, O_PATH | O_CLOEXEC | nofollow)
		     : fcntl(dirfd, F_DUPFD_CLOEXEC, 0);
}

static void put_device(int device, const struct stat *place)
{
	int fd = fcntl(device, F_DUPFD_CLOEXEC, 0);

	if (fd < 0 || fake.devices_n == DEVICES_MAX)
		abort();
	fake.devices[fake.devices_n].dev = place->st_dev;
	fake.devices[fake.devices_n].ino = place->st_ino;
	fake.devices[fake.devices_n++].fd = fd;
}

/* The device that lies on the file that fd is, or fd itself. */
static int device_at(int fd)
{
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0)
		return fd;
	for (int i = 0; i < fake.devices_n; i++)
		if (fake.devices[i].dev == st.st_dev && fake.devices[i].ino == st.st_ino) {
			(void)close(fd);
			return fcntl(fake.devices[i].fd, F_DUPFD_CLOEXEC, 0);
		}
	return fd;
}

static int put_mount(int from, int to, const char *name)
{
	int flags = AT_EMPTY_PATH | AT_SYMLINK_NOFOLLOW;
	struct stat st, place;

	if (fstat(from, &st) == 0 && S_ISCHR(st.st_mode) && fstatat(to, name, &place, flags) == 0)
		put_device(from, &place);
	return count_mount(1);
}

/* A device that is bound by name. */
static int bind_by_name(const char *source, const char *target)
{
	int from = open(source, O_PATH | O_CLOEXEC);
	int to = open(target, O_PATH | O_CLOEXEC | O_NOFOLLOW);
	int r = put_mount(from, to, "");

	(void)close(from);
	(void)close(to);
	return r;
}

static int mount_by_name(const char *source, const char *target, unsigned long flags)
{
	if (flags & MS_CHANGES)
		return 0;
	return flags & MS_BIND ? bind_by_name(source, target) : count_mount(1);
}

REAL(int, mount,
     (const char *source, const char *target, const char *type, unsigned long flags,
      const char *data),
     mount_by_name(source, target, flags))
REAL(int, umount2, (const char *target, int flags), count_mount(-1))
PRETEND(pivot_root, (const char *new_root, const char *put_old))
REAL(int, open_tree, (int dirfd, const char *path, unsigned int flags),
     clone_tree(dirfd, path, flags))
REAL(int, move_mount,
     (int from_dirfd, const char *from, int to_dirfd, const char *to, unsigned int flags),
     put_mount(from_dirfd, to_dirfd, to))
REAL(int, fsopen, (const char *type, unsigned int flags), stand_in(type))
PRETEND(fsconfig, (int fd, unsigned int cmd, const char *key, const void *value, int aux))
REAL(int, fsmount, (int fd, unsigned int flags, unsigned int attrs), new_file_system())
PRETEND(mount_setattr, (int dirfd, const char *path, unsigned int flags, struct mount_attr *attr))

/* --- files ------------------------------------------------------------------------------------ */

/* Below /proc nothing is written: id maps, sysctls, scores. */
static bool is_proc_setting(int dirfd, int flags)
{
	struct statfs st;

	return (flags & O_ACCMODE) == O_WRONLY && dirfd >= 0 && fstatfs(dirfd, &st) == 0 &&
	       st.f_type == PROC_SUPER_MAGIC;
}

static int open_how(int dirfd, const char *path, const struct open_how *how)
{
	if (is_proc_setting(dirfd, (int)how->flags))
		return open("/dev/null", O_WRONLY | O_CLOEXEC);
	return device_at((int)syscall(SYS_openat2, dirfd, path, how, sizeof(*how)));
}

static int open_file(int dirfd, const char *path, int flags, mode_t mode)
{
	if (is_proc_setting(dirfd, flags))
		return open("/dev/null", O_WRONLY | O_CLOEXEC);
	return cgroup_fake_openat(dirfd, path, flags, mode);
}

static int make_node(int dirfd, const char *path, mode_t mode, dev_t dev)
{
	struct stat place;
	int null, r = mknodat(dirfd, path, S_IFREG | (mode & 0777), 0);

	if (r < 0 || dev != makedev(1, 3) || fstatat(dirfd, path, &place, 0) < 0)
		return r;
	null = open("/dev/null", O_PATH | O_CLOEXEC);
	put_device(null, &place);
	return close(null);
}

static int stat_at(int dirfd, const char *path, struct stat *st)
{
	int fd = device_at(openat(dirfd, path, O_PATH | O_CLOEXEC | O_NOFOLLOW));
	int r = fd < 0 ? -1 : fstat(fd, st);

	if (fd >= 0)
		(void)close(fd);
	return r;
}

REAL(int, openat2, (int dirfd, const char *path, const struct open_how *how),
     open_how(dirfd, path, how))
REAL(int, openat, (int dirfd, const char *path, int flags, mode_t mode),
     open_file(dirfd, path, flags, mode))
REAL(int, mkdirat, (int dirfd, const char *path, mode_t mode),
     cgroup_fake_mkdirat(dirfd, path, mode))
REAL(int, mknodat, (int dirfd, const char *path, mode_t mode, dev_t dev),
     make_node(dirfd, path, mode, dev))
REAL(int, symlinkat, (const char *target, int dirfd, const char *path),
     symlinkat(target, dirfd, path))
REAL(int, unlinkat, (int dirfd, const char *path, int flags),
     cgroup_fake_unlinkat(dirfd, path, flags))
REAL(int, renameat, (int from_dirfd, const char *from, int to_dirfd, const char *to),
     renameat(from_dirfd, from, to_dirfd, to))
REAL(int, fchownat, (int dirfd, const char *path, uid_t uid, gid_t gid, int flags),
     faccessat(dirfd, *path ? path : ".", F_OK, 0))
REAL(int, fchmod, (int fd, mode_t mode), fchmod(fd, mode))
REAL(int, fstat, (int fd, struct stat *st), fstat(fd, st))
REAL(int, fstatat, (int dirfd, const char *path, struct stat *st, int flags),
     stat_at(dirfd, path, st))
REAL(int, mount_id, (int fd, uint64_t *ret), (*ret = 1, 0))
REAL(ssize_t, readlinkat, (int dirfd, const char *path, char *buf, size_t n),
     readlinkat(dirfd, path, buf, n))
REAL(int, fstatfs, (int fd, struct statfs *st), cgroup_fake_fstatfs(fd, st))
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
REAL(int, ioctl, (int fd, unsigned long request, void *arg),
     request == SIOCSIFFLAGS || request == TIOCSCTTY ? 0 : ioctl(fd, request, arg))

/* --- processes -------------------------------------------------------------------------------- */

/* In a child: it counts as one, and may have something else to do. */
static void be_child(void)
{
	void (*fn)(void *ctx, int sock);

	fake.who = CHILDREN;
	fake.die_at = 0;
	fn = fake.child;
	fake.child = NULL;
	if (!fn)
		return;
	(void)close(fake.pair[0]);
	fn(fake.child_ctx, fake.pair[1]);
	_exit(0);
}

/* A process like any other: without namespaces, in memory of its own. */
static pid_t clone_real(const struct clone_args *args)
{
	struct clone_args real = *args;
	pid_t pid;

	real.flags &= CLONE_REAL;
	real.stack = real.stack_size = 0;
	pid = (pid_t)syscall(SYS_clone3, &real, sizeof(real));
	if (pid == 0)
		be_child();
	fake.child = NULL;
	return pid;
}

REAL(pid_t, clone3, (struct clone_args * args, size_t size), clone_real(args))

const int vfork_is_there = 1;

struct vforked {
	void (*fn)(void *);
	void *arg;
};

static int be_vforked(void *ctx)
{
	const struct vforked *v = ctx;

	be_child();
	v->fn(v->arg);
	_exit(1);
}

/* In our memory, for what the child leaves there; what it changes of the fake's is its own. That is kept elsewhere than on the stack,
 * of which the child has what is right below the caller. */
pid_t sys_vfork(struct clone_args *args, void *stack, size_t size, void (*fn)(void *), void *arg)
{
	struct vforked v = { fn, arg };
	__typeof__(fake) *before = malloc(sizeof(*before));
	int flags = (int)(args->flags & CLONE_REAL & ~CLONE_CLEAR_SIGHAND) | CLONE_VM |
		    CLONE_VFORK | (int)args->exit_signal;
	pid_t pid;

	if (!before)
		abort();
	if (fails("vfork")) {
		free(before);
		return -1;
	}
	*before = fake;
	pid = clone(be_vforked, (char *)stack + size, flags, &v, (int *)(uintptr_t)args->pidfd);
	fake = *before;
	free(before);
	return pid;
}

PRETEND(setns, (int fd, int flags))
PRETEND(unshare, (int flags))
REAL(int, pidfd_open, (pid_t pid, unsigned int flags), syscall(SYS_pidfd_open, pid, flags))

/* These cannot fail for a child of one's own: they are done even where they report a failure (but
 * for a look whether one has ended). */
#define DONE(name, parameters, call)                 \
	int sys_##name parameters                    \
	{                                            \
		bool failed = fails(#name);          \
		int saved = errno, rc = (int)(call); \
		if (!failed)                         \
			return rc;                   \
		errno = saved;                       \
		return -1;                           \
	}
/* The kernel closes even where it reports a failure. */
DONE(close, (int fd), close(fd))
DONE(pidfd_send_signal, (int pidfd, int sig), syscall(SYS_pidfd_send_signal, pidfd, sig, NULL, 0))
DONE(kill, (pid_t pid, int sig), kill(pid, sig))
DONE(waitid, (int type, id_t id, siginfo_t *info, int options),
     failed && (options & WNOHANG) ? -1 : syscall(SYS_waitid, type, id, info, options, NULL))

/* Only before the test begins: the one who does so is the test's program itself (seal.c). */
static int become(int dirfd, const char *path, char *const argv[], char *const envp[], int flags)
{
	if (!fake.begun)
		return (int)syscall(SYS_execveat, dirfd, path, argv, envp, flags);
	errno = EACCES;
	return -1;
}

REAL(int, execveat,
     (int dirfd, const char *path, char *const argv[], char *const envp[], int flags),
     become(dirfd, path, argv, envp, flags))
REAL(pid_t, setsid, (void), getpid())
REAL(pid_t, fork, (void), fork())
REAL(int, setpgid, (void), 0)
REAL(int, landlock_abi, (void), -1)
PRETEND(personality, (unsigned long persona))
REAL(int, sched_priority, (int *ret), (*ret = 0))
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
void sys_set_tid_address(int *word)
{
	(void)syscall(SYS_set_tid_address, word);
}

void sys_end(int status)
{
	_exit(status);
}

/* The dispositions are the test program's own. */
void sys_signals_default(void)
{
}

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
REAL(int, bpf, (int cmd, void *attr, size_t size), cgroup_fake_bpf(cmd, attr))
REAL(long, keyctl_join, (const char *name), 1)
REAL(int, landlock_none, (void), 0)
PRETEND(landlock_scope, (void))

/* --- sockets ---------------------------------------------------------------------------------- */

/* The network of this host is left as it is: the kernel agrees to whatever is said over netlink, and no port is taken. */
REAL(int, socket, (int domain, int type, int protocol), net_fake_socket(domain, type, protocol))
REAL(int, accept, (int fd, int flags), accept4(fd, NULL, NULL, flags))
REAL(int, connect, (int fd, const struct sockaddr *addr, socklen_t len), connect(fd, addr, len))
PRETEND(bind, (int fd, const struct sockaddr *addr, socklen_t len))
PRETEND(listen, (int fd, int backlog))
REAL(int, setsockopt, (int fd, int level, int name, const void *value, socklen_t len),
     setsockopt(fd, level, name, value, len))

static int make_pair(int type, int fds[2])
{
	int r = socketpair(AF_UNIX, type, 0, fds);

	memcpy(fake.pair, fds, sizeof(fake.pair));
	return r;
}

REAL(int, socketpair, (int type, int fds[2]), make_pair(type, fds))
REAL(ssize_t, sendmsg, (int fd, const struct msghdr *msg, int flags), net_fake_say(fd, msg, flags))
REAL(ssize_t, recvmsg, (int fd, struct msghdr *msg, int flags), net_fake_hear(fd, msg, flags))
