/* SPDX-License-Identifier: Apache-2.0 */
/* help.c - help, manual page and completion, from the rows of options, limits and commands. */
#include <string.h>

#include "bundle/option.h"
#include "spec/base/str.h"

static void flag_text(struct text *out, const struct option *o)
{
	if (o->letter)
		text_addf(out, "-%c, ", o->letter);
	text_addf(out, "--%s%s%s", o->name, o->value ? "=" : "", o->value ? o->value : "");
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

static bool is_limit(const struct option *o, uint64_t *standard)
{
	if (!str_starts(o->name, "max-"))
		return false;
	for (const struct limit_row *row = LIMIT_ROWS; row->name; row++)
		if (str_eq(row->name, o->name + 4)) {
			*standard = row->standard;
			return true;
		}
	return false;
}

static const char *what_text(struct arena *a, const struct option *o)
{
	struct text what = { .arena = a };
	uint64_t standard;

	if (!is_limit(o, &standard))
		return o->what;
	text_addf(&what, "most %s [", o->what);
	amount_text(&what, standard);
	text_add(&what, "]");
	return what.s;
}

static void flag_help(void *ctx, const struct option *o)
{
	struct text *out = ctx, flag = { .arena = out->arena };

	flag_text(&flag, o);
	if (flag.len > 28)
		text_addf(out, "  %s\n  %-28s %s\n", flag.s, "", what_text(out->arena, o));
	else
		text_addf(out, "  %-28s %s\n", flag.s, what_text(out->arena, o));
}

void help_emit(const struct command *command, struct text *out)
{
	if (command) {
		text_addf(out, "usage: srt-oci bundle %s [OPTION]... %s\n%s.\n\nOptions:\n",
			  command->name, command->operands, command->what);
		options_each(command->bit, flag_help, out);
		if (command->bit & (C_BUILD | C_UNPACK))
			text_add(out, "K, M, G, T (of 1024) may follow the number of a limit.\n");
	} else {
		text_add(out,
			 "usage: srt-oci bundle COMMAND [OPTION]... [ARGUMENT]...\n"
			 "Builds bundles that srt-oci and other OCI runtimes run.\n\nCommands:\n");
		for (const struct command *c = COMMANDS; c->name; c++)
			text_addf(out, "  %-28s %s\n", c->name, c->what);
		text_add(out, "\nOptions:\n");
		options_each(C_PROGRAM, flag_help, out);
	}
	if (!command || command->bit == C_BUILD) {
		text_add(out, "\nRecipes in this program:");
		for (const struct shipped *r = SHIPPED_RECIPES; r->name; r++)
			text_addf(out, " %s", r->name);
		text_add(out, "\n");
	}
}

/* --- the manual --- */

/* In man(7) a minus is "\-", and a line must not begin with a dot. */
static void roff_add(struct text *out, const char *s)
{
	for (; *s; s++) {
		if (*s == '-')
			text_add(out, "\\-");
		else if (*s == '\\')
			text_add(out, "\\e");
		else
			text_addn(out, s, 1);
	}
}

static void roff_flag(void *ctx, const struct option *o)
{
	struct text *out = ctx, flag = { .arena = out->arena };

	flag_text(&flag, o);
	text_add(out, ".TP\n.B ");
	roff_add(out, flag.s);
	text_add(out, "\n");
	roff_add(out, what_text(out->arena, o));
	text_add(out, "\n");
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

/* Options of one command that are not everybody's. */
struct own {
	struct text *out;
	unsigned int skip;
};

static void roff_own(void *ctx, const struct option *o)
{
	const struct own *own = ctx;

	if ((o->commands & own->skip) != own->skip)
		roff_flag(own->out, o);
}

void manual_emit(struct text *out)
{
	const unsigned int common = C_ALL & ~C_ENTER;

	text_add(out, ".TH SRT\\-OCI\\-BUNDLE 1 \"\" \"srt\\-oci\" \"User Commands\"\n.SH NAME\n"
		      "srt\\-oci\\-bundle \\- build bundles for srt\\-oci and other OCI runtimes\n"
		      ".SH SYNOPSIS\n");
	for (const struct command *c = COMMANDS; c->name; c++) {
		text_addf(out, ".B srt\\-oci bundle %s\n.RI [ OPTION ]...\n.I ", c->name);
		roff_add(out, c->operands);
		text_add(out, "\n.br\n");
	}
	text_add(out,
		 ".SH DESCRIPTION\n"
		 "A NAME is a bundle of the store: by its name, by its id (64 digits, or sha256: "
		 "and them), or by the first twelve or more digits of its id. A word with a slash "
		 "is a directory.\n.SH COMMANDS\n");
	for (const struct command *c = COMMANDS; c->name; c++) {
		text_addf(out, ".SS %s ", c->name);
		roff_add(out, c->operands);
		text_add(out, "\n");
		roff_paragraphs(out, c->more);
		options_each(c->bit, roff_own, &(struct own){ out, common });
	}
	text_add(out, ".SH OPTIONS OF ALL COMMANDS\n.TP\n.B \\-\\-json\nprint the result as JSON\n"
		      ".TP\n.B \\-q, \\-\\-quiet\nsay nothing but errors\n"
		      ".PP\nWithout a command:\n");
	options_each(C_PROGRAM, roff_flag, out);
	text_add(
		out,
		"A number of a limit may be followed by K, M, G or T (of 1024).\n"
		".SH EXIT STATUS\n0 done; 1 what was compared differs; 2 wrong usage or input, or no "
		"such bundle; 3 an entry is hostile or a limit was passed; 4 damage, or a digest that "
		"is not the promised one; 5 the system refused.\n"
		"Errors are one line that names the entry and the rule.\n"
		".SH ENVIRONMENT\n.TP\n.B SRT_OCI_STORE\nhow new bundles of the store get their bytes: "
		"overlay, hardlink or copy [what this kernel can]\n.TP\n.B SOURCE_DATE_EPOCH\nthe time "
		"of all files, in seconds [the recipe's, or 0]\n"
		".SH FILES\n.TP\n.I $XDG_DATA_HOME/srt\\-oci/store\nthe store (without XDG_DATA_HOME, "
		"below ~/.local/share)\n.TP\n.I $XDG_CACHE_HOME/srt\\-oci/deb\nfetched packages, by "
		"digest (without XDG_CACHE_HOME, below ~/.cache)\n"
		".SH SEE ALSO\n.BR srt\\-oci (1),\n.BR apt\\-secure (8)\n");
}

/* --- completion --- */

static void word_add(void *ctx, const struct option *o)
{
	text_addf(ctx, " --%s%s", o->name, o->value ? "=" : "");
}

static void bash_emit(struct text *out)
{
	text_add(
		out,
		"# bash completion of srt-oci-bundle; written by srt-oci-bundle --completion=bash\n"
		"_srt_oci_bundle()\n{\n\tlocal cur=${COMP_WORDS[COMP_CWORD]} words=\n"
		"\tcase ${COMP_WORDS[1]} in\n");
	for (const struct command *c = COMMANDS; c->name; c++) {
		text_addf(out, "\t%s) words=\"", c->name);
		options_each(c->bit, word_add, out);
		text_add(out, "\" ;;\n");
	}
	text_add(out, "\tesac\n\tif [ \"$COMP_CWORD\" -eq 1 ]; then\n\t\twords=\"");
	for (const struct command *c = COMMANDS; c->name; c++)
		text_addf(out, " %s", c->name);
	options_each(C_PROGRAM, word_add, out);
	text_add(
		out,
		"\"\n\tfi\n\tmapfile -t COMPREPLY < <(compgen -W \"$words\" -- \"$cur\")\n"
		"\t[ ${#COMPREPLY[@]} -gt 0 ] || mapfile -t COMPREPLY < <(compgen -f -- \"$cur\")\n"
		"\t[[ ${COMPREPLY[0]-} != *= ]] || compopt -o nospace\n}\n"
		"complete -F _srt_oci_bundle srt-oci-bundle\n");
}

struct fish {
	struct text *out;
	const char *command;
};

static void fish_option(void *ctx, const struct option *o)
{
	const struct fish *f = ctx;

	text_addf(f->out, "complete -c srt-oci-bundle -n '__fish_seen_subcommand_from %s' -l %s%s",
		  f->command, o->name, o->value ? " -r" : "");
	if (o->letter)
		text_addf(f->out, " -s %c", o->letter);
	text_add(f->out, " -d '");
	for (const char *p = o->what; *p; p++)
		text_add(f->out, *p == '\'' ? "\\'" : (char[]){ *p, '\0' });
	text_add(f->out, "'\n");
}

static void fish_emit(struct text *out)
{
	text_add(out, "# fish completion of srt-oci-bundle; written by srt-oci-bundle "
		      "--completion=fish\n");
	for (const struct command *c = COMMANDS; c->name; c++) {
		text_addf(out, "complete -c srt-oci-bundle -n __fish_use_subcommand -a %s -d '",
			  c->name);
		for (const char *p = c->what; *p; p++)
			text_add(out, *p == '\'' ? "\\'" : (char[]){ *p, '\0' });
		text_add(out, "'\n");
		options_each(c->bit, fish_option, &(struct fish){ out, c->name });
	}
}

static void zsh_emit(struct text *out)
{
	text_add(out, "#compdef srt-oci-bundle\n# zsh completion of srt-oci-bundle; written by "
		      "srt-oci-bundle --completion=zsh\n"
		      "if (( CURRENT == 2 )); then\n\tcompadd --");
	for (const struct command *c = COMMANDS; c->name; c++)
		text_addf(out, " %s", c->name);
	text_add(out, "\n\treturn\nfi\ncase ${(Q)${(z)BUFFER}[2]} in\n");
	for (const struct command *c = COMMANDS; c->name; c++) {
		text_addf(out, "%s) compadd -S '' --", c->name);
		options_each(c->bit, word_add, out);
		text_add(out, " ;;\n");
	}
	text_add(out, "esac\n_files\n");
}

bool completion_emit(const char *shell, struct text *out)
{
	if (str_eq(shell, "bash"))
		bash_emit(out);
	else if (str_eq(shell, "zsh"))
		zsh_emit(out);
	else if (str_eq(shell, "fish"))
		fish_emit(out);
	else
		return false;
	return true;
}
