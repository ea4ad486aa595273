/* SPDX-License-Identifier: Apache-2.0 */
/* cmd_signal.c - what is done to a container that exists: start, pause, resume, kill, delete. */
#include <regex.h>
#include <signal.h>

#include "runtime/cli/command.h"
#include "spec/oci/words.h"

#define PATTERN_MAX 256

struct kill_options {
	bool all, regex;
};
struct delete_options {
	bool force, regex;
};

static const struct option_row kill_rows[] = {
	OPTION(struct kill_options, all, "all", 'a', FLAG, NULL,
	       "signal every process of the container"),
	OPTION(struct kill_options, regex, "regex", 'r', FLAG, NULL,
	       "ID is an extended regular expression; signal each container whose id it fits"),
};
static const struct option_row delete_rows[] = {
	OPTION(struct delete_options, force, "force", 'f', FLAG, NULL,
	       "kill it first if it runs; no error if there is none"),
	OPTION(struct delete_options, regex, "regex", 'r', FLAG, NULL,
	       "ID is an extended regular expression; delete each container whose id it fits"),
};

/* What is done to one container. */
struct deed {
	int (*act)(const struct runtime *rt, const char *id, const struct deed *deed,
		   struct err *err);
	int sig;
	bool flag;
};

static int deed_kill(const struct runtime *rt, const char *id, const struct deed *d,
		     struct err *err)
{
	return life_kill(rt, id, d->sig, d->flag, err);
}

static int deed_delete(const struct runtime *rt, const char *id, const struct deed *d,
		       struct err *err)
{
	return life_delete(rt, id, d->flag, err);
}

/* Does it to each container that fits, also after a failure; the first failure is the result. */
static int each_fitting(struct cli *cli, const regex_t *re, const struct deed *d, struct err *err)
{
	struct containers all = { 0 };
	struct err one = { 0 };
	int failed = 0;

	TRY(life_list(&cli->rt, &cli->arena, &all, err));
	for (size_t i = 0; i < all.n; i++) {
		if (regexec(re, all.v[i].id, 0, NULL, 0) != 0 ||
		    d->act(&cli->rt, all.v[i].id, d, &one) == 0 || failed)
			continue;
		*err = one;
		failed = err_in(err, "%s%s", all.v[i].id, one.place[0] ? ": " : "");
	}
	return failed;
}

static int do_regex(struct cli *cli, const char *pattern, const struct deed *d, struct err *err)
{
	char why[128];
	regex_t re;
	int bad;

	if (strlen(pattern) > PATTERN_MAX)
		return usage(cli, err, "an expression of more than %d bytes", PATTERN_MAX);
	bad = regcomp(&re, pattern, REG_EXTENDED | REG_NOSUB);
	if (bad) {
		(void)regerror(bad, &re, why, sizeof(why));
		return usage(cli, err, "\"%s\" is no regular expression: %s", pattern, why);
	}
	bad = each_fitting(cli, &re, d, err);
	regfree(&re);
	return bad;
}

static int do_deed(struct cli *cli, bool regex, const char *id, const struct deed *d,
		   struct err *err)
{
	return regex ? do_regex(cli, id, d, err) : d->act(&cli->rt, id, d, err);
}

static int kill_it(struct cli *cli, void *options, const struct strings *args, struct err *err)
{
	const struct kill_options *o = options;
	int sig = args->n > 1 ? word_signal(args->v[1]) : SIGTERM;

	if (sig < 0)
		return usage(cli, err, "kill: \"%.64s\" is no signal", args->v[1]);
	return do_deed(cli, o->regex, args->v[0], &(struct deed){ deed_kill, sig, o->all }, err);
}

static int delete_it(struct cli *cli, void *options, const struct strings *args, struct err *err)
{
	const struct delete_options *o = options;

	return do_deed(cli, o->regex, args->v[0], &(struct deed){ deed_delete, 0, o->force }, err);
}

static int start_it(struct cli *cli, void *options, const struct strings *args, struct err *err)
{
	(void)options;
	return life_start(&cli->rt, args->v[0], err);
}

static int pause_it(struct cli *cli, void *options, const struct strings *args, struct err *err)
{
	(void)options;
	return life_pause(&cli->rt, args->v[0], true, err);
}

static int resume_it(struct cli *cli, void *options, const struct strings *args, struct err *err)
{
	(void)options;
	return life_pause(&cli->rt, args->v[0], false, err);
}

#define NO_OPTIONS                         \
	{                                  \
		.before = OPTIONS_ANYWHERE \
	}
#define ON_ONE(name_, help_, run_)                                                         \
	{                                                                                  \
		.name = (name_), .synopsis = "ID", .help = (help_), .options = NO_OPTIONS, \
		.args_min = 1, .args_max = 1, .state = true, .run = (run_),                \
	}
const struct command command_start =
	ON_ONE("start", "run the program of a created container", start_it);
const struct command command_pause = ON_ONE("pause", "stop all processes of a container", pause_it);
const struct command command_resume =
	ON_ONE("resume", "let the processes of a container go on", resume_it);

const struct command command_kill = {
	.name = "kill",
	.synopsis = "ID [SIGNAL]",
	.help = "send a signal to a container's process",
	.text = "SIGNAL is a number or a name, with or without SIG; default is TERM. With --all an\n"
		"unknown container is no error.",
	.options = OPTIONS(kill_rows, OPTIONS_ANYWHERE),
	.size = sizeof(struct kill_options),
	.args_min = 1,
	.args_max = 2,
	.state = true,
	.run = kill_it,
};

const struct command command_delete = {
	.name = "delete",
	.synopsis = "ID",
	.help = "remove what is left of a container",
	.options = OPTIONS(delete_rows, OPTIONS_ANYWHERE),
	.size = sizeof(struct delete_options),
	.args_min = 1,
	.args_max = 1,
	.state = true,
	.run = delete_it,
};
