/* SPDX-License-Identifier: Apache-2.0 */
/* output.c - the payload's streams. */
#include "runtime/sandbox/output.h"

#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
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

int output_open(struct output *o, bool keep, uint64_t most, struct err *err)
{
	o->most = most;
	if (!keep && !most)
		return 0;
	for (int i = 0; i < 2; i++) {
		TRY(open_pipe(&o->s[i], err));
		o->s[i].to = keep ? -1 : STDOUT_FILENO + i;
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

bool output_take(struct output *o, struct stream *s)
{
	char bytes[CHUNK];
	ssize_t n = sys_read(s->fd, bytes, sizeof(bytes));
	size_t counted;

	if (n < 0 && (errno == EINTR || errno == EAGAIN))
		return true;
	if (n <= 0) {
		at_end(s);
		return true;
	}
	counted = o->most && o->total + (uint64_t)n > o->most ? (size_t)(o->most - o->total)
							      : (size_t)n;
	o->total += (uint64_t)n;
	if (s->to < 0)
		keep(s, bytes, counted);
	else if (fd_write_all(s->to, bytes, counted) < 0)
		at_end(s); /* nobody reads it: the program will find out as it would without us */
	s->truncated = s->truncated || counted < (size_t)n;
	if (counted < (size_t)n)
		o->total = o->most;
	return counted == (size_t)n;
}

bool output_drain(struct output *o)
{
	bool within = true;

	for (int i = 0; i < 2; i++)
		while (o->s[i].fd >= 0 && within) {
			struct pollfd p = { .fd = o->s[i].fd, .events = POLLIN };

			if (poll(&p, 1, 0) <= 0)
				break;
			within = output_take(o, &o->s[i]);
		}
	return within;
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
		free(o->s[i].kept);
	}
}
