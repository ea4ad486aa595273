/* SPDX-License-Identifier: Apache-2.0 */
/* cmd_store.c - the commands that look after the store: ls, rm, prune, fsck. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "bundle/command.h"
#include "bundle/load.h"
#include "bundle/progress.h"
#include "bundle/running.h"
#include "bundle/store.h"
#include "bundle/verify_bundle.h"
#include "rootfs-tools/unpack.h"
#include "spec/base/fd.h"
#include "spec/base/sys.h"
#include "spec/json/emit.h"
#include "spec/json/quote.h"

#define DIR_FLAGS (O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)

static int print(struct args *args, const struct text *out, struct err *err)
{
	return out->len && (!args->quiet || args->json) ? output_print(out, err) : 0;
}

struct listing {
	struct args *args;
	const struct store *store;
	struct emit emit;
	struct text *out;
	size_t damaged;
};

/* id: what the name means, or NULL. */
static void damaged_list(struct listing *l, const char *name, const char *id, const struct err *why)
{
	char line[ERR_LINE_MAX];

	l->damaged++;
	if (!l->args->json) {
		text_visible(l->out, name ? name : id);
		text_addf(l->out, ": damaged: %s\n", err_line(why, line, sizeof(line)));
		return;
	}
	emit_object(&l->emit, NULL);
	emit_str(&l->emit, "fault", err_line(why, line, sizeof(line)));
	emit_str(&l->emit, "id", id);
	emit_str(&l->emit, "name", name);
	emit_end_object(&l->emit);
}

/* One that is damaged is a line of its own, and does not keep the others back. */
static void bundle_list(struct listing *l, const char *name, const char *id)
{
	scoped_loaded struct loaded b = LOADED_NONE;
	scoped_arena struct arena a = { 0 };
	uint64_t bytes = 0, files = 0;
	struct err why = { 0 };
	struct node **nodes;
	size_t n;

	if ((!id && store_find(l->store, name, &a, &id, &why) < 0) ||
	    loaded_open_id(&b, l->store, id, &a, &why) < 0) {
		damaged_list(l, name, id, &why);
		return;
	}
	nodes = tree_list(&a, b.tree.root, &n);
	for (size_t i = 0; i < n; i++)
		if (nodes[i]->type == NODE_FILE) {
			bytes += nodes[i]->content->size;
			files++;
		}
	if (!l->args->json) {
		text_addf(l->out, "%-24s %.12s  %8llu.%llu MB  %6llu files  %s\n",
			  name ? name : "-", id, (unsigned long long)(bytes / 1000000),
			  (unsigned long long)(bytes / 100000 % 10), (unsigned long long)files,
			  placing_name(b.placing));
		return;
	}
	emit_object(&l->emit, NULL);
	emit_uint(&l->emit, "bytes", bytes);
	emit_uint(&l->emit, "files", files);
	emit_str(&l->emit, "id", id);
	emit_str(&l->emit, "name", name);
	emit_str(&l->emit, "placing", placing_name(b.placing));
	emit_end_object(&l->emit);
}

int cmd_ls(struct args *args, const struct log *log, struct err *err)
{
	scoped_store struct store s = STORE_NONE;
	struct text out = { .arena = args->arena };
	struct listing l = {
		.args = args, .store = &s, .out = &out, .emit = { .out = &out, .indent = 2 }
	};
	struct entries refs, all;

	(void)log;
	TRY(store_open(&s, STORE_READ, args->arena, err));
	TRY(store_list(s.refs, args->arena, &refs, err));
	TRY(store_list(s.bundles, args->arena, &all, err));
	if (args->json)
		emit_array(&l.emit, NULL);
	for (size_t i = 0; i < refs.n; i++)
		bundle_list(&l, refs.v[i], NULL);
	for (size_t i = 0; i < all.n; i++)
		if (!store_named(&s, &refs, all.v[i], NULL, args->arena))
			bundle_list(&l, NULL, all.v[i]);
	if (args->json) {
		emit_end_array(&l.emit);
		text_add(&out, "\n");
	}
	TRY(print(args, &out, err));
	if (l.damaged)
		return err_set(err, ERR_INTEGRITY, 0,
			       "%zu are damaged; srt-oci bundle rm NAME takes a name away",
			       l.damaged);
	return 0;
}

/* A name that means no bundle. */
static int name_drop(const struct store *s, const char *name, struct text *out, struct err *err)
{
	if (sys_unlinkat(s->refs, name, 0) < 0)
		return err_host(err, errno, "take the name %s away", Q(name));
	text_addf(out, "%s: the name is gone; it meant no bundle\n", name);
	return 0;
}

static int name_remove(const struct store *s, const struct entries *running, const char *name,
		       struct args *args, struct text *out, struct err *err)
{
	struct entries refs;
	const char *id;
	bool is_name;
	struct stat st;

	if (store_find(s, name, args->arena, &id, err) < 0)
		return recipe_name_check(name, &(struct err){ 0 }) == 0 &&
				       fstatat(s->refs, name, &st, AT_SYMLINK_NOFOLLOW) == 0
			       ? name_drop(s, name, out, err)
			       : -1;
	TRY(store_list(s->refs, args->arena, &refs, err));
	is_name = str_eq(store_ref(s, name, args->arena), id);
	if (!is_name && store_named(s, &refs, id, NULL, args->arena))
		return err_state(err, "%s has a name; remove that", Q(name));
	if (!is_name && running_has(running, id))
		return err_state(err, "%s is running", Q(name));
	if (is_name && sys_unlinkat(s->refs, name, 0) < 0)
		return err_host(err, errno, "take the name %s away", Q(name));
	if (store_named(s, &refs, id, is_name ? name : NULL, args->arena)) {
		text_addf(out, "%s: the name is gone; the bundle has another\n", name);
		return 0;
	}
	if (running_has(running, id)) {
		text_addf(out, "%s: the name is gone; the bundle runs, prune removes it later\n",
			  name);
		return 0;
	}
	TRY(store_remove(s, id, err));
	text_addf(out, "%s: removed %.12s\n", name, id);
	return 0;
}

int cmd_rm(struct args *args, const struct log *log, struct err *err)
{
	scoped_store struct store s = STORE_NONE;
	struct text lines = { .arena = args->arena }, out = { .arena = args->arena };
	struct emit e = { .out = &out, .indent = 2 };
	struct entries running;

	(void)log;
	TRY(store_open(&s, STORE_REMOVE, args->arena, err));
	TRY(running_find(args->arena, &running, err));
	for (size_t i = 0; i < args->operands.n; i++)
		TRY(name_remove(&s, &running, args->operands.v[i], args, &lines, err));
	if (!args->json)
		return print(args, &lines, err);
	emit_object(&e, NULL);
	emit_array(&e, "removed");
	for (size_t i = 0; i < args->operands.n; i++)
		emit_str(&e, NULL, args->operands.v[i]);
	emit_end_array(&e);
	emit_end_object(&e);
	text_add(&out, "\n");
	return print(args, &out, err);
}

int cmd_prune(struct args *args, const struct log *log, struct err *err)
{
	scoped_store struct store s = STORE_NONE;
	struct text out = { .arena = args->arena };
	struct emit e = { .out = &out, .indent = 2 };
	scoped(progress_end) struct progress progress;
	const struct pulse pulse = progress_pulse(&progress);
	struct pruned p;

	progress_begin(&progress, log, "pruning", args->quiet);
	progress.unit = "shelves of objects";
	progress.per = 1;
	progress.total = STORE_SHELVES;
	TRY(store_open(&s, STORE_REMOVE, args->arena, err));
	TRY(store_prune(&s, args->dry_run, args->keep, &pulse, &p, err));
	progress_end(&progress);
	if (!args->json) {
		text_addf(&out, "%s %llu bundles, %llu files of %llu.%llu MB, %llu unfinished",
			  args->dry_run ? "would remove" : "removed", (unsigned long long)p.bundles,
			  (unsigned long long)p.objects, (unsigned long long)(p.bytes / 1000000),
			  (unsigned long long)(p.bytes / 100000 % 10),
			  (unsigned long long)p.temporary);
		if (p.running)
			text_addf(&out, "; %llu bundles stay because they run",
				  (unsigned long long)p.running);
		text_add(&out, "\n");
		return print(args, &out, err);
	}
	emit_object(&e, NULL);
	emit_uint(&e, "bundles", p.bundles);
	emit_uint(&e, "bytes", p.bytes);
	emit_bool(&e, "dryRun", args->dry_run);
	emit_uint(&e, "objects", p.objects);
	emit_uint(&e, "running", p.running);
	emit_uint(&e, "temporary", p.temporary);
	emit_end_object(&e);
	text_add(&out, "\n");
	return print(args, &out, err);
}

/* --- fsck --- */

struct check {
	struct args *args;
	const struct store *store;
	const char *bundle; /* the one being looked at, or NULL */
	const struct pulse *pulse;
	struct text *lines;
	uint64_t bundles, objects, faults, temporary;
};

static void fault(struct check *c, const char *what, const char *path, const char *why)
{
	c->faults++;
	text_addf(c->lines, "%s ", what);
	name_escape(c->lines, path);
	text_addf(c->lines, ": %s\n", why);
}

static void on_found(void *ctx, const char *path, const char *what)
{
	struct check *c = ctx;

	fault(c, arena_printf(c->args->arena, "bundle %.12s", c->bundle), path, what);
}

static int bundle_check(struct check *c, const char *id, struct err *err)
{
	scoped_loaded struct loaded l = LOADED_NONE;
	scoped_arena struct arena a = { 0 };
	struct verify v;
	struct err why = { 0 };

	c->bundles++;
	c->bundle = id;
	if (loaded_open_id(&l, c->store, id, &a, &why) < 0) {
		fault(c, "bundle", id, why.text);
		return 0;
	}
	return bundle_verify(&l, false, on_found, c, &v, err);
}

/* An object is named after its content. */
static int object_check(struct check *c, int dir, const char *shelf, const char *name,
			struct err *err)
{
	scoped_arena struct arena a = { 0 };
	const char *path = arena_printf(&a, "%s/%s", shelf, name);
	bool twin = str_ends(name, "x") && strlen(name) == 21;
	scoped_fd int fd = sys_openat(dir, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK, 0);
	uint8_t digest[SHA256_BYTES];
	char right[OBJECT_NAME_MAX];
	struct stat st;
	uint64_t size;

	c->objects++;
	if (fd < 0 || sys_fstat(fd, &st) < 0 || !S_ISREG(st.st_mode)) {
		fault(c, "object", path, "is no file that can be read");
		return 0;
	}
	TRY(file_hash(fd, path, c->pulse, digest, &size, err));
	object_name(digest, twin, right);
	if (!str_eq(right, path))
		fault(c, "object", path, "has other content than its name says");
	else if ((st.st_mode & 07777) != (twin ? 0555u : 0444u))
		fault(c, "object", path, "has another mode");
	return interrupted(err);
}

/* How much there is to hash. */
static int objects_size(const struct store *s, struct arena *a, uint64_t *ret, struct err *err)
{
	struct entries shelves, names;
	struct stat st;

	TRY(store_list(s->objects, a, &shelves, err));
	for (size_t i = 0; i < shelves.n; i++) {
		scoped_fd int dir = sys_openat(s->objects, shelves.v[i], DIR_FLAGS, 0);

		if (dir < 0)
			continue; /* objects_check tells */
		TRY(store_list(dir, a, &names, err));
		for (size_t j = 0; j < names.n; j++)
			if (fstatat(dir, names.v[j], &st, AT_SYMLINK_NOFOLLOW) == 0)
				*ret += (uint64_t)st.st_size;
	}
	return 0;
}

static int objects_check(struct check *c, struct err *err)
{
	struct arena *a = c->args->arena;
	struct entries shelves, names;

	TRY(store_list(c->store->objects, a, &shelves, err));
	for (size_t i = 0; i < shelves.n; i++) {
		scoped_fd int dir = sys_openat(c->store->objects, shelves.v[i], DIR_FLAGS, 0);

		if (dir < 0) {
			fault(c, "objects", shelves.v[i], "is no directory");
			continue;
		}
		TRY(store_list(dir, a, &names, err));
		for (size_t j = 0; j < names.n; j++)
			TRY(object_check(c, dir, shelves.v[i], names.v[j], err));
	}
	return 0;
}

static int names_check(struct check *c, struct err *err)
{
	struct entries refs;
	const char *id;

	TRY(store_list(c->store->refs, c->args->arena, &refs, err));
	for (size_t i = 0; i < refs.n; i++) {
		struct err why = { 0 };

		if (store_find(c->store, refs.v[i], c->args->arena, &id, &why) < 0)
			fault(c, "name", refs.v[i], why.text);
	}
	return 0;
}

static int temporary_clear(struct check *c, struct err *err)
{
	struct entries tmp;

	TRY(store_list(c->store->tmp, c->args->arena, &tmp, err));
	c->temporary = tmp.n;
	for (size_t i = 0; i < tmp.n && !c->args->dry_run; i++)
		TRY(remove_tree(c->store->tmp, tmp.v[i], err));
	return 0;
}

static void checked_emit(const struct check *c, struct text *out)
{
	struct emit e = { .out = out, .indent = 2 };

	if (!c->args->json) {
		if (c->lines->len)
			text_addn(out, c->lines->s, c->lines->len);
		text_addf(out, "%llu bundles, %llu objects, %llu unfinished%s, %llu faults\n",
			  (unsigned long long)c->bundles, (unsigned long long)c->objects,
			  (unsigned long long)c->temporary, c->args->dry_run ? "" : " removed",
			  (unsigned long long)c->faults);
		return;
	}
	emit_object(&e, NULL);
	emit_uint(&e, "bundles", c->bundles);
	emit_array(&e, "faults");
	for (char *p = c->lines->s; p && *p; p += strcspn(p, "\n"), p += *p == '\n')
		emit_str(&e, NULL, arena_strn(out->arena, p, strcspn(p, "\n")));
	emit_end_array(&e);
	emit_uint(&e, "objects", c->objects);
	emit_uint(&e, "temporary", c->temporary);
	emit_end_object(&e);
	text_add(out, "\n");
}

int cmd_fsck(struct args *args, const struct log *log, struct err *err)
{
	scoped_store struct store s = STORE_NONE;
	struct text lines = { .arena = args->arena }, out = { .arena = args->arena };
	scoped(progress_end) struct progress progress;
	const struct pulse pulse = progress_pulse(&progress);
	struct check c = { .args = args, .store = &s, .lines = &lines, .pulse = &pulse };
	struct entries all;

	progress_begin(&progress, log, "checking", args->quiet);
	TRY(store_open(&s, STORE_REMOVE, args->arena, err));
	TRY(objects_size(&s, args->arena, &progress.total, err));
	TRY(temporary_clear(&c, err));
	TRY(names_check(&c, err));
	TRY(store_list(s.bundles, args->arena, &all, err));
	for (size_t i = 0; i < all.n; i++)
		TRY(bundle_check(&c, all.v[i], err));
	TRY(objects_check(&c, err));
	checked_emit(&c, &out);
	progress_end(&progress);
	TRY(print(args, &out, err));
	if (c.faults)
		return err_set(err, ERR_INTEGRITY, 0, "the store has %llu faults",
			       (unsigned long long)c.faults);
	return 0;
}
