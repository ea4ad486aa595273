/* SPDX-License-Identifier: Apache-2.0 */
/* load.c - opens what build wrote, and believes it only after it was hashed. */
#include "bundle/load.h"

#include <string.h>

#include "bundle/config.h"
#include "rootfs-tools/verify.h"
#include "spec/base/fd.h"
#include "spec/base/str.h"
#include "spec/base/sys.h"
#include "spec/json/bind.h"
#include "spec/json/quote.h"

#define DIR_FLAGS (O_RDONLY | O_DIRECTORY | O_CLOEXEC)
#define MANIFEST_MAX (512u << 20)
#define DOCUMENT_MAX (16u << 20)

static const struct json_limits INFO_LIMITS = { .bytes = DOCUMENT_MAX,
						.depth = 8,
						.nodes = 200000 };

struct info {
	const char *name, *placing;
	struct origins inputs;
};

static const struct bind_row origin_rows[] = {
	ROW(origin, name, "name", STR, REQUIRED, "of the archive or package"),
	ROW(origin, version, "version", STR, 0, "of the package"),
	ROW(origin, arch, "arch", STR, 0, "of the package"),
	ROW(origin, sha256, "sha256", STR, 0, "its digest"),
	ROW(origin, size, "size", UINT, 0, "its size"),
	ROW(origin, bytes, "bytes", UINT, 0, "of files in the bundle"),
	ROW(origin, files, "files", UINT, 0, "in the bundle"),
};
static const struct bind_table origin_table = TABLE(origin, origin_rows);
static const struct bind_row info_rows[] = {
	ROW(info, name, "name", STR, 0, "of the bundle"),
	ROW(info, placing, "placing", STR, 0, "overlay, hardlink or copy"),
	ROW_LIST(info, inputs, "inputs", origin_table, 0, "what went in"),
};
static const struct bind_table info_table = TABLE(info, info_rows);

bool is_path(const char *word)
{
	return strchr(word, '/') || str_eq(word, ".") || str_eq(word, "..");
}

void loaded_done(struct loaded *l)
{
	int *const fds[] = { &l->dir, &l->rootfs, &l->file };

	tree_done(&l->tree);
	spool_done(&l->spool);
	for (size_t i = 0; i < ARRAY_LEN(fds); i++) {
		if (*fds[i] >= 0)
			(void)sys_close(*fds[i]);
		*fds[i] = -1;
	}
}

static void tree_begin(struct loaded *l)
{
	struct limits limits = limits_standard();

	/* Its own bounds were checked when it was made; these only end a forged one. */
	limits.entries = 50000000;
	limits.depth = 512;
	tree_init(&l->tree, &limits);
}

/* bundle.json and origins say where things came from. A directory of others has neither. */
static int info_read(struct loaded *l, struct arena *a, struct err *err)
{
	struct info info = { 0 };
	struct err missing;
	struct json *json;
	size_t len, n = 0;
	char *text;

	l->placing = PLACE_COPY;
	if (file_read(l->dir, "bundle.json", DOCUMENT_MAX, a, &text, &len, &missing) < 0)
		return missing.errnum == ENOENT && !l->in_store ? 0 : (*err = missing, -1);
	TRY(json_parse(text, len, "bundle.json", &INFO_LIMITS, a, &json, err));
	TRY(bind_object(json, &info_table, BIND_TOLERANT, &info, a, err));
	l->name = info.name;
	l->origins = info.inputs;
	if (info.placing && !placing_of(info.placing, &l->placing))
		return err_set(err, ERR_INTEGRITY, 0, "bundle.json: no placing is called %s",
			       Q(info.placing));
	if (file_read(l->dir, "origins", DOCUMENT_MAX, a, &text, &len, &missing) < 0)
		return 0;
	l->origin_of = arena_array(a, uint32_t, len + 1);
	for (char *p = text; *p; p += strcspn(p, "\n"), p += *p == '\n')
		l->origin_of[n++] = (uint32_t)strtoul(p, NULL, 10);
	l->n_origin_of = n;
	return 0;
}

static int documents_read(struct loaded *l, struct arena *a, struct err *err)
{
	struct text made = { .arena = a };
	struct err missing;
	const char *arch = arch_of_machine();

	tree_begin(l);
	TRY(file_read(l->dir, "config.json", DOCUMENT_MAX, a, &l->config_text, &l->config_len,
		      err));
	l->rootfs = sys_openat(l->dir, "rootfs", DIR_FLAGS | O_NOFOLLOW, 0);
	if (l->rootfs < 0)
		return err_host(err, errno, "open rootfs");
	if (file_read(l->dir, "manifest", MANIFEST_MAX, a, &l->manifest_text, &l->manifest_len,
		      &missing) == 0)
		return manifest_read(l->manifest_text, l->manifest_len, &l->tree, &l->manifest,
				     err);
	if (missing.errnum != ENOENT || l->in_store) {
		*err = missing;
		return -1;
	}
	TRY(scan_tree(l->rootfs, &l->tree, l->pulse, err));
	l->manifest = (struct manifest){ .arch = arch ? arch : "any" };
	manifest_emit(&l->tree, &l->manifest, &made);
	l->manifest_text = made.s;
	l->manifest_len = made.len;
	return 0;
}

static int loaded_read(struct loaded *l, struct arena *a, struct err *err)
{
	TRY(info_read(l, a, err));
	TRY(documents_read(l, a, err));
	return identity_of(l->manifest_text, l->manifest_len, l->config_text, l->config_len,
			   &l->identity, err);
}

int loaded_open_id(struct loaded *l, const struct store *s, const char *id, struct arena *a,
		   struct err *err)
{
	if (!l->shown)
		l->shown = id;
	l->in_store = true;
	l->dir = sys_openat(s->bundles, id, DIR_FLAGS | O_NOFOLLOW, 0);
	if (l->dir < 0)
		return err_host(err, errno, "open the bundle %.12s", id);
	TRY(spool_open(&l->spool, s->objects, s->tmp, true, err));
	if (loaded_read(l, a, err) < 0)
		return err_in(err, err->place[0] ? "bundle %.12s: " : "bundle %.12s", id);
	if (!str_eq(l->identity.id, id))
		return err_set(err, ERR_INTEGRITY, 0,
			       "bundle %.12s: its manifest or config.json is not the one of its id",
			       id);
	return 0;
}

int loaded_open(struct loaded *l, struct store *s, const char *name, struct arena *a,
		struct err *err)
{
	const char *id;

	l->shown = name;
	if (!is_path(name)) {
		if (s->dir < 0)
			TRY(store_open(s, STORE_READ, a, err));
		TRY(store_find(s, name, a, &id, err));
		return loaded_open_id(l, s, id, a, err);
	}
	l->dir = sys_openat(AT_FDCWD, name, DIR_FLAGS, 0);
	if (l->dir < 0)
		return err_host(err, errno, "open %s", name);
	return loaded_read(l, a, err) < 0 ? err_in(err, err->place[0] ? "%s: " : "%s", name) : 0;
}

int loaded_file(struct loaded *l, const struct node *n, struct err *err)
{
	if (l->in_store && l->placing == PLACE_META && n->content->size > 0)
		return spool_fd(&l->spool, n->content, err);
	if (l->file >= 0)
		(void)sys_close(l->file);
	l->file = node_open(l->rootfs, n, err);
	return l->file;
}
