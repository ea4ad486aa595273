/* SPDX-License-Identifier: Apache-2.0 */
/* gen_reference.c - writes docs/reference out of the tables that the programs work by.
 *
 *   gen_reference config|limits|mount-options|ops|rules
 *
 * prints that page; `make docs` keeps them, and a test says when they are no longer what is printed. */
#include <stdio.h>

#include "runtime/plan/mount_options.h"
#include "runtime/plan/op.h"
#include "runtime/plan/plan_cgroup.h"
#include "spec/oci/rules.h"
#include "spec/oci/tables.h"
#include "spec/oci/words.h"

#define WRITTEN "\n\nWritten by `make docs`; do not edit.\n\n"

static void page_config(struct text *out)
{
	text_add(
		out,
		"# The properties of config.json" WRITTEN
		"Every property that is read, in the order of its table. N stands for an index, NAME "
		"for a\nkey. A word is one of those listed. Unknown properties are ignored, as the "
		"specification orders.\nThat a property is read does not say that it is applied: "
		"see [differences](../differences.md).\n\n"
		"| property | type | meaning |\n|---|---|---|\n");
	bind_describe(&config_table, "", out);
	text_add(out, "\n`exec --process FILE` reads an object like `/process`.\n");
}

static void page_rules(struct text *out)
{
	static const char *const levels[] = { [MUST] = "must", [SHOULD] = "should" };

	text_add(
		out,
		"# The rules for config.json" WRITTEN
		"What a document whose types are right is checked for before anything is done, in this "
		"order.\nThe first rule that is broken ends the command, with the JSON pointer of the "
		"place. A clause is a\nfile and a section of the runtime specification.\n\n"
		"| rule | word | clause |\n|---|---|---|\n");
	for (size_t i = 0; rules_all[i]; i++)
		for (const struct rule *r = rules_all[i]; r->name; r++)
			text_addf(out, "| %s | %s | %s |\n", r->name, levels[r->level], r->clause);
}

static const char *file_or(const char *file)
{
	return file ? file : "no such limit";
}

/* What is in brackets is no limit that could be missed. */
static const char *word_without(const struct limit_row *r)
{
	if (r->v1 && r->v1[0] == '(')
		return "–";
	return r->v1_controller ? "warning" : "error";
}

/* Each property once; its first row speaks for it. */
static bool is_first(size_t i)
{
	for (size_t k = 0; k < i; k++)
		if (str_eq(limit_rows[k].pointer, limit_rows[i].pointer))
			return false;
	return true;
}

static void page_limits(struct text *out)
{
	text_add(
		out,
		"# The limits of linux.resources" WRITTEN
		"Each property and the file of the container's cgroup that it becomes. A controller is "
		"on v1 or on v2, on\na hybrid host too; the row is that of the version where it is. "
		"What cannot be applied is a warning, which\n`--strict` makes an error; see "
		"[cgroups](../cgroups.md).\n\n"
		"| property | v1 | v2 | none | how |\n|---|---|---|---|---|\n");
	for (size_t i = 0; i < limit_rows_n; i++) {
		const struct limit_row *r = &limit_rows[i];

		if (is_first(i))
			text_addf(out, "| %s | %s | %s | %s | %s |\n", r->pointer, file_or(r->v1),
				  file_or(r->v2), word_without(r), r->remark ? r->remark : "");
	}
}

static void page_mount_options(struct text *out)
{
	static const char *const kinds[] = {
		[OPTION_ATTR] = "attribute of the mount",
		[OPTION_PROPAGATION] = "propagation",
		[OPTION_BIND] = "bind mount",
		[OPTION_REMOUNT] = "changes the mount that is there",
		[OPTION_SUPERBLOCK] = "flag of the file system; means nothing on a bind mount",
		[OPTION_NOTHING] = "accepted, without effect",
		[OPTION_EXTENSION] = "the runtime's own",
	};

	text_add(
		out,
		"# The options of a mount" WRITTEN
		"A later word wins over an earlier one. Recursive ones hold for the mounts below, "
		"too. A word that\nis not listed is handed to the file system; on a bind mount it is "
		"left out with a warning.\n\n"
		"| option | what it is | recursive |\n|---|---|---|\n");
	for (const struct mount_option *o = mount_options; o->name; o++)
		text_addf(out, "| `%s` | %s | %s |\n", o->name, kinds[o->kind],
			  o->recursive ? "yes" : "");
}

/* The words of a field; those of an earlier field of the op's are not told again. */
static void add_words(struct text *out, const struct field *const fields[], size_t at)
{
	const struct name *words = fields[at]->words;

	for (size_t i = 0; i < at; i++)
		if (fields[i]->words == words)
			return;
	if (words == word_capabilities || words == word_rlimits)
		return; /* everybody knows them, and they are many */
	for (const struct name *w = words; w && w->name; w++)
		text_addf(out, "%s%s%s", w == words ? " (" : " ", w->name, w[1].name ? "" : ")");
}

static void add_op(struct text *out, const struct op_info *op)
{
	const struct field *const fields[] = { &op->path, &op->type, &op->text, &op->data,
					       &op->a,	  &op->b,    &op->c,	&op->d };
	const char *sep = "";

	text_addf(out, "| `%s` | ", op->name);
	for (size_t i = 0; i < ARRAY_LEN(fields); i++) {
		if (fields[i]->kind == FIELD_NONE)
			continue;
		text_addf(out, "%s%s", sep, fields[i]->name);
		add_words(out, fields, i);
		sep = ", ";
	}
	text_add(out, " |\n");
}

static void page_ops(struct text *out)
{
	text_add(
		out,
		"# The operations of a plan" WRITTEN
		"What `srt-oci plan` prints: a stage, an operation, its fields, and at the end of the "
		"line the JSON\npointer of the property behind it. In brackets stand the flags. With "
		"`else` the operation is done\nonly where the one before it failed; what is `optional` "
		"becomes a warning where it fails.\n\nStages, in their order:");
	for (const struct name *s = stage_names; s->name; s++)
		text_addf(out, " %s", s->name);
	text_add(out, ".\n\nFlags:");
	for (const struct name *f = op_flag_names; f->name; f++)
		text_addf(out, " %s", f->name);
	text_add(out, ".\n\n| operation | fields, and their words |\n|---|---|\n");
	for (size_t i = 0; i < OP_COUNT; i++)
		add_op(out, &op_infos[i]);
}

static const struct {
	const char *name;
	void (*print)(struct text *out);
} pages[] = {
	{ "config", page_config },
	{ "rules", page_rules },
	{ "mount-options", page_mount_options },
	{ "ops", page_ops },
	{ "limits", page_limits },
};

int main(int argc, char **argv)
{
	scoped_arena struct arena a = { 0 };
	struct text out = { .arena = &a };

	for (size_t i = 0; i < ARRAY_LEN(pages); i++)
		if (argc == 2 && str_eq(argv[1], pages[i].name))
			pages[i].print(&out);
	if (out.len == 0) {
		(void)fputs("usage: gen_reference config|rules|mount-options|ops\n", stderr);
		return 2;
	}
	return fwrite(out.s, 1, out.len, stdout) == out.len && fflush(stdout) == 0 ? 0 : 1;
}
