/* SPDX-License-Identifier: Apache-2.0 */
/* verify_bundle.h - a loaded bundle held against its own manifest. */
#pragma once

#include "bundle/load.h"
#include "rootfs-tools/verify.h"

/* bundle_verify: calls found for every difference; 0 also where there are some. */
int bundle_verify(struct loaded *l, bool full, void (*found)(void *ctx, const char *, const char *),
		  void *ctx, struct verify *ret, struct err *err);
/* bundle_bytes: of all its files. */
uint64_t bundle_bytes(const struct loaded *l);
