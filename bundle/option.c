/* SPDX-License-Identifier: Apache-2.0 */
/* option.c - the rows of the command line and how they are read. */
#include "bundle/option.h"

#include <string.h>

#include "spec/base/names.h"
#include "spec/json/quote.h"

#define WORDS_MAX 4096
#define ID_MAX 4294967294u

static int strings_add(struct strings *s, struct arena *a, const char *word, struct err *err)
{
	if (s->n == WORDS_MAX)
		return err_input(err, "more than %d words", WORDS_MAX);
	s->v = arena_grow(a, s->v, s->n * sizeof(*s->v), (s->n + 1) * sizeof(*s->v));
	s->v[s->n++] = word;
	return 0;
}

static int set_output(struct args *a, const struct option *o, const char *v, struct err *err)
{
	(void)o;
	if (!*v)
		return err_input(err, "an empty name");
	a->build.dest = v;
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

static int set_limit(struct args *a, const struct option *o, const char *v, struct err *err)
{
	return limits_set(&a->build.limits, o->name + strlen("max-"), v, err);
}

/* One function for each flag without a value. */
#define SWITCH(fn, member)                                                                    \
	static int fn(struct args *a, const struct option *o, const char *v, struct err *err) \
	{                                                                                     \
		(void)o, (void)v, (void)err;                                                  \
		a->member = true;                                                             \
		return 0;                                                                     \
	}
SWITCH(set_override, build.override)
SWITCH(set_json, json)
SWITCH(set_quiet, quiet)
SWITCH(set_help, help)
SWITCH(set_version, version)
SWITCH(set_manual, manual)

static const struct option OPTIONS[] = {
	{ "output", 'o', "DIR", "the directory to make, with config.json and rootfs/", set_output },
	{ "name", 0, "NAME", "of the bundle, its host name [the recipe's, or DIR's]", set_name },
	{ "arg", 0, "WORD", "a word of the process; repeat it for each [the recipe's]", set_arg },
	{ "map", 0, "UID[:GID]", "who on this machine is root inside [the caller]", set_map },
	{ "override", 0, NULL, "a later source may replace what an earlier one has", set_override },
	{ "devices", 0, "drop|refuse", "what to do with devices, fifos, sockets [drop]",
	  set_policy },
	{ "setid", 0, "strip|refuse", "what to do with set-user-id and set-group-id [strip]",
	  set_policy },
	{ "json", 0, NULL, "print the result as JSON", set_json },
	{ "quiet", 'q', NULL, "say nothing but errors", set_quiet },
	{ "help", 'h', NULL, "print this help", set_help },
	{ NULL },
};

/* Without a command. */
static const struct option PROGRAM_OPTIONS[] = {
	{ "help", 'h', NULL, "print this help", set_help },
	{ "version", 0, NULL, "print the version", set_version },
	{ "man", 0, NULL, "print the manual page", set_manual },
	{ NULL },
};

/* The flags of limits live in their own table. */
static bool limit_option(const char *name, size_t len, struct option *ret)
{
	for (const struct limit_row *row = LIMIT_ROWS; row->name; row++) {
		if (len != strlen("max-") + strlen(row->name) || strncmp(name, "max-", 4) != 0 ||
		    strncmp(name + 4, row->name, len - 4) != 0)
			continue;
		*ret = (struct option){ name, 0, "N", row->what, set_limit };
		return true;
	}
	return false;
}

static int option_find(const struct option *table, const char *name, size_t len, struct option *ret,
		       struct err *err)
{
	struct name names[ARRAY_LEN(OPTIONS)] = { { NULL } };
	const char *near;
	size_t n = 0;

	for (const struct option *o = table; o->name; o++) {
		if (strlen(o->name) == len && strncmp(o->name, name, len) == 0) {
			*ret = *o;
			return 0;
		}
		names[n++].name = o->name;
	}
	if (table == OPTIONS && limit_option(name, len, ret))
		return 0;
	near = name_near(names, name);
	return err_input(err, "unknown option --%.*s%s%s", len > 64 ? 64 : (int)len, name,
			 near ? ", did you mean --" : "", near ? near : "");
}

static int letter_find(const struct option *table, char letter, struct option *ret, struct err *err)
{
	for (const struct option *o = table; o->name; o++)
		if (o->letter == letter) {
			*ret = *o;
			return 0;
		}
	return err_input(err, "unknown option %s", Q(((char[]){ '-', letter, '\0' })));
}

/* One flag; *i counts on past a value of its own. */
static int option_read(const struct option *table, int argc, char **argv, int *i, struct args *args,
		       struct err *err)
{
	const char *word = argv[*i], *value = NULL;
	struct option o;

	if (word[1] == '-') {
		size_t len = strcspn(word + 2, "=");
		char *name = arena_strn(args->arena, word + 2, len);

		TRY(option_find(table, name, len, &o, err));
		value = word[2 + len] ? word + 3 + len : NULL;
		if (value && !o.value)
			return err_input(err, "--%s takes no value", o.name);
	} else {
		TRY(letter_find(table, word[1], &o, err));
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

int options_parse(int argc, char **argv, struct args *args, struct err *err)
{
	bool command = argc > 0 && argv[0][0] != '-';
	const struct option *table = command ? OPTIONS : PROGRAM_OPTIONS;
	bool flags = true;

	for (int i = command; i < argc; i++) {
		if (flags && str_eq(argv[i], "--"))
			flags = false;
		else if (flags && argv[i][0] == '-' && argv[i][1])
			TRY(option_read(table, argc, argv, &i, args, err));
		else
			TRY(strings_add(&args->build.sources, args->arena, argv[i], err));
	}
	return 0;
}

/* --- help and manual --- */

static void flag_text(struct text *out, const struct option *o)
{
	if (o->letter)
		text_addf(out, "-%c, ", o->letter);
	text_addf(out, "--%s%s%s", o->name, o->value ? "=" : "", o->value ? o->value : "");
}

static void flag_help(struct text *out, const struct option *o)
{
	struct text flag = { .arena = out->arena };

	flag_text(&flag, o);
	text_addf(out, "  %-28s %s\n", flag.s, o->what);
}

/* A default as people write it. */
static void amount_text(struct text *out, uint64_t v)
{
	static const char units[] = "KMGT";
	int unit = -1;

	while (v >= 1024 && v % 1024 == 0 && unit < 3) {
		v /= 1024;
		unit++;
	}
	text_addf(out, "%llu", (unsigned long long)v);
	if (unit >= 0)
		text_addn(out, &units[unit], 1);
}

static void limit_what(struct text *out, const struct limit_row *row)
{
	text_addf(out, "most %s [", row->what);
	amount_text(out, row->standard);
	text_add(out, "]");
}

static void limits_help(struct text *out)
{
	text_add(out, "\nLimits; K, M, G, T may follow a number:\n");
	for (const struct limit_row *row = LIMIT_ROWS; row->name; row++) {
		struct text flag = { .arena = out->arena }, what = { .arena = out->arena };

		text_addf(&flag, "--max-%s=N", row->name);
		limit_what(&what, row);
		text_addf(out, "  %-28s %s\n", flag.s, what.s);
	}
}

void help_emit(const struct command *command, struct text *out)
{
	if (command) {
		text_addf(out, "usage: srt-oci bundle %s [OPTION]… %s\n%s.\n\nOptions:\n",
			  command->name, command->operands, command->what);
		for (const struct option *o = OPTIONS; o->name; o++)
			flag_help(out, o);
		limits_help(out);
	} else {
		text_add(out,
			 "usage: srt-oci bundle COMMAND [OPTION]… [ARGUMENT]…\n"
			 "Builds bundles that srt-oci and other OCI runtimes run.\n\nCommands:\n");
		for (const struct command *c = COMMANDS; c->name; c++)
			text_addf(out, "  %-28s %s\n", c->name, c->what);
		text_add(out, "\nOptions:\n");
		for (const struct option *o = PROGRAM_OPTIONS; o->name; o++)
			flag_help(out, o);
	}
	text_add(out, "\nRecipes in this program:");
	for (const struct shipped *r = SHIPPED_RECIPES; r->name; r++)
		text_addf(out, " %s", r->name);
	text_add(out, "\n");
}

/* In man(7) a minus is "\-", and a line must not begin with a dot. */
static void roff_add(struct text *out, const char *s)
{
	for (; *s; s++) {
		if (*s == '-')
			text_add(out, "\\-");
		else if (*s == '\\')
			text_add(out, "\\e");
		else if (str_starts(s, "…"))
			text_add(out, "..."), s += strlen("…") - 1;
		else
			text_addn(out, s, 1);
	}
}

static void roff_flag(struct text *out, const char *flag, const char *what)
{
	text_add(out, ".TP\n.B ");
	roff_add(out, flag);
	text_add(out, "\n");
	roff_add(out, what);
	text_add(out, "\n");
}

static void roff_options(struct text *out, const struct option *table)
{
	for (const struct option *o = table; o->name; o++) {
		struct text flag = { .arena = out->arena };

		flag_text(&flag, o);
		roff_flag(out, flag.s, o->what);
	}
}

static void roff_paragraphs(struct text *out, const char *s)
{
	struct text body = { .arena = out->arena };

	roff_add(&body, s);
	for (const char *p = body.s; *p; p++) {
		if (p[0] == '\n' && p[1] == '\n')
			text_add(out, "\n.PP");
		else
			text_addn(out, p, 1);
	}
	text_add(out, "\n");
}

void manual_emit(struct text *out)
{
	text_add(out, ".TH SRT\\-OCI\\-BUNDLE 1 \"\" \"srt\\-oci\" \"User Commands\"\n.SH NAME\n"
		      "srt\\-oci\\-bundle \\- build bundles for srt\\-oci and other OCI runtimes\n"
		      ".SH SYNOPSIS\n");
	for (const struct command *c = COMMANDS; c->name; c++) {
		text_addf(out, ".B srt\\-oci bundle %s\n.RI [ OPTION ]...\n.I ", c->name);
		roff_add(out, c->operands);
		text_add(out, "\n");
	}
	text_add(out, ".SH DESCRIPTION\n");
	for (const struct command *c = COMMANDS; c->name; c++)
		roff_paragraphs(out, c->more);
	text_add(out, ".SH OPTIONS\n");
	roff_options(out, OPTIONS);
	text_add(out, ".PP\nWithout a command:\n");
	roff_options(out, PROGRAM_OPTIONS);
	text_add(out, ".SH LIMITS\nA number may be followed by K, M, G or T (of 1024).\n");
	for (const struct limit_row *row = LIMIT_ROWS; row->name; row++) {
		struct text flag = { .arena = out->arena }, what = { .arena = out->arena };

		text_addf(&flag, "--max-%s=N", row->name);
		limit_what(&what, row);
		roff_flag(out, flag.s, what.s);
	}
	text_add(
		out,
		".SH EXIT STATUS\n0 done; 2 wrong usage or input; 3 an entry is hostile or a limit "
		"was passed; 4 damage, or a digest that is not the promised one; 5 the system "
		"refused.\nErrors are one line that names the entry and the rule.\n"
		".SH FILES\n.TP\n.I $XDG_CACHE_HOME/srt\\-oci/deb\nfetched packages, by digest "
		"(without XDG_CACHE_HOME, below ~/.cache)\n"
		".SH SEE ALSO\n.BR srt\\-oci (1),\n.BR apt\\-secure (8)\n");
}
