/* SPDX-License-Identifier: Apache-2.0 */
/* err.h - one flat error: what was tried, on what, why it failed, and the way out. */
#pragma once

#include <errno.h>
#include <stdarg.h>
#include <stddef.h>

#include "spec/base/scope.h"

/* Who has to act, so that programs can choose an exit status. */
enum err_kind {
	ERR_NONE = 0,
	ERR_INPUT, /* a document, flag or argument is wrong: its author */
	ERR_HOST, /* the kernel or the file system refused: errnum says why */
	ERR_STATE, /* the container is not there, or not in the state the command needs */
	ERR_LIMIT, /* a named bound was passed */
	ERR_HOSTILE, /* an archive or tree tries to leave its place */
	ERR_INTEGRITY, /* bytes are not those that their digest promised */
};

/* Of fixed size and without pointers, so that it crosses fork and a socket as one datagram. */
struct err {
	int kind;
	int errnum; /* errno behind ERR_HOST, else 0 */
	char place[256]; /* JSON pointer, stage or entry; "" if none */
	char text[768];
};

/* TRY: forward a failure. The callee has filled the error. */
#define TRY(call)                    \
	do {                         \
		int try_ = (call);   \
		if (try_ < 0)        \
			return try_; \
	} while (0)

/* Each fills *err and returns -1. err_host appends the words of errnum. */
int err_input(struct err *err, const char *fmt, ...) printf_like(2, 3);
int err_host(struct err *err, int errnum, const char *fmt, ...) printf_like(3, 4);
int err_state(struct err *err, const char *fmt, ...) printf_like(2, 3);
int err_limit(struct err *err, const char *fmt, ...) printf_like(2, 3);
int err_set(struct err *err, int kind, int errnum, const char *fmt, ...) printf_like(4, 5);

/* err_in: adds the outer place in front of what is there ("/mounts/3" before "/options/1"); returns
 * -1. */
int err_in(struct err *err, const char *fmt, ...) printf_like(2, 3);

/* err_line: "place: text" or "text" into buf, NUL-terminated; returns buf. */
const char *err_line(const struct err *err, char *buf, size_t size);

/* ERR_LINE_MAX: room for any err_line. */
#define ERR_LINE_MAX (256 + 768 + 4)
