/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz_mounts.c - a list of mounts as `mounts add` reads it, what its options add up to, and the id map in an option. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/plan/mount_idmap.h"
#include "runtime/plan/mount_options.h"
#include "spec/base/arena.h"
#include "spec/oci/config.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void read_map(const char *text, struct arena *a)
{
	static struct id_mapping range = { .container_id = 0, .host_id = 1000, .size = 65536 };
	const struct id_mappings maps = { &range, 1 };
	struct mount_idmap map;
	struct err err;

	if (mount_idmap_parse(text, &maps, &maps, a, &map, &err) == 0 &&
	    (map.uids.n == 0 || map.gids.n == 0))
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	scoped_arena struct arena a = { 0 };
	char *text = arena_strn(&a, (const char *)data, size);
	struct mounts mounts = { 0 };
	struct err err;

	read_map(text, &a);
	if (mounts_parse(text, strlen(text), "fuzz", &a, &mounts, &err) < 0 ||
	    mounts_check(&mounts, &err) < 0)
		return 0;
	for (size_t i = 0; i < mounts.n; i++) {
		struct mount_wish wish;

		mount_wish(&mounts.v[i], &a, &wish);
		if (wish.idmap)
			read_map(wish.idmap, &a);
	}
	return 0;
}
