/* SPDX-License-Identifier: Apache-2.0 */
/* image.c - the tables of the image documents, and what they cannot say. */
#include "spec/image/image.h"

#include "spec/base/str.h"
#include "spec/json/bind.h"
#include "spec/json/quote.h"
#include "spec/json/tree.h"

#define HEX 64
#define DOCKER_INDEX "application/vnd.docker.distribution.manifest.list.v2+json"
#define DOCKER_MANIFEST "application/vnd.docker.distribution.manifest.v2+json"
#define DOCKER_CONFIG "application/vnd.docker.container.image.v1+json"
#define DOCKER_LAYER "application/vnd.docker.image.rootfs.diff.tar"

static const struct json_limits LIMITS = { .bytes = IMAGE_JSON_MAX,
					   .depth = IMAGE_JSON_DEPTH,
					   .nodes = 200000 };

static const struct bind_row platform_rows[] = {
	ROW(platform, os, "os", STR, 0, "operating system"),
	ROW(platform, architecture, "architecture", STR, 0, "in Go's words"),
	ROW(platform, variant, "variant", STR, 0, "of the processor"),
};
static const struct bind_table platform_table = TABLE(platform, platform_rows);

static const struct bind_row descriptor_rows[] = {
	ROW(descriptor, media_type, "mediaType", STR, REQUIRED | NONEMPTY, "what it is"),
	ROW(descriptor, digest, "digest", STR, REQUIRED | NONEMPTY, "sha256: and 64 digits"),
	ROW(descriptor, size, "size", UINT, REQUIRED, "in bytes"),
	ROW(descriptor, annotations, "annotations", PAIRS, 0, "notes"),
	ROW_OBJECT(descriptor, platform, "platform", platform_table, 0, "what it is for"),
	ROW(descriptor, urls, "urls", STRINGS, 0, "where else it lies"),
};
static const struct bind_table descriptor_table = TABLE(descriptor, descriptor_rows);

static const struct bind_row manifest_rows[] = {
	ROW(image_manifest, schema_version, "schemaVersion", UINT, REQUIRED, "2"),
	ROW(image_manifest, media_type, "mediaType", STR, 0, "what it is"),
	ROW_LIST(image_manifest, manifests, "manifests", descriptor_table, 0, "of an index"),
	ROW_OBJECT(image_manifest, config, "config", descriptor_table, 0, "of a manifest"),
	ROW_LIST(image_manifest, layers, "layers", descriptor_table, 0, "of a manifest"),
	ROW(image_manifest, annotations, "annotations", PAIRS, 0, "notes"),
};
static const struct bind_table manifest_table = TABLE(image_manifest, manifest_rows);

static const struct bind_row process_rows[] = {
	ROW(image_process, env, "Env", STRINGS, 0, "NAME=VALUE"),
	ROW(image_process, entrypoint, "Entrypoint", STRINGS, 0, "the program"),
	ROW(image_process, cmd, "Cmd", STRINGS, 0, "its arguments"),
	ROW(image_process, working_dir, "WorkingDir", STR, 0, "where it begins"),
	ROW(image_process, user, "User", STR, 0, "who it is"),
	ROW(image_process, labels, "Labels", PAIRS, 0, "notes"),
};
static const struct bind_table process_table = TABLE(image_process, process_rows);

static const struct bind_row rootfs_rows[] = {
	ROW(image_rootfs, type, "type", STR, 0, "layers"),
	ROW(image_rootfs, diff_ids, "diff_ids", STRINGS, 0, "digests of the layers, unpacked"),
};
static const struct bind_table rootfs_table = TABLE(image_rootfs, rootfs_rows);

static const struct bind_row config_rows[] = {
	ROW(image_config, architecture, "architecture", STR, 0, "in Go's words"),
	ROW(image_config, os, "os", STR, 0, "operating system"),
	ROW(image_config, variant, "variant", STR, 0, "of the processor"),
	ROW_INLINE(image_config, config, "config", process_table, 0, "the process"),
	ROW_INLINE(image_config, rootfs, "rootfs", rootfs_table, 0, "its layers"),
};
static const struct bind_table config_table = TABLE(image_config, config_rows);

static const struct bind_row docker_rows[] = {
	ROW(docker_image, config, "Config", STR, REQUIRED | NONEMPTY, "file in the archive"),
	ROW(docker_image, repo_tags, "RepoTags", STRINGS, 0, "names"),
	ROW(docker_image, layers, "Layers", STRINGS, 0, "files in the archive"),
};
static const struct bind_table docker_table = TABLE(docker_image, docker_rows);

struct layout {
	const char *version;
};
static const struct bind_row layout_rows[] = {
	ROW(layout, version, "imageLayoutVersion", STR, REQUIRED, "1.0.0"),
};
static const struct bind_table layout_table = TABLE(layout, layout_rows);

bool media_is_index(const char *m)
{
	return str_eq(m, IMAGE_INDEX) || str_eq(m, DOCKER_INDEX);
}

bool media_is_manifest(const char *m)
{
	return str_eq(m, IMAGE_MANIFEST) || str_eq(m, DOCKER_MANIFEST);
}

bool media_is_layer(const char *m)
{
	return str_eq(m, IMAGE_LAYER) || str_eq(m, IMAGE_LAYER "+gzip") ||
	       str_eq(m, IMAGE_LAYER "+zstd") || str_eq(m, DOCKER_LAYER) ||
	       str_eq(m, DOCKER_LAYER ".gzip") || str_eq(m, DOCKER_LAYER ".zstd");
}

bool media_is_config(const char *m)
{
	return str_eq(m, IMAGE_CONFIG) || str_eq(m, DOCKER_CONFIG);
}

int digest_hex(const char *digest, const char **ret, struct err *err)
{
	const char *hex = digest + strlen("sha256:");

	if (!str_starts(digest, "sha256:") || strlen(hex) != HEX ||
	    strspn(hex, "0123456789abcdef") != HEX)
		return err_input(err, "%s is no SHA-256 digest", Q(digest));
	*ret = hex;
	return 0;
}

const char *pair_find(const struct image_pairs *pairs, const char *key)
{
	for (size_t i = 0; i < pairs->n; i++)
		if (str_eq(pairs->v[i].key, key))
			return pairs->v[i].value;
	return NULL;
}

static int document(const char *bytes, size_t len, const char *name, const struct bind_table *table,
		    struct arena *a, void *ret, struct err *err)
{
	struct json *json;

	TRY(json_parse(bytes, len, name, &LIMITS, a, &json, err));
	if (bind_object(json, table, BIND_TOLERANT, ret, a, err) < 0)
		return err_in(err, "%s: ", name);
	return 0;
}

static int manifest_judge(const struct image_manifest *m, const char *promised, struct err *err)
{
	bool index = m->manifests.n > 0, manifest = m->config || m->layers.n > 0;

	if (m->schema_version != 2)
		return err_input(err, "schemaVersion %llu; only 2 is read",
				 (unsigned long long)m->schema_version);
	if (index && manifest)
		return err_set(err, ERR_HOSTILE, 0, "it is an index and a manifest at once");
	if (m->media_type && promised && !str_eq(m->media_type, promised))
		return err_set(err, ERR_HOSTILE, 0, "its mediaType is not the promised %s",
			       Q(promised));
	if (promised && ((media_is_index(promised) && manifest) ||
			 (media_is_manifest(promised) && (index || !m->config))))
		return err_set(err, ERR_HOSTILE, 0, "it is not the promised %s", Q(promised));
	return 0;
}

int image_manifest_parse(const char *bytes, size_t len, const char *name, const char *promised,
			 struct arena *a, struct image_manifest *ret, struct err *err)
{
	struct image_manifest m = { 0 };

	TRY(document(bytes, len, name, &manifest_table, a, &m, err));
	if (manifest_judge(&m, promised, err) < 0)
		return err_in(err, "%s", name);
	*ret = m;
	return 0;
}

int image_config_parse(const char *bytes, size_t len, const char *name, struct arena *a,
		       struct image_config *ret, struct err *err)
{
	struct image_config c = { 0 };

	TRY(document(bytes, len, name, &config_table, a, &c, err));
	if (c.rootfs.type && !str_eq(c.rootfs.type, "layers"))
		return err_input(err, "%s: /rootfs/type: only layers are read", name);
	*ret = c;
	return 0;
}

int docker_manifest_parse(const char *bytes, size_t len, const char *name, struct arena *a,
			  struct docker_images *ret, struct err *err)
{
	struct docker_images all = { 0 };
	struct json *json;

	TRY(json_parse(bytes, len, name, &LIMITS, a, &json, err));
	if (json->type != JSON_ARRAY)
		return err_input(err, "%s: is no array of images", name);
	all.v = arena_array(a, struct docker_image, json->count + 1);
	for (const struct json *n = json->first; n; n = n->next)
		if (bind_object(n, &docker_table, BIND_TOLERANT, &all.v[all.n++], a, err) < 0)
			return err_in(err, "%s: ", name);
	*ret = all;
	return 0;
}

int layout_check(const char *bytes, size_t len, const char *name, struct err *err)
{
	scoped_arena struct arena a = { 0 };
	struct layout l = { 0 };

	TRY(document(bytes, len, name, &layout_table, &a, &l, err));
	if (!str_eq(l.version, "1.0.0"))
		return err_input(err, "%s: layout version %s; only 1.0.0 is read", name,
				 Q(l.version));
	return 0;
}
