/* SPDX-License-Identifier: Apache-2.0 */
/* place.h - a bundle in a directory of its own, filled anew for each attempt. */
#pragma once

struct place {
	char dir[64]; /* rootfs/, source/ (what binds name), mounts/ (what stands for file systems) */
	unsigned int more; /* files beside these */
};

/* place_begin: 0 or -1. place_done: removes everything. */
int place_begin(struct place *p);
void place_done(const struct place *p);
/* place_fill: as a bundle looks before its start. place_check: outside of rootfs and mounts nothing has changed since; fails
 * the test otherwise. */
void place_fill(const struct place *p);
void place_check(const struct place *p);
/* place_remove: a tree below p, if it is there. */
void place_remove(const struct place *p, const char *name);
/* place_write: one more file right in the directory. */
void place_write(struct place *p, const char *name, const char *text);
