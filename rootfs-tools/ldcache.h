/* SPDX-License-Identifier: Apache-2.0 */
/* ldcache.h - what ldconfig would write for a tree. */
#pragma once

#include "rootfs-tools/spool.h"
#include "rootfs-tools/tree.h"
#include "spec/base/err.h"
#include "spec/base/str.h"

/* ldcache_emit: the bytes of ld.so.cache for the libraries in the dynamic loader's directories
 * (/lib, /usr/lib and the directories of this architecture below them): each by its soname. The same
 * bytes for the same tree. (glibc, elf/cache.c: "glibc-ld.so.cache1.1") */
int ldcache_emit(struct tree *t, struct spool *s, struct text *out, struct err *err);
