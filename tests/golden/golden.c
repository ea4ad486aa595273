/* SPDX-License-Identifier: Apache-2.0 */
/* golden.c - plans every case again and compares it with the plan that was reviewed.
 *
 *	golden [--update] DIRECTORY…
 *
 * A case is a directory with config.json, facts.json (mostly a link into facts/), and plan.txt or
 * error.txt, which --update writes. options.json may say what the command line would; process.json
 * makes it the plan of an exec into the container of config.json. */
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <sys/stat.h>

#include "runtime/plan/plan.h"
#include "runtime/probe/probe.h"
#include "spec/base/fd.h"
#include "spec/json/bind.h"

#define FILE_MAX (4u << 20)

struct options {
	bool strict, no_pivot, no_new_keyring, console, beside;
	uint32_t preserve_fds;
	int cgroup_manager;
};
static const struct name managers[] = {
	{ "cgroupfs", CGROUP_MANAGER_FS },
	{ "systemd", CGROUP_MANAGER_SYSTEMD },
	{ "disabled", CGROUP_MANAGER_NONE },
	{ NULL, 0 },
};
static const struct bind_row option_rows[] = {
	ROW(options, strict, "strict", BOOL, 0, "--strict"),
	ROW(options, no_pivot, "noPivot", BOOL, 0, "--no-pivot"),
	ROW(options, no_new_keyring, "noNewKeyring", BOOL, 0, "--no-new-keyring"),
	ROW(options, console, "console", BOOL, 0, "--console-socket, or a terminal of ours"),
	ROW(options, beside, "beside", BOOL, 0, "what a sandbox's supervisor asks for"),
	ROW(options, cgroup_manager, "cgroupManager", WORD, 0, "--cgroup-manager",
	    .words = managers),
	ROW(options, preserve_fds, "preserveFds", UINT, 0, "--preserve-fds", .max = 1000),
};
static const struct bind_table option_table = TABLE(options, option_rows);
static const struct json_limits limits = { FILE_MAX, 64, 200000 };

struct golden {
	const char *dir;
	struct arena *arena;
	const char *plan, *error; /* what came out: one of them */
};

/* A file of the case; NULL where it is not there. */
static char *read_file(const struct golden *g, const char *name, size_t *len)
{
	struct err err = { 0 };
	char *text;

	if (file_read(AT_FDCWD, arena_printf(g->arena, "%s/%s", g->dir, name), FILE_MAX, g->arena,
		      &text, len, &err) < 0)
		return NULL;
	return text;
}

static int read_options(const struct golden *g, struct plan_options *ret, struct err *err)
{
	struct options o = { 0 };
	struct json *tree;
	size_t len;
	const char *text = read_file(g, "options.json", &len);

	if (text) {
		TRY(json_parse(text, len, "options.json", &limits, g->arena, &tree, err));
		TRY(bind_object(tree, &option_table, BIND_STRICT, &o, g->arena, err));
	}
	*ret = (struct plan_options){
		.bundle = "/bundle",
		.id = "golden",
		.strict = o.strict,
		.no_pivot = o.no_pivot,
		.no_new_keyring = o.no_new_keyring,
		.console = o.console,
		.beside = o.beside,
		.preserve_fds = o.preserve_fds,
		.cgroup_manager = (enum cgroup_manager)o.cgroup_manager,
	};
	return 0;
}

static int make_plan(const struct golden *g, struct plan **ret, struct err *err)
{
	struct plan_options options;
	struct process *process;
	struct config *config;
	struct facts facts;
	const char *text;
	size_t len;

	TRY(read_options(g, &options, err));
	text = read_file(g, "facts.json", &len);
	if (!text)
		return err_input(err, "the case has no facts.json");
	TRY(facts_parse(text, len, "facts.json", &facts, err));
	text = read_file(g, "config.json", &len);
	if (!text)
		return err_input(err, "the case has no config.json");
	TRY(config_parse(text, len, "config.json", g->arena, &config, err));
	TRY(config_check(config, err));
	text = read_file(g, "process.json", &len);
	if (!text)
		return plan_container(config, &facts, &options, g->arena, ret, err);
	TRY(process_parse(text, len, "process.json", g->arena, &process, err));
	TRY(process_check(process, err));
	return plan_exec(config, process, &facts, &options, g->arena, ret, err);
}

/* The JSON plan need not be reviewed twice, but must be JSON and hold the same ops. */
static int check_json(const struct golden *g, const struct plan *p, struct err *err)
{
	struct text out = { .arena = g->arena };
	struct emit e = { .out = &out };
	const struct json *ops;
	struct json *tree;

	plan_emit(p, &e);
	TRY(json_parse(out.s, out.len, "plan as JSON", &limits, g->arena, &tree, err));
	ops = json_member(tree, "ops");
	if (!ops || ops->count != p->n)
		return err_input(err, "the plan as JSON has not the ops of the plan");
	return 0;
}

static void run_case(struct golden *g)
{
	struct text out = { .arena = g->arena };
	struct err err = { 0 };
	char line[ERR_LINE_MAX];
	struct plan *plan;

	if (make_plan(g, &plan, &err) < 0 || check_json(g, plan, &err) < 0) {
		g->error = arena_printf(g->arena, "%s\n", err_line(&err, line, sizeof(line)));
		return;
	}
	plan_print(plan, &out);
	g->plan = out.s;
}

/* --- comparing -------------------------------------------------------------------------------- */

static const char *line_end(const char *s)
{
	return s + strcspn(s, "\n");
}

/* The first line where they part, as TAP comments. */
static void show_difference(const char *want, const char *got)
{
	int line = 1;

	while (*want && *got && line_end(want) - want == line_end(got) - got &&
	       strncmp(want, got, (size_t)(line_end(want) - want)) == 0) {
		want = *line_end(want) ? line_end(want) + 1 : line_end(want);
		got = *line_end(got) ? line_end(got) + 1 : line_end(got);
		line++;
	}
	printf("# line %d\n# want: %.*s\n# got:  %.*s\n", line, (int)(line_end(want) - want), want,
	       (int)(line_end(got) - got), got);
}

static bool compare(const struct golden *g)
{
	size_t len;
	const char *plan = read_file(g, "plan.txt", &len);
	const char *error = read_file(g, "error.txt", &len);

	if (!!plan == !!error) {
		printf("# %s\n",
		       plan ? "there are plan.txt and error.txt"
			    : "there is neither plan.txt nor error.txt: make golden-update");
		return false;
	}
	if (plan && g->plan && str_eq(plan, g->plan))
		return true;
	if (error && g->error && str_eq(error, g->error))
		return true;
	if (!!plan != !!g->plan)
		printf("# %s was expected\n", plan ? "a plan" : "an error");
	show_difference(plan ? plan : error, g->plan ? g->plan : g->error);
	return false;
}

static bool write_file(const struct golden *g, const char *name, const char *text)
{
	const char *path = arena_printf(g->arena, "%s/%s", g->dir, name);

	if (!text)
		return unlink(path) == 0 || errno == ENOENT;
	scoped_fd int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	return fd >= 0 && fd_write_all(fd, text, strlen(text)) == 0;
}

int main(int argc, char **argv)
{
	bool update = argc > 1 && str_eq(argv[1], "--update");
	int first = update ? 2 : 1, failed = 0;

	if (argc <= first)
		return 2;
	printf("1..%d\n", argc - first);
	for (int i = first; i < argc; i++) {
		scoped_arena struct arena arena = { 0 };
		struct golden g = { .dir = argv[i], .arena = &arena };
		bool good;

		run_case(&g);
		good = update ? write_file(&g, "plan.txt", g.plan) &&
					write_file(&g, "error.txt", g.error)
			      : compare(&g);
		failed += !good;
		printf("%sok %d - %s\n", good ? "" : "not ", i - first + 1, argv[i]);
	}
	return failed > 0;
}
