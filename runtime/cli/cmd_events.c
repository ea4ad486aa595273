/* SPDX-License-Identifier: Apache-2.0 */
/* cmd_events.c - events: what a container uses, as lines of JSON. */
#include <unistd.h>

#include "runtime/cli/command.h"
#include "spec/base/fd.h"

#define INTERVAL_DEFAULT_MS 5000
#define INTERVAL_MAX_MS 86400000u

struct events_options {
	bool stats;
	const char *interval;
};

static const struct option_row rows[] = {
	OPTION(struct events_options, stats, "stats", 0, FLAG, NULL, "print what it uses, once"),
	OPTION(struct events_options, interval, "interval", 0, STRING, "TIME",
	       "between two of them, 5s or 500ms; default is 5s"),
};

static const struct name units[] = {
	{ "ms", 1 }, { "s", 1000 }, { "m", 60000 }, { "h", 3600000 }, { "", 1000 }, { NULL, 0 },
};

static int parse_interval(struct cli *cli, const char *s, uint32_t *ret, struct err *err)
{
	size_t n = strspn(s, "0123456789");
	const struct name *unit = name_find(units, s + n);
	uint64_t v;

	if (!unit || n == 0 ||
	    str_u64(arena_strn(&cli->arena, s, n), 10, INTERVAL_MAX_MS, &v, err) < 0 || v == 0 ||
	    v * (uint64_t)unit->value > INTERVAL_MAX_MS)
		return usage(cli, err, "events: \"%.64s\" is no time like 5s or 500ms", s);
	*ret = (uint32_t)(v * (uint64_t)unit->value);
	return 0;
}

/* At once: whoever reads waits for it. */
static int say(void *ctx, const char *line, struct err *err)
{
	(void)ctx;
	if (fd_write_all(STDOUT_FILENO, line, strlen(line)) < 0)
		return err_host(err, errno, "write to standard output");
	return 0;
}

static int events(struct cli *cli, void *options, const struct strings *args, struct err *err)
{
	const struct events_options *o = options;
	uint32_t interval = INTERVAL_DEFAULT_MS;

	if (o->interval)
		TRY(parse_interval(cli, o->interval, &interval, err));
	return life_events(&cli->rt, args->v[0], o->stats, interval, say, NULL, err);
}

const struct command command_events = {
	.name = "events",
	.synopsis = "ID",
	.help = "print what a container uses, when its memory ran out, and what was refused to it",
	.text = "Each event is one line of JSON: of type stats or oom, in the words of runc, or violation: what\n"
		"the filter of its network (srt.network) refused since it was made, as in a file of\n"
		"--violations, of containers made by create or --detach. It ends with the container. What\n"
		"is counted is what its cgroup counts.",
	.options = OPTIONS(rows, OPTIONS_ANYWHERE),
	.size = sizeof(struct events_options),
	.args_min = 1,
	.args_max = 1,
	.state = true,
	.run = events,
};
