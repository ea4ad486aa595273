/* SPDX-License-Identifier: Apache-2.0 */
/* overlay.h - the mount of a bundle whose files lead to the store's objects. */
#pragma once

/* overlay_enter: a user and a mount namespace of this process's own, where it is root. 0, or -1 and
 * errno. */
int overlay_enter(void);
/* overlay_mount: meta over the data-only layer objects, read-only, not attached yet. 0, or -1 and
 * errno. (Documentation/filesystems/overlayfs.rst) */
int overlay_mount(const char *meta, const char *objects, int *ret);
