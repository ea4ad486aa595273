/* SPDX-License-Identifier: Apache-2.0 */
/* carry.h - what of the payload's files is kept: one at a time, out of its space into a directory of the caller's. */
#pragma once

#include <stdint.h>

#include "spec/base/err.h"

/* Modes that come over: no set-user-id, no sticky bit. */
#define CARRIED_MODE 0777

/* carry_file, carry_link: name of from_dir becomes name of to_dir; path is what messages call it, *left how many bytes may still be
 * copied. */
int carry_file(int from_dir, int to_dir, const char *name, const char *path, uint64_t *left,
	       struct err *err);
int carry_link(int from_dir, int to_dir, const char *name, const char *path, struct err *err);
/* carry_unread: what of the payload's cannot be read: that it has closed it to its user is its own doing, and no fault of the
 * host's. carry_unwritten: by errno, of the caller's directory: that he may not write there is none, either. */
int carry_unread(int errnum, const char *path, struct err *err);
int carry_unwritten(const char *what, const char *path, struct err *err);
