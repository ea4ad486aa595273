/* SPDX-License-Identifier: Apache-2.0 */
/* lock.c - the tables of the lock, and how one is made. */
#include "bundle/lock.h"

#include "bundle/config.h"
#include "bundle/source.h"
#include "rootfs-tools/integrity.h"
#include "spec/base/fd.h"
#include "spec/base/path.h"
#include "spec/base/sys.h"
#include "spec/json/bind.h"
#include "spec/json/emit.h"
#include "spec/json/quote.h"

#define LOCK_VERSION 1

static const struct json_limits LOCK_LIMITS = { .bytes = 4u << 20, .depth = 16, .nodes = 200000 };

static const struct bind_row package_rows[] = {
	ROW(locked_package, name, "name", STR, REQUIRED | NONEMPTY, "of the package"),
	ROW(locked_package, version, "version", STR, REQUIRED | NONEMPTY, "its version"),
	ROW(locked_package, arch, "arch", STR, REQUIRED | NONEMPTY, "its architecture"),
	ROW(locked_package, sha256, "sha256", STR, REQUIRED | NONEMPTY, "from apt's signed index"),
	ROW(locked_package, size, "size", UINT, REQUIRED, "in bytes"),
};
static const struct bind_table package_table = TABLE(locked_package, package_rows);

static const struct bind_row input_rows[] = {
	ROW(locked_input, id, "id", STR, REQUIRED | NONEMPTY, "the recipe's word"),
	ROW(locked_input, sha256, "sha256", STR, NONEMPTY, "of an archive"),
	ROW(locked_input, size, "size", UINT, 0, "of an archive"),
	ROW(locked_input, integrity, "integrity", STR, NONEMPTY, "of an npm tarball: its SHA-512"),
	ROW(locked_input, digest, "digest", STR, NONEMPTY, "of an image's manifest"),
	ROW_LIST(locked_input, packages, "packages", package_table, 0, "what apt chose"),
};
static const struct bind_table input_table = TABLE(locked_input, input_rows);

static const struct bind_row lock_rows[] = {
	ROW(lock, version, "srtBundleLock", UINT, REQUIRED, "1"),
	ROW(lock, recipe, "recipe", STR, REQUIRED, "SHA-256 of the recipe"),
	ROW_LIST(lock, inputs, "inputs", input_table, 0, "one for each of the recipe"),
};
static const struct bind_table lock_table = TABLE(lock, lock_rows);

int lock_read(const char *bytes, size_t len, const char *name, struct arena *a, struct lock *ret,
	      struct err *err)
{
	struct lock l = { 0 };
	struct json *json;

	TRY(json_parse(bytes, len, name, &LOCK_LIMITS, a, &json, err));
	if (bind_object(json, &lock_table, BIND_STRICT, &l, a, err) < 0)
		return err_in(err, "%s: ", name);
	if (l.version != LOCK_VERSION)
		return err_input(err, "%s: /srtBundleLock: version %llu is not known; %d is", name,
				 (unsigned long long)l.version, LOCK_VERSION);
	*ret = l;
	return 0;
}

static void package_emit(struct emit *e, const struct locked_package *p)
{
	emit_object(e, NULL);
	emit_str(e, "arch", p->arch);
	emit_str(e, "name", p->name);
	emit_str(e, "sha256", p->sha256);
	emit_uint(e, "size", p->size);
	emit_str(e, "version", p->version);
	emit_end_object(e);
}

void lock_emit(const struct lock *l, struct text *out)
{
	struct emit e = { .out = out, .indent = 2 };

	emit_object(&e, NULL);
	emit_array(&e, "inputs");
	for (size_t i = 0; i < l->inputs.n; i++) {
		const struct locked_input *in = &l->inputs.v[i];

		emit_object(&e, NULL);
		emit_str(&e, "digest", in->digest);
		emit_str(&e, "id", in->id);
		emit_str(&e, "integrity", in->integrity);
		if (in->packages.n) {
			emit_array(&e, "packages");
			for (size_t j = 0; j < in->packages.n; j++)
				package_emit(&e, &in->packages.v[j]);
			emit_end_array(&e);
		}
		emit_str(&e, "sha256", in->sha256);
		if (in->sha256)
			emit_uint(&e, "size", in->size);
		emit_end_object(&e);
	}
	emit_end_array(&e);
	emit_str(&e, "recipe", l->recipe);
	emit_uint(&e, "srtBundleLock", LOCK_VERSION);
	emit_end_object(&e);
	text_add(out, "\n");
}

const struct locked_input *lock_input(const struct lock *l, const char *id)
{
	for (size_t i = 0; i < l->inputs.n; i++)
		if (str_eq(l->inputs.v[i].id, id))
			return &l->inputs.v[i];
	return NULL;
}

int lock_check(const struct lock *l, const struct recipe *r, const char *recipe_sha256,
	       struct err *err)
{
	if (!str_eq(l->recipe, recipe_sha256))
		return err_set(
			err, ERR_INTEGRITY, 0,
			"the recipe is not the one that was locked; srt-oci bundle lock --update");
	for (size_t i = 0; i < r->inputs.n; i++)
		if (!lock_input(l, r->inputs.v[i].id))
			return err_set(err, ERR_INTEGRITY, 0, "input %s is not locked",
				       Q(r->inputs.v[i].id));
	return l->inputs.n == r->inputs.n ? 0
					  : err_set(err, ERR_INTEGRITY, 0,
						    "the lock has inputs that the recipe has not");
}

static int packages_lock(const struct input *in, struct arena *a, struct locked_input *ret,
			 struct err *err)
{
	struct packages p = { 0 };
	const char *arch = arch_of_machine();

	if (!arch)
		return err_input(err, "packages cannot be chosen for this machine");
	TRY(apt_resolve(in->packages.v, in->packages.n, arch, a, &p, err));
	ret->packages.v = arena_array(a, struct locked_package, p.n + 1);
	for (size_t i = 0; i < p.n; i++)
		ret->packages.v[ret->packages.n++] =
			(struct locked_package){ p.v[i].name, p.v[i].version, p.v[i].arch,
						 p.v[i].sha256, p.v[i].size };
	return 0;
}

static int archive_lock(const struct source *s, const struct input *in, struct progress *progress,
			struct arena *a, struct locked_input *ret, struct err *err)
{
	const struct pulse pulse = progress_pulse(progress);
	const char *path = path_is_absolute(in->path) || !s->dir[0]
				   ? in->path
				   : path_join(a, s->dir, in->path);
	scoped_fd int fd = sys_openat(AT_FDCWD, path, O_RDONLY | O_CLOEXEC | O_NONBLOCK, 0);
	struct integrity integrity;
	uint8_t digest[SHA256_BYTES];
	char hex[SHA256_HEX + 1];
	struct stat st;

	if (fd < 0 || sys_fstat(fd, &st) < 0)
		return err_host(err, errno, "open %s", path);
	progress->total += (uint64_t)st.st_size;
	TRY(file_hash(fd, path, &pulse, digest, &ret->size, err));
	sha256_hex(digest, hex);
	ret->sha256 = arena_str(a, hex);
	if (in->type != INPUT_NPM)
		return 0;
	TRY(integrity_of(fd, path, NULL, &integrity, err));
	ret->integrity = arena_str(a, integrity.text);
	return 0;
}

/* The manifest that the recipe's words lead to now. */
static int image_lock(const struct source *s, const struct input *in, struct progress *progress,
		      struct arena *a, struct locked_input *ret, struct err *err)
{
	const struct image_name name = {
		.kind = in->type == INPUT_DOCKER ? IMAGE_DOCKER : IMAGE_OCI,
		.path = path_is_absolute(in->path) || !s->dir[0] ? in->path
								 : path_join(a, s->dir, in->path),
		.ref = in->ref,
		.digest = in->digest,
	};

	if (name.kind == IMAGE_DOCKER)
		return archive_lock(s, in, progress, a, ret, err);
	return image_digest(&name, arch_of_machine(), a, &ret->digest, err);
}

int lock_make(const struct source *s, struct progress *progress, struct arena *a, struct lock *ret,
	      struct err *err)
{
	struct lock l = { .version = LOCK_VERSION, .recipe = s->recipe_sha256 };
	const struct recipe *r = &s->recipe;

	l.inputs.v = arena_array(a, struct locked_input, r->inputs.n + 1);
	for (size_t i = 0; i < r->inputs.n; i++) {
		const struct input *in = &r->inputs.v[i];
		struct locked_input *to = &l.inputs.v[l.inputs.n++];
		int result;

		to->id = in->id;
		if (in->packages.n)
			result = packages_lock(in, a, to, err);
		else if (in->type == INPUT_OCI || in->type == INPUT_DOCKER)
			result = image_lock(s, in, progress, a, to, err);
		else
			result = archive_lock(s, in, progress, a, to, err);
		if (result < 0)
			return err_in(err, "/inputs/%zu: ", i);
	}
	*ret = l;
	return 0;
}
