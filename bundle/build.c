/* SPDX-License-Identifier: Apache-2.0 */
/* build.c - sources -> one tree -> a directory that appears whole or not at all. */
#include "bundle/build.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

#include "bundle/config.h"
#include "bundle/source.h"
#include "rootfs-tools/merge.h"
#include "spec/base/fd.h"
#include "spec/base/path.h"
#include "spec/base/sys.h"
#include "spec/json/quote.h"

#define BASE_MAX 200
#define DIR_FLAGS (O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)

/* The first of these that the tree has is the process of a bundle for which nobody named one. */
static const char *const INTERPRETERS[] = {
	"/usr/bin/python3", "/usr/bin/node", "/usr/bin/lua", "/bin/bash",	 "/usr/bin/bash",
	"/bin/sh",	    "/usr/bin/sh",   "/bin/busybox", "/usr/bin/busybox",
};

/* --- the directory that is being made --- */

struct site {
	int parent, dir;
	const char *base; /* the name it shall have */
	char tmp[BASE_MAX + 64];
	bool made;
};

static void site_done(struct site *s)
{
	struct err ignored;

	if (s->dir >= 0)
		(void)sys_close(s->dir);
	if (s->made)
		(void)remove_tree(s->parent, s->tmp, &ignored); /* the first error is told */
	if (s->parent >= 0)
		(void)sys_close(s->parent);
}

static int site_name(const char *dest, struct arena *a, const char **dir, const char **base,
		     struct err *err)
{
	char *path = arena_str(a, dest);
	size_t n = strlen(path);

	while (n > 1 && path[n - 1] == '/')
		path[--n] = '\0';
	*base = path_base(path);
	*dir = *base == path ? "." : arena_strn(a, path, (size_t)(*base - path));
	if (!(*base)[0] || str_eq(*base, ".") || str_eq(*base, ".."))
		return err_input(err, "\"%s\" names no new directory", dest);
	if (strlen(*base) > BASE_MAX)
		return err_input(err, "a name of more than %d bytes", BASE_MAX);
	return 0;
}

static int site_open(struct site *s, const char *dest, struct arena *a, struct err *err)
{
	unsigned long long number;
	const char *dir;
	struct stat st;

	TRY(site_name(dest, a, &dir, &s->base, err));
	s->parent = sys_openat(AT_FDCWD, dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0);
	if (s->parent < 0)
		return err_host(err, errno, "open %s", dir);
	if (fstatat(s->parent, s->base, &st, AT_SYMLINK_NOFOLLOW) == 0)
		return err_input(err, "%s is there already", dest);
	if (getrandom(&number, sizeof(number), 0) != sizeof(number))
		return err_host(err, errno, "find a name");
	(void)snprintf(s->tmp, sizeof(s->tmp), ".%s.tmp-%016llx", s->base, number);
	if (sys_mkdirat(s->parent, s->tmp, 0700) < 0)
		return err_host(err, errno, "make a directory in %s", dir);
	s->made = true;
	s->dir = sys_openat(s->parent, s->tmp, DIR_FLAGS, 0);
	if (s->dir < 0)
		return err_host(err, errno, "open the new directory");
	/* A set-group-id parent would hand its group down. */
	if (geteuid() == 0 && fchown(s->dir, 0, 0) < 0)
		return err_host(err, errno, "make root the owner");
	if (sys_fchmod(s->dir, 0700) < 0)
		return err_host(err, errno, "keep others out of the new directory");
	return 0;
}

/* What was written is on the disk before its name is. */
static int site_publish(struct site *s, const char *dest, struct err *err)
{
	TRY(file_settle(s->dir, 0755, err));
	if (syncfs(s->dir) < 0)
		return err_host(err, errno, "write %s to the disk", dest);
	TRY(interrupted(err));
	if (renameat2(s->parent, s->tmp, s->parent, s->base, RENAME_NOREPLACE) < 0)
		return err_host(err, errno, "give %s its name", dest);
	s->made = false;
	(void)fsync(s->parent); /* the bundle is whole; only its name may be lost with the power */
	return 0;
}

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
		TRY(tree_merge(out, &one, &all, l->override, UINT_MAX, err));
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

/* --- the document --- */

static int process_choose(const struct build_want *want, const struct sources *s,
			  const struct tree *out, struct arena *a, struct process *ret,
			  struct err *err)
{
	for (size_t i = 0; i < s->n; i++)
		if (s->v[i].is_recipe)
			*ret = s->v[i].recipe.process;
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

/* The directory's name, with a dash for every byte that a host name cannot have. */
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

	for (size_t i = 0; !name && i < s->n; i++)
		if (s->v[i].is_recipe)
			name = s->v[i].recipe.name;
	return name ? name : name_from(base, a);
}

static int config_write(int dir, const struct config_want *want, struct arena *a, struct err *err)
{
	struct text text = { .arena = a };
	scoped_fd int fd = sys_openat(dir, "config.json",
				      O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);

	config_emit(want, &text);
	if (fd < 0 || fd_write_all(fd, text.s, text.len) < 0)
		return err_host(err, errno, "write config.json");
	return file_settle(fd, 0644, err);
}

static int rootfs_write(int dir, const struct tree *out, const struct spool *spool,
			struct materialised *ret, struct err *err)
{
	scoped_fd int fd = -1;

	if (sys_mkdirat(dir, "rootfs", 0700) < 0)
		return err_host(err, errno, "make rootfs");
	fd = sys_openat(dir, "rootfs", DIR_FLAGS, 0);
	if (fd < 0)
		return err_host(err, errno, "open rootfs");
	return materialise(out, spool, fd, ret, err);
}

static void larder_open(struct larder *l, const struct build_want *want,
			const struct sources *sources, struct spool *spool, const struct log *log,
			struct arena *a)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	*l = (struct larder){ .limits = limits_choose(&want->limits, sources),
			      .spool = spool,
			      .log = log,
			      .arena = a,
			      .override = want->override,
			      .began_ms = (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000 };
	unpack_init(&l->unpack, &l->limits, spool, log);
	l->unpack.devices = want->refuse_devices ? VERDICT_REFUSE : VERDICT_TAME;
	l->unpack.setid = want->refuse_setid ? VERDICT_REFUSE : VERDICT_TAME;
}

int build_bundle(const struct build_want *want, const struct log *log, struct arena *a,
		 struct built *ret, struct err *err)
{
	scoped(site_done) struct site site = { .parent = -1, .dir = -1 };
	scoped(sources_done) struct sources sources = { 0 };
	scoped_spool struct spool spool = { .fd = -1 };
	scoped_tree struct tree out = { 0 };
	struct config_want config = { .uid = want->uid, .gid = want->gid };
	struct process process = { 0 };
	struct larder larder;

	TRY(sources_open(&want->sources, a, &sources, err));
	TRY(site_open(&site, want->dest, a, err));
	TRY(spool_open(&spool, site.dir, err));
	larder_open(&larder, want, &sources, &spool, log, a);
	tree_init(&out, &larder.limits);
	/* Steps may move what an archive brought: one entry then counts twice. */
	out.limits.entries *= 2;
	TRY(tree_fill(&larder, &sources, &out, err));
	TRY(mountpoints_put(&larder, &out, err));
	TRY(process_choose(want, &sources, &out, a, &process, err));
	config.name = ret->name = name_choose(want, &sources, site.base, a);
	config.process = &process;
	config.arch = arch_of_machine();
	TRY(rootfs_write(site.dir, &out, &spool, &ret->made, err));
	TRY(config_write(site.dir, &config, a, err));
	TRY(site_publish(&site, want->dest, err));
	ret->inputs = larder.inputs;
	ret->n_inputs = larder.n_inputs;
	ret->dropped = larder.unpack.dropped;
	ret->cleared = larder.unpack.cleared;
	return 0;
}
