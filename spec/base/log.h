/* SPDX-License-Identifier: Apache-2.0 */
/* log.h - what the programs say beside their result: one line or one JSON record each. */
#pragma once

#include <stdbool.h>

#include "spec/base/err.h"

enum log_level { LOG_LEVEL_ERROR, LOG_LEVEL_WARN, LOG_LEVEL_INFO, LOG_LEVEL_DEBUG };

enum log_kind { LOG_PLAIN, LOG_JOURNALD, LOG_SYSLOG };

/* Owned by main; everything that may speak gets it as a parameter. fd -1 is silence. */
struct log {
	int fd;
	enum log_level level; /* records above it are dropped */
	bool json;
	const char *program; /* prefix of text lines */
	bool timed; /* text lines begin with the time: for files, not terminals */
	enum log_kind
		kind; /* fd is a file, or a datagram socket of systemd's journal or of syslog(3) */
	const char *tag; /* of the services: who speaks; NULL or "": program */
};

/* log_line: one record, written with one write so that records of several programs do not mix. */
void log_line(const struct log *log, enum log_level level, const char *fmt, ...) printf_like(3, 4);
void log_err(const struct log *log, const struct err *err);
