/* SPDX-License-Identifier: Apache-2.0 */
/* carry.c - a file or a link of the payload's, written beside the old one and renamed.
 * Mustn't: follow a symlink, on either side, open what is no file, or copy more than the payload's disk holds. */
#include "runtime/sandbox/carry.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "spec/base/fd.h"
#include "spec/base/sys.h"

#define LINK_MAX 4096
#define COPY_CHUNK (1u << 20)

int carry_unread(int errnum, const char *path, struct err *err)
{
	if (errnum == EACCES)
		return err_input(
			err, "the program has closed %s to its own user: it cannot be read", path);
	return err_host(err, errnum, "read %s of the workspace", path);
}

int carry_unwritten(const char *what, const char *path, struct err *err)
{
	int errnum = errno;

	if (errnum == EACCES || errnum == EPERM || errnum == EROFS)
		return err_input(err, "%s %s: %s", what, path, strerror(errnum));
	return err_host(err, errnum, "%s %s", what, path);
}

/* How many bytes may still be copied: no more than the disk that the payload was given, whatever holes and second names its
 * files have. */
static int spend(uint64_t *left, ssize_t n, const char *path, struct err *err)
{
	if ((uint64_t)n > *left)
		return err_limit(err, "copy %s: more bytes than the sandbox's disk holds", path);
	*left -= (uint64_t)n;
	return 0;
}

static int copy_range(int from, int to, off_t end, uint64_t *left, const char *path,
		      struct err *err)
{
	off_t at = lseek(from, 0, SEEK_CUR);

	while (at < end) {
		size_t most = end - at < COPY_CHUNK ? (size_t)(end - at) : COPY_CHUNK;
		ssize_t n = sendfile(to, from, &at, most);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return err_host(err, n ? errno : EIO, "copy %s", path);
		TRY(spend(left, n, path, err));
	}
	return 0;
}

/* Data is copied, a hole stays one. */
static int copy_bytes(int from, int to, off_t size, uint64_t *left, const char *path,
		      struct err *err)
{
	for (off_t data = 0, hole; data < size; data = hole) {
		data = lseek(from, data, SEEK_DATA);
		if (data < 0 && errno == ENXIO)
			break;
		hole = data < 0 ? -1 : lseek(from, data, SEEK_HOLE);
		if (hole < 0 || lseek(from, data, SEEK_SET) < 0 || lseek(to, data, SEEK_SET) < 0)
			return err_host(err, errno, "copy %s", path);
		TRY(copy_range(from, to, hole, left, path, err));
	}
	return ftruncate(to, size) < 0 ? err_host(err, errno, "copy %s", path) : 0;
}

/* A name beside the file that nobody else makes, in no other pid namespace and at no other time either: should we die, it says
 * whose it was. */
static void temporary(char name[64])
{
	struct timespec now;

	(void)clock_gettime(CLOCK_REALTIME, &now);
	(void)snprintf(name, 64, ".sandbox-%d-%lld%09ld.tmp", getpid(), (long long)now.tv_sec,
		       now.tv_nsec);
}

int carry_file(int from_dir, int to_dir, const char *name, const char *path, uint64_t *left,
	       struct err *err)
{
	scoped_fd int from =
		sys_openat(from_dir, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0);
	char temp[64];
	struct stat st;
	int r;

	temporary(temp);
	if (from < 0)
		return carry_unread(errno, path, err);
	if (fstat(from, &st) < 0 || !S_ISREG(st.st_mode))
		return err_host(err, EINVAL, "open %s of the workspace", path);
	scoped_fd int to = sys_openat(to_dir, temp,
				      O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (to < 0)
		return carry_unwritten("write", path, err);
	r = copy_bytes(from, to, st.st_size, left, path, err);
	if (r == 0 && (fchmod(to, st.st_mode & CARRIED_MODE) < 0 ||
		       sys_renameat(to_dir, temp, to_dir, name) < 0))
		r = carry_unwritten("write", path, err);
	if (r < 0)
		(void)sys_unlinkat(to_dir, temp, 0);
	return r;
}

int carry_link(int from_dir, int to_dir, const char *name, const char *path, struct err *err)
{
	char target[LINK_MAX], temp[64];
	ssize_t n = readlinkat(from_dir, name, target, sizeof(target) - 1);

	temporary(temp);
	if (n < 0)
		return err_host(err, errno, "read the link %s of the workspace", path);
	target[n] = '\0';
	if (sys_symlinkat(target, to_dir, temp) < 0)
		return carry_unwritten("write", path, err);
	if (sys_renameat(to_dir, temp, to_dir, name) == 0)
		return 0;
	(void)carry_unwritten("write", path, err);
	(void)sys_unlinkat(to_dir, temp, 0);
	return -1;
}
