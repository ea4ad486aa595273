/* SPDX-License-Identifier: Apache-2.0 */
/* source.c - opens sources and runs recipes. */
#include "bundle/source.h"

#include <string.h>
#include <time.h>

#include "bundle/apt.h"
#include "bundle/config.h"
#include "bundle/steps.h"
#include "spec/base/fd.h"
#include "spec/base/path.h"
#include "spec/base/sys.h"
#include "spec/json/quote.h"

#define RECIPE_BYTES_MAX (4u << 20)
#define PROGRESS_MS 1000

static int64_t now_ms(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* Nothing for the first second, then a line a second. */
static void progress(struct larder *l)
{
	int64_t now = now_ms();

	if (now - l->began_ms < PROGRESS_MS || now - l->spoke_ms < PROGRESS_MS)
		return;
	l->spoke_ms = now;
	log_line(l->log, LOG_LEVEL_INFO, "read %zu archives, %llu entries, %llu MB", l->n_inputs,
		 (unsigned long long)l->unpack.entries,
		 (unsigned long long)(l->unpack.total / 1000000));
}

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

int source_open(const char *arg, struct arena *a, struct source *ret, struct err *err)
{
	struct source s = { .name = arg, .fd = -1, .dir = "." };
	scoped_fd int fd = -1;
	char *bytes;
	size_t len;

	for (const struct shipped *r = SHIPPED_RECIPES; r->name; r++) {
		if (!str_eq(r->name, arg))
			continue;
		s.is_recipe = true;
		TRY(recipe_read(r->json, strlen(r->json), arg, a, &s.recipe, err));
		*ret = s;
		return 0;
	}
	TRY(regular_open(arg, &fd, err));
	if (begins_json(fd)) {
		s.is_recipe = true;
		s.dir = arena_strn(a, arg, (size_t)(path_base(arg) - arg));
		TRY(fd_read_all(fd, arg, RECIPE_BYTES_MAX, a, &bytes, &len, err));
		TRY(recipe_read(bytes, len, arg, a, &s.recipe, err));
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
	struct built_input in = { .name = name };
	uint8_t digest[SHA256_BYTES];
	char hex[SHA256_HEX + 1];

	TRY(file_sha256(fd, name, digest, &in.size, err));
	sha256_hex(digest, hex);
	if (sha256 && !str_eq(hex, sha256))
		return err_set(err, ERR_INTEGRITY, 0, "%s has the SHA-256 %s, not %s", name, hex,
			       sha256);
	in.sha256 = arena_str(l->arena, hex);
	TRY(unpack_fd(&l->unpack, fd, name, out, ++l->source, err));
	input_record(l, &in);
	progress(l);
	return 0;
}

static int packages_tree(struct larder *l, const struct input *in, struct tree *out,
			 struct err *err)
{
	scoped_packages struct packages packages = { 0 };
	const char *arch = arch_of_machine();

	if (!arch)
		return err_input(err, "packages cannot be chosen for this machine");
	TRY(apt_fetch(in->packages.v, in->packages.n, arch, l->log, l->arena, &packages, err));
	for (size_t i = 0; i < packages.n; i++) {
		const struct package *p = &packages.v[i];

		TRY(unpack_fd(&l->unpack, p->fd, p->name, out, ++l->source, err));
		input_record(l, &(struct built_input){ p->name, p->version, p->sha256, p->size });
		progress(l);
	}
	return 0;
}

static int input_tree(struct larder *l, const struct source *s, const struct input *in,
		      struct tree *out, struct err *err)
{
	scoped_fd int fd = -1;
	const char *path;

	if (in->packages.n)
		return packages_tree(l, in, out, err);
	path = path_is_absolute(in->path) || !s->dir[0] ? in->path
							: path_join(l->arena, s->dir, in->path);
	TRY(regular_open(path, &fd, err));
	return archive_tree(l, fd, path, in->sha256, out, err);
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

static int recipe_tree(struct larder *l, const struct source *s, struct tree *out, struct err *err)
{
	const struct recipe *r = &s->recipe;
	scoped(trees_done) struct trees trees = { .v = arena_array(l->arena, struct tree,
								   r->inputs.n + 1) };
	struct kitchen k = { .recipe = r, .inputs = trees.v, .spool = l->spool, .out = out };

	TRY(platform_check(r, err));
	for (size_t i = 0; i < r->inputs.n; i++) {
		tree_init(&trees.v[trees.n++], &l->limits);
		TRY(input_tree(l, s, &r->inputs.v[i], &trees.v[i], err));
	}
	k.source = l->source;
	TRY(steps_run(&k, err));
	l->source = k.source;
	return 0;
}

int source_tree(struct larder *l, struct source *s, struct tree *out, struct err *err)
{
	if (!s->is_recipe)
		return archive_tree(l, s->fd, s->name, NULL, out, err);
	if (s->recipe.normalize.devices == VERDICT_REFUSE)
		l->unpack.devices = VERDICT_REFUSE;
	if (s->recipe.normalize.setid == VERDICT_REFUSE)
		l->unpack.setid = VERDICT_REFUSE;
	if (recipe_tree(l, s, out, err) < 0)
		return err_in(err, err->place[0] ? "%s: " : "%s", s->name);
	return 0;
}
