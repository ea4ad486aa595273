/* SPDX-License-Identifier: Apache-2.0 */
/* floor.c - the least that a start can cost: the benchmark bundle's isolation, written out by hand.
 *
 * No document, no choice, no message: the calls that isolate, in the order that measured fastest,
 * on a child that shares its memory until exec. What a runtime takes longer than this is its own.
 *
 *   floor ROOTFS PROGRAM [ARGUMENT…]
 *
 * Whatever fails ends the program with a status of its own: 200 plus the step. */
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/filter.h>
#include <linux/mount.h>
#include <linux/seccomp.h>
#include <net/if.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define ARRAY_LEN(a) (sizeof(a) / sizeof((a)[0]))
#define STACK_SIZE (64u << 10)
#define QUIET (MS_NOSUID | MS_NOEXEC | MS_NODEV)
#define DETACH 2 /* MNT_DETACH */
#define CLOSE_RANGE_CLOEXEC_ (1U << 2)

enum step {
	STEP_CLONE = 200,
	STEP_MAP,
	STEP_LOOPBACK,
	STEP_ROOT,
	STEP_MOUNT,
	STEP_DEV,
	STEP_MASK,
	STEP_PIVOT,
	STEP_READONLY,
	STEP_PROCESS,
	STEP_CAPS,
	STEP_SECCOMP,
	STEP_EXEC,
};

static const struct sock_filter filter[] = {
#include "bench_filter.h"
};

static const char *const devices[] = { "dev/null", "dev/zero",	 "dev/full",
				       "dev/tty",  "dev/random", "dev/urandom" };
static const struct {
	const char *target, *path;
} links[] = {
	{ "/proc/self/fd", "dev/fd" },	     { "/proc/self/fd/0", "dev/stdin" },
	{ "/proc/self/fd/1", "dev/stdout" }, { "/proc/self/fd/2", "dev/stderr" },
	{ "pts/ptmx", "dev/ptmx" },
};
static const char *const masked[] = { "proc/acpi",	  "proc/asound",	"proc/kcore",
				      "proc/keys",	  "proc/latency_stats", "proc/timer_list",
				      "proc/timer_stats", "proc/sched_debug",	"sys/firmware",
				      "proc/scsi" };
static const char *const readonly[] = { "proc/bus", "proc/fs", "proc/irq", "proc/sys",
					"proc/sysrq-trigger" };
static const int kept_caps[] = { CAP_AUDIT_WRITE, CAP_KILL, CAP_NET_BIND_SERVICE };

static int do_mount(const char *source, const char *target, const char *type, unsigned long flags,
		    const char *data)
{
	return (int)syscall(SYS_mount, source, target, type, flags, data);
}

static void need(int ok, enum step step)
{
	if (!ok)
		_exit((int)step);
}

static int write_file(const char *path, const char *text, size_t n)
{
	/* The C library's open() sets close-on-exec once more by fcntl(2). */
	int fd = (int)syscall(SYS_openat, AT_FDCWD, path, O_WRONLY | O_CLOEXEC, 0);
	int ok = fd >= 0 && write(fd, text, n) == (ssize_t)n;

	if (fd >= 0)
		(void)close(fd);
	return ok;
}

/* map_line: "0 ID 1" at the end of line; without stdio, which would double the program. */
static const char *map_line(char line[16], unsigned int id)
{
	char *at = line + 16 - 2;

	memcpy(at, " 1", 2);
	do
		*--at = (char)('0' + id % 10);
	while (id /= 10);
	*--at = ' ';
	*--at = '0';
	return at;
}

/* map_ids: the caller's own ids become 0; the child writes them itself, which saves a handoff. */
static void map_ids(uid_t uid, gid_t gid)
{
	char line[16];
	const char *at;

	need(write_file("/proc/self/setgroups", "deny", 4), STEP_MAP);
	at = map_line(line, gid);
	need(write_file("/proc/self/gid_map", at, (size_t)(line + sizeof(line) - at)), STEP_MAP);
	at = map_line(line, uid);
	need(write_file("/proc/self/uid_map", at, (size_t)(line + sizeof(line) - at)), STEP_MAP);
}

static void raise_loopback(void)
{
	struct ifreq ifr = { .ifr_name = "lo", .ifr_flags = IFF_UP | IFF_RUNNING };
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	need(fd >= 0 && ioctl(fd, SIOCSIFFLAGS, &ifr) == 0, STEP_LOOPBACK);
	(void)close(fd);
}

/* mount_all: the tree below the new root, by paths relative to it. Nothing needs to be made private
 * first: the kernel turns every shared mount of a less privileged copy into a slave. */
static void mount_all(const char *rootfs)
{
	struct mount_attr sys = { .attr_set = MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID |
					      MOUNT_ATTR_NOEXEC | MOUNT_ATTR_NODEV,
				  .propagation = MS_PRIVATE };

	need(do_mount(rootfs, rootfs, NULL, MS_BIND, NULL) == 0 && chdir(rootfs) == 0, STEP_ROOT);
	need(do_mount("proc", "proc", "proc", QUIET, NULL) == 0, STEP_MOUNT);
	need(do_mount("tmpfs", "dev", "tmpfs", MS_NOSUID | MS_STRICTATIME,
		      "mode=755,size=65536k") == 0,
	     STEP_MOUNT);
	need(mkdir("dev/pts", 0755) == 0 && mkdir("dev/shm", 0755) == 0 &&
		     mkdir("dev/mqueue", 0755) == 0,
	     STEP_MOUNT);
	need(do_mount("devpts", "dev/pts", "devpts", MS_NOSUID | MS_NOEXEC,
		      "newinstance,ptmxmode=0666,mode=0620") == 0,
	     STEP_MOUNT);
	need(do_mount("shm", "dev/shm", "tmpfs", QUIET, "mode=1777,size=65536k") == 0, STEP_MOUNT);
	need(do_mount("mqueue", "dev/mqueue", "mqueue", QUIET, NULL) == 0, STEP_MOUNT);
	need(do_mount("/sys", "sys", NULL, MS_BIND | MS_REC, NULL) == 0, STEP_MOUNT);
	need(syscall(SYS_mount_setattr, AT_FDCWD, "sys", AT_RECURSIVE, &sys, sizeof(sys)) == 0,
	     STEP_MOUNT);
	need(do_mount("tmpfs", "tmp", "tmpfs", MS_NOSUID | MS_NODEV, "mode=1777,size=65536k") == 0,
	     STEP_MOUNT);
}

static void make_devices(void)
{
	for (size_t i = 0; i < ARRAY_LEN(devices); i++) {
		char from[32] = "/";

		memcpy(from + 1, devices[i], strlen(devices[i]) + 1);
		need(mknod(devices[i], S_IFREG | 0666, 0) == 0 &&
			     do_mount(from, devices[i], NULL, MS_BIND, NULL) == 0,
		     STEP_DEV);
	}
	for (size_t i = 0; i < ARRAY_LEN(links); i++)
		need(symlink(links[i].target, links[i].path) == 0, STEP_DEV);
}

/* mask: files by the null device, directories by an empty tmpfs; what the host lacks needs nothing.
 */
static void mask(void)
{
	for (size_t i = 0; i < ARRAY_LEN(masked); i++) {
		if (do_mount("dev/null", masked[i], NULL, MS_BIND, NULL) == 0 || errno == ENOENT)
			continue;
		need(errno == ENOTDIR &&
			     do_mount("tmpfs", masked[i], "tmpfs", MS_RDONLY, "size=0k") == 0,
		     STEP_MASK);
	}
	for (size_t i = 0; i < ARRAY_LEN(readonly); i++) {
		if (do_mount(readonly[i], readonly[i], NULL, MS_BIND | MS_REC, NULL) < 0) {
			need(errno == ENOENT, STEP_MASK);
			continue;
		}
		need(do_mount(NULL, readonly[i], NULL, MS_REMOUNT | MS_BIND | MS_RDONLY | QUIET,
			      NULL) == 0,
		     STEP_MASK);
	}
}

static void enter_root(void)
{
	struct mount_attr attr = { .attr_set = MOUNT_ATTR_RDONLY, .propagation = MS_PRIVATE };

	need(syscall(SYS_pivot_root, ".", ".") == 0 && syscall(SYS_umount2, ".", DETACH) == 0,
	     STEP_PIVOT);
	need(syscall(SYS_mount_setattr, AT_FDCWD, "/", 0, &attr, sizeof(attr)) == 0 &&
		     chdir("/") == 0,
	     STEP_READONLY);
}

static void keep_caps(void)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[2] = { { 0 } };
	uint32_t keep = 0;

	for (size_t i = 0; i < ARRAY_LEN(kept_caps); i++)
		keep |= 1u << kept_caps[i];
	for (int cap = 0; cap <= CAP_LAST_CAP; cap++)
		if (cap > 31 || !(keep & (1u << cap)))
			need(prctl(PR_CAPBSET_DROP, cap, 0, 0, 0) == 0, STEP_CAPS);
	data[0].effective = data[0].permitted = data[0].inheritable = keep;
	need(syscall(SYS_capset, &header, data) == 0, STEP_CAPS);
	for (size_t i = 0; i < ARRAY_LEN(kept_caps); i++)
		need(prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, kept_caps[i], 0, 0) == 0,
		     STEP_CAPS);
}

static void confine(void)
{
	struct sock_fprog prog = { .len = ARRAY_LEN(filter),
				   .filter = (struct sock_filter *)(uintptr_t)filter };
	struct rlimit files = { 1024, 1024 };

	need(sethostname("bench", 5) == 0 && setrlimit(RLIMIT_NOFILE, &files) == 0 && setsid() > 0,
	     STEP_PROCESS);
	need(syscall(SYS_close_range, 3, ~0U, CLOSE_RANGE_CLOEXEC_) == 0, STEP_PROCESS);
	keep_caps();
	need(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0, STEP_SECCOMP);
	need(syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &prog) == 0, STEP_SECCOMP);
}

struct start {
	char **argv;
	uid_t uid;
	gid_t gid;
};

static int child(void *arg)
{
	static char *const env[] = { "PATH=/bin", "TERM=xterm", NULL };
	const struct start *s = arg;

	map_ids(s->uid, s->gid);
	raise_loopback();
	mount_all(s->argv[1]);
	make_devices();
	mask();
	enter_root();
	confine();
	(void)execve(s->argv[2], s->argv + 2, env);
	_exit(STEP_EXEC);
}

/* All seven namespaces at once; the child runs on the parent's memory, which sleeps until exec. */
static pid_t start(struct start *s)
{
	static char stack[STACK_SIZE] __attribute__((aligned(64)));
	int flags = CLONE_VM | CLONE_VFORK | CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWPID |
		    CLONE_NEWNET | CLONE_NEWIPC | CLONE_NEWUTS | CLONE_NEWCGROUP | SIGCHLD;

	return clone(child, stack + sizeof(stack), flags, s);
}

int main(int argc, char **argv)
{
	struct start s = { argv, getuid(), getgid() };
	int status;
	pid_t pid;

	if (argc < 3)
		return EXIT_FAILURE;
	pid = start(&s);
	if (pid < 0 || waitpid(pid, &status, 0) != pid)
		return STEP_CLONE;
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}
