/* SPDX-License-Identifier: Apache-2.0 */
/* image.c - index -> manifest -> config and layers, each by its digest.
 *
 * A layout is a directory, or an archive of one, which is then read into a scratch tree first; either
 * way a name inside of it only reaches what lies inside. */
#include "bundle/image.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "rootfs-tools/manifest.h"
#include "rootfs-tools/spool.h"
#include "rootfs-tools/summing.h"
#include "spec/base/fd.h"
#include "spec/base/path.h"
#include "spec/base/str.h"
#include "spec/base/sys.h"
#include "spec/image/image.h"
#include "spec/json/quote.h"

#define NEST_MAX 4 /* an index in an index … */

struct layout {
	struct unpack *u;
	struct arena *arena;
	const char *shown;
	int dir; /* -1: an archive, whose files are in tree and spool */
	struct tree tree;
	struct spool spool;
};

static void layout_done(struct layout *l)
{
	if (l->dir >= 0)
		(void)sys_close(l->dir);
	tree_done(&l->tree);
	spool_done(&l->spool);
}

int image_name_parse(const char *word, struct arena *a, struct image_name *ret, struct err *err)
{
	struct image_name n = { 0 };
	const char *rest = NULL, *at, *colon;

	if (str_starts(word, "oci:"))
		rest = word + strlen("oci:");
	else if (str_starts(word, "docker-archive:"))
		rest = word + strlen("docker-archive:");
	if (!rest)
		return 1;
	n.kind = word[0] == 'd' ? IMAGE_DOCKER : IMAGE_OCI;
	at = strstr(rest, "@sha256:");
	if (at) {
		const char *hex;

		TRY(digest_hex(at + 1, &hex, err));
		n.digest = at + 1;
		rest = arena_strn(a, rest, (size_t)(at - rest));
	}
	colon = strchr(rest, ':');
	n.path = colon ? arena_strn(a, rest, (size_t)(colon - rest)) : rest;
	n.ref = colon ? colon + 1 : NULL;
	if (!n.path[0])
		return err_input(err, "%s names no path", Q(word));
	*ret = n;
	return 0;
}

static int layout_open(struct layout *l, const struct image_want *want, struct err *err)
{
	const char *path = want->name->path;
	scoped_fd int fd = sys_openat(AT_FDCWD, path, O_RDONLY | O_CLOEXEC | O_NONBLOCK, 0);
	struct target to = { .tree = &l->tree, .source = 1 };
	struct stat st;

	if (fd < 0 || sys_fstat(fd, &st) < 0)
		return err_host(err, errno, "open %s", path);
	if (S_ISDIR(st.st_mode)) {
		l->dir = take_fd(&fd);
		return 0;
	}
	tree_init(&l->tree, &l->u->limits);
	TRY(spool_open(&l->spool, want->scratch, want->scratch, false, err));
	/* Its files are the image's input, which its layers' bounds then count again. */
	struct unpack inner = *l->u;

	inner.spool = &l->spool;
	inner.devices = inner.setid = VERDICT_REFUSE;
	TRY(unpack_fd(&inner, fd, path, &to, err));
	return 0;
}

/* The fd is the caller's. */
static int member_open(struct layout *l, const char *name, uint64_t *size, int *ret,
		       struct err *err)
{
	const struct node *n;
	struct stat st;
	int fd;

	if (l->dir >= 0) {
		fd = open_beneath(l->dir, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);
		if (fd < 0)
			return err_host(err, errno, "open %s in the image", Q(name));
		if (sys_fstat(fd, &st) < 0 || !S_ISREG(st.st_mode)) {
			(void)sys_close(fd);
			return err_input(err, "%s in the image is no file", Q(name));
		}
		*size = (uint64_t)st.st_size;
		*ret = fd;
		return 0;
	}
	n = tree_find(&l->tree, name, true);
	if (!n || n->type != NODE_FILE)
		return err_input(err, "the image has no file %s", Q(name));
	fd = spool_fd(&l->spool, n->content, err);
	TRY(fd);
	*size = n->content->size;
	*ret = sys_fcntl(fd, F_DUPFD_CLOEXEC, 3);
	return *ret < 0 ? err_host(err, errno, "open %s in the image", Q(name)) : 0;
}

static int member_read(struct layout *l, const char *name, char **ret, size_t *len, struct err *err)
{
	scoped_fd int fd = -1;
	uint64_t size;

	TRY(member_open(l, name, &size, &fd, err));
	if (lseek(fd, 0, SEEK_SET) < 0)
		return err_host(err, errno, "read %s in the image", Q(name));
	return fd_read_all(fd, name, IMAGE_JSON_MAX, l->arena, ret, len, err);
}

/* Size and digest as the descriptor promises. */
static int blob_open(struct layout *l, const struct descriptor *d, int *ret, struct err *err)
{
	uint8_t digest[SHA256_BYTES];
	char hex[SHA256_HEX + 1];
	scoped_fd int fd = -1;
	const char *wanted;
	uint64_t size;

	TRY(digest_hex(d->digest, &wanted, err));
	TRY(member_open(l, arena_printf(l->arena, "blobs/sha256/%s", wanted), &size, &fd, err));
	if (size > l->u->limits.input)
		return err_limit(err, "a blob of %llu bytes (--max-input)",
				 (unsigned long long)size);
	if (size != d->size)
		return err_set(err, ERR_INTEGRITY, 0, "blob %.19s has %llu bytes, not %llu",
			       d->digest, (unsigned long long)size, (unsigned long long)d->size);
	TRY(file_sha256(fd, d->digest, digest, &size, err));
	sha256_hex(digest, hex);
	if (!str_eq(hex, wanted))
		return err_set(err, ERR_INTEGRITY, 0, "blob %.19s has another SHA-256, %s",
			       d->digest, hex);
	*ret = take_fd(&fd);
	return 0;
}

static int blob_read(struct layout *l, const struct descriptor *d, char **ret, size_t *len,
		     struct err *err)
{
	scoped_fd int fd = -1;

	TRY(blob_open(l, d, &fd, err));
	if (lseek(fd, 0, SEEK_SET) < 0)
		return err_host(err, errno, "read a blob");
	return fd_read_all(fd, d->digest, IMAGE_JSON_MAX, l->arena, ret, len, err);
}

static bool fits(const struct descriptor *d, const struct image_want *want, bool outermost)
{
	const struct image_name *n = want->name;
	const char *ref = pair_find(&d->annotations, ANNOTATION_REF);

	if (!media_is_index(d->media_type) && !media_is_manifest(d->media_type))
		return false;
	if (outermost && n->digest)
		return str_eq(d->digest, n->digest);
	if (outermost && n->ref)
		return ref && str_eq(ref, n->ref);
	return !d->platform || !d->platform->architecture ||
	       (str_eq(d->platform->architecture, want->arch) &&
		(!d->platform->os || str_eq(d->platform->os, "linux")));
}

static int descriptor_choose(const struct image_manifest *index, const struct image_want *want,
			     bool outermost, const struct descriptor **ret, struct err *err)
{
	size_t hits = 0;

	for (size_t i = 0; i < index->manifests.n; i++)
		if (fits(&index->manifests.v[i], want, outermost) && hits++ == 0)
			*ret = &index->manifests.v[i];
	if (hits == 0 && outermost && (want->name->digest || want->name->ref))
		return err_input(err, "the image has no manifest %s",
				 Q(want->name->digest ? want->name->digest : want->name->ref));
	if (hits == 0)
		return err_input(err, "the image has no manifest for linux/%s (--platform)",
				 want->arch);
	if (hits > 1)
		return err_input(err,
				 "%zu manifests fit: name one, as in oci:DIR:REF or oci:DIR@DIGEST",
				 hits);
	return 0;
}

/* Down from the index to one manifest. */
static int manifest_find(struct layout *l, const struct image_want *want,
			 struct image_manifest *ret, const char **digest, struct err *err)
{
	const struct descriptor *d = NULL;
	size_t len;
	char *text;

	TRY(member_read(l, "oci-layout", &text, &len, err));
	TRY(layout_check(text, len, "oci-layout", err));
	TRY(member_read(l, "index.json", &text, &len, err));
	TRY(image_manifest_parse(text, len, "index.json", IMAGE_INDEX, l->arena, ret, err));
	for (int depth = 0; !ret->config; depth++) {
		if (depth == NEST_MAX)
			return err_limit(err, "an index in an index, more than %d times", NEST_MAX);
		TRY(descriptor_choose(ret, want, depth == 0, &d, err));
		TRY(blob_read(l, d, &text, &len, err));
		TRY(image_manifest_parse(text, len, d->digest, d->media_type, l->arena, ret, err));
	}
	*digest = d->digest;
	return 0;
}

static int platform_check(const struct image_config *c, const struct image_want *want,
			  struct err *err)
{
	if ((c->os && !str_eq(c->os, "linux")) ||
	    (c->architecture && *c->architecture && !str_eq(c->architecture, want->arch)))
		return err_input(err, "the image is for %s on %s, not linux on %s (--platform)",
				 Q(c->os ? c->os : "?"), Q(c->architecture), want->arch);
	return 0;
}

static void process_from(const struct image_config *c, struct arena *a, struct process *ret)
{
	const struct image_strings *parts[] = { &c->config.entrypoint, &c->config.cmd };

	ret->args.v = arena_array(a, const char *, parts[0]->n + parts[1]->n + 1);
	for (size_t p = 0; p < ARRAY_LEN(parts); p++)
		for (size_t i = 0; i < parts[p]->n; i++)
			ret->args.v[ret->args.n++] = parts[p]->v[i];
	ret->env = (struct strings){ c->config.env.v, c->config.env.n };
	if (c->config.working_dir && path_is_absolute(c->config.working_dir))
		ret->cwd = path_clean(a, c->config.working_dir);
}

/* What a layer unpacks to has the digest that the image's config names. (OCI image-spec,
 * config.md#layer-diffid) */
static int diff_id_check(struct reading *sum, const char *diff_id, struct err *err)
{
	uint8_t digest[SHA256_BYTES];
	char hex[SHA256_HEX + 1];
	const char *wanted;

	TRY(digest_hex(diff_id, &wanted, err));
	TRY(summing_end(sum, digest, err));
	sha256_hex(digest, hex);
	if (!str_eq(hex, wanted))
		return err_set(err, ERR_INTEGRITY, 0, "unpacks to the SHA-256 %s, not its diff_id",
			       hex);
	return 0;
}

static int layer_lay(struct layout *l, int fd, const char *name, const char *diff_id,
		     struct tree *out, struct image_said *said, struct err *err)
{
	const struct target to = { .tree = out, .source = ++said->source, .layer = true };
	scoped_reading struct reading sum = { .pipe = -1 };

	TRY(summing_start(&sum, l->u, fd, err));
	TRY(unpack_fd(l->u, fd, name, &to, err));
	return diff_id_check(&sum, diff_id, err) < 0 ? err_in(err, "%s", name) : 0;
}

/* Compressed as its media type says, and by nothing else: other readers believe that word. */
static int packing_check(int fd, const char *media_type, struct err *err)
{
	static const struct {
		const char *ends, *magic;
	} packings[] = { { "gzip", "\x1f\x8b" }, { "zstd", "\x28\xb5\x2f\xfd" } };
	char begins[5] = "";

	if (pread(fd, begins, sizeof(begins) - 1, 0) < 0)
		return err_host(err, errno, "read a layer");
	for (size_t i = 0; i < ARRAY_LEN(packings); i++)
		if (str_ends(media_type, packings[i].ends) != str_starts(begins, packings[i].magic))
			return err_set(err, ERR_HOSTILE, 0, "it is not the promised %s",
				       Q(media_type));
	return 0;
}

static int oci_layer(struct layout *l, const struct descriptor *d, const char *diff_id, size_t i,
		     struct tree *out, struct image_said *said, struct err *err)
{
	const char *name = arena_printf(l->arena, "layer %zu", i);
	scoped_fd int fd = -1;

	if (!media_is_layer(d->media_type) || d->urls.n)
		return err_input(err, "%s: %s cannot be read", name, Q(d->media_type));
	TRY(blob_open(l, d, &fd, err));
	said->size += d->size;
	l->u->expected += d->size;
	if (packing_check(fd, d->media_type, err) < 0)
		return err_in(err, "%s", name);
	return layer_lay(l, fd, name, diff_id, out, said, err);
}

static int oci_tree(struct layout *l, const struct image_want *want, struct tree *out,
		    struct image_said *ret, struct err *err)
{
	struct image_manifest m = { 0 };
	struct image_config c;
	size_t len;
	char *text;

	TRY(manifest_find(l, want, &m, &ret->digest, err));
	if (m.layers.n > l->u->limits.layers)
		return err_limit(err, "more than %llu layers (--max-layers)",
				 (unsigned long long)l->u->limits.layers);
	if (!media_is_config(m.config->media_type))
		return err_input(err, "%s is no image's config", Q(m.config->media_type));
	TRY(blob_read(l, m.config, &text, &len, err));
	TRY(image_config_parse(text, len, m.config->digest, l->arena, &c, err));
	TRY(platform_check(&c, want, err));
	if (c.rootfs.diff_ids.n != m.layers.n)
		return err_set(err, ERR_INTEGRITY, 0, "%zu layers, but %zu diff_ids", m.layers.n,
			       c.rootfs.diff_ids.n);
	for (size_t i = 0; i < m.layers.n; i++)
		TRY(oci_layer(l, &m.layers.v[i], c.rootfs.diff_ids.v[i], i, out, ret, err));
	ret->title = pair_find(&m.annotations, ANNOTATION_TITLE);
	process_from(&c, l->arena, &ret->process);
	return 0;
}

int image_digest(const struct image_name *name, const char *arch, struct arena *a, const char **ret,
		 struct err *err)
{
	const struct image_want want = { .name = name, .arch = arch };
	const struct limits limits = limits_standard();
	struct unpack u = { .limits = limits };
	scoped(layout_done) struct layout l = {
		.u = &u,
		.arena = a,
		.spool = { .dir = -1, .tmp = -1, .part = -1, .open_fd = -1 },
	};
	struct image_manifest m = { 0 };

	l.dir = sys_openat(AT_FDCWD, name->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0);
	if (l.dir < 0)
		return err_host(err, errno, "open %s", name->path);
	return manifest_find(&l, &want, &m, ret, err);
}

/* --- docker's archives --- */

static bool tag_is(const struct docker_image *d, const char *ref)
{
	for (size_t i = 0; i < d->repo_tags.n; i++)
		if (str_eq(d->repo_tags.v[i], ref))
			return true;
	return false;
}

static int docker_choose(const struct docker_images *all, const char *ref,
			 const struct docker_image **ret, struct err *err)
{
	size_t hits = 0;

	for (size_t i = 0; i < all->n; i++)
		if ((!ref || tag_is(&all->v[i], ref)) && hits++ == 0)
			*ret = &all->v[i];
	if (hits != 1)
		return err_input(err,
				 "%zu images of the archive fit: name one, as in "
				 "docker-archive:FILE:NAME:TAG",
				 hits);
	return 0;
}

/* The digest of the config is in its name; those of the layers are in the config. */
static int docker_layer(struct layout *l, const char *name, const char *diff_id, struct tree *out,
			struct image_said *said, struct err *err)
{
	const char *shown = arena_printf(l->arena, "layer %s", Q(name));
	scoped_fd int fd = -1;
	uint64_t size;

	TRY(member_open(l, name, &size, &fd, err));
	said->size += size;
	return layer_lay(l, fd, shown, diff_id, out, said, err);
}

static int docker_tree(struct layout *l, const struct image_want *want, struct tree *out,
		       struct image_said *ret, struct err *err)
{
	const struct docker_image *d = NULL;
	uint8_t digest[SHA256_BYTES];
	char hex[SHA256_HEX + 1];
	struct docker_images all;
	struct image_config c;
	size_t len;
	char *text;

	TRY(member_read(l, "manifest.json", &text, &len, err));
	TRY(docker_manifest_parse(text, len, "manifest.json", l->arena, &all, err));
	TRY(docker_choose(&all, want->name->ref, &d, err));
	TRY(member_read(l, d->config, &text, &len, err));
	TRY(text_sha256(text, len, digest, err));
	sha256_hex(digest, hex);
	if (!strstr(d->config, hex))
		return err_set(err, ERR_INTEGRITY, 0, "%s has another SHA-256, %s", Q(d->config),
			       hex);
	TRY(image_config_parse(text, len, d->config, l->arena, &c, err));
	TRY(platform_check(&c, want, err));
	if (c.rootfs.diff_ids.n != d->layers.n)
		return err_set(err, ERR_INTEGRITY, 0, "%zu layers, but %zu diff_ids", d->layers.n,
			       c.rootfs.diff_ids.n);
	if (d->layers.n > l->u->limits.layers)
		return err_limit(err, "more than %llu layers (--max-layers)",
				 (unsigned long long)l->u->limits.layers);
	for (size_t i = 0; i < d->layers.n; i++)
		TRY(docker_layer(l, d->layers.v[i], c.rootfs.diff_ids.v[i], out, ret, err));
	ret->digest = arena_printf(l->arena, "sha256:%s", hex);
	ret->title = pair_find(&c.config.labels, ANNOTATION_TITLE);
	process_from(&c, l->arena, &ret->process);
	return 0;
}

int image_tree(struct unpack *u, const struct image_want *want, struct tree *out, struct arena *a,
	       struct image_said *ret, struct err *err)
{
	scoped(layout_done) struct layout l = {
		.u = u,
		.arena = a,
		.dir = -1,
		.spool = { .dir = -1, .tmp = -1, .part = -1, .open_fd = -1 },
	};
	struct image_said said = { .source = want->source };
	int r;

	r = layout_open(&l, want, err);
	if (r == 0 && want->name->kind == IMAGE_DOCKER)
		r = docker_tree(&l, want, out, &said, err);
	else if (r == 0)
		r = oci_tree(&l, want, out, &said, err);
	if (r < 0)
		return str_starts(err->place, want->name->path)
			       ? r
			       : err_in(err, err->place[0] ? "%s: " : "%s", want->name->path);
	*ret = said;
	return 0;
}
