/* SPDX-License-Identifier: Apache-2.0 */
/* digesting.c - the digest of an archive, beside its reading: there is more than one processor. */
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "rootfs-tools/spool.h"
#include "spec/base/fd.h"
#include "spec/base/sys.h"

/* What the process says at its end. */
struct said {
	int result;
	uint8_t digest[SHA256_BYTES];
	uint64_t size;
	struct err err;
};

int digesting_start(struct digesting *d, int fd, struct err *err)
{
	int ends[2];

	if (pipe2(ends, O_CLOEXEC) < 0)
		return err_host(err, errno, "make a pipe for a digest");
	d->pid = fork();
	if (d->pid == 0) {
		struct said said = { 0 };

		said.result = file_sha256(fd, "the archive", said.digest, &said.size, &said.err);
		(void)fd_write_all(ends[1], &said, sizeof(said));
		_exit(0);
	}
	(void)sys_close(ends[1]);
	d->pipe = ends[0];
	return d->pid < 0 ? err_host(err, errno, "start a digest") : 0;
}

void digesting_done(struct digesting *d)
{
	siginfo_t info;

	if (d->pipe >= 0)
		(void)sys_close(d->pipe);
	d->pipe = -1;
	if (d->pid <= 0)
		return;
	(void)sys_kill(d->pid, SIGKILL);
	while (sys_waitid(P_PID, (id_t)d->pid, &info, WEXITED) < 0 && errno == EINTR)
		;
	d->pid = 0;
}

int digesting_end(struct digesting *d, const char *name, uint8_t digest[SHA256_BYTES],
		  uint64_t *size, struct err *err)
{
	struct said said = { 0 };
	size_t n = 0;

	while (n < sizeof(said)) {
		ssize_t some = sys_read(d->pipe, (char *)&said + n, sizeof(said) - n);

		if (some < 0 && errno == EINTR)
			continue;
		if (some <= 0)
			return err_host(err, some ? errno : EPIPE, "hash %s", name);
		n += (size_t)some;
	}
	digesting_done(d);
	if (said.result < 0) {
		*err = said.err;
		return err_in(err, "%s", name);
	}
	memcpy(digest, said.digest, sizeof(said.digest));
	*size = said.size;
	return 0;
}
