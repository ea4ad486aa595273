/* SPDX-License-Identifier: Apache-2.0 */
/* cmd_plan.c - plan and check: what would be done, without doing it. */
#include "runtime/cli/command.h"

struct plan_command {
	struct create_options create;
	const char *facts;
	bool json;
};
#define ROW(member, ...) OPTION(struct plan_command, member, __VA_ARGS__)
static const struct option_row plan_rows[] = {
	ROW(json, "json", 0, FLAG, NULL, "print JSON"),
	ROW(facts, "facts", 0, STRING, "FILE", "plan for the host that the facts in FILE tell of"),
	ROW(create.config, "config", 'f', STRING, "FILE",
	    "configuration in place of the bundle's config.json"),
	ROW(create.no_pivot, "no-pivot", 0, FLAG, NULL, "as of create"),
	ROW(create.no_new_keyring, "no-new-keyring", 0, FLAG, NULL, "as of create"),
	OPTION_UP_TO(struct plan_command, create.preserve_fds, "preserve-fds", 0, PRESERVE_FDS_MAX,
		     "N", "as of create"),
};

struct check_options {
	const char *config;
};
static const struct option_row check_rows[] = {
	OPTION(struct check_options, config, "config", 'f', STRING, "FILE",
	       "configuration in place of the bundle's config.json"),
};

static const char *config_or_default(const char *config)
{
	return config ? config : "config.json";
}

static int plan(struct cli *cli, void *options, const struct strings *args, struct err *err)
{
	struct plan_command *o = options;
	const char *text;

	o->create.id = "planned";
	o->create.bundle = args->n ? args->v[0] : ".";
	o->create.config = config_or_default(o->create.config);
	TRY(life_plan(&cli->rt, &o->create, o->facts, o->json, &cli->arena, &text, err));
	text_add(&cli->out, text);
	return 0;
}

static int check(struct cli *cli, void *options, const struct strings *args, struct err *err)
{
	const struct check_options *o = options;
	const char *bundle = args->n ? args->v[0] : ".";

	TRY(life_check(&cli->rt, bundle, config_or_default(o->config), err));
	text_addf(&cli->out, "%s: no fault found\n", bundle);
	return 0;
}

const struct command command_plan = {
	.name = "plan",
	.synopsis = "[PATH]",
	.help = "print what run would do with a bundle, op by op, each with its cause",
	.text = "PATH is the bundle's directory; default is the working directory.",
	.options = OPTIONS(plan_rows, OPTIONS_ANYWHERE),
	.size = sizeof(struct plan_command),
	.args_max = 1,
	.run = plan,
};

const struct command command_check = {
	.name = "check",
	.synopsis = "[PATH]",
	.help = "read and check a bundle, and plan it for this host",
	.text = "PATH is the bundle's directory; default is the working directory.",
	.options = OPTIONS(check_rows, OPTIONS_ANYWHERE),
	.size = sizeof(struct check_options),
	.args_max = 1,
	.run = check,
};
