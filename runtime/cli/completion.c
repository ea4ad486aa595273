/* SPDX-License-Identifier: Apache-2.0 */
/* completion.c - prints the tables of commands and options in the languages of shells. */
#include "runtime/cli/completion.h"

#include "runtime/cli/command.h"
#include "runtime/cli/face.h"
#include "runtime/cli/global.h"
#include "runtime/cli/help.h"
#include "spec/oci/words.h"

#define IDS PROGRAM " list --quiet 2>/dev/null"

/* Each of these is one program, by whatever name the binary is run. */
static const struct command *const no_commands[] = { NULL };
static const struct completed {
	const char *program, *function;
	const char *made_by; /* the command behind which the shell's name stands … */
	const char *of; /* … and what stands behind that */
	const struct option_table *options; /* before a command; NULL: there are none */
	const struct command *const *commands;
	bool runs; /* what is no option is a program to run */
} programs[] = {
	{ PROGRAM, "_srt_oci", PROGRAM, "", &global_options, commands, false },
	{ "sandbox-runtime", "_sandbox_runtime", "sandbox-runtime", "", NULL, face_commands,
	  false },
	{ "srt", "_srt", "sandbox-runtime", " srt", &face_srt.options, no_commands, true },
};

/* What a value is completed with. */
static bool is_path(const struct option_row *o)
{
	static const char *const words[] = { "DIR", "FILE", "SOCKET" };

	for (size_t i = 0; o->value && i < ARRAY_LEN(words); i++)
		if (str_eq(o->value, words[i]))
			return true;
	return false;
}

/* Words behind what help calls a value. */
static const struct {
	const char *value;
	const struct name *words;
} named[] = { { "CAP", word_capabilities }, { "SIGNAL", word_signals } };

/* "add|remove ID": add and remove. */
static bool add_alternatives(const char *text, struct text *out)
{
	size_t n = strcspn(text, " ");

	if (!memchr(text, '|', n) || strspn(text, "abcdefghijklmnopqrstuvwxyz01|") < n)
		return false;
	for (size_t i = 0; i < n; i++)
		text_addn(out, text[i] == '|' ? " " : text + i, 1);
	return true;
}

static void add_named(const char *value, size_t n, struct text *out)
{
	for (size_t i = 0; i < ARRAY_LEN(named); i++)
		if (strncmp(named[i].value, value, n) == 0 && !named[i].value[n])
			help_words(named[i].words, " ", out);
}

/* The words that a value can be, "" where anything goes. */
static const char *values_of(const struct option_row *o, struct arena *a)
{
	struct text all = { .arena = a };

	if (o->words)
		help_words(o->words, " ", &all);
	else if (o->value && !add_alternatives(o->value, &all))
		add_named(o->value, strlen(o->value), &all);
	return all.s ? all.s : "";
}

/* Likewise of a command's arguments, beside ids and paths. */
static const char *arguments_of(const struct completed *p, const struct command *c, struct arena *a)
{
	const char *optional = strchr(c->synopsis, '[');
	struct text all = { .arena = a };
	size_t n = optional ? strcspn(optional + 1, "]") : 0;

	if (add_alternatives(c->synopsis, &all) || !optional)
		return all.s ? all.s : "";
	add_named(optional + 1, n, &all);
	if (str_eq(c->synopsis, "[COMMAND]"))
		for (const struct command *const *k = p->commands; *k; k++)
			if (command_listed(*k))
				text_addf(&all, "%s%s", all.s ? " " : "", (*k)->name);
	return all.s ? all.s : "";
}

static bool takes_value(const struct option_row *o)
{
	return o->kind != OPTION_FLAG && o->kind != OPTION_OPTIONAL;
}

static bool takes_id(const struct command *c)
{
	return str_starts(c->synopsis, "ID");
}

static bool takes_path(const struct command *c)
{
	return str_starts(c->synopsis, "PATH") || str_starts(c->synopsis, "[PATH");
}

static bool takes_program(const struct command *c)
{
	return str_starts(c->synopsis, "PROGRAM") || str_starts(c->synopsis, "[PROGRAM");
}

static void made_by(const struct completed *p, const char *shell, struct text *out)
{
	text_addf(out, "made by `%s completion %s%s`\n", p->made_by, shell, p->of);
}

/* --- bash: one case of the words that may follow, by command */

static void bash_names(const struct option_table *t, struct text *out)
{
	for (size_t i = 0; t && i < t->n; i++)
		text_addf(out, " --%s", t->rows[i].name);
	text_add(out, " --help");
}

/* "--opt|-o" for each option with a value that wanted() picks */
static void bash_cases(const char *command, const struct option_table *t, struct text *out)
{
	for (size_t i = 0; t && i < t->n; i++) {
		const struct option_row *o = &t->rows[i];

		if (!takes_value(o))
			continue;
		text_addf(out, "\t%s:--%s", command, o->name);
		if (o->letter)
			text_addf(out, " | %s:-%c", command, o->letter);
		if (is_path(o))
			text_add(out, ") mapfile -t COMPREPLY < <(compgen -f -- \"$cur\") ;;\n");
		else if (*values_of(o, out->arena))
			text_addf(out,
				  ") mapfile -t COMPREPLY < <(compgen -W '%s' -- \"$cur\") ;;\n",
				  values_of(o, out->arena));
		else
			text_add(out, ") ;;\n");
	}
}

/* The options in front of a command whose value is no command. */
static void bash_skip(const struct option_table *t, struct text *out)
{
	const char *sep = "\t\t";

	for (size_t i = 0; t && i < t->n; i++) {
		if (!takes_value(&t->rows[i]))
			continue;
		text_addf(out, "%s--%s", sep, t->rows[i].name);
		sep = " | ";
	}
	if (*sep == ' ')
		text_add(out, ") ((i++)) ;;\n");
}

static void bash_words(const struct completed *p, struct text *out)
{
	text_add(out, "\t'') words='");
	for (const struct command *const *c = p->commands; *c; c++)
		if (command_listed(*c))
			text_addf(out, "%s ", (*c)->name);
	bash_names(p->options, out);
	text_addf(out, "'%s ;;\n", p->runs ? " programs=yes" : "");
	for (const struct command *const *c = p->commands; *c; c++) {
		if (!command_listed(*c))
			continue;
		text_addf(out, "\t%s) words='", (*c)->name);
		bash_names(&(*c)->options, out);
		text_addf(out, "'%s%s%s", takes_id(*c) ? " ids=yes" : "",
			  takes_path(*c) ? " paths=yes" : "",
			  takes_program(*c) ? " programs=yes" : "");
		if (*arguments_of(p, *c, out->arena))
			text_addf(out, " args='%s'", arguments_of(p, *c, out->arena));
		text_add(out, " ;;\n");
	}
}

static void bash_find_command(const struct completed *p, struct text *out)
{
	if (!*p->commands)
		return;
	text_add(out, "\tfor ((i = 1; i < COMP_CWORD; i++)); do\n\t\tcase ${COMP_WORDS[i]} in\n");
	bash_skip(p->options, out);
	text_add(out,
		 "\t\t-* | =) ;;\n\t\t*)\n\t\t\tcommand=${COMP_WORDS[i]}\n\t\t\tbreak\n\t\t\t;;\n"
		 "\t\tesac\n\tdone\n");
}

static void bash(const struct completed *p, struct text *out)
{
	text_addf(out, "# bash completion for %s; ", p->program);
	made_by(p, "bash", out);
	text_addf(out,
		  "%s()\n{\n"
		  "\tlocal cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD - 1]}\n"
		  "\tlocal command='' words='' args='' ids='' paths='' programs='' i\n"
		  "\tCOMPREPLY=()\n",
		  p->function);
	bash_find_command(p, out);
	text_add(out, "\tcase $command:$prev in\n");
	bash_cases("", p->options, out);
	for (const struct command *const *c = p->commands; *c; c++)
		bash_cases((*c)->name, &(*c)->options, out);
	text_add(out, "\t*) false ;;\n\tesac && return\n\tcase $command in\n");
	bash_words(p, out);
	text_addf(out,
		  "\tesac\n"
		  "\tif [[ ( -z $command && -z $programs ) || $cur == -* ]]; then\n"
		  "\t\tmapfile -t COMPREPLY < <(compgen -W \"$words\" -- \"$cur\")\n"
		  "\t\treturn\n\tfi\n"
		  "\t[[ $paths ]] && mapfile -t COMPREPLY < <(compgen -d -- \"$cur\")\n"
		  "\t[[ $programs ]] && mapfile -t COMPREPLY < <(compgen -cf -- \"$cur\")\n"
		  "\t[[ $ids ]] && args+=\" $(" IDS ")\"\n"
		  "\t[[ $args ]] && mapfile -t COMPREPLY < <(compgen -W \"$args\" -- \"$cur\")\n"
		  "}\ncomplete -o filenames -F %s %s\n",
		  p->function, p->program);
}

/* Text between single quotes, in zsh as in fish. */
static void quoted(const char *s, struct text *out)
{
	for (; *s; s++)
		if (*s == '\'')
			text_add(out, "'\\''");
		else
			text_addn(out, s, 1);
}

/* --- zsh: _arguments of the program, then of the command */

static void zsh_value(const struct option_row *o, struct text *out)
{
	const char *values = values_of(o, out->arena);

	if (!takes_value(o))
		return;
	text_addf(out, ":%s:", o->value);
	if (is_path(o))
		text_add(out, "_files");
	if (*values)
		text_addf(out, "(%s)", values);
}

static void zsh_meaning(const struct option_row *o, struct text *out)
{
	quoted(o->help, out);
	text_add(out, "]");
	zsh_value(o, out);
	text_add(out, "' \\\n");
}

static void zsh_options(const struct option_table *t, const char *indent, struct text *out)
{
	for (size_t i = 0; t && i < t->n; i++) {
		const struct option_row *o = &t->rows[i];
		const char *many = o->kind == OPTION_LIST ? "*" : "";
		const char *equals = takes_value(o) ? "=" : "";

		text_addf(out, "%s'%s--%s%s[", indent, many, o->name, equals);
		zsh_meaning(o, out);
		if (!o->letter)
			continue;
		text_addf(out, "%s'%s-%c[", indent, many, o->letter);
		zsh_meaning(o, out);
	}
	text_addf(out, "%s'--help[print help]' \\\n", indent);
}

static void zsh_arguments(const struct completed *p, const struct command *c, struct text *out)
{
	const char *words = arguments_of(p, c, out->arena);

	text_add(out, "\t\t\t\t");
	if (takes_id(c))
		text_add(out, "'1:container:_srt_oci_ids' ");
	if (*words)
		text_addf(out, "'%d:argument:(%s)'", takes_id(c) ? 2 : 1, words);
	else if (!takes_id(c))
		text_addf(out, "'%s'",
			  takes_path(c)	     ? "1:bundle:_files -/"
			  : takes_program(c) ? "*::program:_normal"
					     : "*:argument:");
	text_add(out, "\n\t\t\t;;\n");
}

static void zsh_commands(const struct completed *p, struct text *out)
{
	text_add(out, "\t\t'1:command:->command' '*::argument:->argument'\n"
		      "\tcase $state in\n\tcommand)\n\t\tlocal -a commands\n\t\tcommands=(\n");
	for (const struct command *const *c = p->commands; *c; c++)
		if (command_listed(*c)) {
			text_addf(out, "\t\t\t'%s:", (*c)->name);
			quoted((*c)->help, out);
			text_add(out, "'\n");
		}
	text_add(out, "\t\t)\n\t\t_describe command commands\n\t\t;;\n"
		      "\targument)\n\t\tcase $line[1] in\n");
	for (const struct command *const *c = p->commands; *c; c++) {
		if (!command_listed(*c))
			continue;
		text_addf(out, "\t\t%s)\n\t\t\t_arguments \\\n", (*c)->name);
		zsh_options(&(*c)->options, "\t\t\t\t", out);
		zsh_arguments(p, *c, out);
	}
	text_add(out, "\t\tesac\n\t\t;;\n\tesac\n");
}

static void zsh(const struct completed *p, struct text *out)
{
	text_addf(out, "#compdef %s\n# ", p->program);
	made_by(p, "zsh", out);
	if (p->commands == commands)
		text_add(out, "_srt_oci_ids()\n{\n\tlocal -a ids\n\tids=(${(f)\"$(" IDS ")\"})\n"
			      "\tcompadd -a ids\n}\n");
	text_addf(out,
		  "%s()\n{\n\tlocal context state line\n\ttypeset -A opt_args\n"
		  "\t_arguments -C \\\n",
		  p->function);
	zsh_options(p->options, "\t\t", out);
	if (*p->commands)
		zsh_commands(p, out);
	else
		text_add(out, "\t\t'*::program:_normal'\n");
	text_addf(out, "}\n%s \"$@\"\n", p->function);
}

/* --- fish: one line an option */

static void fish_options(const char *program, const char *when, const struct option_table *t,
			 struct text *out)
{
	for (size_t i = 0; t && i < t->n; i++) {
		const struct option_row *o = &t->rows[i];

		text_addf(out, "complete -c %s%s -l %s", program, when, o->name);
		if (o->letter)
			text_addf(out, " -s %c", o->letter);
		if (takes_value(o))
			text_add(out, is_path(o) ? " -r -F" : " -x");
		if (takes_value(o) && *values_of(o, out->arena))
			text_addf(out, " -a '%s'", values_of(o, out->arena));
		text_add(out, " -d '");
		quoted(o->help, out);
		text_add(out, "'\n");
	}
}

static void fish_command(const struct completed *p, const struct command *c, struct text *out)
{
	const char *program = p->program, *words = arguments_of(p, c, out->arena);
	const char *when =
		arena_printf(out->arena, " -n '__fish_seen_subcommand_from %s'", c->name);

	text_addf(out, "complete -c %s -n '__fish_use_subcommand' -a %s -d '", program, c->name);
	quoted(c->help, out);
	text_add(out, "'\n");
	fish_options(program, when, &c->options, out);
	if (takes_id(c))
		text_addf(out, "complete -c %s%s -a '(" IDS ")'\n", program, when);
	if (*words)
		text_addf(out, "complete -c %s%s -a '%s'\n", program, when, words);
	if (takes_path(c))
		text_addf(out, "complete -c %s%s -a '(__fish_complete_directories)'\n", program,
			  when);
	if (takes_program(c))
		text_addf(out, "complete -c %s%s -a '(__fish_complete_command)'\n", program, when);
}

static void fish(const struct completed *p, struct text *out)
{
	text_addf(out, "# fish completion for %s; ", p->program);
	made_by(p, "fish", out);
	text_addf(out, "complete -c %s -f\n", p->program);
	fish_options(p->program, *p->commands ? " -n '__fish_use_subcommand'" : "", p->options,
		     out);
	for (const struct command *const *c = p->commands; *c; c++)
		if (command_listed(*c))
			fish_command(p, *c, out);
	if (p->runs)
		text_addf(out, "complete -c %s -a '(__fish_complete_command)'\n", p->program);
}

static const struct shell {
	const char *name;
	void (*print)(const struct completed *p, struct text *out);
} shells[] = { { "bash", bash }, { "zsh", zsh }, { "fish", fish } };

int completion_print(const char *program, const char *shell, struct text *out, struct err *err)
{
	const struct completed *p = NULL;

	for (size_t i = 0; i < ARRAY_LEN(programs); i++)
		if (str_eq(programs[i].program, program))
			p = &programs[i];
	if (!p)
		return err_input(err, "completion: no program is called %.64s", program);
	for (size_t i = 0; i < ARRAY_LEN(shells); i++) {
		if (str_eq(shells[i].name, shell)) {
			shells[i].print(p, out);
			return 0;
		}
	}
	return err_input(err, "completion: \"%.64s\" is none of bash, zsh, fish", shell);
}
