/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz_scope.c - any text as cgroupsPath and as the value of a property's annotation, and any resources: what systemd would
 * be asked for is well formed, and every refusal is one line. The input is those three, a line each. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/plan/plan_scope.h"
#include "spec/base/str.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void expect_error(int r, const struct err *err)
{
	if (r < 0 && (err->kind == ERR_NONE || !err->text[0] || strchr(err->text, '\n')))
		abort();
}

/* A line each, of a name, a signature and values; nothing else is between them. */
static void expect_lines(const struct scope_lines *lines)
{
	const char *s = lines->text.s ? lines->text.s : "";
	size_t n = *s != '\0';

	for (; *s; s++) {
		n += *s == '\n';
		if ((unsigned char)*s < ' ' && *s != '\n' && *s != '\t')
			abort();
	}
	if (n != lines->n)
		abort();
}

static void expect_place(const struct scope_place *place, struct arena *a)
{
	if (strpbrk(place->unit, "/\n\t ") || strlen(place->unit) > SCOPE_NAME_MAX ||
	    !str_ends(place->unit, ".scope") || strpbrk(place->slice, "/\n\t ") ||
	    strstr(scope_path(place, a), "/../"))
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	scoped_arena struct arena a = { 0 };
	char *text = arena_strn(&a, (const char *)data, size), *rest = text;
	const char *path = strsep(&rest, "\n"), *value = rest ? strsep(&rest, "\n") : "";
	struct scope_lines lines = { .text = { .arena = &a } };
	struct pair pair = { "org.systemd.property.TimeoutStopSec", value };
	struct pairs pairs = { .v = &pair, .n = 1 };
	struct resources *resources;
	struct scope_place place;
	struct err err = { 0 };
	int r = scope_place(path, "fuzz", SCOPE_USER, &a, &place, &err);

	expect_error(r, &err);
	if (r == 0)
		expect_place(&place, &a);
	expect_error(scope_annotations(&lines, &pairs, &a, &err), &err);
	pair.key = "org.systemd.property.X";
	expect_error(scope_annotations(&lines, &pairs, &a, &err), &err);
	if (rest && resources_parse(rest, strlen(rest), "fuzz", &a, &resources, &err) == 0 &&
	    resources_check(resources, &err) == 0)
		expect_error(scope_limits(&lines, resources, true, &a, &err), &err);
	expect_lines(&lines);
	return 0;
}
