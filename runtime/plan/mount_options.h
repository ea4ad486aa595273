/* SPDX-License-Identifier: Apache-2.0 */
/* mount_options.h - the words that may stand in a mount's options, and what they add up to. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "spec/oci/config.h"

enum mount_option_kind {
	OPTION_ATTR, /* sets or clears attributes of the mount */
	OPTION_PROPAGATION,
	OPTION_BIND,
	OPTION_REMOUNT,
	OPTION_SUPERBLOCK, /* handed to the file system as a flag */
	OPTION_NOTHING, /* the default anyway, or without a meaning for the kernel */
	OPTION_EXTENSION, /* the runtime's own: enum mount_extension */
};

enum mount_extension {
	MOUNT_TMPCOPYUP = 1,
	MOUNT_COPY_SYMLINK = 2,
	MOUNT_SRC_NOFOLLOW = 4,
	MOUNT_DEST_NOFOLLOW = 8,
	MOUNT_IDMAP = 16,
	MOUNT_RIDMAP = 32,
};

struct mount_option {
	const char *name; /* NULL ends the table */
	uint8_t kind; /* enum mount_option_kind */
	bool recursive;
	uint32_t set, clear; /* MOUNT_ATTR_x; or MS_x, or enum mount_extension, in set */
};
extern const struct mount_option mount_options[];

/* A mount's options, added up in their order: a later word wins over an earlier one. */
struct mount_wish {
	uint64_t set, clear; /* of this mount */
	uint64_t set_rec, clear_rec; /* of it and all below */
	bool bind, recursive, remount;
	unsigned long propagation; /* MS_x, 0 none */
	bool propagation_rec;
	unsigned int extensions; /* enum mount_extension */
	const char *idmap; /* what follows "idmap=" or "ridmap=", or NULL */
	const char *data; /* for the file system, comma-separated, "" none */
	const char *unknown_for_bind; /* first word that a bind mount cannot take, or NULL */
};

/* mount_wish: reads the options; nothing is refused here, the words that are not in the table are the file system's. */
void mount_wish(const struct mount *m, struct arena *a, struct mount_wish *ret);
