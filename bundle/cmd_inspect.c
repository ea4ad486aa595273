/* SPDX-License-Identifier: Apache-2.0 */
/* cmd_inspect.c - the command inspect: one function for each view. */
#include <string.h>
#include <unistd.h>

#include "bundle/command.h"
#include "bundle/inspect.h"
#include "bundle/progress.h"
#include "spec/base/fd.h"
#include "spec/base/sys.h"
#include "spec/json/emit.h"

#define PAPER_MAX (64u << 20)
#define COLUMN 20

static int shown_order(const void *a, const void *b)
{
	return strcmp(((const struct shown *)a)->path, ((const struct shown *)b)->path);
}

struct showns showns_of(const struct loaded *l, struct arena *a)
{
	struct showns all;
	struct node **nodes = tree_list(a, l->tree.root, &all.n);

	all.v = arena_array(a, struct shown, all.n);
	for (size_t i = 0; i < all.n; i++) {
		char buf[TREE_PATH_MAX];

		all.v[i] = (struct shown){ arena_str(a, tree_path(nodes[i], buf)), nodes[i], 0 };
	}
	qsort(all.v, all.n, sizeof(*all.v), shown_order);
	for (size_t i = 0; i < all.n && l->n_origin_of == all.n; i++)
		if (l->origin_of[i] <= l->origins.n)
			all.v[i].origin = l->origin_of[i];
	return all;
}

static uint64_t size_of(const struct node *n)
{
	return n->type == NODE_FILE ? n->content->size : 0;
}

static const char *origin_name(const struct loaded *l, uint32_t origin)
{
	return origin ? l->origins.v[origin - 1].name : NULL;
}

/* Names of others: a directory's documents may be anybody's. */
static void column_add(struct text *out, const char *name)
{
	size_t from = out->len;

	text_visible(out, name);
	text_addf(out, "%*s", out->len - from < COLUMN ? (int)(COLUMN + 2 - (out->len - from)) : 2,
		  "");
}

static void view_files(const struct args *args, const struct loaded *l, struct text *out)
{
	const struct showns all = showns_of(l, out->arena);
	struct emit e = { .out = out, .indent = args->json ? 1 : 0 };

	if (args->json)
		emit_array(&e, NULL);
	for (size_t i = 0; i < all.n; i++) {
		const struct shown *s = &all.v[i];
		const char *from = origin_name(l, s->origin);

		if (s->node->type == NODE_DIR)
			continue;
		if (!args->json) {
			text_addf(out, "%12llu  ", (unsigned long long)size_of(s->node));
			column_add(out, from ? from : "-");
			name_escape(out, s->path);
			text_add(out, "\n");
			continue;
		}
		emit_object(&e, NULL);
		emit_str(&e, "from", from);
		emit_str(&e, "path", s->path);
		emit_uint(&e, "size", size_of(s->node));
		emit_str(&e, "target", s->node->target);
		emit_end_object(&e);
	}
	if (args->json) {
		emit_end_array(&e);
		text_add(out, "\n");
	}
}

/* Bytes and files at and below a directory. */
static uint64_t below(const struct node *n, uint64_t *files)
{
	scoped_arena struct arena a = { 0 };
	struct node **children;
	uint64_t bytes = 0;

	if (n->type != NODE_DIR) {
		*files += n->type == NODE_FILE;
		return size_of(n);
	}
	children = node_children(&a, n);
	for (size_t i = 0; i < n->count; i++)
		bytes += below(children[i], files);
	return bytes;
}

/* One directory a line, a fiftieth of the whole or more. */
static void tree_lines(const struct node *n, int depth, uint64_t whole, struct text *out)
{
	struct node **children;
	uint64_t files = 0, bytes = below(n, &files);

	if (n->type != NODE_DIR || (depth > 0 && bytes < whole / 50 + 1))
		return;
	text_addf(out, "%9llu.%llu MB %7llu  %*s", (unsigned long long)(bytes / 1000000),
		  (unsigned long long)(bytes / 100000 % 10), (unsigned long long)files, depth * 2,
		  "");
	name_escape(out, n->name);
	text_add(out, "/\n");
	children = node_children(out->arena, n);
	for (size_t i = 0; i < n->count; i++)
		tree_lines(children[i], depth + 1, whole, out);
}

static void tree_json(struct emit *e, const struct node *n, int depth, struct arena *a)
{
	struct node **children = node_children(a, n);
	uint64_t files = 0, bytes = below(n, &files);

	emit_object(e, NULL);
	emit_uint(e, "bytes", bytes);
	/* What emit can nest; deeper directories are in their sums. */
	if (depth < EMIT_DEPTH_MAX / 2 - 2) {
		emit_array(e, "directories");
		for (size_t i = 0; i < n->count; i++)
			if (children[i]->type == NODE_DIR)
				tree_json(e, children[i], depth + 1, a);
		emit_end_array(e);
	}
	emit_uint(e, "files", files);
	emit_str(e, "name", n->name);
	emit_end_object(e);
}

static void view_tree(const struct args *args, const struct loaded *l, struct text *out)
{
	struct emit e = { .out = out };
	uint64_t files = 0;

	if (args->json) {
		tree_json(&e, l->tree.root, 0, out->arena);
		text_add(out, "\n");
	} else {
		tree_lines(l->tree.root, 0, below(l->tree.root, &files), out);
	}
}

static void summary_json(const struct loaded *l, uint64_t bytes, uint64_t files, struct text *out)
{
	struct emit e = { .out = out, .indent = 2 };

	emit_object(&e, NULL);
	emit_str(&e, "arch", l->manifest.arch);
	emit_uint(&e, "bytes", bytes);
	emit_str(&e, "config", l->identity.config);
	emit_uint(&e, "epoch", l->manifest.epoch);
	emit_uint(&e, "files", files);
	emit_str(&e, "id", l->identity.id);
	emit_array(&e, "inputs");
	for (size_t i = 0; i < l->origins.n; i++) {
		emit_object(&e, NULL);
		emit_uint(&e, "bytes", l->origins.v[i].bytes);
		emit_uint(&e, "files", l->origins.v[i].files);
		emit_str(&e, "name", l->origins.v[i].name);
		emit_str(&e, "sha256", l->origins.v[i].sha256);
		emit_str(&e, "version", l->origins.v[i].version);
		emit_end_object(&e);
	}
	emit_end_array(&e);
	emit_str(&e, "manifest", l->identity.manifest);
	emit_str(&e, "name", l->name);
	emit_str(&e, "placing", placing_name(l->placing));
	emit_end_object(&e);
	text_add(out, "\n");
}

static void view_summary(const struct args *args, const struct loaded *l, struct text *out)
{
	uint64_t files = 0, bytes = below(l->tree.root, &files);

	if (args->json) {
		summary_json(l, bytes, files, out);
		return;
	}
	text_addf(out, "id        sha256:%s\nmanifest  sha256:%s\nconfig    sha256:%s\n",
		  l->identity.id, l->identity.manifest, l->identity.config);
	text_add(out, "name      ");
	text_visible(out, l->name ? l->name : "-");
	text_addf(out, "\nplatform  linux/%s\nfiles     %llu, %llu.%llu MB\nplacing   %s\n",
		  l->manifest.arch, (unsigned long long)files,
		  (unsigned long long)(bytes / 1000000), (unsigned long long)(bytes / 100000 % 10),
		  placing_name(l->placing));
	for (size_t i = 0; i < l->origins.n; i++) {
		const struct origin *o = &l->origins.v[i];

		text_add(out, "input     ");
		text_visible(out, o->name);
		text_add(out, " ");
		text_visible(out, o->version ? o->version : "");
		text_addf(out, "  %llu files, %llu.%llu MB\n", (unsigned long long)o->files,
			  (unsigned long long)(o->bytes / 1000000),
			  (unsigned long long)(o->bytes / 100000 % 10));
	}
}

static int view_paper(const struct loaded *l, const char *name, struct text *out, struct err *err)
{
	char *text;
	size_t len;

	TRY(file_read(l->dir, name, PAPER_MAX, out->arena, &text, &len, err));
	text_addn(out, text, len);
	return 0;
}

static int view_emit(const struct args *args, const struct loaded *l, struct text *out,
		     struct err *err)
{
	switch (args->view) {
	case VIEW_SUMMARY:
		view_summary(args, l, out);
		return 0;
	case VIEW_MANIFEST:
		text_addn(out, l->manifest_text, l->manifest_len);
		return 0;
	case VIEW_SBOM:
		return view_paper(l, "sbom.spdx.json", out, err);
	case VIEW_PROVENANCE:
		return view_paper(l, "provenance.json", out, err);
	case VIEW_FILES:
		view_files(args, l, out);
		return 0;
	case VIEW_TREE:
		view_tree(args, l, out);
		return 0;
	case VIEW_HTML:
		page_emit(l, out);
		return 0;
	}
	return err_input(err, "an unknown view");
}

static int output_file(const struct args *args, const struct text *t, struct err *err)
{
	scoped_fd int fd =
		sys_openat(AT_FDCWD, args->output, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);

	if (fd < 0 || fd_write_all(fd, t->s, t->len) < 0)
		return err_host(err, errno, "write %s", args->output);
	return 0;
}

int cmd_inspect(struct args *args, const struct log *log, struct err *err)
{
	scoped_store struct store store = STORE_NONE;
	scoped_loaded struct loaded l = LOADED_NONE;
	struct text out = { .arena = args->arena };
	scoped(progress_end) struct progress progress;
	const struct pulse pulse = progress_pulse(&progress);

	progress_begin(&progress, log, "hashing", args->quiet);
	l.pulse = &pulse;
	TRY(loaded_open(&l, &store, args->operands.v[0], args->arena, err));
	progress_end(&progress);
	TRY(view_emit(args, &l, &out, err));
	return args->output ? output_file(args, &out, err) : output_print(&out, err);
}
