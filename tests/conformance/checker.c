/* SPDX-License-Identifier: Apache-2.0 */
/* checker.c - the payload of the conformance test: looks at where it is and says what it sees.
 *
 * One line a check, "ok NAME" or "not ok NAME - why"; tests/conformance/run makes the config that it is held against, and tells
 * in EXPECT_x what differs from host to host. Static: it needs nothing of the tree. */
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/utsname.h>
#include <sys/vfs.h>
#include <time.h>
#include <unistd.h>

#define PROC_MAGIC 0x9fa0
#define SYSFS_MAGIC_ 0x62656572
#define DEVPTS_MAGIC 0x1cd1
#define TMPFS_MAGIC_ 0x01021994
#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static void check(const char *name, bool good, const char *why)
{
	printf("%s %s%s%s\n", good ? "ok" : "not ok", name, good ? "" : " - ", good ? "" : why);
}

static const char *expected(const char *name)
{
	const char *v = getenv(name);

	return v ? v : "";
}

static bool read_file(const char *path, char *buf, size_t room)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : read(fd, buf, room - 1);

	if (fd >= 0)
		(void)close(fd);
	buf[n > 0 ? n : 0] = '\0';
	return n >= 0;
}

static bool has_line(const char *text, const char *line)
{
	const char *at = strstr(text, line);

	return at && (at == text || at[-1] == '\n') &&
	       (at[strlen(line)] == '\n' || !at[strlen(line)]);
}

static bool on(const char *path, long magic)
{
	struct statfs st;

	return statfs(path, &st) == 0 && st.f_type == magic;
}

static void file_systems(void)
{
	check("proc", on("/proc", PROC_MAGIC), "/proc is no procfs");
	check("sysfs", on("/sys", SYSFS_MAGIC_), "/sys is no sysfs");
	check("devpts", on("/dev/pts", DEVPTS_MAGIC), "/dev/pts is no devpts");
	check("dev-shm", on("/dev/shm", TMPFS_MAGIC_), "/dev/shm is no tmpfs");
}

static bool device(const char *path, unsigned int major_, unsigned int minor_)
{
	struct stat st;

	return stat(path, &st) == 0 && S_ISCHR(st.st_mode) && st.st_rdev == makedev(major_, minor_);
}

static void devices(void)
{
	char to[64] = "";

	check("dev-null", device("/dev/null", 1, 3), "no null device");
	check("dev-zero", device("/dev/zero", 1, 5), "no zero device");
	check("dev-full", device("/dev/full", 1, 7), "no full device");
	check("dev-random", device("/dev/random", 1, 8), "no random device");
	check("dev-urandom", device("/dev/urandom", 1, 9), "no urandom device");
	check("dev-tty", device("/dev/tty", 5, 0), "no tty device");
	check("dev-ptmx", device("/dev/ptmx", 5, 2), "no pty multiplexer");
	check("dev-fd",
	      readlink("/dev/fd", to, sizeof(to) - 1) > 0 && strcmp(to, "/proc/self/fd") == 0,
	      "no link to the descriptors");
	check("device-configured", device(expected("EXPECT_DEVICE"), 1, 5), "not there");
}

static void namespaces(void)
{
	static const char *const types[] = { "pid", "net",  "mnt",    "ipc",
					     "uts", "user", "cgroup", "time" };
	char path[48], link[64], variable[32], name[32];

	for (size_t i = 0; i < COUNT(types); i++) {
		const char *outside;
		ssize_t n;
		bool fresh;

		(void)snprintf(path, sizeof(path), "/proc/self/ns/%s", types[i]);
		(void)snprintf(variable, sizeof(variable), "EXPECT_NS_%s", types[i]);
		outside = expected(variable);
		/* "=" before what it must be, "!" before what it must not be. */
		if (outside[0] != '=' && outside[0] != '!')
			continue;
		fresh = outside[0] == '!';
		n = readlink(path, link, sizeof(link) - 1);
		link[n > 0 ? n : 0] = '\0';
		(void)snprintf(name, sizeof(name), "namespace-%s-%s", types[i],
			       fresh ? "new" : "inherited");
		check(name, n > 0 && (strcmp(link, outside + 1) == 0) != fresh, link);
	}
	check("pid-one", getpid() == 1, "not process 1");
}

static void names(void)
{
	struct utsname u;

	(void)uname(&u);
	check("hostname", strcmp(u.nodename, "conform") == 0, u.nodename);
	check("domainname", strcmp(u.domainname, "example.org") == 0, u.domainname);
	check("personality", strstr(u.machine, "64") == NULL, u.machine);
}

static void process(int argc, char **argv)
{
	char cwd[256] = "", status[8192];
	struct rlimit files = { 0 };
	mode_t mask = umask(0);
	gid_t groups[16];
	int n = getgroups(16, groups);

	(void)read_file("/proc/self/status", status, sizeof(status));
	check("args", argc == 3 && strcmp(argv[1], "one word") == 0 && argv[2][0] == '\0',
	      "not those of config.json");
	check("cwd", getcwd(cwd, sizeof(cwd)) && strcmp(cwd, "/work") == 0, cwd);
	check("env", strcmp(expected("GIVEN"), "a=b c") == 0 && !getenv("EXPECT_LEAK"),
	      "not that of config.json");
	check("uid-gid", getuid() == 0 && geteuid() == 0 && getgid() == 0 && getegid() == 0,
	      "not 0");
	check("umask", mask == 0027, "not 0027");
	if (*expected("EXPECT_GROUPS"))
		check("additional-gids", n == 2 && groups[0] == 5 && groups[1] == 6,
		      "not the two of config.json");
	(void)getrlimit(RLIMIT_NOFILE, &files);
	check("rlimit", files.rlim_cur == 77 && files.rlim_max == 99, "not 77 and 99");
	check("no-new-privileges", prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1, "not set");
	check("cap-bounding", has_line(status, "CapBnd:\t0000000000000421"), "not the two");
	check("cap-permitted", has_line(status, "CapPrm:\t0000000000000421"), "not the two");
	check("cap-effective", has_line(status, "CapEff:\t0000000000000421"), "not the two");
	check("cap-inheritable", has_line(status, "CapInh:\t0000000000000020"), "not the one");
	check("cap-ambient", has_line(status, "CapAmb:\t0000000000000020"), "not the one");
	check("seccomp-mode", has_line(status, "Seccomp:\t2"), "no filter");
	(void)read_file("/proc/self/oom_score_adj", status, sizeof(status));
	check("oom-score", strcmp(status, "345\n") == 0, status);
	check("session", getsid(0) == getpid(), "no session of its own");
}

static void scheduling(void)
{
	check("scheduler", sched_getscheduler(0) == SCHED_BATCH, "not SCHED_BATCH");
	check("nice", getpriority(PRIO_PROCESS, 0) == 7, "not 7");
	check("io-priority", syscall(SYS_ioprio_get, 1, 0) == ((2 << 13) | 6), "not BE 6");
#ifdef SYS_get_mempolicy
	int mode = -1;
	unsigned long nodes[16] = { 0 };

	if (syscall(SYS_get_mempolicy, &mode, nodes, sizeof(nodes) * 8, NULL, 0) == 0)
		check("memory-policy", (mode & 0xfff) == 2 && nodes[0] == 1, "not MPOL_BIND to 0");
#endif
}

static bool mounted(const char *place, const char *word)
{
	static char info[65536];
	char want[128], *line = info;

	(void)read_file("/proc/self/mountinfo", info, sizeof(info));
	(void)snprintf(want, sizeof(want), " %s ", place);
	while (*line) {
		size_t n = strcspn(line, "\n");
		bool more = line[n] != '\0';

		line[n] = '\0';
		if (strstr(line, want) && strstr(line, word))
			return true;
		line += n + more;
	}
	return false;
}

static void mounts(void)
{
	char text[64];

	check("root-readonly", mkdir("/made", 0755) < 0 && errno == EROFS, "can be written");
	check("mount-order",
	      read_file("/over/file", text, sizeof(text)) && strcmp(text, "deep\n") == 0,
	      "the later one is not on top");
	check("mount-option-ro", open("/over/x", O_CREAT | O_WRONLY, 0600) < 0 && errno == EROFS,
	      "can be written");
	check("mount-option-noexec", mounted("/work", "noexec"), "not there");
	check("mount-data", mounted("/work", "size=1024k"), "no such size");
	check("mount-relative", mounted("/relative", "tmpfs"), "not there");
	check("masked-file", read_file("/work/masked", text, sizeof(text)) && text[0] == '\0',
	      "can be read");
	check("masked-directory",
	      access("/sys/firmware/x", F_OK) < 0 && mounted("/sys/firmware", "tmpfs"),
	      "is not covered");
	check("readonly-path", open("/proc/sys/kernel/msgmax", O_WRONLY) < 0 && errno == EROFS,
	      "can be written");
	check("rootfs-propagation", mounted("/", "shared:"), "not shared");
}

static void kernel(void)
{
	struct timespec t = { 0 };
	char text[64];

	(void)read_file("/proc/sys/kernel/msgmax", text, sizeof(text));
	check("sysctl", strcmp(text, "4096\n") == 0, text);
	(void)clock_gettime(CLOCK_BOOTTIME, &t);
	check("time-offset", t.tv_sec >= 100000000, "the clock is not shifted");
	check("seccomp-errno", syscall(SYS_sched_yield) < 0 && errno == 88, "not refused so");
}

static void descriptors(void)
{
	bool none = true;

	for (int fd = 3; fd < 77; fd++)
		none = none && fcntl(fd, F_GETFD) < 0;
	check("descriptors", none, "more than the first three");
}

int main(int argc, char **argv)
{
	file_systems();
	devices();
	namespaces();
	names();
	process(argc, argv);
	scheduling();
	mounts();
	kernel();
	descriptors();
	return 0;
}
