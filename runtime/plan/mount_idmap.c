/* SPDX-License-Identifier: Apache-2.0 */
/* mount_idmap.c - reads the id map of a mount option. */
#include "runtime/plan/mount_idmap.h"

#include "spec/base/str.h"

#define RANGES_MAX 340 /* user_namespaces(7) */

struct reading {
	const char *s; /* what is left */
	const char *all;
	struct err *err;
};

static int bad(const struct reading *r)
{
	return err_input(r->err,
			 "idmap=%.128s: must be uids=FROM-TO-SIZE[#...];gids=FROM-TO-SIZE[#...]",
			 r->all);
}

static int number(struct reading *r, char end, uint32_t *ret)
{
	uint64_t v = 0;
	size_t n = 0;

	for (; r->s[n] >= '0' && r->s[n] <= '9' && n < 11; n++)
		v = v * 10 + (uint64_t)(r->s[n] - '0');
	if (n == 0 || v >= UINT32_MAX || (end && r->s[n] != end))
		return bad(r);
	r->s += n + (end != '\0');
	*ret = (uint32_t)v;
	return 0;
}

static int relative(const struct reading *r, const struct id_mappings *maps, uint32_t *id)
{
	for (size_t i = 0; i < maps->n; i++)
		if (*id >= maps->v[i].container_id &&
		    *id - maps->v[i].container_id < maps->v[i].size) {
			*id = maps->v[i].host_id + (*id - maps->v[i].container_id);
			return 0;
		}
	return err_input(r->err, "idmap=%.128s: id %u is not mapped in the container", r->all, *id);
}

static int triplet(struct reading *r, bool inside, const struct id_mappings *maps,
		   struct id_mapping *ret)
{
	TRY(number(r, '-', &ret->container_id));
	TRY(number(r, '-', &ret->host_id));
	TRY(number(r, '\0', &ret->size));
	if (inside)
		TRY(relative(r, maps, &ret->host_id));
	if (ret->size == 0 || (uint64_t)ret->host_id + ret->size > UINT32_MAX ||
	    (uint64_t)ret->container_id + ret->size > UINT32_MAX)
		return bad(r);
	return 0;
}

/* "[@]0-1000-1#1-5-2" up to ";" or the end. */
static int list(struct reading *r, const struct id_mappings *maps, struct arena *a,
		struct id_mappings *ret)
{
	bool inside = *r->s == '@';

	if (ret->n)
		return bad(r);
	r->s += inside;
	ret->v = arena_array(a, struct id_mapping, RANGES_MAX);
	for (;;) {
		if (ret->n == RANGES_MAX)
			return bad(r);
		TRY(triplet(r, inside, maps, &ret->v[ret->n++]));
		if (*r->s != '#')
			return 0;
		r->s++;
	}
}

int mount_idmap_parse(const char *text, const struct id_mappings *uids,
		      const struct id_mappings *gids, struct arena *a, struct mount_idmap *ret,
		      struct err *err)
{
	struct reading r = { text, text, err };
	struct mount_idmap map = { 0 };

	for (;;) {
		bool uid = str_starts(r.s, "uids=");

		if (!uid && !str_starts(r.s, "gids="))
			return bad(&r);
		r.s += strlen("uids=");
		TRY(list(&r, uid ? uids : gids, a, uid ? &map.uids : &map.gids));
		if (*r.s != ';')
			break;
		r.s++;
	}
	if (*r.s || !map.uids.n || !map.gids.n)
		return bad(&r);
	*ret = map;
	return 0;
}
