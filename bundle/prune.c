/* SPDX-License-Identifier: Apache-2.0 */
/* prune.c - what a store no longer needs goes. */
#include <dirent.h>
#include <search.h>
#include <stdio.h>
#include <string.h>

#include "bundle/load.h"
#include "bundle/running.h"
#include "bundle/store.h"
#include "rootfs-tools/unpack.h"
#include "spec/base/fd.h"
#include "spec/base/str.h"
#include "spec/base/sys.h"
#include "spec/json/quote.h"

#define DIR_FLAGS (O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)

int store_remove(const struct store *s, const char *id, struct err *err)
{
	char gone[SHA256_HEX + 8];

	/* Out of sight first: half a bundle must never have its name. */
	(void)snprintf(gone, sizeof(gone), "rm-%s", id);
	TRY(remove_tree(s->tmp, gone, err));
	if (sys_renameat(s->bundles, id, s->tmp, gone) < 0)
		return err_host(err, errno, "take the bundle %.12s away", id);
	return remove_tree(s->tmp, gone, err);
}

static int name_order(const void *a, const void *b)
{
	return strcmp(a, b);
}

static void forget(void *p)
{
	(void)p;
}

/* The names of objects that are in use. */
struct used {
	struct arena arena;
	void *names;
};

static void used_done(struct used *u)
{
	tdestroy(u->names, forget);
	arena_done(&u->arena);
}

static int used_add(struct used *u, const struct content *c, struct err *err)
{
	for (int x = 0; x < 2; x++) {
		char name[OBJECT_NAME_MAX];

		object_name(c->sha256, x, name);
		if (!tfind(name, &u->names, name_order) &&
		    !tsearch(arena_str(&u->arena, name), &u->names, name_order))
			return err_host(err, ENOMEM, "remember an object");
	}
	return 0;
}

static int bundle_uses(const struct store *s, const char *id, struct used *u, struct err *err)
{
	scoped_arena struct arena a = { 0 };
	scoped_loaded struct loaded l = LOADED_NONE;
	struct node **nodes;
	size_t n;

	TRY(loaded_open_id(&l, s, id, &a, err));
	nodes = tree_list(&a, l.tree.root, &n);
	for (size_t i = 0; i < n; i++)
		if (nodes[i]->type == NODE_FILE)
			TRY(used_add(u, nodes[i]->content, err));
	return 0;
}

/* --- bundles without a name --- */

struct dated {
	const char *id;
	struct timespec time;
};

static int dated_order(const void *a, const void *b)
{
	const struct timespec *x = &((const struct dated *)a)->time;
	const struct timespec *y = &((const struct dated *)b)->time;

	if (x->tv_sec != y->tv_sec)
		return x->tv_sec < y->tv_sec ? 1 : -1;
	return x->tv_nsec < y->tv_nsec ? 1 : x->tv_nsec > y->tv_nsec ? -1 : 0;
}

static int bundles_prune(const struct store *s, bool dry, uint64_t keep, struct used *used,
			 struct pruned *p, struct err *err)
{
	scoped_arena struct arena a = { 0 };
	struct entries all, refs, running;
	struct dated *loose;
	size_t n = 0;

	TRY(store_list(s->bundles, &a, &all, err));
	TRY(store_list(s->refs, &a, &refs, err));
	TRY(running_find(&a, &running, err));
	loose = arena_array(&a, struct dated, all.n + 1);
	for (size_t i = 0; i < all.n; i++) {
		struct stat st;

		if (store_named(s, &refs, all.v[i], NULL, &a)) {
			TRY(bundle_uses(s, all.v[i], used, err));
			continue;
		}
		if (running_has(&running, all.v[i])) {
			p->running++;
			TRY(bundle_uses(s, all.v[i], used, err));
			continue;
		}
		if (fstatat(s->bundles, all.v[i], &st, AT_SYMLINK_NOFOLLOW) < 0)
			return err_host(err, errno, "stat a bundle");
		loose[n++] = (struct dated){ all.v[i], st.st_ctim };
	}
	if (n)
		qsort(loose, n, sizeof(*loose), dated_order);
	for (size_t i = 0; i < n; i++) {
		if (i < keep) {
			TRY(bundle_uses(s, loose[i].id, used, err));
			continue;
		}
		p->bundles++;
		if (!dry)
			TRY(store_remove(s, loose[i].id, err));
	}
	return 0;
}

/* --- objects --- */

static int shelf_prune(int dir, const char *shelf, bool dry, const struct used *used,
		       struct pruned *p, struct err *err)
{
	scoped_arena struct arena a = { 0 };
	struct entries list;

	TRY(interrupted(err));
	TRY(store_list(dir, &a, &list, err));
	for (size_t i = 0; i < list.n; i++) {
		const char *name = arena_printf(&a, "%s/%s", shelf, list.v[i]);
		struct stat st;

		if (tfind(name, &used->names, name_order))
			continue;
		if (fstatat(dir, list.v[i], &st, AT_SYMLINK_NOFOLLOW) < 0)
			return err_host(err, errno, "stat the object %s", Q(name));
		p->objects++;
		p->bytes += (uint64_t)st.st_size;
		if (!dry)
			TRY(remove_tree(dir, list.v[i], err));
	}
	return 0;
}

static int objects_prune(const struct store *s, bool dry, const struct used *used,
			 const struct pulse *pulse, struct pruned *p, struct err *err)
{
	scoped_arena struct arena a = { 0 };
	struct entries shelves;

	TRY(store_list(s->objects, &a, &shelves, err));
	for (size_t i = 0; i < shelves.n; i++) {
		scoped_fd int dir = sys_openat(s->objects, shelves.v[i], DIR_FLAGS, 0);

		if (dir < 0 && errno == ENOTDIR)
			return err_set(err, ERR_INTEGRITY, 0,
				       "%s/objects holds %s, which is no directory: take it away",
				       s->path, Q(shelves.v[i]));
		if (dir < 0)
			return err_host(err, errno, "open the shelf %s", Q(shelves.v[i]));
		TRY(shelf_prune(dir, shelves.v[i], dry, used, p, err));
		pulse_beat(pulse, 1);
	}
	return 0;
}

int store_prune(const struct store *s, bool dry, uint64_t keep, const struct pulse *pulse,
		struct pruned *ret, struct err *err)
{
	scoped(used_done) struct used used = { 0 };
	scoped_arena struct arena a = { 0 };
	struct pruned p = { 0 };
	struct entries tmp;

	TRY(store_list(s->tmp, &a, &tmp, err));
	for (size_t i = 0; i < tmp.n; i++) {
		p.temporary++;
		if (!dry)
			TRY(remove_tree(s->tmp, tmp.v[i], err));
	}
	TRY(bundles_prune(s, dry, keep, &used, &p, err));
	TRY(objects_prune(s, dry, &used, pulse, &p, err));
	*ret = p;
	return 0;
}
