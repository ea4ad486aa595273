/* SPDX-License-Identifier: Apache-2.0 */
/* walk.h - openat2(2) by hand, for where it is not to be had: a kernel, or the filter of a container around us, that answers
 * ENOSYS or EPERM. */
#pragma once

/* walk_open: path below dir_fd, component by component, each held and checked before the next is looked at, with the meaning
 * of RESOLVE_IN_ROOT, or RESOLVE_BENEATH, with RESOLVE_NO_SYMLINKS, NO_MAGICLINKS and NO_XDEV as asked. Nothing is followed by
 * the kernel: a symlink's text is read and walked in turn, and ".." goes back to the fd that was come from. Always
 * O_CLOEXEC; makes no file. -1 with errno: ELOOP, EXDEV as openat2, ENAMETOOLONG also for more than WALK_DEPTH_MAX
 * directories; whatever cannot be checked is refused. */
#define WALK_DEPTH_MAX 128
int walk_open(int dir_fd, const char *path, int flags, unsigned long long resolve);
