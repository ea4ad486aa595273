/* SPDX-License-Identifier: Apache-2.0 */
/* cmd_build.c - the command "build": from options to a bundle and one line about it. */
#include <locale.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include "bundle/build.h"
#include "bundle/option.h"
#include "spec/base/fd.h"
#include "spec/base/log.h"
#include "spec/json/emit.h"

int output_print(const struct text *t, struct err *err)
{
	if (fd_write_all(STDOUT_FILENO, t->s, t->len) < 0)
		return err_host(err, errno, "write the result");
	return 0;
}

static void built_json(const struct args *args, const struct built *b, struct text *out)
{
	struct emit e = { .out = out, .indent = 2 };

	emit_object(&e, NULL);
	emit_str(&e, "bundle", args->build.dest);
	emit_uint(&e, "bytes", b->made.bytes);
	emit_uint(&e, "directories", b->made.dirs);
	emit_uint(&e, "files", b->made.files);
	emit_array(&e, "inputs");
	for (size_t i = 0; i < b->n_inputs; i++) {
		emit_object(&e, NULL);
		emit_str(&e, "name", b->inputs[i].name);
		emit_str(&e, "sha256", b->inputs[i].sha256);
		emit_uint(&e, "size", b->inputs[i].size);
		emit_str(&e, "version", b->inputs[i].version);
		emit_end_object(&e);
	}
	emit_end_array(&e);
	emit_str(&e, "name", b->name);
	emit_uint(&e, "setidCleared", b->cleared);
	emit_uint(&e, "specialDropped", b->dropped);
	emit_uint(&e, "symlinks", b->made.symlinks);
	emit_end_object(&e);
	text_add(out, "\n");
}

static void built_line(const struct args *args, const struct built *b, struct text *out)
{
	text_addf(out, "%s: %llu files, %llu.%llu MB, from %zu archives\n", args->build.dest,
		  (unsigned long long)b->made.files, (unsigned long long)(b->made.bytes / 1000000),
		  (unsigned long long)(b->made.bytes / 100000 % 10), b->n_inputs);
}

/* A signal waits until interrupted() sees it, so that nothing half-made stays behind. */
static void signals_hold(void)
{
	sigset_t set;

	(void)sigemptyset(&set);
	(void)sigaddset(&set, SIGINT);
	(void)sigaddset(&set, SIGTERM);
	(void)sigaddset(&set, SIGHUP);
	(void)sigprocmask(SIG_BLOCK, &set, NULL);
}

static int run_build(struct args *args, const struct log *log, struct err *err)
{
	struct text out = { .arena = args->arena };
	struct built built = { 0 };

	if (!args->build.sources.n)
		return err_input(err, "nothing to build from: name a recipe or an archive");
	if (!args->build.dest)
		return err_input(err, "where to? say --output=DIR");
	/* Names that are not ASCII end the library's reading in the C locale. */
	if (!setlocale(LC_CTYPE, "C.UTF-8") && !setlocale(LC_CTYPE, "en_US.UTF-8"))
		return err_set(err, ERR_HOST, 0, "the locale C.UTF-8 is missing");
	/* What apt says is read, so it has to say it in one language. */
	if (setenv("LC_ALL", "C.UTF-8", 1) < 0)
		return err_host(err, errno, "set LC_ALL");
	signals_hold();
	TRY(build_bundle(&args->build, log, args->arena, &built, err));
	if (args->json)
		built_json(args, &built, &out);
	else
		built_line(args, &built, &out);
	return args->quiet && !args->json ? 0 : output_print(&out, err);
}

const struct command COMMANDS[] = {
	{ "build", "RECIPE|ARCHIVE…", "Makes a bundle from recipes and archives",
	  "Makes a directory with a generated config.json and a read-only root file system in "
	  "rootfs/, from shipped recipes (by name), recipe files (JSON) and archives: tar, plain or "
	  "compressed with gzip, bzip2, xz, lzma, zstd or lz4, and Debian packages. Several are "
	  "laid over each other in their order; where two differ about a file the build is refused "
	  "unless --override is given.\n\n"
	  "Archives are not trusted. Every name, link and duplicate is settled in memory before "
	  "anything has a name on disk; an entry that tries to leave the root is refused. All "
	  "becomes root's, modes 0755 or 0644, times the epoch; set-id bits, devices and extended "
	  "attributes are left out. After a failure nothing is left behind.\n\n"
	  "The packages of a recipe are chosen and fetched with apt-get from the lists that the "
	  "machine has, need no privilege, and must have the SHA-256 of apt's index. No script of a "
	  "package runs.\n\n"
	  "The bundle runs as the user who built it, or the one named with --map; that user is root "
	  "inside, without any capability.",
	  run_build },
	{ NULL },
};
