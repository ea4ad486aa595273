/* SPDX-License-Identifier: Apache-2.0 */
/* identity.h - what a bundle is called by its content. */
#pragma once

#include <stddef.h>

#include "rootfs-tools/sha256.h"
#include "spec/base/arena.h"
#include "spec/base/err.h"

struct identity {
	char manifest[SHA256_HEX + 1]; /* SHA-256 of the manifest's text */
	char config[SHA256_HEX +
		    1]; /* SHA-256 of the canonical config.json, id mappings left out */
	char id[SHA256_HEX + 1]; /* SHA-256 of both, 64 bytes one behind the other */
};

/* identity_of: from the two texts. The id mappings of a config say who runs the bundle, not what it
 * is. */
int identity_of(const char *manifest, size_t manifest_len, const char *config, size_t config_len,
		struct identity *ret, struct err *err);
