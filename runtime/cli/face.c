/* SPDX-License-Identifier: Apache-2.0 */
/* face.c - which program we are run as, its commands, its help and its manual. */
#include "runtime/cli/face.h"

#include "runtime/cli/help.h"
#include "runtime/cli/man.h"
#include "version.h"

const struct command *const face_commands[] = {
	&face_exec,   &face_serve,    &face_explain,	&face_doctor, &face_selftest,
	&face_schema, &face_man_page, &face_completion, NULL,
};

static const struct face faces[] = {
	{ "sandbox-runtime", "run untrusted programs with limits and without a network",
	  face_commands, NULL },
	{ "srt", "run a program under a settings file", NULL, &face_srt },
};

static const struct exit_row face_exits[] = {
	{ "0 to 255", "the program's own status" },
	{ "124", "the program ran out of time" },
	{ "125", "the sandbox or its settings failed; the program never ran" },
	{ "126", "the program was found and cannot be executed" },
	{ "127", "the program was not found" },
	{ "137", "memory or output passed its limit, or signal 9" },
	{ "128+N", "signal N ended the program" },
	{ NULL, NULL },
};

const struct face *face_find(const char *name)
{
	for (size_t i = 0; i < ARRAY_LEN(faces); i++)
		if (str_eq(faces[i].name, name))
			return &faces[i];
	return NULL;
}

static void exits(struct text *out)
{
	text_add(out, "\nExit status:\n");
	for (const struct exit_row *e = face_exits; e->status; e++)
		text_addf(out, "  %-10s %s\n", e->status, e->meaning);
}

static void help_of(const struct face *face, const struct command *c, struct text *out)
{
	text_addf(out, "Usage: %s %s%s[OPTION...] %s\n\n%c%s.\n", face->name,
		  face->commands ? c->name : "", face->commands ? " " : "", c->synopsis,
		  c->help[0] - 'a' + 'A', c->help + 1);
	if (c->text)
		text_addf(out, "%s\n", c->text);
	text_add(out, "\nOptions:\n");
	help_options(&c->options, out);
	exits(out);
}

static void help_face(const struct face *face, struct text *out)
{
	text_addf(out, "Usage: %s COMMAND [OPTION...] [ARGUMENT...]\n\n%c%s.\n\nCommands:\n",
		  face->name, face->summary[0] - 'a' + 'A', face->summary + 1);
	for (const struct command *const *c = face->commands; *c; c++)
		text_addf(out, "  %-10s %s\n", (*c)->name, (*c)->help);
	exits(out);
	text_addf(out, "\n%s COMMAND --help says more about a command.\n", face->name);
}

static int run(const struct face *face, const struct command *c, struct cli *cli,
	       const char *const *words, struct err *err)
{
	void *options = arena_alloc(&cli->arena, c->size + 1);
	struct strings args = { 0 };
	int got = options_parse(&c->options, &cli->arena, words, options, &args, err);

	if (got < 0)
		return -1;
	if (got == 1) {
		help_of(face, c, &cli->out);
		return 0;
	}
	if (args.n < c->args_min)
		return err_input(err, "nothing to run; see %s --help", face->name);
	if (args.n > c->args_max)
		return err_input(err, "what is \"%.64s\" for?", args.v[c->args_max]);
	return c->run(cli, options, &args, err);
}

static const struct command *find(const struct face *face, const char *name)
{
	for (const struct command *const *c = face->commands; *c; c++)
		if (str_eq((*c)->name, name))
			return *c;
	return NULL;
}

static bool is_one_of(const char *word, const char *a, const char *b)
{
	return str_eq(word, a) || str_eq(word, b);
}

int face_run(const struct face *face, struct cli *cli, const char *const *words, struct err *err)
{
	const struct command *c;

	cli->rt.log.program = face->name;
	cli->rt.log.level = LOG_LEVEL_WARN;
	if (words[0] && is_one_of(words[0], "--version", "-v") && !words[1]) {
		text_addf(&cli->out, "%s %s (commit %s)\n", face->name, SRT_VERSION, SRT_COMMIT);
		return 0;
	}
	if (!face->commands)
		return run(face, face->alone, cli, words, err);
	if (!words[0])
		return err_input(err, "no command; see %s --help", face->name);
	if (is_one_of(words[0], "--help", "-h") || str_eq(words[0], "help")) {
		help_face(face, &cli->out);
		return 0;
	}
	c = find(face, words[0]);
	if (!c)
		return err_input(err, "unknown command \"%.64s\"; see %s --help", words[0],
				 face->name);
	return run(face, c, cli, words + 1, err);
}

/* --- the manual --- */

static const char description[] =
	"The program runs in namespaces of its own, as a user that is nobody's, without capabilities, "
	"without a network unless one is allowed, and under limits of time, memory, processors, "
	"processes, files, disk and output. It sees the system's directories read-only, or a bundle, "
	"and what is mounted for it; /tmp, /dev/shm and its home are its own and go with it. No "
	"privilege is needed, and nothing is setuid.\n\n"
	"Each value comes from a flag, else from a settings file, else from a preset, else from the "
	"environment, else from a bundle's config.json, which bounds them all besides, else from the "
	"default; explain shows which. What is malformed ends with status "
	"125 and a message that names it, and nothing runs.";

static void environment(struct text *out)
{
	for (int i = 0; i < POLICY_ITEMS; i++) {
		if (!policy_rows[i].env)
			continue;
		text_addf(out, ".TP\n\\fB%s\\fR\n", policy_rows[i].env);
		man_text(out, policy_rows[i].help);
		if (policy_rows[i].fallback)
			text_addf(out, "Default: %s.\n", policy_rows[i].fallback);
	}
}

static void command_section(const struct command *c, const char *name, struct text *out)
{
	text_addf(out, ".SS %s\n", name);
	man_text(out, arena_printf(out->arena, "%c%s.", c->help[0] - 'a' + 'A', c->help + 1));
	if (c->text)
		man_text(out, c->text);
	man_options(out, &c->options);
}

void face_man(const struct face *face, const char *version, struct text *out)
{
	text_addf(
		out,
		".\\\" Made by `sandbox-runtime man`; edit the tables in runtime/cli instead.\n"
		".TH %s 1 \"\" \"srt-oci %s\" \"User Commands\"\n.SH NAME\n%s \\- %s\n.SH SYNOPSIS\n"
		"\\fB%s\\fR %s\n.SH DESCRIPTION\n",
		face->name, version, face->name, face->summary, face->name,
		face->commands ? "COMMAND [OPTION...] [ARGUMENT...]"
			       : "[OPTION...] [--] PROGRAM [ARGUMENT...]");
	man_text(out, description);
	text_add(out, face->commands ? ".SH COMMANDS\n" : ".SH OPTIONS\n");
	if (face->commands)
		for (const struct command *const *c = face->commands; *c; c++)
			command_section(*c, (*c)->name, out);
	else
		man_options(out, &face->alone->options);
	text_add(out, ".SH ENVIRONMENT\n");
	environment(out);
	text_add(out, ".SH EXIT STATUS\n");
	for (const struct exit_row *e = face_exits; e->status; e++)
		text_addf(out, ".TP\n%s\n%s\n", e->status, e->meaning);
	text_add(out, ".SH SEE ALSO\n");
	man_text(out, face->commands ? "srt(1), srt-oci(1), bwrap(1)"
				     : "sandbox-runtime(1), srt-oci(1), bwrap(1)");
}
