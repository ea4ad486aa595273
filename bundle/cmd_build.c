/* SPDX-License-Identifier: Apache-2.0 */
/* cmd_build.c - the commands build, unpack and lock: from options to a result and one line about
 * it. */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "bundle/build.h"
#include "bundle/command.h"
#include "bundle/load.h"
#include "bundle/lock.h"
#include "bundle/source.h"
#include "spec/base/fd.h"
#include "spec/base/sys.h"
#include "spec/json/emit.h"
#include "spec/json/quote.h"

static void inputs_json(struct emit *e, const struct built *b)
{
	emit_array(e, "inputs");
	for (size_t i = 0; i < b->n_inputs; i++) {
		emit_object(e, NULL);
		emit_str(e, "name", b->inputs[i].name);
		emit_str(e, "sha256", b->inputs[i].sha256);
		emit_uint(e, "size", b->inputs[i].size);
		emit_str(e, "version", b->inputs[i].version);
		emit_end_object(e);
	}
	emit_end_array(e);
}

static void built_json(const struct args *args, const struct built *b, struct text *out)
{
	struct emit e = { .out = out, .indent = 2 };

	emit_object(&e, NULL);
	emit_str(&e, "bundle", args->output);
	emit_uint(&e, "bytes", b->made.bytes);
	emit_uint(&e, "bytesReused", b->reused);
	emit_uint(&e, "bytesWritten", b->written);
	emit_bool(&e, "checked", args->build.check);
	emit_uint(&e, "directories", b->made.dirs);
	emit_uint(&e, "files", b->made.files);
	emit_str(&e, "id", b->identity.id);
	inputs_json(&e, b);
	emit_str(&e, "manifest", b->identity.manifest);
	emit_str(&e, "name", b->name);
	if (b->in_store)
		emit_str(&e, "placing", placing_name(b->placing));
	emit_uint(&e, "setidCleared", b->cleared);
	emit_uint(&e, "specialDropped", b->dropped);
	emit_uint(&e, "symlinks", b->made.symlinks);
	emit_end_object(&e);
	text_add(out, "\n");
}

static void built_line(const struct args *args, const struct built *b, struct text *out)
{
	text_visible(out, args->output);
	text_addf(out, ": sha256:%s, %llu files, %llu.%llu MB, from %zu archives%s%s\n",
		  b->identity.id, (unsigned long long)b->made.files,
		  (unsigned long long)(b->made.bytes / 1000000),
		  (unsigned long long)(b->made.bytes / 100000 % 10), b->n_inputs,
		  args->build.check ? ", built twice alike" : "",
		  b->was_there ? ", which was there already" : "");
}

int cmd_build(struct args *args, const struct log *log, struct err *err)
{
	struct text out = { .arena = args->arena };
	struct built built = { 0 };
	int r;

	if (!args->output)
		return err_input(err, "where to? say --output=NAME or --output=./DIR");
	args->build.sources = args->operands;
	args->build.dest = args->output;
	r = build_bundle(&args->build, log, args->arena, &built, err);
	if (r)
		return r;
	if (args->json)
		built_json(args, &built, &out);
	else
		built_line(args, &built, &out);
	return args->quiet && !args->json ? 0 : output_print(&out, err);
}

int cmd_unpack(struct args *args, const struct log *log, struct err *err)
{
	struct source s = { .fd = -1 };
	bool is_recipe;

	TRY(source_open(args->operands.v[0], args->arena, &s, err));
	is_recipe = s.is_recipe;
	source_done(&s);
	if (is_recipe)
		return err_input(err, "%s is a recipe; build it", Q(args->operands.v[0]));
	return cmd_build(args, log, err);
}

/* --- lock --- */

static int file_replace(const char *path, const struct text *t, struct arena *a, struct err *err)
{
	const char *tmp = arena_printf(a, "%s.new-%u", path, (unsigned int)getpid());
	scoped_fd int fd = sys_openat(AT_FDCWD, tmp, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);

	if (fd < 0)
		return err_host(err, errno, "make %s", tmp);
	if (fd_write_all(fd, t->s, t->len) < 0 || fsync(fd) < 0 ||
	    sys_renameat(AT_FDCWD, tmp, AT_FDCWD, path) < 0) {
		(void)err_host(err, errno, "write %s", path);
		(void)sys_unlinkat(AT_FDCWD, tmp, 0);
		return -1;
	}
	return 0;
}

static void locked_print(const struct args *args, const char *path, const char *what,
			 const struct lock *l, struct text *out)
{
	struct emit e = { .out = out, .indent = 2 };
	size_t packages = 0;

	for (size_t i = 0; i < l->inputs.n; i++)
		packages += l->inputs.v[i].packages.n;
	if (!args->json) {
		text_visible(out, path);
		text_addf(out, ": %s, %zu inputs, %zu packages\n", what, l->inputs.n, packages);
		return;
	}
	emit_object(&e, NULL);
	emit_uint(&e, "inputs", l->inputs.n);
	emit_str(&e, "lock", path);
	emit_uint(&e, "packages", packages);
	emit_str(&e, "result", what);
	emit_end_object(&e);
	text_add(out, "\n");
}

int cmd_lock(struct args *args, const struct log *log, struct err *err)
{
	struct text text = { .arena = args->arena }, out = { .arena = args->arena };
	const char *path, *what = "written";
	scoped(progress_end) struct progress progress;
	struct source s = { .fd = -1 };
	struct lock lock;
	struct err missing;
	bool differs = false;
	char *old;
	size_t len;

	progress_begin(&progress, log, "hashing", args->quiet);
	TRY(source_open(args->operands.v[0], args->arena, &s, err));
	if (!s.is_recipe) {
		source_done(&s);
		return err_input(err, "%s is no recipe", Q(args->operands.v[0]));
	}
	path = args->output ? args->output : s.lock_path;
	TRY(lock_make(&s, &progress, args->arena, &lock, err));
	progress_end(&progress);
	lock_emit(&lock, &text);
	if (file_read(AT_FDCWD, path, 4u << 20, args->arena, &old, &len, &missing) == 0) {
		differs = len != text.len || memcmp(old, text.s, len) != 0;
		what = !differs ? "as it was" : args->update ? "updated" : "would be another now";
	} else if (missing.errnum != ENOENT) {
		*err = missing;
		return -1;
	} else {
		TRY(file_replace(path, &text, args->arena, err));
	}
	if (differs && args->update)
		TRY(file_replace(path, &text, args->arena, err));
	locked_print(args, path, what, &lock, &out);
	if (!args->quiet || args->json)
		TRY(output_print(&out, err));
	return differs && !args->update;
}
