/* SPDX-License-Identifier: Apache-2.0 */
/* cmd_pack.c - the command pack: a bundle becomes an OCI layout, docker's archive or a tar archive.
 *
 * What is written depends on the bundle alone: every time in it is the bundle's epoch. */
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "bundle/command.h"
#include "bundle/load.h"
#include "bundle/progress.h"
#include "bundle/site.h"
#include "bundle/verify_bundle.h"
#include "rootfs-tools/outflow.h"
#include "rootfs-tools/tarout.h"
#include "spec/base/fd.h"
#include "spec/base/sys.h"
#include "spec/image/image.h"
#include "spec/json/emit.h"
#include "spec/json/quote.h"
#include "spec/json/tree.h"

#define FILE_FLAGS (O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC)

static const struct json_limits CONFIG_LIMITS = { .bytes = 16u << 20,
						  .depth = 32,
						  .nodes = 200000 };

struct packing {
	struct loaded *l;
	struct site *site;
	struct arena *arena;
	enum compression compression;
	int level;
	struct outflow_sums layer;
	int layer_fd; /* docker's archive: the layer, before it goes in */
	const char *digest; /* of the manifest, of a layout */
};

static int open_file(void *ctx, const struct node *n, struct err *err)
{
	return loaded_file(ctx, n, err);
}

static const char *hex_of(const uint8_t sha256[SHA256_BYTES], struct arena *a)
{
	char *hex = arena_alloc(a, SHA256_HEX + 1);

	sha256_hex(sha256, hex);
	return hex;
}

static int layer_write(struct packing *p, int fd, struct err *err)
{
	scoped_outflow struct outflow *out = NULL;
	int64_t epoch = (int64_t)p->l->manifest.epoch;

	TRY(outflow_open(&out, fd, p->compression, p->level, err));
	outflow_pulse(out, p->l->pulse);
	TRY(tar_tree(out, &p->l->tree, epoch, open_file, p->l, err));
	TRY(tar_end(out, err));
	return outflow_end(out, &p->layer, err);
}

/* --- the image's config, from the bundle's --- */

static void strings_copy(struct emit *e, const char *key, const struct json *list)
{
	if (!list || list->type != JSON_ARRAY || !list->first)
		return;
	emit_array(e, key);
	for (const struct json *n = list->first; n; n = n->next)
		if (n->type == JSON_STRING)
			emit_str(e, NULL, n->text);
	emit_end_array(e);
}

static const char *text_of(const struct json *object, const char *key)
{
	const struct json *n = object ? json_member(object, key) : NULL;

	return n && n->type == JSON_STRING ? n->text : NULL;
}

static const char *when(uint64_t epoch, struct arena *a)
{
	time_t t = (time_t)epoch;
	char *buf = arena_alloc(a, 32);
	struct tm tm;

	if (!gmtime_r(&t, &tm) || strftime(buf, 32, "%Y-%m-%dT%H:%M:%SZ", &tm) == 0)
		return "1970-01-01T00:00:00Z";
	return buf;
}

/* *title becomes the bundle's name, which is its host name. */
static int config_emit_image(const struct packing *p, const char **title, struct text *out,
			     struct err *err)
{
	struct emit e = { .out = out };
	const struct json *process;
	struct json *json;

	TRY(json_parse(p->l->config_text, p->l->config_len, "config.json", &CONFIG_LIMITS, p->arena,
		       &json, err));
	process = json_member(json, "process");
	*title = text_of(json, "hostname");
	emit_object(&e, NULL);
	emit_str(&e, "architecture", p->l->manifest.arch);
	emit_object(&e, "config");
	strings_copy(&e, "Cmd", process ? json_member(process, "args") : NULL);
	strings_copy(&e, "Env", process ? json_member(process, "env") : NULL);
	if (*title) {
		emit_object(&e, "Labels");
		emit_str(&e, ANNOTATION_TITLE, *title);
		emit_end_object(&e);
	}
	emit_str(&e, "WorkingDir", text_of(process, "cwd"));
	emit_end_object(&e);
	emit_str(&e, "created", when(p->l->manifest.epoch, p->arena));
	emit_array(&e, "history");
	emit_object(&e, NULL);
	emit_str(&e, "created", when(p->l->manifest.epoch, p->arena));
	emit_str(&e, "created_by", "srt-oci bundle pack");
	emit_end_object(&e);
	emit_end_array(&e);
	emit_str(&e, "os", "linux");
	emit_object(&e, "rootfs");
	emit_array(&e, "diff_ids");
	emit_str(&e, NULL, arena_printf(p->arena, "sha256:%s", hex_of(p->layer.plain, p->arena)));
	emit_end_array(&e);
	emit_str(&e, "type", "layers");
	emit_end_object(&e);
	emit_end_object(&e);
	return 0;
}

/* --- an OCI layout --- */

static int bytes_file(int dir, const char *name, const struct text *t, struct err *err)
{
	scoped_fd int fd = sys_openat(dir, name, FILE_FLAGS, 0600);

	if (fd < 0 || fd_write_all(fd, t->s, t->len) < 0)
		return err_host(err, errno, "write %s", name);
	return file_settle(fd, 0644, 0, err);
}

static int blob_put(const struct packing *p, int blobs, const struct text *t, const char **hex,
		    struct err *err)
{
	uint8_t digest[SHA256_BYTES];

	TRY(text_sha256(t->s, t->len, digest, err));
	*hex = hex_of(digest, p->arena);
	return bytes_file(blobs, *hex, t, err);
}

static int layer_blob(struct packing *p, int blobs, struct err *err)
{
	scoped_fd int fd = sys_openat(blobs, "layer", FILE_FLAGS, 0600);

	if (fd < 0)
		return err_host(err, errno, "make the layer");
	TRY(layer_write(p, fd, err));
	TRY(file_settle(fd, 0644, 0, err));
	if (sys_renameat(blobs, "layer", blobs, hex_of(p->layer.packed, p->arena)) < 0)
		return err_host(err, errno, "name the layer");
	return 0;
}

static void descriptor_emit(struct emit *e, const char *key, const char *media, const char *hex,
			    uint64_t size, const struct packing *p, bool platform)
{
	emit_object(e, key);
	if (platform) {
		emit_object(e, "annotations");
		emit_str(e, ANNOTATION_REF, "latest");
		emit_end_object(e);
	}
	emit_str(e, "digest", arena_printf(p->arena, "sha256:%s", hex));
	emit_str(e, "mediaType", media);
	if (platform) {
		emit_object(e, "platform");
		emit_str(e, "architecture", p->l->manifest.arch);
		emit_str(e, "os", "linux");
		emit_end_object(e);
	}
	emit_uint(e, "size", size);
	emit_end_object(e);
}

static const char *layer_media(const struct packing *p)
{
	static const char *const media[] = { [COMPRESS_NONE] = IMAGE_LAYER,
					     [COMPRESS_GZIP] = IMAGE_LAYER "+gzip",
					     [COMPRESS_ZSTD] = IMAGE_LAYER "+zstd" };

	return media[p->compression];
}

static void manifest_emit_image(const struct packing *p, const char *config_hex, uint64_t size,
				const char *title, struct text *out)
{
	struct emit e = { .out = out };

	emit_object(&e, NULL);
	if (title) {
		emit_object(&e, "annotations");
		emit_str(&e, ANNOTATION_TITLE, title);
		emit_end_object(&e);
	}
	descriptor_emit(&e, "config", IMAGE_CONFIG, config_hex, size, p, false);
	emit_array(&e, "layers");
	descriptor_emit(&e, NULL, layer_media(p), hex_of(p->layer.packed, p->arena),
			p->layer.packed_bytes, p, false);
	emit_end_array(&e);
	emit_str(&e, "mediaType", IMAGE_MANIFEST);
	emit_uint(&e, "schemaVersion", 2);
	emit_end_object(&e);
}

static int dir_make(int in, const char *name, int *ret, struct err *err)
{
	if (sys_mkdirat(in, name, 0700) < 0)
		return err_host(err, errno, "make %s", name);
	*ret = sys_openat(in, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC, 0);
	if (*ret < 0)
		return err_host(err, errno, "open %s", name);
	return file_settle(*ret, 0755, 0, err);
}

static int layout_write(struct packing *p, int dir, struct err *err)
{
	struct text config = { .arena = p->arena }, manifest = { .arena = p->arena };
	struct text index = { .arena = p->arena }, layout = { .arena = p->arena };
	struct emit e = { .out = &index };
	const char *config_hex, *hex, *title;
	scoped_fd int top = -1, blobs = -1;

	TRY(dir_make(dir, "blobs", &top, err));
	TRY(dir_make(top, "sha256", &blobs, err));
	TRY(layer_blob(p, blobs, err));
	TRY(config_emit_image(p, &title, &config, err));
	TRY(blob_put(p, blobs, &config, &config_hex, err));
	manifest_emit_image(p, config_hex, config.len, title, &manifest);
	TRY(blob_put(p, blobs, &manifest, &hex, err));
	p->digest = hex;
	emit_object(&e, NULL);
	emit_array(&e, "manifests");
	descriptor_emit(&e, NULL, IMAGE_MANIFEST, hex, manifest.len, p, true);
	emit_end_array(&e);
	emit_str(&e, "mediaType", IMAGE_INDEX);
	emit_uint(&e, "schemaVersion", 2);
	emit_end_object(&e);
	text_add(&layout, "{\"imageLayoutVersion\":\"1.0.0\"}");
	TRY(bytes_file(dir, "index.json", &index, err));
	return bytes_file(dir, "oci-layout", &layout, err);
}

/* --- docker's archive --- */

static int docker_write(struct packing *p, int dir, struct err *err)
{
	scoped_fd int layer = sys_openat(p->site->objects, "layer", FILE_FLAGS, 0600);
	scoped_fd int fd = sys_openat(dir, "archive", FILE_FLAGS, 0600);
	struct text config = { .arena = p->arena }, manifest = { .arena = p->arena };
	const char *config_name, *layer_name, *title;
	scoped_outflow struct outflow *out = NULL;
	int64_t epoch = (int64_t)p->l->manifest.epoch;
	struct emit e = { .out = &manifest };
	uint8_t digest[SHA256_BYTES];
	struct outflow_sums sums;

	if (layer < 0 || fd < 0)
		return err_host(err, errno, "make the archive");
	enum compression outer = p->compression;

	p->compression = COMPRESS_NONE;
	TRY(layer_write(p, layer, err));
	TRY(config_emit_image(p, &title, &config, err));
	TRY(text_sha256(config.s, config.len, digest, err));
	config_name = arena_printf(p->arena, "%s.json", hex_of(digest, p->arena));
	layer_name = arena_printf(p->arena, "%s.tar", hex_of(p->layer.plain, p->arena));
	emit_array(&e, NULL);
	emit_object(&e, NULL);
	emit_str(&e, "Config", config_name);
	emit_array(&e, "Layers");
	emit_str(&e, NULL, layer_name);
	emit_end_array(&e);
	emit_array(&e, "RepoTags");
	emit_str(&e, NULL, arena_printf(p->arena, "%s:latest", title ? title : "bundle"));
	emit_end_array(&e);
	emit_end_object(&e);
	emit_end_array(&e);
	TRY(outflow_open(&out, fd, outer, p->level, err));
	TRY(tar_bytes(out, config_name, config.s, config.len, epoch, err));
	TRY(tar_fd(out, layer_name, layer, p->layer.plain_bytes, epoch, err));
	TRY(tar_bytes(out, "manifest.json", manifest.s, manifest.len, epoch, err));
	TRY(tar_end(out, err));
	TRY(outflow_end(out, &sums, err));
	return file_settle(fd, 0644, 0, err);
}

static int tar_write(struct packing *p, int dir, struct err *err)
{
	scoped_fd int fd = sys_openat(dir, "archive", FILE_FLAGS, 0600);

	if (fd < 0)
		return err_host(err, errno, "make the archive");
	TRY(layer_write(p, fd, err));
	return file_settle(fd, 0644, 0, err);
}

/* --- the command --- */

struct kind {
	const char *name;
	bool directory, layered;
	enum compression compression; /* where none is asked for */
	int (*write)(struct packing *p, int dir, struct err *err);
};

static const struct kind KINDS[] = {
	{ "oci", true, true, COMPRESS_GZIP, layout_write },
	{ "docker-archive", false, true, COMPRESS_NONE, docker_write },
	{ "tar", false, false, COMPRESS_NONE, tar_write },
};

static int compression_parse(const char *word, struct packing *p, struct err *err)
{
	const char *colon = strchr(word, ':');
	size_t n = colon ? (size_t)(colon - word) : strlen(word);
	uint64_t level = 0;

	if (colon)
		TRY(str_u64(colon + 1, 10, 22, &level, err));
	p->level = (int)level;
	if (n == 4 && strncmp(word, "zstd", n) == 0)
		p->compression = COMPRESS_ZSTD;
	else if (n == 4 && strncmp(word, "gzip", n) == 0)
		p->compression = COMPRESS_GZIP;
	else if (n == 4 && strncmp(word, "none", n) == 0 && !colon)
		p->compression = COMPRESS_NONE;
	else
		return err_input(err, "--compress: %s is none of zstd, gzip, none", Q(word));
	return 0;
}

static int packed_publish(struct site *site, const struct kind *kind, const char *dest,
			  struct err *err)
{
	int r;

	if (kind->directory) {
		r = site_publish(site, site->to, site->base, err);
	} else {
		r = syncfs(site->bundle) < 0 ? err_host(err, errno, "write to the disk") : 0;
		TRY(r);
		r = renameat2(site->bundle, "archive", site->to, site->base, RENAME_NOREPLACE) == 0
			    ? 0
		    : errno == EEXIST ? 1
				      : err_host(err, errno, "name %s", dest);
	}
	return r > 0 ? err_input(err, "%s is there already", dest) : r;
}

/* Who reads a layer takes such a name for an order. (OCI image-spec, layer.md#whiteouts) */
static int whiteouts_check(const struct tree *t, struct arena *a, struct err *err)
{
	char buf[TREE_PATH_MAX];
	size_t n;
	struct node **nodes = tree_list(a, t->root, &n);

	for (size_t i = 0; i < n; i++)
		if (str_starts(nodes[i]->name, ".wh."))
			return err_input(
				err,
				"%s: in a layer this name would be a whiteout (-t tar has none)",
				Q(tree_path(nodes[i], buf)));
	return 0;
}

static void packed_print(const struct args *args, const struct packing *p, struct text *out)
{
	struct emit e = { .out = out, .indent = 2 };

	if (!args->json) {
		text_visible(out, args->output);
		text_addf(out, ": layer sha256:%s, %llu.%llu MB of %llu.%llu MB\n",
			  hex_of(p->layer.plain, p->arena),
			  (unsigned long long)(p->layer.packed_bytes / 1000000),
			  (unsigned long long)(p->layer.packed_bytes / 100000 % 10),
			  (unsigned long long)(p->layer.plain_bytes / 1000000),
			  (unsigned long long)(p->layer.plain_bytes / 100000 % 10));
		return;
	}
	emit_object(&e, NULL);
	emit_uint(&e, "bytes", p->layer.packed_bytes);
	emit_str(&e, "diffId",
		 arena_printf(p->arena, "sha256:%s", hex_of(p->layer.plain, p->arena)));
	emit_str(&e, "id", p->l->identity.id);
	emit_str(&e, "layer",
		 arena_printf(p->arena, "sha256:%s", hex_of(p->layer.packed, p->arena)));
	emit_str(&e, "manifest", p->digest ? arena_printf(p->arena, "sha256:%s", p->digest) : NULL);
	emit_str(&e, "path", args->output);
	emit_uint(&e, "plainBytes", p->layer.plain_bytes);
	emit_end_object(&e);
	text_add(out, "\n");
}

int cmd_pack(struct args *args, const struct log *log, struct err *err)
{
	const struct kind *kind = &KINDS[0];
	scoped_store struct store store = STORE_NONE;
	scoped_loaded struct loaded l = LOADED_NONE;
	scoped_site struct site site = SITE_NONE;
	struct packing p = { .l = &l, .site = &site, .arena = args->arena };
	struct text out = { .arena = args->arena };
	scoped(progress_end) struct progress progress;
	const struct pulse pulse = progress_pulse(&progress);

	if (!args->output)
		return err_input(err, "where to? say --output=PATH");
	for (size_t i = 0; args->type && i < ARRAY_LEN(KINDS); i++)
		if (str_eq(KINDS[i].name, args->type))
			kind = &KINDS[i];
	p.compression = kind->compression;
	if (args->compress)
		TRY(compression_parse(args->compress, &p, err));
	progress_begin(&progress, log, "packing", args->quiet);
	l.pulse = &pulse;
	TRY(loaded_open(&l, &store, args->operands.v[0], args->arena, err));
	if (kind->layered)
		TRY(whiteouts_check(&l.tree, args->arena, err));
	progress.total = progress.done + bundle_bytes(&l);
	TRY(site_open_dir(&site, args->output, args->arena, err));
	TRY(kind->write(&p, site.bundle, err));
	TRY(packed_publish(&site, kind, args->output, err));
	packed_print(args, &p, &out);
	progress_end(&progress);
	return args->quiet && !args->json ? 0 : output_print(&out, err);
}
