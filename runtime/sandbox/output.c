/* SPDX-License-Identifier: Apache-2.0 */
/* output.c - the payload's streams. */
#include "runtime/sandbox/output.h"

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "spec/base/fd.h"
#include "spec/base/sys.h"

#define CHUNK 65536

static int open_pipe(struct stream *s, struct err *err)
{
	int ends[2];

	if (pipe2(ends, O_CLOEXEC) < 0)
		return err_host(err, errno, "make a pipe for the program's output");
	s->fd = ends[0];
	s->theirs = ends[1];
	return 0;
}

/* Pipes and terminals are opened once more: that ours does not block is then not to be seen by those who share the other one. A
 * file has a place that all share, and never blocks. */
static int open_way(struct stream *s, int fd, struct err *err)
{
	struct stat st;
	char path[32];

	if (fstat(fd, &st) == 0 && (S_ISFIFO(st.st_mode) || S_ISCHR(st.st_mode))) {
		(void)snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
		s->to = sys_openat(AT_FDCWD, path, O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC, 0);
	}
	s->blocks = s->to < 0;
	if (s->to < 0)
		s->to = sys_fcntl(fd, F_DUPFD_CLOEXEC, 3);
	if (s->to < 0)
		return err_host(err, errno, "keep our own output");
	s->held = malloc(CHUNK);
	if (!s->held)
		abort(); /* as the arenas do */
	return 0;
}

int output_open(struct output *o, bool keep, uint64_t most, struct err *err)
{
	o->most = most;
	if (!keep && !most)
		return 0;
	for (int i = 0; i < 2; i++) {
		TRY(open_pipe(&o->s[i], err));
		if (!keep)
			TRY(open_way(&o->s[i], STDOUT_FILENO + i, err));
	}
	return 0;
}

int output_lend(struct output *o, struct err *err)
{
	for (int i = 0; i < 2; i++) {
		if (o->s[i].theirs < 0)
			continue;
		o->saved[i] = sys_fcntl(STDOUT_FILENO + i, F_DUPFD_CLOEXEC, 3);
		/* Without the mark: it is the payload's. */
		if (o->saved[i] < 0 || dup2(o->s[i].theirs, STDOUT_FILENO + i) < 0)
			return err_host(err, errno, "hand the program its output");
		(void)sys_close(take_fd(&o->s[i].theirs));
	}
	return 0;
}

void output_return(struct output *o)
{
	for (int i = 0; i < 2; i++) {
		if (o->saved[i] < 0)
			continue;
		(void)dup2(o->saved[i], STDOUT_FILENO + i);
		(void)sys_close(take_fd(&o->saved[i]));
	}
}

static void keep(struct stream *s, const char *bytes, size_t n)
{
	size_t fits = OUTPUT_KEPT_MAX - s->n < n ? OUTPUT_KEPT_MAX - s->n : n;

	s->truncated = s->truncated || fits < n;
	if (s->n + fits > s->room) {
		s->room = s->n + fits > 2 * s->room ? s->n + fits : 2 * s->room;
		s->kept = realloc(s->kept, s->room);
		if (!s->kept)
			abort(); /* as the arenas do */
	}
	memcpy(s->kept + s->n, bytes, fits);
	s->n += fits;
}

static void at_end(struct stream *s)
{
	(void)sys_close(take_fd(&s->fd));
}

/* A pipe that is ready takes PIPE_BUF at once. */
static ssize_t write_some(const struct stream *s, const char *bytes, size_t n)
{
	struct pollfd p = { .fd = s->to, .events = POLLOUT };
	ssize_t sent;

	if (!s->blocks)
		return sys_write(s->to, bytes, n);
	sent = send(s->to, bytes, n, MSG_DONTWAIT | MSG_NOSIGNAL);
	if (sent >= 0 || errno != ENOTSOCK)
		return sent;
	errno = EAGAIN;
	return poll(&p, 1, 0) > 0 ? sys_write(s->to, bytes, n < PIPE_BUF ? n : PIPE_BUF) : -1;
}

static void pass_on(struct stream *s)
{
	while (s->held_at < s->held_n) {
		ssize_t n = write_some(s, s->held + s->held_at, s->held_n - s->held_at);

		if (n < 0 && (errno == EAGAIN || errno == EINTR))
			return;
		if (n < 0) {
			/* Nobody reads it: the program will find out as it would without us. */
			s->held_at = s->held_n;
			if (s->fd >= 0)
				at_end(s);
			return;
		}
		s->held_at += (size_t)n;
	}
}

struct pollfd output_poll(const struct stream *s)
{
	if (s->held_at < s->held_n)
		return (struct pollfd){ .fd = s->to, .events = POLLOUT };
	return (struct pollfd){ .fd = s->fd, .events = POLLIN };
}

bool output_take(struct output *o, struct stream *s)
{
	char bytes[CHUNK];
	size_t counted;
	ssize_t n;

	if (s->held_at < s->held_n) {
		pass_on(s);
		return true;
	}
	n = sys_read(s->fd, bytes, sizeof(bytes));
	if (n < 0 && (errno == EINTR || errno == EAGAIN))
		return true;
	if (n <= 0) {
		at_end(s);
		return true;
	}
	counted = o->most && o->total + (uint64_t)n > o->most ? (size_t)(o->most - o->total)
							      : (size_t)n;
	o->total += (uint64_t)n;
	if (s->to < 0) {
		keep(s, bytes, counted);
	} else {
		memcpy(s->held, bytes, counted);
		s->held_at = 0;
		s->held_n = counted;
		pass_on(s);
	}
	s->truncated = s->truncated || counted < (size_t)n;
	if (counted < (size_t)n)
		o->total = o->most;
	return counted == (size_t)n;
}

bool output_has_more(const struct output *o)
{
	for (int i = 0; i < 2; i++) {
		struct pollfd p = { .fd = o->s[i].fd, .events = POLLIN };

		if (o->s[i].held_at < o->s[i].held_n || (p.fd >= 0 && poll(&p, 1, 0) > 0))
			return true;
	}
	return false;
}

static bool holds_bytes(int fd)
{
	struct stat st;
	int n = 0;

	return fstat(fd, &st) == 0 && S_ISFIFO(st.st_mode) && sys_ioctl(fd, FIONREAD, &n) == 0 &&
	       n > 0;
}

bool output_flows(struct output *o)
{
	bool flows = output_has_more(o) || o->total - o->seen > PIPE_BUF;

	o->seen = o->total;
	for (int i = 0; i < 2; i++)
		flows = flows ||
			(o->s[i].fd < 0 && o->s[i].to < 0 && holds_bytes(STDOUT_FILENO + i));
	return flows;
}

struct captured output_kept(const struct stream *s, struct arena *a)
{
	return (struct captured){ arena_strn(a, s->kept ? s->kept : "", s->n), s->n, s->truncated };
}

void output_done(struct output *o)
{
	output_return(o);
	for (int i = 0; i < 2; i++) {
		scope_close(&o->s[i].fd);
		scope_close(&o->s[i].theirs);
		scope_close(&o->s[i].to);
		free(o->s[i].kept);
		free(o->s[i].held);
	}
}
