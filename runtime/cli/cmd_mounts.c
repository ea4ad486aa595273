/* SPDX-License-Identifier: Apache-2.0 */
/* cmd_mounts.c - mounts: changes what is mounted in a running container. */
#include "runtime/cli/command.h"

static const struct name deeds[] = { { "remove", 0 }, { "add", 1 }, { NULL, 0 } };

static int mounts(struct cli *cli, void *options, const struct strings *args, struct err *err)
{
	const struct name *deed = name_find(deeds, args->v[0]);

	(void)options;
	if (!deed)
		return usage(cli, err, "mounts: \"%.64s\" is neither add nor remove", args->v[0]);
	return life_mounts(&cli->rt, args->v[1], deed->value, args->v[2], err);
}

const struct command command_mounts = {
	.name = "mounts",
	.synopsis = "add|remove ID FILE",
	.help = "add mounts to a running container, or take them off",
	.text = "FILE is JSON: a list of mounts as in config.json, or an object with the member mounts.\n"
		"Of those to be removed only the destinations count.",
	.options = { .before = OPTIONS_ANYWHERE },
	.args_min = 3,
	.args_max = 3,
	.state = true,
	.run = mounts,
};
