/* SPDX-License-Identifier: Apache-2.0 */
/* reading.c - the confined child that parses or sums one archive: its beginning and its end. */
#include <iconv.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "rootfs-tools/record.h"
#include "rootfs-tools/unpack.h"
#include "spec/base/sys.h"

#define PIPE_BYTES (1 << 20)

/* What opens files when it is used first: times of zip archives are local ones, which would look for
 * time zones, and names in extended headers are UTF-8, which glibc would look up how to convert. */
static int files_use(void)
{
	iconv_t to_ascii = iconv_open("ASCII", "UTF-8");

	if (to_ascii == (iconv_t)-1 || iconv_close(to_ascii) < 0 || setenv("TZ", "UTC0", 1) < 0)
		return -1;
	tzset();
	return 0;
}

static void child_run(int fd, int out, struct lane *lane, const struct limits *limits,
		      reading_body *body)
{
	struct record fail = { .kind = RECORD_FAIL };
	struct err err = { 0 };

	/* The archive becomes 0, the pipe 1, and nothing else stays open. */
	fd = sys_fcntl(fd, F_DUPFD, 3);
	out = sys_fcntl(out, F_DUPFD, 3);
	if (fd < 0 || out < 0 || sys_dup3(fd, 0, 0) < 0 || sys_dup3(out, 1, 0) < 0 ||
	    sys_close_range(2, ~0u, 0) < 0)
		_exit(1);
	sys_signals_default();
	if (files_use() < 0)
		_exit(1);
	if (reader_confine(limits->seconds, &err) < 0) {
		(void)!write(1, &fail, sizeof(fail));
		(void)!write(1, &err, sizeof(err));
	} else {
		body(0, 1, lane, limits);
	}
	_exit(0);
}

int reading_begin(struct reading *r, int fd, const struct limits *limits, reading_body *body,
		  struct err *err)
{
	const pid_t parent = getpid();
	int ends[2];

	if (pipe2(ends, O_CLOEXEC) < 0)
		return err_host(err, errno, "make a pipe for the reader");
	(void)sys_fcntl(ends[0], F_SETPIPE_SZ, PIPE_BYTES); /* only for speed */
	r->lane = lane_new();
	r->pid = r->lane ? fork() : -1;
	/* One that waits for room in the lane would not hear of our end otherwise. */
	if (r->pid == 0 &&
	    (sys_prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) < 0 || getppid() != parent))
		_exit(1);
	if (r->pid == 0)
		child_run(fd, ends[1], r->lane, limits, body);
	(void)sys_close(ends[1]);
	r->pipe = ends[0];
	if (r->pid < 0) {
		(void)sys_close(r->pipe);
		r->pipe = -1;
		lane_free(r->lane);
		r->lane = NULL;
		return err_host(err, errno, "start the reader");
	}
	return 0;
}

int reading_start(struct reading *r, const struct unpack *u, int fd, bool layer, struct err *err)
{
	return reading_begin(r, fd, &u->limits, layer ? layer_say : archive_say, err);
}

int reading_end(struct reading *r)
{
	siginfo_t info = { 0 };

	if (r->pid <= 0)
		return 0;
	if (r->pipe >= 0)
		(void)sys_close(r->pipe);
	r->pipe = -1;
	lane_close(r->lane);
	while (sys_waitid(P_PID, (id_t)r->pid, &info, WEXITED) < 0 && errno == EINTR)
		;
	lane_free(r->lane);
	r->lane = NULL;
	r->pid = 0;
	return info.si_code == CLD_EXITED ? 0 : info.si_status;
}

void reading_done(struct reading *r)
{
	if (r->pid > 0)
		(void)sys_kill(r->pid, SIGKILL);
	(void)reading_end(r);
}
