/* SPDX-License-Identifier: Apache-2.0 */
/* cmd_facts.c - facts: what this host and this user can do. */
#include "runtime/cli/command.h"
#include "runtime/probe/probe.h"
#include "spec/json/emit.h"

static int facts(struct cli *cli, void *options, const struct strings *args, struct err *err)
{
	struct emit e = { .out = &cli->out, .indent = 2 };
	struct facts found = { 0 };

	(void)options;
	(void)args;
	TRY(probe(WANT_ALL, &found, err));
	facts_emit(&found, &e);
	text_add(&cli->out, "\n");
	return 0;
}

const struct command command_facts = {
	.name = "facts",
	.synopsis = "",
	.help = "print what this host and this user can do, for plan --facts",
	.options = { .before = OPTIONS_ANYWHERE },
	.run = facts,
};
