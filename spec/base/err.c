/* SPDX-License-Identifier: Apache-2.0 */
/* err.c - fills and formats the flat error. */
#include "spec/base/err.h"

#include <stdio.h>
#include <string.h>

/* Of this one musl has no text. */
static const char *errnum_text(int errnum)
{
	return errnum == ETOOMANYREFS ? "Too many descriptors on their way in sockets"
				      : strerror(errnum);
}

static void fill(struct err *err, int kind, int errnum, const char *fmt, va_list ap)
{
	int n;

	err->kind = kind;
	err->errnum = errnum;
	err->place[0] = '\0';
	n = vsnprintf(err->text, sizeof(err->text), fmt, ap);
	if (errnum && n >= 0 && (size_t)n < sizeof(err->text))
		(void)snprintf(err->text + n, sizeof(err->text) - (size_t)n, ": %s",
			       errnum_text(errnum));
}

#define FILL(kind, errnum)                        \
	do {                                      \
		va_list ap;                       \
		va_start(ap, fmt);                \
		fill(err, kind, errnum, fmt, ap); \
		va_end(ap);                       \
		return -1;                        \
	} while (0)

int err_input(struct err *err, const char *fmt, ...)
{
	FILL(ERR_INPUT, 0);
}

int err_host(struct err *err, int errnum, const char *fmt, ...)
{
	FILL(ERR_HOST, errnum);
}

int err_state(struct err *err, const char *fmt, ...)
{
	FILL(ERR_STATE, 0);
}

int err_limit(struct err *err, const char *fmt, ...)
{
	FILL(ERR_LIMIT, 0);
}

int err_set(struct err *err, int kind, int errnum, const char *fmt, ...)
{
	FILL(kind, errnum);
}

int err_in(struct err *err, const char *fmt, ...)
{
	char outer[sizeof(err->place)];
	char inner[sizeof(err->place)];
	va_list ap;

	memcpy(inner, err->place, sizeof(inner));
	va_start(ap, fmt);
	(void)vsnprintf(outer, sizeof(outer), fmt, ap);
	va_end(ap);
	(void)snprintf(err->place, sizeof(err->place), "%.*s%.*s", 128, outer, 126, inner);
	return -1;
}

const char *err_line(const struct err *err, char *buf, size_t size)
{
	if (err->place[0])
		(void)snprintf(buf, size, "%s: %s", err->place, err->text);
	else
		(void)snprintf(buf, size, "%s", err->text);
	return buf;
}
