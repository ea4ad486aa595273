/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz_manifest.c - any bytes as a manifest: refused, or the very text that its tree gives. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "rootfs-tools/manifest.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	scoped_arena struct arena a = { 0 };
	const struct limits limits = limits_standard();
	scoped_tree struct tree tree = { 0 };
	struct text again = { .arena = &a };
	struct manifest head;
	struct err err = { 0 };
	char *bytes = arena_strn(&a, (const char *)data, size);

	tree_init(&tree, &limits);
	if (manifest_read(bytes, size, &tree, &head, &err) < 0) {
		if (err.kind == ERR_NONE || !err.text[0])
			abort();
		return 0;
	}
	manifest_emit(&tree, &head, &again);
	if (again.len != size || memcmp(again.s, data, size) != 0)
		abort();
	return 0;
}
