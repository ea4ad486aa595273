/* SPDX-License-Identifier: Apache-2.0 */
/* cmd_state.c - state and list. */
#include "runtime/cli/command.h"
#include "runtime/cli/owner.h"
#include "spec/json/emit.h"

enum { FORMAT_TABLE, FORMAT_JSON };
static const struct name formats[] = { { "table", FORMAT_TABLE }, { "json", FORMAT_JSON }, { 0 } };

struct list_options {
	int format;
	bool quiet;
};
static const struct option_row list_rows[] = {
	OPTION_OF_WORDS(struct list_options, format, "format", 'f', CHOICE, "FORMAT", formats,
			"how to print"),
	OPTION(struct list_options, quiet, "quiet", 'q', FLAG, NULL, "print the ids alone"),
};

static const char *status_word(const struct container *c)
{
	return name_of(status_names, c->status);
}

/* The specification's state, and what other runtimes add to it, in their order. */
static void container_emit(struct emit *e, struct arena *a, const struct container *c)
{
	emit_object(e, NULL);
	emit_str(e, "ociVersion", c->oci_version ? c->oci_version : OCI_VERSION);
	emit_str(e, "id", c->id);
	emit_int(e, "pid", c->pid);
	emit_str(e, "status", status_word(c));
	emit_str(e, "bundle", c->bundle ? c->bundle : "");
	emit_str(e, "rootfs", c->rootfs);
	emit_str(e, "created", c->created);
	emit_str(e, "owner", owner_name(a, c->owner_uid));
	emit_object(e, "annotations");
	for (size_t i = 0; i < c->annotations.n; i++)
		emit_str(e, c->annotations.v[i].key, c->annotations.v[i].value);
	emit_end_object(e);
	emit_array(e, "warnings");
	for (size_t i = 0; i < c->warnings.n; i++)
		emit_str(e, NULL, c->warnings.v[i]);
	emit_end_array(e);
	emit_end_object(e);
}

static int state(struct cli *cli, void *options, const struct strings *args, struct err *err)
{
	struct emit e = { .out = &cli->out, .indent = 2 };
	struct container c = { 0 };

	(void)options;
	TRY(life_state(&cli->rt, args->v[0], &cli->arena, &c, err));
	container_emit(&e, &cli->arena, &c);
	text_add(&cli->out, "\n");
	return 0;
}

#define COLUMNS 6
struct table_row {
	const char *cell[COLUMNS];
};

/* s without what would move the cursor or break the line. */
static const char *printable(struct arena *a, const char *s)
{
	char *out = arena_str(a, s ? s : "");

	for (char *c = out; *c; c++)
		if ((unsigned char)*c < 0x20 || *c == 0x7f)
			*c = '?';
	return out;
}

static struct table_row row_of(struct arena *a, const struct container *c)
{
	return (struct table_row){ {
		c->id,
		arena_printf(a, "%d", (int)c->pid),
		status_word(c),
		printable(a, c->bundle),
		printable(a, c->created),
		owner_name(a, c->owner_uid),
	} };
}

/* Columns at least 12 wide and 3 apart, as runc's: scripts cut them. */
static void table_print(struct text *out, const struct table_row *rows, size_t n)
{
	int width[COLUMNS];

	for (int c = 0; c < COLUMNS; c++) {
		width[c] = 12;
		for (size_t i = 0; i < n; i++)
			if ((int)strlen(rows[i].cell[c]) + 3 > width[c])
				width[c] = (int)strlen(rows[i].cell[c]) + 3;
	}
	for (size_t i = 0; i < n; i++) {
		for (int c = 0; c < COLUMNS - 1; c++)
			text_addf(out, "%-*s", width[c], rows[i].cell[c]);
		text_addf(out, "%s\n", rows[i].cell[COLUMNS - 1]);
	}
}

static void list_table(struct cli *cli, const struct containers *all)
{
	struct table_row *rows = arena_alloc(&cli->arena, (all->n + 1) * sizeof(*rows));

	rows[0] = (struct table_row){ { "ID", "PID", "STATUS", "BUNDLE", "CREATED", "OWNER" } };
	for (size_t i = 0; i < all->n; i++)
		rows[i + 1] = row_of(&cli->arena, &all->v[i]);
	table_print(&cli->out, rows, all->n + 1);
}

static void list_json(struct cli *cli, const struct containers *all)
{
	struct emit e = { .out = &cli->out };

	emit_array(&e, NULL);
	for (size_t i = 0; i < all->n; i++)
		container_emit(&e, &cli->arena, &all->v[i]);
	emit_end_array(&e);
	text_add(&cli->out, "\n");
}

static int list(struct cli *cli, void *options, const struct strings *args, struct err *err)
{
	const struct list_options *o = options;
	struct containers all = { 0 };

	(void)args;
	TRY(life_list(&cli->rt, &cli->arena, &all, err));
	if (o->quiet)
		for (size_t i = 0; i < all.n; i++)
			text_addf(&cli->out, "%s\n", all.v[i].id);
	else if (o->format == FORMAT_JSON)
		list_json(cli, &all);
	else
		list_table(cli, &all);
	return 0;
}

const struct command command_state = {
	.name = "state",
	.synopsis = "ID",
	.help = "print the state of a container as JSON",
	.options = { .before = OPTIONS_ANYWHERE },
	.args_min = 1,
	.args_max = 1,
	.state = true,
	.run = state,
};

const struct command command_list = {
	.name = "list",
	.synopsis = "",
	.help = "list the containers",
	.options = OPTIONS(list_rows, OPTIONS_ANYWHERE),
	.size = sizeof(struct list_options),
	.state = true,
	.run = list,
};
