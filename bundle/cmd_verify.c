/* SPDX-License-Identifier: Apache-2.0 */
/* cmd_verify.c - the commands that compare: verify, diff, digest. */
#include <string.h>

#include "bundle/command.h"
#include "bundle/load.h"
#include "bundle/progress.h"
#include "bundle/verify_bundle.h"
#include "rootfs-tools/verify.h"
#include "spec/json/emit.h"
#include "spec/json/quote.h"

/* What is said about differences, in either way of speaking. */
struct report {
	bool json, quiet;
	struct text *out;
	struct emit emit;
	uint64_t n;
};

static void report_begin(struct report *r, const struct args *args, struct text *out)
{
	*r = (struct report){ .json = args->json,
			      .quiet = args->quiet,
			      .out = out,
			      .emit = { .out = out, .indent = 2 } };
	if (r->json) {
		emit_object(&r->emit, NULL);
		emit_array(&r->emit, "differences");
	}
}

static void report_line(struct report *r, const char *mark, const char *path, const char *what)
{
	r->n++;
	if (r->json) {
		emit_object(&r->emit, NULL);
		emit_str(&r->emit, "path", path);
		emit_str(&r->emit, "what", what);
		emit_end_object(&r->emit);
	} else if (!r->quiet) {
		name_escape(r->out, mark);
		text_add(r->out, *mark ? " " : "");
		name_escape(r->out, path);
		text_addf(r->out, ": %s\n", what);
	}
}

static void on_found(void *ctx, const char *path, const char *what)
{
	report_line(ctx, "", path, what);
}

int bundle_verify(struct loaded *l, bool full, void (*found)(void *ctx, const char *, const char *),
		  void *ctx, struct verify *ret, struct err *err)
{
	*ret = (struct verify){ .placing = l->placing,
				.epoch = (int64_t)l->manifest.epoch,
				.full = full,
				.pulse = l->pulse,
				.spool = &l->spool,
				.found = found,
				.ctx = ctx };
	return verify_tree(&l->tree, ret, l->rootfs, err);
}

uint64_t bundle_bytes(const struct loaded *l)
{
	scoped_arena struct arena a = { 0 };
	uint64_t bytes = 0;
	size_t n;
	struct node **nodes = tree_list(&a, l->tree.root, &n);

	for (size_t i = 0; i < n; i++)
		bytes += nodes[i]->type == NODE_FILE ? nodes[i]->content->size : 0;
	return bytes;
}

static void verified_end(struct report *r, const struct loaded *l, const struct verify *v)
{
	if (r->json) {
		emit_end_array(&r->emit);
		emit_uint(&r->emit, "bytesRead", v->bytes);
		emit_uint(&r->emit, "files", v->files);
		emit_str(&r->emit, "id", l->identity.id);
		emit_bool(&r->emit, "same", v->differences == 0);
		emit_end_object(&r->emit);
		text_add(r->out, "\n");
	} else if (!r->quiet) {
		text_visible(r->out, l->shown);
		if (v->differences)
			text_addf(r->out, ": %llu differences\n",
				  (unsigned long long)v->differences);
		else
			text_addf(r->out, ": sha256:%s, %llu files as they should be%s\n",
				  l->identity.id, (unsigned long long)v->files,
				  v->full ? "" : "; contents were not read (--full)");
	}
}

int cmd_verify(struct args *args, const struct log *log, struct err *err)
{
	scoped_store struct store store = STORE_NONE;
	scoped_loaded struct loaded l = LOADED_NONE;
	struct text out = { .arena = args->arena };
	scoped(progress_end) struct progress progress;
	const struct pulse pulse = progress_pulse(&progress);
	struct report report;
	struct verify v;

	progress_begin(&progress, log, "verifying", args->quiet);
	l.pulse = &pulse;
	TRY(loaded_open(&l, &store, args->operands.v[0], args->arena, err));
	if (args->digest && !str_eq(args->digest, l.identity.id))
		return err_set(err, ERR_INTEGRITY, 0, "%s has the id %s", l.shown, l.identity.id);
	report_begin(&report, args, &out);
	progress.total = args->full ? progress.done + bundle_bytes(&l) : 0;
	TRY(bundle_verify(&l, args->full, on_found, &report, &v, err));
	verified_end(&report, &l, &v);
	progress_end(&progress);
	if (out.len)
		TRY(output_print(&out, err));
	return v.differences > 0;
}

int cmd_digest(struct args *args, const struct log *log, struct err *err)
{
	scoped_store struct store store = STORE_NONE;
	struct text out = { .arena = args->arena };
	struct emit e = { .out = &out, .indent = 2 };
	scoped(progress_end) struct progress progress;
	const struct pulse pulse = progress_pulse(&progress);

	progress_begin(&progress, log, "hashing", args->quiet);
	if (args->json)
		emit_array(&e, NULL);
	for (size_t i = 0; i < args->operands.n; i++) {
		scoped_loaded struct loaded l = LOADED_NONE;

		l.pulse = &pulse;
		TRY(loaded_open(&l, &store, args->operands.v[i], args->arena, err));
		if (!args->json) {
			text_addf(&out, "sha256:%s%s", l.identity.id,
				  args->operands.n > 1 ? "  " : "");
			text_visible(&out, args->operands.n > 1 ? l.shown : "");
			text_add(&out, "\n");
			continue;
		}
		emit_object(&e, NULL);
		emit_str(&e, "bundle", l.shown);
		emit_str(&e, "config", l.identity.config);
		emit_str(&e, "id", l.identity.id);
		emit_str(&e, "manifest", l.identity.manifest);
		emit_end_object(&e);
	}
	if (args->json) {
		emit_end_array(&e);
		text_add(&out, "\n");
	}
	progress_end(&progress);
	return output_print(&out, err);
}

/* --- diff: two sorted lists of nodes --- */

struct named {
	const char *path;
	const struct node *n;
};
struct nameds {
	struct named *v;
	size_t n;
};

static int named_order(const void *a, const void *b)
{
	return strcmp(((const struct named *)a)->path, ((const struct named *)b)->path);
}

static struct nameds nameds_of(const struct loaded *l, struct arena *a)
{
	struct nameds all;
	struct node **nodes = tree_list(a, l->tree.root, &all.n);

	all.v = arena_array(a, struct named, all.n);
	for (size_t i = 0; i < all.n; i++) {
		char buf[TREE_PATH_MAX];

		all.v[i] = (struct named){ arena_str(a, tree_path(nodes[i], buf)), nodes[i] };
	}
	qsort(all.v, all.n, sizeof(*all.v), named_order);
	return all;
}

static void both_compare(struct report *r, const char *path, const struct node *x,
			 const struct node *y)
{
	if (x->type != y->type) {
		report_line(r, "~", path, "of another type");
		return;
	}
	if (x->type == NODE_FILE &&
	    (x->content->size != y->content->size ||
	     memcmp(x->content->sha256, y->content->sha256, SHA256_BYTES) != 0))
		report_line(r, "~", path, "other content");
	if (x->type == NODE_SYMLINK && !str_eq(x->target, y->target))
		report_line(r, "~", path, "another target");
	if (x->type != NODE_SYMLINK && x->mode != y->mode)
		report_line(r, "~", path, "another mode");
	if (x->owner.uid != y->owner.uid || x->owner.gid != y->owner.gid)
		report_line(r, "~", path, "another owner");
	if (!xattrs_same(&x->xattrs, &y->xattrs))
		report_line(r, "~", path, "other attributes");
}

static void trees_compare(struct report *r, const struct nameds *x, const struct nameds *y)
{
	size_t i = 0, j = 0;

	while (i < x->n || j < y->n) {
		int order = i == x->n ? 1 : j == y->n ? -1 : strcmp(x->v[i].path, y->v[j].path);

		if (order < 0) {
			report_line(r, "-", x->v[i].path, "only in the first");
		} else if (order > 0) {
			report_line(r, "+", y->v[j].path, "only in the second");
		} else {
			both_compare(r, x->v[i].path, x->v[i].n, y->v[j].n);
		}
		i += order <= 0;
		j += order >= 0;
	}
}

int cmd_diff(struct args *args, const struct log *log, struct err *err)
{
	scoped_store struct store store = STORE_NONE;
	scoped_loaded struct loaded x = LOADED_NONE, y = LOADED_NONE;
	struct text out = { .arena = args->arena };
	scoped(progress_end) struct progress progress;
	const struct pulse pulse = progress_pulse(&progress);
	struct nameds in_x, in_y;
	struct report report;

	progress_begin(&progress, log, "hashing", args->quiet);
	x.pulse = y.pulse = &pulse;
	TRY(loaded_open(&x, &store, args->operands.v[0], args->arena, err));
	TRY(loaded_open(&y, &store, args->operands.v[1], args->arena, err));
	report_begin(&report, args, &out);
	progress_end(&progress);
	in_x = nameds_of(&x, args->arena);
	in_y = nameds_of(&y, args->arena);
	trees_compare(&report, &in_x, &in_y);
	if (!str_eq(x.identity.config, y.identity.config))
		report_line(&report, "~", "config.json", "another configuration");
	if (report.json) {
		emit_end_array(&report.emit);
		emit_bool(&report.emit, "same", report.n == 0);
		emit_end_object(&report.emit);
		text_add(&out, "\n");
	}
	if (out.len)
		TRY(output_print(&out, err));
	return report.n > 0;
}
