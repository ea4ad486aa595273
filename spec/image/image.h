/* SPDX-License-Identifier: Apache-2.0 */
/* image.h - the documents of OCI images and of docker's archives as structs.
 * (OCI image-spec 1.1: descriptor.md, image-index.md, manifest.md, config.md, image-layout.md) */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "spec/base/arena.h"
#include "spec/base/err.h"

#define IMAGE_INDEX "application/vnd.oci.image.index.v1+json"
#define IMAGE_MANIFEST "application/vnd.oci.image.manifest.v1+json"
#define IMAGE_CONFIG "application/vnd.oci.image.config.v1+json"
#define IMAGE_LAYER "application/vnd.oci.image.layer.v1.tar"
#define ANNOTATION_REF "org.opencontainers.image.ref.name"
#define ANNOTATION_TITLE "org.opencontainers.image.title"

struct image_strings {
	const char **v;
	size_t n;
};
struct image_pair {
	const char *key, *value;
};
struct image_pairs {
	struct image_pair *v;
	size_t n;
};

struct platform {
	const char *os, *architecture, *variant;
};

struct descriptor {
	const char *media_type, *digest;
	uint64_t size;
	struct image_pairs annotations;
	struct platform *platform;
	struct image_strings urls;
};
struct descriptors {
	struct descriptor *v;
	size_t n;
};

/* An index or a manifest: which of the two is told by what they hold. */
struct image_manifest {
	uint64_t schema_version;
	const char *media_type;
	struct descriptors manifests; /* of an index */
	struct descriptor *config; /* of a manifest */
	struct descriptors layers;
	struct image_pairs annotations;
};

struct image_process {
	struct image_strings env, entrypoint, cmd;
	const char *working_dir, *user;
	struct image_pairs labels;
};
struct image_rootfs {
	const char *type;
	struct image_strings diff_ids;
};
struct image_config {
	const char *architecture, *os, *variant;
	struct image_process config;
	struct image_rootfs rootfs;
};

/* An element of docker's manifest.json. */
struct docker_image {
	const char *config;
	struct image_strings repo_tags, layers;
};
struct docker_images {
	struct docker_image *v;
	size_t n;
};

/* Largest document that is read, and how deep it may nest. */
#define IMAGE_JSON_MAX (4u << 20)
#define IMAGE_JSON_DEPTH 32

/* image_manifest_parse: an index or a manifest. ERR_HOSTILE for a document that is both
 * (CVE-2021-41190), or whose mediaType is not the one that its descriptor promised (promised may be
 * NULL); ERR_INPUT for other faults. */
int image_manifest_parse(const char *bytes, size_t len, const char *name, const char *promised,
			 struct arena *a, struct image_manifest *ret, struct err *err);
int image_config_parse(const char *bytes, size_t len, const char *name, struct arena *a,
		       struct image_config *ret, struct err *err);
int docker_manifest_parse(const char *bytes, size_t len, const char *name, struct arena *a,
			  struct docker_images *ret, struct err *err);
/* layout_check: the document oci-layout: version 1.0.0. */
int layout_check(const char *bytes, size_t len, const char *name, struct err *err);

/* digest_hex: the 64 digits of "sha256:…"; ERR_INPUT for anything else. */
int digest_hex(const char *digest, const char **ret, struct err *err);
/* is_index, is_layer, is_config: by media type, docker's words too; is_layer is false for layers that lie
 * elsewhere. */
bool media_is_index(const char *media_type);
bool media_is_manifest(const char *media_type);
bool media_is_layer(const char *media_type);
bool media_is_config(const char *media_type);
/* pair_find: the value of a key, or NULL. */
const char *pair_find(const struct image_pairs *pairs, const char *key);
