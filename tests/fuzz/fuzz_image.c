/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz_image.c - any bytes as each document of an image: a struct, or an error that says why. */
#include <stdint.h>
#include <stdlib.h>

#include "spec/image/image.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void told(int r, const struct err *err)
{
	if (r < 0 && (err->kind == ERR_NONE || !err->text[0]))
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	scoped_arena struct arena a = { 0 };
	const char *bytes = arena_strn(&a, (const char *)data, size);
	struct image_manifest m = { 0 };
	struct docker_images d = { 0 };
	struct image_config c = { 0 };
	struct err err = { 0 };
	int r;

	r = image_manifest_parse(bytes, size, "index", IMAGE_INDEX, &a, &m, &err);
	told(r, &err);
	if (r == 0 && (m.config || m.layers.n))
		abort();
	told(image_manifest_parse(bytes, size, "manifest", IMAGE_MANIFEST, &a, &m, &err), &err);
	told(image_config_parse(bytes, size, "config", &a, &c, &err), &err);
	told(docker_manifest_parse(bytes, size, "manifest.json", &a, &d, &err), &err);
	told(layout_check(bytes, size, "oci-layout", &err), &err);
	return 0;
}
