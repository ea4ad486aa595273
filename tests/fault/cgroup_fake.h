/* SPDX-License-Identifier: Apache-2.0 */
/* cgroup_fake.h - directories named cgroup1 and cgroup2 that behave as cgroup file systems do, as far as it matters: each
 * new directory has its files, and goes with them. */
#pragma once

#include <sys/stat.h>
#include <sys/types.h>
#include <sys/vfs.h>

/* cgroup_fake_begin: makes both below that directory, for sys_fake.c to find. cgroup_fake_host: from now on that of v2 is
 * what this host has, and we are at its root; NULL ends that. */
void cgroup_fake_begin(const char *dir);
void cgroup_fake_host(const char *dir);
/* In place of the real calls. */
int cgroup_fake_fstatfs(int fd, struct statfs *st);
int cgroup_fake_openat(int dirfd, const char *path, int flags, mode_t mode);
int cgroup_fake_mkdirat(int dirfd, const char *path, mode_t mode);
/* There is one program already. */
int cgroup_fake_bpf(int cmd, void *attr);
int cgroup_fake_unlinkat(int dirfd, const char *path, int flags);
