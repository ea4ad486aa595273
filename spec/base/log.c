/* SPDX-License-Identifier: Apache-2.0 */
/* log.c - formats records as text or JSON. */
#include "spec/base/log.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "spec/base/fd.h"

#define RECORD_MAX 4096

static const char *const level_names[] = { "error", "warning", "info", "debug" };

/* s with the characters escaped that JSON forbids in strings; cut at the end of out. */
static void json_escape(const char *s, char *out, size_t room)
{
	size_t n = 0;

	for (; *s && n + 7 < room; s++) {
		unsigned char c = (unsigned char)*s;

		if (c == '"' || c == '\\') {
			out[n++] = '\\';
			out[n++] = (char)c;
		} else if (c < 0x20) {
			n += (size_t)snprintf(out + n, room - n, "\\u%04x", c);
		} else {
			out[n++] = (char)c;
		}
	}
	out[n] = '\0';
}

static void now_text(char *out, size_t room)
{
	struct timespec now;
	struct tm tm;
	size_t n;

	(void)clock_gettime(CLOCK_REALTIME, &now);
	(void)gmtime_r(&now.tv_sec, &tm);
	n = strftime(out, room, "%Y-%m-%dT%H:%M:%S", &tm);
	(void)snprintf(out + n, room - n, ".%09ldZ", now.tv_nsec);
}

/* A name may hold what a terminal would obey, or the beginning of a line that we never wrote. */
static void visible_make(char *msg)
{
	for (char *c = msg; *c; c++)
		if ((unsigned char)*c < ' ' || *c == 0x7f)
			*c = *c == '\n' ? ' ' : '?';
}

/* syslog(3): facility daemon, and the severities of our levels. */
#define FACILITY (3 << 3)
static const int severities[] = { 3, 4, 6, 7 };

/* A datagram as the service wants it (systemd's native protocol, RFC 3164). Line breaks would be fields of their own. */
static int service_record(const struct log *log, enum log_level level, char *msg, char *record,
			  size_t room)
{
	const char *tag = log->tag && *log->tag ? log->tag : log->program;

	visible_make(msg);
	if (log->kind == LOG_JOURNALD)
		return snprintf(record, room, "PRIORITY=%d\nSYSLOG_IDENTIFIER=%s\nMESSAGE=%s\n",
				severities[level], tag, msg);
	return snprintf(record, room, "<%d>%s[%d]: %s", FACILITY | severities[level], tag,
			(int)getpid(), msg);
}

void log_line(const struct log *log, enum log_level level, const char *fmt, ...)
{
	char msg[1280], safe[2048], when[40], record[RECORD_MAX];
	va_list ap;
	int n;

	if (log->fd < 0 || level > log->level)
		return;
	va_start(ap, fmt);
	(void)vsnprintf(msg, sizeof(msg), fmt, ap);
	va_end(ap);
	now_text(when, sizeof(when));
	if (log->kind != LOG_PLAIN) {
		n = service_record(log, level, msg, record, sizeof(record));
	} else if (log->json) {
		json_escape(msg, safe, sizeof(safe));
		n = snprintf(record, sizeof(record),
			     "{\"level\":\"%s\",\"msg\":\"%s\",\"time\":\"%s\"}\n",
			     level_names[level], safe, when);
	} else {
		visible_make(msg);
		n = snprintf(record, sizeof(record), "%s%s%s: %s%s%s\n", log->timed ? when : "",
			     log->timed ? " " : "", log->program,
			     level == LOG_LEVEL_ERROR ? "" : level_names[level],
			     level == LOG_LEVEL_ERROR ? "" : ": ", msg);
	}
	if (n > 0)
		(void)fd_write_all(log->fd, record, (size_t)n); /* nobody is left to tell */
}

void log_err(const struct log *log, const struct err *err)
{
	char line[ERR_LINE_MAX];

	log_line(log, LOG_LEVEL_ERROR, "%s", err_line(err, line, sizeof(line)));
}
