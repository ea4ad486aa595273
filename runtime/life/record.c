/* SPDX-License-Identifier: Apache-2.0 */
/* record.c - appends a line, so that several programs can have one file. */
#include "runtime/life/record.h"

#include <fcntl.h>

#include "spec/base/fd.h"
#include "spec/base/sys.h"

static int write_line(int fd, const struct text *line)
{
	return line->len && sys_write(fd, line->s, line->len) != (ssize_t)line->len ? -1 : 0;
}

static void line_of(const struct event *event, struct text *line)
{
	struct emit e = { .out = line };

	event_emit(event, NULL, &e);
	text_add(line, "\n");
}

int record_line(const char *path, const char *what, const struct text *line, struct err *err)
{
	scoped_fd int fd = sys_openat(AT_FDCWD, path,
				      O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY, 0600);

	if (fd < 0)
		return err_host(err, errno, "%s: open %s", what, path);
	if (write_line(fd, line) < 0)
		return err_host(err, errno, "%s: write to %s", what, path);
	return 0;
}

int record_events(const char *path, const char *what, const struct events *events, struct arena *a,
		  struct err *err)
{
	for (size_t i = 0; i < events->n; i++) {
		struct text line = { .arena = a };

		line_of(&events->v[i], &line);
		TRY(record_line(path, what, &line, err));
	}
	return 0;
}

bool record_event(int fd, const struct event *event)
{
	scoped_arena struct arena a = { 0 };
	struct text line = { .arena = &a };

	line_of(event, &line);
	return write_line(fd, &line) == 0;
}
