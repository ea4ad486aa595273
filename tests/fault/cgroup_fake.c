/* SPDX-License-Identifier: Apache-2.0 */
/* cgroup_fake.c - plain directories that stand for cgroups. */
#include "tests/fault/cgroup_fake.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/bpf.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define CGROUP_MAGIC 0x27e0eb
#define CGROUP2_MAGIC 0x63677270

static const struct {
	int version; /* 0: both */
	const char *name, *text;
} files[] = {
	{ 0, "cgroup.procs", "" },
	{ 2, "cgroup.controllers", "cpu memory pids io cpuset hugetlb rdma\n" },
	{ 2, "cgroup.subtree_control", "cpu memory pids io cpuset\n" },
	{ 2, "cgroup.events", "populated 0\nfrozen 0\n" },
	{ 2, "cgroup.freeze", "0\n" },
	{ 2, "cgroup.threads", "" },
	{ 2, "memory.max", "max\n" },
	{ 2, "memory.swap.max", "max\n" },
	{ 2, "cpu.weight", "100\n" },
	{ 2, "cpu.max", "max 100000\n" },
	{ 2, "pids.max", "max\n" },
	{ 2, "hugetlb.2MB.max", "max\n" },
	{ 2, "hugetlb.2MB.rsvd.max", "max\n" },
	{ 1, "cpuset.cpus", "" },
	{ 1, "cpuset.mems", "" },
	{ 1, "freezer.state", "THAWED\n" },
	{ 1, "devices.allow", "" },
	{ 1, "devices.deny", "" },
};

/* 1 or 2: the version that a directory plays; 0: it is what it is. */
static int version_of(int fd)
{
	char link[64], path[PATH_MAX];
	ssize_t n;

	(void)snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	n = fd < 0 ? -1 : readlink(link, path, sizeof(path) - 1);
	if (n < 0)
		return 0;
	path[n] = '\0';
	return strstr(path, "/cgroup1") ? 1 : strstr(path, "/cgroup2") ? 2 : 0;
}

static void write_file(int dir, const char *name, const char *text)
{
	int fd = openat(dir, name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);

	if (fd < 0 || write(fd, text, strlen(text)) < 0)
		abort();
	(void)close(fd);
}

static void fill(int dir, int version, int top)
{
	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++)
		if (!files[i].version || files[i].version == version)
			write_file(dir, files[i].name,
				   top && strncmp(files[i].name, "cpuset.", 7) == 0
					   ? "0\n"
					   : files[i].text);
}

void cgroup_fake_begin(const char *dir)
{
	for (int version = 1; version <= 2; version++) {
		char path[PATH_MAX];
		int fd;

		(void)snprintf(path, sizeof(path), "%s/cgroup%d", dir, version);
		if (mkdir(path, 0755) < 0)
			abort();
		fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		fill(fd, version, 1);
		(void)close(fd);
	}
}

static const char *host;

void cgroup_fake_host(const char *dir)
{
	host = dir;
}

/* What /proc says of cgroups, as a file of its own. */
static int proc_text(const char *path)
{
	int fd = memfd_create("proc", MFD_CLOEXEC);

	if (fd >= 0 && strcmp(path, "/proc/self/cgroup") == 0)
		(void)dprintf(fd, "0::/\n");
	else if (fd >= 0)
		(void)dprintf(fd, "30 1 0:26 / %s/cgroup2 rw - cgroup2 cgroup rw\n", host);
	(void)lseek(fd, 0, SEEK_SET);
	return fd;
}

int cgroup_fake_openat(int dirfd, const char *path, int flags, mode_t mode)
{
	if (host &&
	    (strcmp(path, "/proc/self/cgroup") == 0 || strcmp(path, "/proc/self/mountinfo") == 0))
		return proc_text(path);
	return openat(dirfd, path, flags, mode);
}

int cgroup_fake_fstatfs(int fd, struct statfs *st)
{
	int version = version_of(fd), r = fstatfs(fd, st);

	if (r == 0 && version)
		st->f_type = version == 1 ? CGROUP_MAGIC : CGROUP2_MAGIC;
	return r;
}

int cgroup_fake_mkdirat(int dirfd, const char *path, mode_t mode)
{
	int version = version_of(dirfd), r = mkdirat(dirfd, path, mode), fd;

	if (r < 0 || !version)
		return r;
	fd = openat(dirfd, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	fill(fd, version, 0);
	return close(fd);
}

int cgroup_fake_unlinkat(int dirfd, const char *path, int flags)
{
	int fd, r;

	if (!(flags & AT_REMOVEDIR) || !version_of(dirfd))
		return unlinkat(dirfd, path, flags);
	fd = openat(dirfd, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return -1;
	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++)
		(void)unlinkat(fd, files[i].name, 0);
	(void)close(fd);
	r = unlinkat(dirfd, path, flags);
	if (r < 0 && errno == ENOTEMPTY) {
		fd = openat(dirfd, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		fill(fd, version_of(fd), 0);
		(void)close(fd);
		errno = EBUSY;
	}
	return r;
}

int cgroup_fake_bpf(int cmd, void *attr)
{
	union bpf_attr *a = attr;

	if (cmd == BPF_PROG_LOAD || cmd == BPF_PROG_GET_FD_BY_ID)
		return memfd_create("program", MFD_CLOEXEC);
	if (cmd == BPF_PROG_QUERY) {
		*(unsigned int *)(uintptr_t)a->query.prog_ids = 7;
		a->query.prog_cnt = 1;
	}
	return 0;
}
