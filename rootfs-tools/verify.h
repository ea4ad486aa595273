/* SPDX-License-Identifier: Apache-2.0 */
/* verify.h - a directory held against the tree that it should be, and a directory read as a tree. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "rootfs-tools/materialise.h"
#include "rootfs-tools/spool.h"
#include "rootfs-tools/tree.h"
#include "spec/base/err.h"

struct verify {
	enum placing placing; /* PLACE_MOVE is as PLACE_COPY */
	int64_t epoch;
	bool full; /* read every byte, too */
	const struct pulse *pulse; /* a beat for each piece of content that is read, or NULL */
	struct spool *spool; /* objects, of PLACE_LINK and PLACE_META */
	/* Called for each difference. */
	void (*found)(void *ctx, const char *path, const char *what);
	void *ctx;
	uint64_t differences, files, bytes;
};

/* verify_tree: walks dir_fd and the tree side by side: names, types, modes, owners, sizes, times,
 * targets, attributes, links, and with full the content of files (and of the objects behind them).
 * 0 also where there are differences: they are counted. Negative where it cannot go on. */
int verify_tree(const struct tree *t, struct verify *v, int dir_fd, struct err *err);

/* scan_tree: what lies in dir_fd as the nodes of an empty tree, every file hashed. Devices, fifos and
 * sockets are ERR_INPUT. Owners and times are not looked at. pulse: as of struct verify. */
int scan_tree(int dir_fd, struct tree *t, const struct pulse *pulse, struct err *err);

/* node_open: the file n below dir_fd, every name on the way as it is: no symlink is followed. */
int node_open(int dir_fd, const struct node *n, struct err *err);
