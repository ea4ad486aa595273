/* SPDX-License-Identifier: Apache-2.0 */
/* elf.h - what an ELF file asks the dynamic loader for. */
#pragma once

#include <stddef.h>

#include "rootfs-tools/spool.h"
#include "spec/base/arena.h"
#include "spec/base/err.h"

struct elf {
	unsigned int machine, bits; /* EM_…, 32 or 64 */
	const char *interpreter; /* or NULL */
	const char *runpath, *rpath; /* as written, or NULL */
	const char *soname; /* of a library, or NULL */
	const char **needed;
	size_t n_needed;
};

/* elf_read: 1 if the content is no little-endian ELF file. Strings are in the arena. ERR_INTEGRITY
 * for a file that contradicts itself. */
int elf_read(struct spool *s, struct content *c, struct arena *a, struct elf *ret, struct err *err);
