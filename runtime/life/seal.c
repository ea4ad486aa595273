/* SPDX-License-Identifier: Apache-2.0 */
/* seal.c - runs the program from a copy in memory that nobody can write.
 * A process of the container's that gets hold of /proc/PID/exe of this program, by being this program ("#!/proc/self/exe")
 * or by looking at `exec` as it enters, could otherwise write over the file once it no longer runs. */
#include "runtime/life/seal.h"

#include <limits.h>
#include <linux/memfd.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <unistd.h>

#include "runtime/life/companion.h"
#include "spec/base/sys.h"

#define ALL_SEALS (F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE)
/* The kernel waits some 150 ms for whoever has a page of the copy in hand (it moves pages about), and then says EBUSY. */
#define SEAL_TRIES 20
#ifndef MFD_EXEC
#define MFD_EXEC 0x0010U
#endif

static bool is_out_of_reach(const struct stat *st)
{
	return st->st_uid == 0 && geteuid() != 0 && !(st->st_mode & (S_IWGRP | S_IWOTH));
}

/* The copy's own name says nothing of where its companions are. */
static void name_own_file(void)
{
	char path[PATH_MAX];
	ssize_t n = readlink("/proc/self/exe", path, sizeof(path) - 1);

	if (n <= 0)
		return;
	path[n] = '\0';
	(void)setenv(COMPANION_OWN, path, 1);
}

/* Nobody has mapped it, so that EBUSY passes. */
static int seal(int fd)
{
	int r = -1;

	errno = EBUSY;
	for (int tries = 0; r < 0 && errno == EBUSY && tries < SEAL_TRIES; tries++)
		r = sys_fcntl(fd, F_ADD_SEALS, ALL_SEALS);
	return r;
}

static int make_copy(int from, off_t size, int *ret, struct err *err)
{
	/* MFD_EXEC says what older kernels (before 6.3) take for granted and do not know. */
	scoped_fd int fd = sys_memfd_create("srt-oci", MFD_CLOEXEC | MFD_ALLOW_SEALING | MFD_EXEC);
	off_t at = 0;

	if (fd < 0 && errno == EINVAL)
		fd = sys_memfd_create("srt-oci", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	if (fd < 0)
		return err_host(err, errno, "make a sealed copy of this program");
	while (at < size) {
		ssize_t n = sendfile(fd, from, &at, (size_t)(size - at));

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return err_host(err, n < 0 ? errno : EIO, "copy this program");
	}
	if (sys_fchmod(fd, 0500) < 0 || seal(fd) < 0)
		return err_host(err, errno, "seal the copy of this program");
	*ret = take_fd(&fd);
	return 0;
}

int seal_self(const char *const argv[], struct err *err)
{
	struct stat st;
	int seals;

	if (stat("/proc/self/exe", &st) < 0)
		return err_host(err, errno, "look at this program's own file (/proc/self/exe)");
	if (is_out_of_reach(&st))
		return 0;
	scoped_fd int exe = sys_openat(AT_FDCWD, "/proc/self/exe", O_RDONLY | O_CLOEXEC, 0);
	if (exe < 0)
		return err_host(err, errno, "open this program's own file");
	seals = sys_fcntl(exe, F_GET_SEALS, 0); /* -1: a file that cannot be sealed */
	if (seals >= 0 && (seals & ALL_SEALS) == ALL_SEALS)
		return 0;
	scoped_fd int copy = -1;
	TRY(make_copy(exe, st.st_size, &copy, err));
	name_own_file();
	(void)sys_execveat(copy, "", (char *const *)(uintptr_t)argv, environ, AT_EMPTY_PATH);
	return err_host(err, errno, "run the sealed copy of this program");
}
