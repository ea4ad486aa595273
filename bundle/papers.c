/* SPDX-License-Identifier: Apache-2.0 */
/* papers.c - writes the documents of a bundle. */
#include "bundle/papers.h"

#include <string.h>

#include "spec/base/fd.h"
#include "spec/base/sys.h"
#include "spec/json/emit.h"

static int paper_write(int dir, const char *name, const char *text, size_t len, int64_t epoch,
		       struct err *err)
{
	scoped_fd int fd =
		sys_openat(dir, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);

	if (fd < 0 || fd_write_all(fd, text, len) < 0)
		return err_host(err, errno, "write %s", name);
	return file_settle(fd, 0644, epoch, err);
}

/* Which input brought a node; n_inputs: none. */
static size_t input_of(const struct papers *p, const struct node *n)
{
	for (size_t i = 0; i < p->n_inputs; i++)
		if (n->source >= p->inputs[i].first && n->source <= p->inputs[i].last &&
		    n->type != NODE_DIR)
			return i;
	return p->n_inputs;
}

struct share {
	uint64_t bytes, files;
};

static void shares_count(const struct papers *p, struct share *shares)
{
	scoped_arena struct arena a = { 0 };
	size_t n;
	struct node **nodes = tree_list(&a, p->tree->root, &n);

	for (size_t i = 0; i < n; i++) {
		struct share *s = &shares[input_of(p, nodes[i])];

		if (nodes[i]->type != NODE_FILE)
			continue;
		s->bytes += nodes[i]->content->size;
		s->files++;
	}
}

static void info_emit(const struct papers *p, const struct share *shares, struct text *out)
{
	struct emit e = { .out = out, .indent = 2 };

	emit_object(&e, NULL);
	emit_str(&e, "arch", p->head->arch);
	emit_str(&e, "config", p->identity->config);
	emit_uint(&e, "epoch", p->head->epoch);
	emit_str(&e, "id", p->identity->id);
	emit_array(&e, "inputs");
	for (size_t i = 0; i < p->n_inputs; i++) {
		const struct built_input *in = &p->inputs[i];

		emit_object(&e, NULL);
		emit_str(&e, "arch", in->arch);
		emit_uint(&e, "bytes", shares[i].bytes);
		emit_uint(&e, "files", shares[i].files);
		emit_str(&e, "name", in->name);
		emit_str(&e, "sha256", in->sha256);
		emit_uint(&e, "size", in->size);
		emit_str(&e, "version", in->version);
		emit_end_object(&e);
	}
	emit_end_array(&e);
	emit_str(&e, "manifest", p->identity->manifest);
	emit_str(&e, "name", p->name);
	emit_str(&e, "placing", placing_name(p->placing));
	emit_end_object(&e);
	text_add(out, "\n");
}

static int line_order(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* A number for each line of the manifest, in its order. */
static void origins_emit(const struct papers *p, struct arena *a, struct text *out)
{
	size_t n;
	struct node **nodes = tree_list(a, p->tree->root, &n);
	/* The path, a NUL, and the number: sorting the pointers sorts by path. */
	const char **lines = arena_array(a, const char *, n);

	for (size_t i = 0; i < n; i++) {
		char buf[TREE_PATH_MAX];
		const char *path = tree_path(nodes[i], buf);
		size_t in = input_of(p, nodes[i]), len = strlen(path);
		char *line = arena_printf(a, "%s %zu", path, in < p->n_inputs ? in + 1 : 0);

		line[len] = '\0';
		lines[i] = line;
	}
	qsort(lines, n, sizeof(*lines), line_order);
	for (size_t i = 0; i < n; i++) {
		text_add(out, lines[i] + strlen(lines[i]) + 1);
		text_addn(out, "\n", 1);
	}
}

int papers_write(const struct papers *p, int dir, struct err *err)
{
	scoped_arena struct arena a = { 0 };
	struct share *shares = arena_array(&a, struct share, p->n_inputs + 1);
	struct text info = { .arena = &a }, origins = { .arena = &a }, sbom = { .arena = &a },
		    provenance = { .arena = &a };

	shares_count(p, shares);
	info_emit(p, shares, &info);
	origins_emit(p, &a, &origins);
	sbom_emit(p, &sbom);
	provenance_emit(p, &provenance);
	TRY(paper_write(dir, "config.json", p->config_text, p->config_len, 0, err));
	TRY(paper_write(dir, "manifest", p->manifest_text, p->manifest_len, 0, err));
	TRY(paper_write(dir, "bundle.json", info.s, info.len, 0, err));
	TRY(paper_write(dir, "origins", origins.s, origins.len, 0, err));
	TRY(paper_write(dir, "sbom.spdx.json", sbom.s, sbom.len, 0, err));
	return paper_write(dir, "provenance.json", provenance.s, provenance.len, 0, err);
}
