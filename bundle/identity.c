/* SPDX-License-Identifier: Apache-2.0 */
/* identity.c - two digests become one. */
#include "bundle/identity.h"

#include <string.h>

#include "rootfs-tools/manifest.h"
#include "spec/json/canonical.h"

static const struct json_limits CONFIG_LIMITS = { .bytes = 4u << 20, .depth = 32, .nodes = 200000 };
static const char *const NOT_IDENTITY[] = { "/linux/uidMappings", "/linux/gidMappings", NULL };

int identity_of(const char *manifest, size_t manifest_len, const char *config, size_t config_len,
		struct identity *ret, struct err *err)
{
	scoped_arena struct arena a = { 0 };
	struct text canonical = { .arena = &a };
	uint8_t both[2 * SHA256_BYTES], id[SHA256_BYTES];
	struct json *json;

	TRY(json_parse(config, config_len, "config.json", &CONFIG_LIMITS, &a, &json, err));
	json_canonical(json, NOT_IDENTITY, &canonical);
	TRY(text_sha256(manifest, manifest_len, both, err));
	TRY(text_sha256(canonical.s, canonical.len, both + SHA256_BYTES, err));
	TRY(text_sha256(both, sizeof(both), id, err));
	sha256_hex(both, ret->manifest);
	sha256_hex(both + SHA256_BYTES, ret->config);
	sha256_hex(id, ret->id);
	return 0;
}
