/* SPDX-License-Identifier: Apache-2.0 */
/* site.h - where a bundle is being made, out of sight, until one rename shows it whole. */
#pragma once

#include <stdbool.h>

#include "bundle/store.h"
#include "spec/base/arena.h"
#include "spec/base/err.h"

struct site {
	int from; /* the directory that holds the site */
	char tmp[272]; /* its name there */
	bool made;
	int dir; /* the site itself */
	int bundle; /* in it: what shall be seen */
	int objects; /* in it: a private spool's, of a plain directory */
	int to; /* of a plain directory: where it goes */
	const char *base; /* and its name there */
};
#define SITE_NONE                                   \
	{                                           \
		-1, "", false, -1, -1, -1, -1, NULL \
	}

/* site_open_dir: beside the destination, which must not be there. */
int site_open_dir(struct site *s, const char *dest, struct arena *a, struct err *err);
/* site_open_store: in the store's tmp. */
int site_open_store(struct site *s, const struct store *store, struct err *err);
/* site_publish: what was written is on the disk before its name is: to/base. 1: the name is taken. */
int site_publish(struct site *s, int to, const char *base, struct err *err);
/* site_done: what was not published goes. */
void site_done(struct site *s);
#define scoped_site scoped(site_done)
/* site_private: a new directory of the site. */
int site_private(const struct site *s, const char *name, int *ret, struct err *err);
