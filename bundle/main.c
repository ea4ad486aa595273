/* SPDX-License-Identifier: Apache-2.0 */
/* main.c - the program srt-oci-bundle, which "srt-oci bundle" runs.
 *
 * Standard output is the result, standard error is for people. */
#include <locale.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "bundle/build.h"
#include "bundle/option.h"
#include "spec/base/fd.h"
#include "spec/base/log.h"
#include "spec/json/emit.h"
#include "version.h"

enum exit_status {
	EXIT_USAGE = 2,
	EXIT_HOSTILE = 3,
	EXIT_INTEGRITY = 4,
	EXIT_SYSTEM = 5,
};

static const int EXIT_OF[] = {
	[ERR_INPUT] = EXIT_USAGE,   [ERR_HOST] = EXIT_SYSTEM,	  [ERR_STATE] = EXIT_SYSTEM,
	[ERR_LIMIT] = EXIT_HOSTILE, [ERR_HOSTILE] = EXIT_HOSTILE, [ERR_INTEGRITY] = EXIT_INTEGRITY,
};

static int print(const struct text *t, struct err *err)
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
	return args->quiet && !args->json ? 0 : print(&out, err);
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

static const struct command *command_find(const char *name)
{
	for (const struct command *c = COMMANDS; c->name; c++)
		if (str_eq(c->name, name))
			return c;
	return NULL;
}

static int run(int argc, char **argv, struct arena *a, struct log *log, struct err *err)
{
	struct args args = { .arena = a, .build = { .uid = geteuid(), .gid = getegid() } };
	struct text out = { .arena = a };
	const struct command *command = NULL;

	if (argc > 0 && argv[0][0] != '-') {
		command = command_find(argv[0]);
		if (!command)
			return err_input(err, "unknown command \"%.64s\"; see --help", argv[0]);
	}
	TRY(options_parse(argc, argv, &args, err));
	if (args.quiet)
		log->level = LOG_LEVEL_ERROR;
	if (args.help)
		help_emit(command, &out);
	else if (args.version)
		text_add(&out, "srt-oci-bundle " SRT_VERSION " (" SRT_COMMIT ")\n");
	else if (args.manual)
		manual_emit(&out);
	else if (command)
		return command->run(&args, log, err);
	else
		return err_input(err, "a command is missing; see --help");
	return print(&out, err);
}

int main(int argc, char **argv)
{
	scoped_arena struct arena arena = { 0 };
	struct log log = { .fd = STDERR_FILENO,
			   .level = LOG_LEVEL_INFO,
			   .program = "srt-oci bundle" };
	struct err err = { 0 };

	if (run(argc - 1, argv + 1, &arena, &log, &err) == 0)
		return 0;
	log_err(&log, &err);
	return EXIT_OF[err.kind];
}
