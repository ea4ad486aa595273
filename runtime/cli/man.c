/* SPDX-License-Identifier: Apache-2.0 */
/* man.c - prints the manual page: prose here, commands and options from their tables. */
#include "runtime/cli/man.h"

#include "runtime/cli/command.h"
#include "runtime/cli/global.h"
#include "runtime/cli/help.h"

struct section {
	const char *title, *text; /* an empty line separates paragraphs */
};

static const struct section before[] = {
	{ "DESCRIPTION", PROGRAM
	  " runs containers as the OCI runtime specification " OCI_VERSION
	  " describes them: a bundle, which is a directory with a root file system and a "
	  "config.json, becomes processes in namespaces of their own. It needs neither root "
	  "nor a setuid helper; podman, containerd, CRI-O, Docker and Slurm can call it in "
	  "place of another runtime.\n\n"
	  "Options of the program stand before the command, those of a command anywhere after "
	  "it. Values are given as --option=value or --option value, or after the short form." },
	{ NULL, NULL },
};

static const struct section after[] = {
	{ "ENVIRONMENT",
	  "XDG_RUNTIME_DIR: directory of the states of an ordinary user's containers.\n\n"
	  "SRT_OCI_LIBEXEC: directory of " PROGRAM "-bundle.\n\n"
	  "PATH: where ps is looked for." },
	{ "FILES",
	  "/run/" PROGRAM ": states of root's containers.\n\n"
	  "$XDG_RUNTIME_DIR/" PROGRAM ", /run/user/UID/" PROGRAM
	  " where the variable is not set, or /tmp/" PROGRAM
	  "-UID where there is no such directory: states of an ordinary user's containers." },
	{ "DIAGNOSTICS",
	  "A failure is one line on standard error, which names the place and the way out. With --log "
	  "it is one record of that file too; with --log-format json the record is an object with "
	  "level, msg and time. Warnings go to the file of --log alone: what was asked for and could "
	  "not be applied also stands under warnings in the output of state, and is an error under "
	  "--strict." },
	{ "SEE ALSO",
	  "srt-oci-COMMAND(1) for each command, srt-oci-bundle(1), crun(1), runc(8), podman(1), bwrap(1), user_namespaces(7)" },
	{ NULL, NULL },
};

/* Text in which roff finds nothing of its own. */
static void roff(struct text *out, const char *s)
{
	bool line = out->len == 0 || out->s[out->len - 1] == '\n';

	for (; *s; line = *s++ == '\n') {
		if (line && (*s == '.' || *s == '\''))
			text_add(out, "\\&");
		if (*s == '-')
			text_add(out, "\\-");
		else if (*s == '\\')
			text_add(out, "\\e");
		else
			text_addn(out, s, 1);
	}
}

void man_text(struct text *out, const char *s)
{
	while (*s) {
		const char *end = strstr(s, "\n\n");
		size_t n = end ? (size_t)(end - s) : strlen(s);

		text_add(out, ".PP\n");
		roff(out, arena_strn(out->arena, s, n));
		text_add(out, "\n");
		s += n + (end ? 2 : 0);
	}
}

static void sections(struct text *out, const struct section *s)
{
	for (; s->title; s++) {
		text_addf(out, ".SH %s\n", s->title);
		man_text(out, s->text);
	}
}

static void option(struct text *out, const struct option_row *o)
{
	text_add(out, ".TP\n");
	if (o->letter)
		text_addf(out, "\\fB\\-%c\\fR, ", o->letter);
	text_add(out, "\\fB");
	roff(out, "--");
	roff(out, o->name);
	text_add(out, "\\fR");
	if (o->value)
		text_addf(out, o->kind == OPTION_OPTIONAL ? "[=\\fI%s\\fR]" : " \\fI%s\\fR",
			  o->value);
	text_add(out, "\n");
	roff(out, o->help);
	if (o->words) {
		struct text words = { .arena = out->arena };

		help_words(o->words, ", ", &words);
		text_add(out, ": ");
		roff(out, words.s);
	}
	text_add(out, "\n");
}

void man_options(struct text *out, const struct option_table *table)
{
	for (size_t i = 0; i < table->n; i++)
		option(out, &table->rows[i]);
}

static void command(struct text *out, const struct command *c)
{
	text_addf(out, ".SS %s\n\\fB" PROGRAM " %s\\fR%s%s", c->name, c->name,
		  c->options.n ? " [OPTION...]" : "", *c->synopsis ? " " : "");
	roff(out, c->synopsis);
	text_add(out, "\n.PP\n");
	text_addf(out, "%c", c->help[0] - 'a' + 'A');
	roff(out, c->help + 1);
	text_add(out, ".\n");
	if (c->text) {
		roff(out, c->text);
		text_add(out, "\n");
	}
	man_options(out, &c->options);
}

/* What people begin with, by command. */
static const struct {
	const char *command, *text;
} examples[] = {
	{ "create", PROGRAM " create --bundle /srv/bundle --pid-file pid box" },
	{ "run",
	  PROGRAM " spec --rootless; " PROGRAM " run box\n\n" PROGRAM " run --detach /srv/bundle" },
	{ "exec", PROGRAM " exec --tty --user 1000:1000 box /bin/sh" },
	{ "kill", PROGRAM " kill --all box KILL" },
	{ "delete", PROGRAM " delete --force --regex 'job-.*'" },
	{ "list", PROGRAM " list --format json" },
	{ "spec", PROGRAM " spec --rootless --bundle /srv/bundle" },
	{ "mounts",
	  "echo '[{\"destination\": \"/data\", \"type\": \"bind\", \"source\": \"/srv/data\", "
	  "\"options\": [\"rbind\", \"ro\"]}]' >data.json\n\n" PROGRAM
	  " mounts add box data.json" },
	{ "checkpoint", PROGRAM " checkpoint --image-path /srv/images --leave-running box" },
	{ "restore",
	  PROGRAM " restore --bundle /srv/bundle --image-path /srv/images --detach box" },
	{ "plan", PROGRAM " plan --json /srv/bundle" },
};

static void example(struct text *out, const char *command_name)
{
	for (size_t i = 0; i < ARRAY_LEN(examples); i++)
		if (str_eq(examples[i].command, command_name)) {
			text_add(out, ".SH EXAMPLES\n");
			man_text(out, examples[i].text);
		}
}

static void exit_statuses(struct text *out)
{
	text_add(out, ".SH EXIT STATUS\n");
	for (const struct exit_row *e = exit_rows; e->status; e++) {
		text_addf(out, ".TP\n%s\n", e->status);
		roff(out, e->meaning);
		text_add(out, "\n");
	}
}

static void upper(struct text *out, const char *s)
{
	for (; *s; s++) {
		char c = *s >= 'a' && *s <= 'z' ? (char)(*s - 'a' + 'A') : *s;

		text_addn(out, &c, 1);
	}
}

void man_print_command(const struct command *c, const char *version, struct text *out)
{
	text_add(out, ".\\\" Made by `" PROGRAM
		      " man COMMAND`; edit the tables in runtime/cli instead.\n"
		      ".TH SRT\\-OCI\\-");
	upper(out, c->name);
	text_addf(out,
		  " 1 \"\" \"srt\\-oci %s\" \"User Commands\"\n.SH NAME\nsrt\\-oci\\-%s \\- %s\n"
		  ".SH SYNOPSIS\n\\fBsrt\\-oci\\fR [GLOBAL\\-OPTION...] \\fB%s\\fR%s%s",
		  version, c->name, c->help, c->name, c->options.n ? " [OPTION...]" : "",
		  *c->synopsis ? " " : "");
	roff(out, c->synopsis);
	text_addf(out, "\n.SH DESCRIPTION\n%c", c->help[0] - 'a' + 'A');
	roff(out, c->help + 1);
	text_add(out, ".\n");
	if (c->text) {
		text_add(out, ".PP\n");
		roff(out, c->text);
		text_add(out, "\n");
	}
	text_add(out, ".SH OPTIONS\n");
	man_options(out, &c->options);
	text_add(
		out,
		".TP\n\\fB\\-h\\fR, \\fB\\-\\-help\\fR\nprint help\n"
		".PP\nOptions of the program, which stand before the command: \\fBsrt\\-oci\\fR(1).\n");
	example(out, c->name);
	exit_statuses(out);
	text_add(out, ".SH SEE ALSO\n\\fBsrt\\-oci\\fR(1)\n");
}

void man_print(const char *version, struct text *out)
{
	text_addf(out,
		  ".\\\" Made by `" PROGRAM " man`; edit the tables in runtime/cli instead.\n"
		  ".TH SRT\\-OCI 1 \"\" \"srt\\-oci %s\" \"User Commands\"\n"
		  ".SH NAME\nsrt\\-oci \\- run OCI containers as an ordinary user\n"
		  ".SH SYNOPSIS\n\\fBsrt\\-oci\\fR [OPTION...] COMMAND [ARGUMENT...]\n",
		  version);
	sections(out, before);
	text_add(out, ".SH OPTIONS\n");
	man_options(out, &global_options);
	text_add(out, ".TP\n\\fB\\-h\\fR, \\fB\\-\\-help\\fR\n"
		      "print help, of the program or of a command\n.SH COMMANDS\n");
	for (const struct command *const *c = commands; *c; c++)
		if (command_listed(*c))
			command(out, *c);
	exit_statuses(out);
	sections(out, after);
}
