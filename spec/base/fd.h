/* SPDX-License-Identifier: Apache-2.0 */
/* fd.h - files and directories by descriptor: bounded reads, whole writes, and paths beneath a
 * root. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "spec/base/arena.h"
#include "spec/base/err.h"

/* fd_read_all: everything from fd's position on, NUL-terminated, in the arena; more than max bytes
 * is ERR_LIMIT. name is what messages call the file. */
int fd_read_all(int fd, const char *name, size_t max, struct arena *a, char **ret, size_t *ret_len,
		struct err *err);
/* file_read: opens path relative to dirfd (AT_FDCWD) and reads it whole, likewise. */
int file_read(int dirfd, const char *path, size_t max, struct arena *a, char **ret, size_t *ret_len,
	      struct err *err);
/* fd_write_all: all n bytes, over interruptions and short writes. 0, or -1 with errno. */
int fd_write_all(int fd, const void *bytes, size_t n);
/* fd_write_at: opens path (O_WRONLY, no symlink at its end) below dirfd and writes the text in one
 * write, as procfs and cgroupfs want it. */
int fd_write_at(int dirfd, const char *path, const char *text, struct err *err);

/* open_in_root: path opened as the container would see it: openat2 with RESOLVE_IN_ROOT and
 * RESOLVE_NO_MAGICLINKS, always O_CLOEXEC. Symlinks resolve inside root_fd. -1 with errno on
 * failure. */
int open_in_root(int root_fd, const char *path, int flags);
/* open_beneath: likewise with RESOLVE_BENEATH, no symlink and no mount crossing at all: for procfs
 * and cgroupfs. */
int open_beneath(int dir_fd, const char *path, int flags);
/* err_path: err_host about an absolute path of the host; of EACCES it says which directory on the way may not be entered. */
int err_path(struct err *err, int errnum, const char *path, const char *fmt, ...) printf_like(4, 5);
/* path_resolve: openat2(2) with RESOLVE_x, O_CLOEXEC always, over races; by hand (walk.h) where there is none. */
int path_resolve(int dirfd, const char *path, int flags, unsigned long long resolve);
/* make_in_root: path in root_fd as an O_PATH fd, whose missing components are made one by one under
 * held fds: directories (0755), and for file an empty regular file (0644) at the end. Existing
 * symlinks resolve inside the root; one that dangles is refused (ERR_HOST), and so is a path with
 * "..". *made (may be NULL) counts what was made. */
int make_in_root(int root_fd, const char *path, bool file, int *ret_fd, int *made, struct err *err);

/* fd_is_fs: fd lies on a file system of that magic (statfs). */
bool fd_is_fs(int fd, long magic);
/* fd_is_device: fd is that character device. */
bool fd_is_device(int fd, unsigned int major, unsigned int minor);
