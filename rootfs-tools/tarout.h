/* SPDX-License-Identifier: Apache-2.0 */
/* tarout.h - a tree as a tar archive: ustar, and a pax record only for what does not fit it. */
#pragma once

#include <stdint.h>

#include "rootfs-tools/outflow.h"
#include "rootfs-tools/tree.h"
#include "spec/base/err.h"

/* One file's bytes: an fd at any position, good until the next call. */
typedef int tar_open_fn(void *ctx, const struct node *n, struct err *err);

/* tar_tree: every node but the root, bytewise sorted by path, with its owner, times the epoch. */
int tar_tree(struct outflow *out, const struct tree *t, int64_t epoch, tar_open_fn *open, void *ctx,
	     struct err *err);
/* tar_bytes: one file of those bytes. tar_fd: likewise of a file's first size bytes. */
int tar_bytes(struct outflow *out, const char *name, const char *bytes, size_t n, int64_t epoch,
	      struct err *err);
int tar_fd(struct outflow *out, const char *name, int fd, uint64_t size, int64_t epoch,
	   struct err *err);
/* tar_end: the two empty blocks. */
int tar_end(struct outflow *out, struct err *err);
