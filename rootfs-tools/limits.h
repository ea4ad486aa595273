/* SPDX-License-Identifier: Apache-2.0 */
/* limits.h - what an archive may cost: each bound has a name, a default and a unit. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "spec/base/err.h"

struct limits {
	uint64_t total; /* bytes of all files of one build */
	uint64_t file; /* bytes of one file */
	uint64_t ratio; /* unpacked : packed, once RATIO_FROM bytes came out of one archive */
	uint64_t entries; /* entries read */
	uint64_t path; /* bytes of a name, and of a resolved path */
	uint64_t depth; /* directories above an entry */
	uint64_t link; /* bytes of a symlink's target */
	uint64_t input; /* bytes of one archive as it lies on disk */
	uint64_t header; /* bytes of one entry's header */
	uint64_t xattrs; /* bytes of one entry's extended attributes */
	uint64_t layers; /* of one image */
	uint64_t seconds; /* for all of a build's reading */
};

/* No file system of Linux takes a longer name. */
#define COMPONENT_MAX 255
/* Small archives of empty pages are common and harmless: the ratio counts past this. */
#define RATIO_FROM (64ULL << 20)

struct limit_row {
	const char *name; /* of the flag --max-NAME and of the key in a recipe's "limits" */
	size_t offset; /* in struct limits */
	uint64_t standard, most;
	const char *what;
};
/* Ends with a row whose name is NULL. */
extern const struct limit_row LIMIT_ROWS[];

/* limits_standard: every bound at its default. */
struct limits limits_standard(void);
/* limits_set: one bound by name; value is a number, K, M, G or T (of 1024) may follow. ERR_INPUT
 * for a name or value that is none. */
int limits_set(struct limits *l, const char *name, const char *value, struct err *err);
