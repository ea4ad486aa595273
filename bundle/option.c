/* SPDX-License-Identifier: Apache-2.0 */
/* option.c - the rows of the command line and how they are read. */
#include "bundle/option.h"

#include <string.h>

#include "spec/base/names.h"
#include "spec/base/str.h"
#include "spec/json/quote.h"

#define WORDS_MAX 4096
#define ID_MAX 4294967294u

static int strings_add(struct strings *s, struct arena *a, const char *word, struct err *err)
{
	if (s->n == WORDS_MAX)
		return err_input(err, "more than %d words", WORDS_MAX);
	/* A NULL stays behind the last, for who runs them. */
	s->v = arena_grow(a, s->v, s->n * sizeof(*s->v), (s->n + 2) * sizeof(*s->v));
	s->v[s->n++] = word;
	return 0;
}

static int set_output(struct args *a, const struct option *o, const char *v, struct err *err)
{
	(void)o;
	if (!*v)
		return err_input(err, "an empty name");
	a->output = v;
	return 0;
}

static int set_name(struct args *a, const struct option *o, const char *v, struct err *err)
{
	(void)o;
	TRY(recipe_name_check(v, err));
	a->build.name = v;
	return 0;
}

static int set_arg(struct args *a, const struct option *o, const char *v, struct err *err)
{
	(void)o;
	return strings_add(&a->build.args, a->arena, v, err);
}

static int set_map(struct args *a, const struct option *o, const char *v, struct err *err)
{
	const char *colon = strchr(v, ':');
	const char *uid = colon ? arena_strn(a->arena, v, (size_t)(colon - v)) : v;
	uint64_t u, g;

	(void)o;
	TRY(str_u64(uid, 10, ID_MAX, &u, err));
	TRY(str_u64(colon ? colon + 1 : uid, 10, ID_MAX, &g, err));
	a->build.uid = (uint32_t)u;
	a->build.gid = (uint32_t)g;
	return 0;
}

static int set_policy(struct args *a, const struct option *o, const char *v, struct err *err)
{
	bool devices = str_eq(o->name, "devices");
	const char *tame = devices ? "drop" : "strip";

	if (!str_eq(v, tame) && !str_eq(v, "refuse"))
		return err_input(err, "%s is neither %s nor refuse", Q(v), tame);
	*(devices ? &a->build.refuse_devices : &a->build.refuse_setid) = str_eq(v, "refuse");
	return 0;
}

static int set_owner(struct args *a, const struct option *o, const char *v, struct err *err)
{
	(void)o;
	if (!str_eq(v, "root") && !str_eq(v, "recorded"))
		return err_input(err, "%s is neither root nor recorded", Q(v));
	a->build.owners = str_eq(v, "recorded");
	return 0;
}

static int set_limit(struct args *a, const struct option *o, const char *v, struct err *err)
{
	return limits_set(&a->build.limits, o->name + strlen("max-"), v, err);
}

static int set_platform(struct args *a, const struct option *o, const char *v, struct err *err)
{
	(void)o;
	if (!str_starts(v, "linux/") || !v[6] || strchr(v + 6, '/'))
		return err_input(err, "%s is not linux/ARCHITECTURE", Q(v));
	a->build.platform = v;
	return 0;
}

static int set_threads(struct args *a, const struct option *o, const char *v, struct err *err)
{
	(void)o;
	TRY(str_u64(v, 10, 16, &a->build.threads, err));
	return a->build.threads ? 0 : err_input(err, "none");
}

static int set_keep(struct args *a, const struct option *o, const char *v, struct err *err)
{
	(void)o;
	return str_u64(v, 10, 1000000, &a->keep, err);
}

static int set_type(struct args *a, const struct option *o, const char *v, struct err *err)
{
	(void)o;
	if (!str_eq(v, "oci") && !str_eq(v, "docker-archive") && !str_eq(v, "tar"))
		return err_input(err, "%s is none of oci, docker-archive, tar", Q(v));
	a->type = v;
	return 0;
}

static int set_compress(struct args *a, const struct option *o, const char *v, struct err *err)
{
	(void)o, (void)err;
	a->compress = v;
	return 0;
}

static int set_digest(struct args *a, const struct option *o, const char *v, struct err *err)
{
	(void)o;
	if (str_starts(v, "sha256:"))
		v += strlen("sha256:");
	if (strlen(v) != SHA256_HEX || strspn(v, "0123456789abcdef") != SHA256_HEX)
		return err_input(err, "%s is no SHA-256", Q(v));
	a->digest = v;
	return 0;
}

static int set_first_word(struct args *a, const struct option *o, const char *v, struct err *err)
{
	(void)o, (void)err;
	a->first_word = v;
	return 0;
}

static int set_completion(struct args *a, const struct option *o, const char *v, struct err *err)
{
	(void)o, (void)err;
	a->completion = v;
	return 0;
}

static const struct name VIEWS[] = {
	{ "manifest", VIEW_MANIFEST },
	{ "sbom", VIEW_SBOM },
	{ "files", VIEW_FILES },
	{ "tree", VIEW_TREE },
	{ "html", VIEW_HTML },
	{ "provenance", VIEW_PROVENANCE },
	{ NULL },
};

static int set_view(struct args *a, const struct option *o, const char *v, struct err *err)
{
	const struct name *row = name_find(VIEWS, o->name);

	(void)v;
	if (!row || (a->view && a->view != (enum view)row->value))
		return err_input(err, "only one view at a time");
	a->view = (enum view)row->value;
	return 0;
}

/* One function for each flag without a value. */
#define SWITCH(fn, member, to)                                                                \
	static int fn(struct args *a, const struct option *o, const char *v, struct err *err) \
	{                                                                                     \
		(void)o, (void)v, (void)err;                                                  \
		a->member = to;                                                               \
		return 0;                                                                     \
	}
SWITCH(set_override, build.override, true)
SWITCH(set_check, build.check, true)
SWITCH(set_locked, build.locked, true)
SWITCH(set_exec, build.allow_exec, true)
SWITCH(set_replace, build.replace, true)
SWITCH(set_quick, full, false)
SWITCH(set_full, full, true)
SWITCH(set_update, update, true)
SWITCH(set_dry, dry_run, true)
SWITCH(set_json, json, true)
SWITCH(set_quiet, quiet, true)
SWITCH(set_run_anyway, run_anyway, true)
SWITCH(set_help, help, true)
SWITCH(set_version, version, true)
SWITCH(set_manual, manual, true)

#define C_MAKE (C_BUILD | C_UNPACK)

static const struct option OPTIONS[] = {
	{ C_MAKE, "output", 'o', "NAME|DIR",
	  "a name in the store, or a new directory (with a slash), for config.json and rootfs/",
	  set_output },
	{ C_PACK, "output", 'o', "PATH", "the layout's directory or the archive to make",
	  set_output },
	{ C_INSPECT, "output", 'o', "FILE", "where the page goes [standard output]", set_output },
	{ C_LOCK, "output", 'o', "FILE", "the lock [RECIPE.lock.json beside the recipe]",
	  set_output },
	{ C_MAKE, "name", 0, "NAME", "of the bundle, its host name [the recipe's, or the output's]",
	  set_name },
	{ C_MAKE, "arg", 0, "WORD", "a word of the process; repeat it for each [the recipe's]",
	  set_arg },
	{ C_MAKE, "map", 0, "UID[:GID]",
	  "who on this machine is root inside, of a directory [the caller]", set_map },
	{ C_MAKE, "platform", 0, "linux/ARCH", "which image of an index [this machine's]",
	  set_platform },
	{ C_MAKE, "replace", 0, NULL, "NAME may mean another bundle so far", set_replace },
	{ C_BUILD, "override", 0, NULL, "a later source may replace what an earlier one has",
	  set_override },
	{ C_MAKE, "check", 0, NULL, "build twice, in other circumstances, and compare", set_check },
	{ C_BUILD, "locked", 0, NULL, "take exactly what the recipe's lock names", set_locked },
	{ C_BUILD, "allow-exec", 0, NULL, "steps may run programs of the bundle, in a sandbox",
	  set_exec },
	{ C_BUILD, "threads", 0, "N", "archives that are read at once, 16 at most [2]",
	  set_threads },
	{ C_MAKE, "devices", 0, "drop|refuse", "what to do with devices, fifos, sockets [drop]",
	  set_policy },
	{ C_MAKE, "setid", 0, "strip|refuse",
	  "what to do with set-user-id and set-group-id [strip]", set_policy },
	{ C_MAKE, "owner", 0, "root|recorded",
	  "whom the manifest and what is packed name; on disk all is the builder's [root]",
	  set_owner },
	{ C_LOCK, "update", 0, NULL, "write the lock anew", set_update },
	{ C_PACK, "type", 't', "oci|docker-archive|tar", "what to make [oci]", set_type },
	{ C_PACK, "compress", 'c', "zstd[:LEVEL]|gzip[:LEVEL]|none",
	  "of layers and archives [gzip; none for docker-archive]", set_compress },
	{ C_VERIFY, "quick", 0, NULL, "all but the content of files [this]", set_quick },
	{ C_VERIFY, "full", 0, NULL, "the content of files, too", set_full },
	{ C_VERIFY, "digest", 0, "SHA-256", "the id that the bundle must have", set_digest },
	{ C_INSPECT, "manifest", 0, NULL, "the text that the digest is made of", set_view },
	{ C_INSPECT, "sbom", 0, NULL, "the list of materials, SPDX 2.3", set_view },
	{ C_INSPECT, "provenance", 0, NULL, "how it was made, in-toto and SLSA v1", set_view },
	{ C_INSPECT, "files", 0, NULL, "every file with its size and where it came from",
	  set_view },
	{ C_INSPECT, "tree", 0, NULL, "directories with their sizes", set_view },
	{ C_INSPECT, "html", 0, NULL, "one page with a map of sizes", set_view },
	{ C_PRUNE | C_FSCK, "dry-run", 'n', NULL, "only say what would be done", set_dry },
	{ C_PRUNE, "keep", 0, "N", "the last N bundles without a name stay [0]", set_keep },
	{ C_ENTER, "argv0", 0, "WORD", "the program's own name [as it is run]", set_first_word },
	{ C_ENTER, "run-anyway", 0, NULL,
	  "run the program also where the bundle cannot be shown; SRT_OCI_STORED_ERROR says why",
	  set_run_anyway },
	{ C_ALL & ~C_ENTER, "json", 0, NULL, "print the result as JSON", set_json },
	{ C_ALL & ~C_ENTER, "quiet", 'q', NULL, "say nothing but errors", set_quiet },
	{ C_ALL | C_PROGRAM, "help", 'h', NULL, "print this help", set_help },
	{ C_PROGRAM, "version", 0, NULL, "print the version", set_version },
	{ C_PROGRAM, "man", 0, NULL, "print the manual page", set_manual },
	{ C_PROGRAM, "completion", 0, "bash|zsh|fish", "print a completion script",
	  set_completion },
	{ 0 },
};

/* The flags of limits live in their own table. */
static struct option limit_option(const struct limit_row *row, struct arena *a)
{
	return (struct option){ C_MAKE,	  arena_printf(a, "max-%s", row->name), 0, "N", row->what,
				set_limit };
}

static int option_find(unsigned int commands, const char *name, struct arena *a, struct option *ret,
		       struct err *err)
{
	struct name names[ARRAY_LEN(OPTIONS) + 32] = { { NULL } };
	const char *near;
	size_t n = 0;

	for (const struct option *o = OPTIONS; o->name; o++) {
		if (!(o->commands & commands))
			continue;
		if (str_eq(o->name, name)) {
			*ret = *o;
			return 0;
		}
		names[n++].name = o->name;
	}
	for (const struct limit_row *row = LIMIT_ROWS; row->name && commands & C_MAKE; row++) {
		*ret = limit_option(row, a);
		if (str_eq(ret->name, name))
			return 0;
	}
	near = name_near(names, name);
	return err_input(err, "unknown option --%.64s%s%s", name, near ? ", did you mean --" : "",
			 near ? near : "");
}

static int letter_find(unsigned int commands, char letter, struct option *ret, struct err *err)
{
	for (const struct option *o = OPTIONS; o->name; o++)
		if (o->letter == letter && o->commands & commands) {
			*ret = *o;
			return 0;
		}
	return err_input(err, "unknown option %s", Q(((char[]){ '-', letter, '\0' })));
}

/* One flag; *i counts on past a value of its own. */
static int option_read(unsigned int commands, int argc, char **argv, int *i, struct args *args,
		       struct err *err)
{
	const char *word = argv[*i], *value = NULL;
	struct option o;

	if (word[1] == '-') {
		size_t len = strcspn(word + 2, "=");
		char *name = arena_strn(args->arena, word + 2, len);

		TRY(option_find(commands, name, args->arena, &o, err));
		value = word[2 + len] ? word + 3 + len : NULL;
		if (value && !o.value)
			return err_input(err, "--%s takes no value", o.name);
	} else {
		TRY(letter_find(commands, word[1], &o, err));
		value = word[2] ? word + 2 : NULL;
		if (value && !o.value)
			return err_input(err, "-%c takes no value", o.letter);
	}
	if (!value && o.value && ++*i >= argc)
		return err_input(err, "--%s needs a value, %s", o.name, o.value);
	if (o.set(args, &o, value ? value : argv[*i], err) < 0)
		return err_in(err, err->place[0] ? "--%s: " : "--%s", o.name);
	return 0;
}

int options_parse(const struct command *command, int argc, char **argv, struct args *args,
		  struct err *err)
{
	unsigned int commands = command ? command->bit : C_PROGRAM;
	bool flags = true;

	for (int i = command ? 1 : 0; i < argc; i++) {
		if (flags && str_eq(argv[i], "--")) {
			flags = false;
		} else if (flags && argv[i][0] == '-' && argv[i][1]) {
			TRY(option_read(commands, argc, argv, &i, args, err));
		} else {
			TRY(strings_add(&args->operands, args->arena, argv[i], err));
			flags &= commands != C_ENTER;
		}
	}
	if (!command || args->help)
		return 0;
	if (args->operands.n < command->min)
		return err_input(err, "%s needs %s", command->name, command->operands);
	if (args->operands.n > command->max)
		return err_input(err, "%s: one word too many, %s", command->name,
				 Q(args->operands.v[command->max]));
	return 0;
}

void options_each(unsigned int commands, void (*each)(void *ctx, const struct option *o), void *ctx)
{
	scoped_arena struct arena a = { 0 };

	for (const struct option *o = OPTIONS; o->name; o++)
		if (o->commands & commands)
			each(ctx, o);
	for (const struct limit_row *row = LIMIT_ROWS; row->name && commands & C_MAKE; row++) {
		const struct option o = limit_option(row, &a);

		each(ctx, &o);
	}
}
