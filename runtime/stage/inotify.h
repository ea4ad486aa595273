/* SPDX-License-Identifier: Apache-2.0 */
/* inotify.h - what of inotify one sandbox of many may have.
 *
 * The kernel counts instances and watches for each user namespace and for those it lies in; a process has no limit of its own.
 * For the program and for the interpreter's part, which shares no code with it. */
#pragma once

#include <fcntl.h>
#include <stddef.h>
#include <string.h>
#include <unistd.h>

/* inotify_limit: of the caller's user namespace; user_dir: a /proc/sys/user. Where they cannot be written, all have together what
 * their user has. */
static inline void inotify_limit(int user_dir)
{
	static const struct {
		const char *file, *most;
	} rows[] = {
		{ "max_inotify_instances", "16" },
		{ "max_inotify_watches", "16384" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		int fd = openat(user_dir, rows[i].file, O_WRONLY | O_CLOEXEC);

		if (fd < 0)
			continue;
		(void)!write(fd, rows[i].most, strlen(rows[i].most));
		(void)close(fd);
	}
}
