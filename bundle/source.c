/* SPDX-License-Identifier: Apache-2.0 */
/* source.c - opens sources and runs recipes. */
#include "bundle/source.h"

#include <string.h>

#include "bundle/apt.h"
#include "bundle/config.h"
#include "bundle/site.h"
#include "bundle/steps.h"
#include "rootfs-tools/integrity.h"
#include "rootfs-tools/manifest.h"
#include "spec/base/fd.h"
#include "spec/base/path.h"
#include "spec/base/sys.h"
#include "spec/json/bind.h"
#include "spec/json/quote.h"
#include "spec/json/tree.h"

#define RECIPE_BYTES_MAX (4u << 20)
#define LOCK_SUFFIX ".lock.json"
#define READINGS_MAX 16

static int regular_open(const char *path, int *ret, struct err *err)
{
	scoped_fd int fd =
		sys_openat(AT_FDCWD, path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY, 0);
	struct stat st;

	if (fd < 0)
		return err_host(err, errno, "open %s", path);
	if (sys_fstat(fd, &st) < 0)
		return err_host(err, errno, "stat %s", path);
	if (!S_ISREG(st.st_mode))
		return err_input(err, "%s is no file", path);
	*ret = take_fd(&fd);
	return 0;
}

static bool begins_json(int fd)
{
	char first[64];
	ssize_t n = pread(fd, first, sizeof(first) - 1, 0);

	if (n <= 0)
		return false;
	first[n] = '\0';
	return first[strspn(first, " \t\r\n")] == '{';
}

static int recipe_source(struct source *s, const char *bytes, size_t len, struct arena *a,
			 struct err *err)
{
	const char *stem = str_ends(s->name, ".json")
				   ? arena_strn(a, s->name, strlen(s->name) - strlen(".json"))
				   : s->name;
	uint8_t digest[SHA256_BYTES];
	char hex[SHA256_HEX + 1];

	s->is_recipe = true;
	TRY(recipe_read(bytes, len, s->name, a, &s->recipe, err));
	TRY(text_sha256(bytes, len, digest, err));
	sha256_hex(digest, hex);
	s->recipe_sha256 = arena_str(a, hex);
	s->lock_path = arena_printf(a, "%s%s", stem, LOCK_SUFFIX);
	return 0;
}

static int shipped_open(const char *arg, struct arena *a, struct source *s, struct err *err)
{
	for (const struct shipped *r = SHIPPED_RECIPES; r->name; r++)
		if (str_eq(r->name, arg))
			return recipe_source(s, r->json, strlen(r->json), a, err);
	return 1;
}

int source_open(const char *arg, struct arena *a, struct source *ret, struct err *err)
{
	struct source s = { .name = arg, .fd = -1, .dir = "." };
	scoped_fd int fd = -1;
	char *bytes;
	size_t len;
	int r;

	r = shipped_open(arg, a, &s, err);
	TRY(r);
	if (r == 0) {
		*ret = s;
		return 0;
	}
	r = image_name_parse(arg, a, &s.image, err);
	TRY(r);
	if (r == 0) {
		s.is_image = true;
		*ret = s;
		return 0;
	}
	TRY(regular_open(arg, &fd, err));
	if (begins_json(fd)) {
		s.dir = arena_strn(a, arg, (size_t)(path_base(arg) - arg));
		TRY(fd_read_all(fd, arg, RECIPE_BYTES_MAX, a, &bytes, &len, err));
		TRY(recipe_source(&s, bytes, len, a, err));
	} else {
		s.fd = take_fd(&fd);
	}
	*ret = s;
	return 0;
}

void source_done(struct source *s)
{
	if (s->fd >= 0)
		(void)sys_close(s->fd);
	s->fd = -1;
}

static void input_record(struct larder *l, const struct built_input *in)
{
	if (l->n_inputs == l->room) {
		size_t room = l->room ? 2 * l->room : 16;

		l->inputs =
			arena_grow(l->arena, l->inputs, l->room * sizeof(*in), room * sizeof(*in));
		l->room = room;
	}
	l->inputs[l->n_inputs++] = *in;
}

/* Hashes the archive and reads it; sha256 is what its digest has to be, or NULL. */
static int archive_tree(struct larder *l, int fd, const char *name, const char *sha256,
			struct tree *out, struct err *err)
{
	const struct target to = { .tree = out, .source = ++l->source };
	struct built_input in = { .name = name, .first = l->source, .last = l->source };
	const struct pulse pulse = progress_pulse(l->progress);
	scoped_digesting struct digesting meanwhile = DIGESTING_NONE;
	uint8_t digest[SHA256_BYTES] = { 0 };
	char hex[SHA256_HEX + 1];

	/* One that has to be the right one is not even read before it is known to be. */
	if (sha256)
		TRY(file_hash(fd, name, &pulse, digest, &in.size, err));
	else
		TRY(digesting_start(&meanwhile, fd, err));
	sha256_hex(digest, hex);
	if (sha256 && !str_eq(hex, sha256))
		return err_set(err, ERR_INTEGRITY, 0, "%s has the SHA-256 %s, not %s", name, hex,
			       sha256);
	TRY(unpack_fd(&l->unpack, fd, name, &to, err));
	if (!sha256) {
		TRY(digesting_end(&meanwhile, name, digest, &in.size, err));
		sha256_hex(digest, hex);
	}
	in.sha256 = arena_str(l->arena, hex);
	input_record(l, &in);
	return 0;
}

/* --- a tarball of npm: below "package" lies what its package.json names --- */

struct npm_package {
	const char *name, *version;
};
static const struct bind_row npm_rows[] = {
	ROW(npm_package, name, "name", STR, REQUIRED | NONEMPTY, "of the package"),
	ROW(npm_package, version, "version", STR, REQUIRED | NONEMPTY, "its version"),
};
static const struct bind_table npm_table = TABLE(npm_package, npm_rows);
static const struct json_limits NPM_LIMITS = { .bytes = 1u << 20, .depth = 32, .nodes = 50000 };

#define NPM_NAME_MAX 214

/* Letters, digits and these; it is shown on terminals. */
static bool word_is(const char *s, const char *more)
{
	for (const char *p = s; *p; p++)
		if (!(*p >= 'a' && *p <= 'z') && !(*p >= 'A' && *p <= 'Z') &&
		    !(*p >= '0' && *p <= '9') && !strchr(more, *p))
			return false;
	return strlen(s) <= NPM_NAME_MAX;
}

static int npm_read(struct larder *l, const struct tree *t, struct npm_package *ret,
		    struct err *err)
{
	static const char path[] = "/package/package.json";
	const struct node *n = tree_find(t, path, false);
	struct json *json;
	char *text;

	if (!n || n->type != NODE_FILE || n->content->size > NPM_LIMITS.bytes)
		return err_input(err, "no tarball of npm: it has no %s", path);
	text = arena_alloc(l->arena, n->content->size + 1);
	TRY(spool_read(l->spool, n->content, 0, text, n->content->size, err));
	text[n->content->size] = '\0';
	TRY(json_parse(text, n->content->size, path, &NPM_LIMITS, l->arena, &json, err));
	TRY(bind_object(json, &npm_table, BIND_TOLERANT, ret, l->arena, err));
	if (!word_is(ret->name, "@/._~-") || !word_is(ret->version, "._+-"))
		return err_input(err, "%s: %s %s is no name and version", path, Q(ret->name),
				 Q(ret->version));
	return 0;
}

/* integrity and sha256: what they have to be, or NULL. */
static int npm_tree(struct larder *l, int fd, const char *path, const char *integrity,
		    const char *sha256, struct tree *out, struct err *err)
{
	const struct pulse pulse = progress_pulse(l->progress);
	struct npm_package package;
	struct integrity is;
	struct built_input *in;

	TRY(integrity_of(fd, path, &pulse, &is, err));
	if (integrity && !str_eq(integrity, is.text))
		return err_set(err, ERR_INTEGRITY, 0, "%s has the integrity %s, not %s", path,
			       is.text, integrity);
	TRY(archive_tree(l, fd, path, sha256, out, err));
	TRY(npm_read(l, out, &package, err));
	in = &l->inputs[l->n_inputs - 1];
	in->name = package.name;
	in->version = package.version;
	in->sha512 = arena_str(l->arena, is.hex);
	return 0;
}

/* --- packages: their readers begin before it is their turn --- */

struct readings {
	struct reading v[READINGS_MAX];
	size_t n;
};

static void readings_done(struct readings *r)
{
	for (size_t i = 0; i < r->n; i++)
		reading_done(&r->v[i]);
}

static int packages_read(struct larder *l, const struct packages *p, struct tree *out,
			 struct err *err)
{
	uint64_t threads = l->want->threads ? l->want->threads : 1;
	size_t ahead = threads < READINGS_MAX ? (size_t)threads : READINGS_MAX;
	scoped(readings_done) struct readings r = { .n = ahead };
	size_t started = 0;

	for (size_t i = 0; i < p->n; i++)
		l->unpack.expected += p->v[i].size;
	for (size_t i = 0; i < ahead; i++)
		r.v[i] = (struct reading){ .pipe = -1 };
	for (size_t i = 0; i < p->n; i++) {
		const struct package *pkg = &p->v[i];
		const struct target to = { .tree = out, .source = ++l->source };

		for (; started < p->n && started < i + ahead; started++)
			TRY(reading_start(&r.v[started % ahead], &l->unpack, p->v[started].fd,
					  false, err));
		TRY(unpack_reading(&l->unpack, &r.v[i % ahead], pkg->name, &to, err));
		input_record(l,
			     &(struct built_input){ pkg->name, pkg->version, pkg->arch, pkg->sha256,
						    pkg->size, l->source, l->source });
	}
	return 0;
}

/* What the lock names, as apt would have named it. */
static void packages_from_lock(const struct locked_input *in, struct arena *a, struct packages *ret)
{
	ret->v = arena_array(a, struct package, in->packages.n + 1);
	for (size_t i = 0; i < in->packages.n; i++) {
		const struct locked_package *p = &in->packages.v[i];

		ret->v[ret->n++] =
			(struct package){ p->name, p->version, p->arch, p->size, p->sha256, -1 };
	}
}

static int packages_tree(struct larder *l, const struct input *in,
			 const struct locked_input *locked, struct tree *out, struct err *err)
{
	scoped_packages struct packages packages = { 0 };
	const char *arch = arch_of_machine();

	if (!arch)
		return err_input(err, "packages cannot be chosen for this machine");
	if (locked)
		packages_from_lock(locked, l->arena, &packages);
	else
		TRY(apt_resolve(in->packages.v, in->packages.n, arch, l->arena, &packages, err));
	TRY(apt_open(&packages, l->log, l->progress, l->arena, err));
	return packages_read(l, &packages, out, err);
}

static int image_source(struct larder *l, const struct image_name *name, const char *shown,
			struct tree *out, struct image_said *said, struct err *err)
{
	scoped_fd int scratch = -1;
	struct built_input in = { .name = shown, .first = l->source + 1 };
	struct image_want want = { .name = name, .arch = arch_of_machine(), .source = l->source };

	if (l->want->platform)
		want.arch = path_base(l->want->platform);
	if (!want.arch)
		return err_input(err, "say which --platform");
	TRY(site_private(l->site, arena_printf(l->arena, "image-%u", l->source), &scratch, err));
	want.scratch = scratch;
	TRY(image_tree(&l->unpack, &want, out, l->arena, said, err));
	l->source = said->source;
	in.last = l->source;
	in.sha256 = said->digest + strlen("sha256:");
	in.size = said->size;
	input_record(l, &in);
	return 0;
}

/* An archive will be read so many times. */
static void expect(struct larder *l, int fd, uint64_t times)
{
	struct stat st;

	if (sys_fstat(fd, &st) == 0)
		l->unpack.expected += (uint64_t)st.st_size * times;
}

static int input_tree(struct larder *l, const struct source *s, const struct input *in,
		      struct tree *out, struct err *err)
{
	const struct locked_input *locked = l->want->locked ? lock_input(&s->lock, in->id) : NULL;
	const char *sha256 = in->sha256;
	scoped_fd int fd = -1;
	const char *path;

	if (in->packages.n)
		return packages_tree(l, in, locked, out, err);
	path = path_is_absolute(in->path) || !s->dir[0] ? in->path
							: path_join(l->arena, s->dir, in->path);
	if (locked && locked->sha256)
		sha256 = locked->sha256;
	if (in->type == INPUT_OCI || in->type == INPUT_DOCKER) {
		struct image_said said;
		const struct image_name name = {
			.kind = in->type == INPUT_DOCKER ? IMAGE_DOCKER : IMAGE_OCI,
			.path = path,
			.ref = in->ref,
			.digest = locked && locked->digest ? locked->digest : in->digest,
		};

		return image_source(l, &name, path, out, &said, err);
	}
	TRY(regular_open(path, &fd, err));
	expect(l, fd, (sha256 ? 2 : 1) + (in->type == INPUT_NPM));
	if (in->type == INPUT_NPM)
		return npm_tree(l, fd, path,
				locked && locked->integrity ? locked->integrity : in->integrity,
				sha256, out, err);
	return archive_tree(l, fd, path, sha256, out, err);
}

/* The trees of a recipe's inputs. */
struct trees {
	struct tree *v;
	size_t n;
};

static void trees_done(struct trees *t)
{
	for (size_t i = 0; i < t->n; i++)
		tree_done(&t->v[i]);
}

static int platform_check(const struct recipe *r, struct err *err)
{
	const char *arch = arch_of_machine();

	if (!r->platform)
		return 0;
	if (!str_starts(r->platform, "linux/") || !arch ||
	    !str_eq(r->platform + strlen("linux/"), arch))
		return err_input(err, "/platform: %s is not this machine's, linux/%s",
				 Q(r->platform), arch ? arch : "?");
	return 0;
}

/* A recipe without steps lays its inputs over each other. */
static int steps_run(struct kitchen *k, struct err *err)
{
	const struct recipe *r = k->recipe;

	for (size_t i = 0; i < r->steps.n; i++)
		if (step_run(k, &r->steps.v[i], err) < 0)
			return err_in(err, "/steps/%zu: ", i);
	for (size_t i = 0; r->steps.n == 0 && i < r->inputs.n; i++)
		TRY(step_run(k, &(struct step){ .op = "extract", .from = r->inputs.v[i].id }, err));
	return 0;
}

static int lock_load(struct larder *l, struct source *s, struct err *err)
{
	char *text;
	size_t len;

	if (!l->want->locked)
		return 0;
	TRY(file_read(AT_FDCWD, s->lock_path, RECIPE_BYTES_MAX, l->arena, &text, &len, err));
	TRY(lock_read(text, len, s->lock_path, l->arena, &s->lock, err));
	return lock_check(&s->lock, &s->recipe, s->recipe_sha256, err);
}

static int recipe_tree(struct larder *l, struct source *s, struct tree *out, struct err *err)
{
	const struct recipe *r = &s->recipe;
	scoped(trees_done) struct trees trees = { .v = arena_array(l->arena, struct tree,
								   r->inputs.n + 1) };
	struct kitchen k = { .recipe = r,
			     .inputs = trees.v,
			     .spool = l->spool,
			     .out = out,
			     .site = l->site,
			     .allow_exec = l->want->allow_exec,
			     .arena = l->arena };

	TRY(platform_check(r, err));
	TRY(lock_load(l, s, err));
	for (size_t i = 0; i < r->inputs.n; i++) {
		tree_init(&trees.v[trees.n++], &l->limits);
		if (input_tree(l, s, &r->inputs.v[i], &trees.v[i], err) < 0)
			return err->place[0] ? -1 : err_in(err, "/inputs/%zu", i);
	}
	k.source = l->source;
	TRY(steps_run(&k, err));
	l->source = k.source;
	return 0;
}

static int recipe_cook(struct larder *l, struct source *s, struct tree *out, struct err *err)
{
	const struct normalize *n = &s->recipe.normalize;

	if (n->devices == VERDICT_REFUSE)
		l->unpack.devices = VERDICT_REFUSE;
	if (n->setid == VERDICT_REFUSE)
		l->unpack.setid = VERDICT_REFUSE;
	l->unpack.owners |= n->owner != 0;
	l->unpack.xattrs = n->xattrs.v;
	l->unpack.n_xattrs = n->xattrs.n;
	if (recipe_tree(l, s, out, err) < 0)
		return err_in(err, err->place[0] ? "%s: " : "%s", s->name);
	return 0;
}

int source_tree(struct larder *l, struct source *s, struct tree *out, struct err *err)
{
	struct image_said said;

	if (s->is_recipe)
		return recipe_cook(l, s, out, err);
	if (!s->is_image)
		return archive_tree(l, s->fd, s->name, NULL, out, err);
	TRY(image_source(l, &s->image, s->name, out, &said, err));
	s->image_process = said.process;
	s->image_title = said.title;
	return 0;
}
