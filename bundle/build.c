/* SPDX-License-Identifier: Apache-2.0 */
/* build.c - sources -> one tree -> manifest, config and digest -> a bundle that appears whole or not
 * at all. */
#include "bundle/build.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "bundle/config.h"
#include "bundle/load.h"
#include "bundle/papers.h"
#include "bundle/site.h"
#include "bundle/source.h"
#include "rootfs-tools/manifest.h"
#include "rootfs-tools/merge.h"
#include "spec/base/fd.h"
#include "spec/base/path.h"
#include "spec/base/sys.h"
#include "spec/json/quote.h"

#define DIR_FLAGS (O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)

/* The first of these that the tree has is the process of a bundle for which nobody named one. */
static const char *const INTERPRETERS[] = {
	"/usr/bin/python3", "/usr/bin/node", "/usr/bin/lua", "/bin/bash",	 "/usr/bin/bash",
	"/bin/sh",	    "/usr/bin/sh",   "/bin/busybox", "/usr/bin/busybox",
};

/* --- what goes in --- */

struct sources {
	struct source *v;
	size_t n;
};

static void sources_done(struct sources *s)
{
	for (size_t i = 0; i < s->n; i++)
		source_done(&s->v[i]);
}

static int sources_open(const struct strings *args, struct arena *a, struct sources *ret,
			struct err *err)
{
	ret->v = arena_array(a, struct source, args->n + 1);
	for (size_t i = 0; i < args->n; i++) {
		TRY(source_open(args->v[i], a, &ret->v[i], err));
		ret->n++;
	}
	return 0;
}

/* Flags count before recipes, recipes (the last one) before the standard. */
static struct limits limits_choose(const struct limits *flags, const struct sources *s)
{
	struct limits l = limits_standard();

	for (const struct limit_row *row = LIMIT_ROWS; row->name; row++) {
		uint64_t *to = (uint64_t *)(void *)((char *)&l + row->offset);
		uint64_t v;

		for (size_t i = 0; i < s->n; i++) {
			memcpy(&v, (const char *)&s->v[i].recipe.limits + row->offset, sizeof(v));
			*to = v ? v : *to;
		}
		memcpy(&v, (const char *)flags + row->offset, sizeof(v));
		*to = v ? v : *to;
	}
	return l;
}

static int tree_fill(struct larder *l, struct sources *s, struct tree *out, struct err *err)
{
	const struct filter all = { 0 };

	if (s->n == 1)
		return source_tree(l, &s->v[0], out, err);
	for (size_t i = 0; i < s->n; i++) {
		scoped_tree struct tree one = { 0 };

		tree_init(&one, &out->limits);
		TRY(source_tree(l, &s->v[i], &one, err));
		TRY(tree_merge(out, &one, &all, l->want->override, UINT_MAX, err));
	}
	return 0;
}

static int mountpoints_put(struct larder *l, struct tree *out, struct err *err)
{
	const struct item item = {
		.type = NODE_DIR, .mode = 0755, .source = ++l->source, .override = true
	};

	for (const char *const *p = CONFIG_MOUNTPOINTS; *p; p++)
		TRY(tree_put(out, *p, &item, err));
	return 0;
}

static void larder_open(struct larder *l, const struct build_want *want,
			const struct sources *sources, struct spool *spool, struct site *site,
			struct progress *progress, const struct log *log, struct arena *a)
{
	struct stat st;

	*l = (struct larder){ .want = want,
			      .limits = limits_choose(&want->limits, sources),
			      .spool = spool,
			      .site = site,
			      .log = log,
			      .progress = progress,
			      .arena = a };
	unpack_init(&l->unpack, &l->limits, spool, log);
	l->unpack.devices = want->refuse_devices ? VERDICT_REFUSE : VERDICT_TAME;
	l->unpack.setid = want->refuse_setid ? VERDICT_REFUSE : VERDICT_TAME;
	l->unpack.owners = want->owners;
	l->unpack.tick = progress_tick;
	l->unpack.tick_ctx = progress;
	progress->counter = &l->unpack.packed;
	progress->expected = &l->unpack.expected;
	for (size_t i = 0; i < sources->n; i++)
		if (sources->v[i].fd >= 0 && sys_fstat(sources->v[i].fd, &st) == 0)
			l->unpack.expected += (uint64_t)st.st_size;
}

/* --- the document --- */

static int process_choose(const struct build_want *want, const struct sources *s,
			  const struct tree *out, struct arena *a, struct process *ret,
			  struct err *err)
{
	for (size_t i = 0; i < s->n; i++)
		if (s->v[i].is_recipe)
			*ret = s->v[i].recipe.process;
		else if (s->v[i].is_image)
			*ret = s->v[i].image_process;
	if (want->args.n)
		ret->args = want->args;
	for (size_t i = 0; !ret->args.n && i < ARRAY_LEN(INTERPRETERS); i++) {
		const struct node *n = tree_find(out, INTERPRETERS[i], true);

		if (!n || n->type != NODE_FILE)
			continue;
		ret->args.v = arena_array(a, const char *, 2);
		ret->args.v[ret->args.n++] = INTERPRETERS[i];
	}
	if (!ret->args.n)
		return err_input(err, "no interpreter is in there; name the process with --arg");
	return 0;
}

/* The destination's name, with a dash for every byte that a host name cannot have. */
static const char *name_from(const char *base, struct arena *a)
{
	char *name = arena_strn(a, base, strnlen(base, 63));
	struct err ignored;

	for (char *p = name; *p; p++)
		if (recipe_name_check((char[]){ 'a', *p, '\0' }, &ignored) < 0)
			*p = '-';
	return recipe_name_check(name, &ignored) < 0 ? "bundle" : name;
}

static const char *name_choose(const struct build_want *want, const struct sources *s,
			       const char *base, struct arena *a)
{
	const char *name = want->name;
	struct err ignored;

	for (size_t i = 0; !name && i < s->n; i++)
		if (s->v[i].is_recipe)
			name = s->v[i].recipe.name;
		else if (s->v[i].image_title &&
			 recipe_name_check(s->v[i].image_title, &ignored) == 0)
			name = s->v[i].image_title;
	return name ? name : name_from(base, a);
}

static int epoch_choose(const struct sources *s, uint64_t *ret, struct err *err)
{
	const char *env = getenv("SOURCE_DATE_EPOCH");

	*ret = 0;
	for (size_t i = 0; i < s->n; i++)
		if (s->v[i].recipe.epoch)
			*ret = s->v[i].recipe.epoch;
	if (env && *env && str_u64(env, 10, 4294967295u, ret, err) < 0)
		return err_in(err, "SOURCE_DATE_EPOCH");
	return 0;
}

/* --- one cooking: everything but the writing --- */

struct dish {
	struct tree tree;
	struct larder larder;
	struct manifest head;
	struct text manifest, config;
	struct identity identity;
	const char *name;
	struct process process;
};

static void dish_done(struct dish *d)
{
	tree_done(&d->tree);
}

static int dish_cook(struct dish *d, struct sources *s, const char *base, struct err *err)
{
	struct larder *l = &d->larder;
	const struct build_want *want = l->want;
	struct config_want config = { .maps = is_path(want->dest),
				      .uid = want->uid,
				      .gid = want->gid };

	tree_init(&d->tree, &l->limits);
	/* Steps may move what an archive brought: one entry then counts twice. */
	d->tree.limits.entries *= 2;
	TRY(tree_fill(l, s, &d->tree, err));
	TRY(mountpoints_put(l, &d->tree, err));
	TRY(process_choose(want, s, &d->tree, l->arena, &d->process, err));
	TRY(epoch_choose(s, &d->head.epoch, err));
	d->head.arch = want->platform ? path_base(want->platform) : arch_of_machine();
	d->head.arch = d->head.arch ? d->head.arch : "any";
	d->name = name_choose(want, s, base, l->arena);
	config.name = d->name;
	config.process = &d->process;
	config.arch = d->head.arch;
	d->manifest.arena = d->config.arena = l->arena;
	manifest_emit(&d->tree, &d->head, &d->manifest);
	config_emit(&config, &d->config);
	return identity_of(d->manifest.s, d->manifest.len, d->config.s, d->config.len, &d->identity,
			   err);
}

/* --- the second cooking of --check --- */

/* The number of the first line that differs, and the two. */
static void difference_tell(const struct log *log, const char *x, const char *y)
{
	for (size_t number = 1; *x && *y; number++) {
		size_t n = strcspn(x, "\n"), m = strcspn(y, "\n");

		if (n != m || strncmp(x, y, n) != 0) {
			log_line(log, LOG_LEVEL_ERROR, "line %zu of the manifest: %.*s", number,
				 (int)n, x);
			log_line(log, LOG_LEVEL_ERROR, "and in the second build: %.*s", (int)m, y);
			return;
		}
		x += n + (x[n] == '\n');
		y += m + (y[m] == '\n');
	}
	log_line(log, LOG_LEVEL_ERROR, "one manifest is longer, or config.json differs");
}

/* Cooks once more, with another umask and time zone and number of readers. 1: it differs. */
static int dish_again(const struct dish *first, struct sources *s, const char *base,
		      struct site *site, struct progress *progress, struct err *err)
{
	scoped_spool struct spool spool = { .dir = -1, .tmp = -1, .part = -1, .open_fd = -1 };
	scoped(dish_done) struct dish d = { 0 };
	const struct larder *l = &first->larder;
	struct build_want want = *l->want;
	scoped_fd int objects = -1;
	struct log silent = { .fd = -1 };
	mode_t old;
	int r;

	want.threads = want.threads > 1 ? 1 : 2;
	TRY(site_private(site, "again", &objects, err));
	TRY(spool_open(&spool, objects, objects, false, err));
	old = umask(0077);
	(void)umask(old == 0077 ? 0 : 0077);
	if (setenv("TZ", "Pacific/Chatham", 1) < 0)
		return err_host(err, errno, "set TZ");
	tzset();
	larder_open(&d.larder, &want, s, &spool, site, progress, &silent, l->arena);
	r = dish_cook(&d, s, base, err);
	(void)umask(old);
	TRY(r);
	if (str_eq(d.identity.id, first->identity.id))
		return 0;
	difference_tell(l->log, first->manifest.s, d.manifest.s);
	return 1;
}

/* --- writing --- */

static int rootfs_write(int dir, const struct dish *d, enum placing placing,
			struct materialised *ret, struct err *err)
{
	const struct materialise how = { .spool = d->larder.spool,
					 .placing = placing,
					 .epoch = (int64_t)d->head.epoch };
	scoped_fd int fd = -1;

	if (sys_mkdirat(dir, "rootfs", 0700) < 0)
		return err_host(err, errno, "make rootfs");
	fd = sys_openat(dir, "rootfs", DIR_FLAGS, 0);
	if (fd < 0 || sys_fchmod(fd, 0700) < 0)
		return err_host(err, errno, "open rootfs");
	return materialise(&d->tree, &how, fd, ret, err);
}

static int bundle_write(struct site *site, const struct dish *d, const struct sources *s,
			struct built *b, struct err *err)
{
	const struct papers p = { .name = d->name,
				  .identity = &d->identity,
				  .head = &d->head,
				  .tree = &d->tree,
				  .placing = b->placing,
				  .inputs = b->inputs,
				  .n_inputs = b->n_inputs,
				  .recipe = s->n == 1 && s->v[0].is_recipe ? s->v[0].name : NULL,
				  .recipe_sha256 = s->n == 1 && s->v[0].is_recipe
							   ? s->v[0].recipe_sha256
							   : NULL,
				  .config_text = d->config.s,
				  .config_len = d->config.len,
				  .manifest_text = d->manifest.s,
				  .manifest_len = d->manifest.len };

	TRY(rootfs_write(site->bundle, d, b->placing, &b->made, err));
	return papers_write(&p, site->bundle, err);
}

static void materialised_count(const struct tree *t, struct materialised *ret)
{
	scoped_arena struct arena a = { 0 };
	size_t n;
	struct node **nodes = tree_list(&a, t->root, &n);

	for (size_t i = 1; i < n; i++) {
		ret->dirs += nodes[i]->type == NODE_DIR;
		ret->symlinks += nodes[i]->type == NODE_SYMLINK;
		ret->files += nodes[i]->type == NODE_FILE;
		ret->bytes += nodes[i]->type == NODE_FILE ? nodes[i]->content->size : 0;
	}
}

/* Into the store, unless the same bundle is there. */
static int store_publish(struct site *site, const struct store *store, const struct dish *d,
			 const struct sources *s, const struct build_want *want, struct built *b,
			 struct err *err)
{
	struct stat st;
	int r = 1;

	b->was_there = fstatat(store->bundles, d->identity.id, &st, AT_SYMLINK_NOFOLLOW) == 0;
	if (b->was_there) {
		materialised_count(&d->tree, &b->made);
	} else {
		TRY(bundle_write(site, d, s, b, err));
		r = site_publish(site, store->bundles, d->identity.id, err);
		TRY(r); /* 1: another build was first, with the same bytes */
	}
	return store_name(store, want->dest, d->identity.id, err);
}

static int dest_check(const struct build_want *want, const struct store *store, struct arena *a,
		      struct err *err)
{
	struct err ignored;
	const char *id;

	if (recipe_name_check(want->dest, err) < 0)
		return -1;
	if (!want->replace && store_find(store, want->dest, a, &id, &ignored) == 0)
		return err_input(err, "%s is there already; --replace, or srt-oci bundle rm",
				 want->dest);
	return 0;
}

struct workshop {
	struct store store;
	struct site site;
	struct spool spool;
	struct sources sources;
	struct progress progress;
};

static void workshop_done(struct workshop *w)
{
	progress_end(&w->progress);
	spool_done(&w->spool);
	site_done(&w->site);
	store_done(&w->store);
	sources_done(&w->sources);
}

static int workshop_open(struct workshop *w, const struct build_want *want, struct arena *a,
			 struct built *b, struct err *err)
{
	TRY(sources_open(&want->sources, a, &w->sources, err));
	b->in_store = !is_path(want->dest);
	if (!b->in_store) {
		b->placing = PLACE_MOVE;
		TRY(site_open_dir(&w->site, want->dest, a, err));
		return spool_open(&w->spool, w->site.objects, w->site.objects, false, err);
	}
	TRY(store_open(&w->store, STORE_WRITE, a, err));
	TRY(dest_check(want, &w->store, a, err));
	TRY(store_placing(&w->store, &b->placing, err));
	TRY(site_open_store(&w->site, &w->store, err));
	return spool_open(&w->spool, w->store.objects, w->site.objects, true, err);
}

static void built_fill(struct built *b, const struct dish *d)
{
	b->name = d->name;
	b->identity = d->identity;
	b->inputs = d->larder.inputs;
	b->n_inputs = d->larder.n_inputs;
	b->dropped = d->larder.unpack.dropped;
	b->cleared = d->larder.unpack.cleared;
	b->written = d->larder.spool->written;
	b->reused = d->larder.spool->reused;
}

int build_bundle(const struct build_want *want, const struct log *log, struct arena *a,
		 struct built *ret, struct err *err)
{
	scoped(workshop_done) struct workshop w = {
		.store = STORE_NONE,
		.site = SITE_NONE,
		.spool = { .dir = -1, .tmp = -1, .part = -1, .open_fd = -1 },
	};
	scoped(dish_done) struct dish dish = { 0 };
	struct built b = { 0 };
	const char *base = path_base(want->dest);
	int r;

	TRY(workshop_open(&w, want, a, &b, err));
	base = w.site.base ? w.site.base : base;
	progress_begin(&w.progress, log, "reading", want->quiet);
	larder_open(&dish.larder, want, &w.sources, &w.spool, &w.site, &w.progress, log, a);
	TRY(dish_cook(&dish, &w.sources, base, err));
	if (want->check) {
		w.progress.what = "reading again";
		r = dish_again(&dish, &w.sources, base, &w.site, &w.progress, err);
		if (r)
			return r;
	}
	w.progress.counter = w.progress.expected = NULL;
	built_fill(&b, &dish);
	if (b.in_store) {
		TRY(store_publish(&w.site, &w.store, &dish, &w.sources, want, &b, err));
	} else {
		TRY(bundle_write(&w.site, &dish, &w.sources, &b, err));
		r = site_publish(&w.site, w.site.to, w.site.base, err);
		if (r > 0)
			return err_input(err, "%s is there already", want->dest);
		TRY(r);
	}
	*ret = b;
	return 0;
}
