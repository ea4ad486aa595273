/* SPDX-License-Identifier: Apache-2.0 */
/* face_doctor.c - says what this host lacks for sandboxes, each with its way out. */
#include "runtime/cli/face.h"
#include "runtime/sandbox/doctor.h"

struct doctor_flags {
	bool json;
	const char *require;
};

#define ROW(member, ...) OPTION(struct doctor_flags, member, __VA_ARGS__)
static const struct option_row rows[] = {
	ROW(json, "json", 0, FLAG, NULL, "as JSON"),
	ROW(require, "require", 0, STRING, "LIST",
	    "names, separated by commas: fail where one of them is missing"),
};

static bool is_listed(const char *list, const char *name)
{
	size_t n = strlen(name);

	for (; *list; list += strcspn(list, ",") + (list[strcspn(list, ",")] == ',')) {
		if (strncmp(list, name, n) == 0 && (list[n] == ',' || list[n] == '\0'))
			return true;
	}
	return false;
}

static int check_names(const char *list, const struct finding *f, size_t n, struct arena *a,
		       struct err *err)
{
	while (*list) {
		size_t len = strcspn(list, ",");
		const char *name = arena_strn(a, list, len);
		bool known = false;

		for (size_t i = 0; i < n; i++)
			known = known || str_eq(f[i].name, name);
		if (!known)
			return err_input(err, "--require: %.64s is no name of a facility", name);
		list += len + (list[len] == ',');
	}
	return 0;
}

static void print(const struct finding *f, struct text *out)
{
	text_addf(out, "%-8s %-18s %s\n",
		  f->there    ? "ok"
		  : f->needed ? "MISSING"
			      : "missing",
		  f->name, f->found);
	if (!f->there)
		text_addf(out, "%-8s %-18s fix: %s\n", "", "", f->fix);
}

static void emit(const struct finding *f, struct emit *e)
{
	emit_object(e, NULL);
	emit_str(e, "name", f->name);
	emit_bool(e, "ok", f->there);
	emit_bool(e, "needed", f->needed);
	emit_str(e, "found", f->found);
	if (!f->there)
		emit_str(e, "fix", f->fix);
	emit_end_object(e);
}

static int doctor_run(struct cli *cli, void *options, const struct strings *args, struct err *err)
{
	const struct doctor_flags *flags = options;
	struct finding f[DOCTOR_MAX];
	struct emit e = { .out = &cli->out, .indent = 2 };
	size_t n = doctor_look(&cli->arena, f);
	bool fine = true;

	(void)args;
	if (flags->require)
		TRY(check_names(flags->require, f, n, &cli->arena, err));
	if (flags->json)
		emit_array(&e, NULL);
	for (size_t i = 0; i < n; i++) {
		if (flags->json)
			emit(&f[i], &e);
		else
			print(&f[i], &cli->out);
		if (!f[i].there &&
		    (flags->require ? is_listed(flags->require, f[i].name) : f[i].needed))
			fine = false;
	}
	if (flags->json) {
		emit_end_array(&e);
		text_add(&cli->out, "\n");
	}
	return fine ? 0 : 1;
}

const struct command face_doctor = {
	.name = "doctor",
	.synopsis = "",
	.help = "say what this host lacks for sandboxes, each with its way out",
	.text = "Status 1 where something is missing that every sandbox needs, or that --require names.",
	.options = OPTIONS(rows, OPTIONS_ANYWHERE),
	.size = sizeof(struct doctor_flags),
	.run = doctor_run,
};
