/* SPDX-License-Identifier: Apache-2.0 */
/* test_bundle_recipe.c - recipes are read strictly, and the config they end in is one document. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "bundle/config.h"
#include "bundle/recipe.h"
#include "spec/json/tree.h"

static const struct json_limits limits = { 1 << 20, 32, 10000 };

static void refused(const char *json, const char *place, const char *text)
{
	scoped_arena struct arena a = { 0 };
	struct recipe r = { 0 };
	char line[ERR_LINE_MAX];
	struct err err = { 0 };

	assert_int_equal(recipe_read(json, strlen(json), "r", &a, &r, &err), -1);
	assert_int_equal(err.kind, ERR_INPUT);
	(void)err_line(&err, line, sizeof(line));
	if (!strstr(line, place) || !strstr(line, text))
		fail_msg("\"%s\" has not \"%s\" and \"%s\"", line, place, text);
	assert_null(r.name);
}

static void shipped_recipes_are_whole(void **state)
{
	scoped_arena struct arena a = { 0 };
	size_t n = 0;

	(void)state;
	for (const struct shipped *s = SHIPPED_RECIPES; s->name; s++, n++) {
		struct recipe r;
		struct err err;

		if (recipe_read(s->json, strlen(s->json), s->name, &a, &r, &err) < 0)
			fail_msg("%s: %s: %s", s->name, err.place, err.text);
		assert_true(r.process.args.n > 0);
		assert_true(r.inputs.n > 0);
	}
	assert_true(n >= 2);
}

static void keys_belong_to_their_op(void **state)
{
	(void)state;
#define STEP(s) "{\"srtBundle\":1,\"name\":\"x\",\"steps\":[" s "]}"
	refused(STEP("{\"op\":\"file\",\"path\":\"/x\"}"), "/steps/0", "needs \"text\"");
	refused(STEP("{\"op\":\"file\",\"path\":\"x\",\"text\":\"\"}"), "/steps/0/path", "");
	refused(STEP("{\"op\":\"file\",\"path\":\"/a/../x\",\"text\":\"\"}"), "/steps/0", "\"..\"");
	refused(STEP("{\"op\":\"usrmerge\"},{\"op\":\"usrmerge\",\"mode\":\"1\"}"), "/steps/1",
		"has no \"mode\"");
	refused(STEP("{\"op\":\"mkdir\",\"path\":\"/x\",\"mode\":\"4755\"}"), "/steps/0/mode", "");
	refused(STEP("{\"op\":\"mkdir\",\"path\":\"/x\",\"mode\":\"789\"}"), "/steps/0/mode", "");
	refused(STEP("{\"op\":\"chown\"}"), "/steps/0", "unknown op");
}

static void foreign_values_are_refused(void **state)
{
	(void)state;
	refused("{\"name\":\"x\"}", "", "srtBundle");
	refused("{\"srtBundle\":1,\"name\":\"x\",\"sbom\":\"cyclonedx\"}", "/sbom", "spdx-2.3");
	refused("{\"srtBundle\":1,\"name\":\"x\",\"epoch\":4294967296}", "/epoch", "");
	refused("{\"srtBundle\":1,\"name\":\"../x\"}", "/name", "");
	refused("{\"srtBundle\":1,\"name\":\"x\",\"limits\":{\"depth\":100000}}", "/limits/depth",
		"");
	refused("{\"srtBundle\":1,\"name\":\"x\",\"normalize\":{\"xattrs\":[\"user.overlay.redirect\"]}}",
		"/normalize/xattrs/0", "");
	refused("{\"srtBundle\":1,\"name\":\"x\",\"normalize\":{\"xattrs\":[\"security.capability\"]}}",
		"/normalize/xattrs/0", "");
	refused("{\"srtBundle\":1,\"name\":\"x\",\"inputs\":[{\"id\":\"a\",\"type\":\"tar\"}]}",
		"/inputs/0", "either");
	refused("{\"srtBundle\":1,\"name\":\"x\",\"inputs\":[{\"id\":\"a\",\"type\":\"deb\","
		"\"packages\":[\"a;b\"]}]}",
		"/inputs/0", "no name of a package");
}

static void config_is_json_with_the_callers_id(void **state)
{
	scoped_arena struct arena a = { 0 };
	const char *args[] = { "/bin/\"x\"", "-c" }, *env[] = { "HOME=/h" };
	const struct process process = { .args = { args, 2 }, .env = { env, 1 } };
	const struct config_want want = {
		.name = "n", .process = &process, .arch = "amd64", .maps = true, .uid = 7, .gid = 8
	};
	struct text out = { .arena = &a };
	const struct json *linux_node, *map, *p;
	struct json *json;
	struct err err;

	(void)state;
	config_emit(&want, &out);
	if (json_parse(out.s, out.len, "config", &limits, &a, &json, &err) < 0)
		fail_msg("%s", err.text);
	linux_node = json_member(json, "linux");
	map = json_member(linux_node, "uidMappings");
	assert_string_equal(json_member(map->first, "hostID")->text, "7");
	map = json_member(linux_node, "gidMappings");
	assert_string_equal(json_member(map->first, "hostID")->text, "8");
	p = json_member(json, "process");
	assert_string_equal(json_member(p, "args")->first->text, args[0]);
	assert_string_equal(json_member(p, "cwd")->text, "/");
	assert_int_equal(json_member(p, "env")->count, 3);
	assert_true(json_member(json_member(json, "root"), "readonly")->truth);
	/* Keys are sorted, so that one bundle has one text. */
	for (const struct json *m = json->first; m->next; m = m->next)
		assert_true(strcmp(m->key, m->next->key) < 0);
	for (const struct json *m = linux_node->first; m->next; m = m->next)
		assert_true(strcmp(m->key, m->next->key) < 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(shipped_recipes_are_whole),
		cmocka_unit_test(keys_belong_to_their_op),
		cmocka_unit_test(foreign_values_are_refused),
		cmocka_unit_test(config_is_json_with_the_callers_id),
	};

	return cmocka_run_group_tests_name("bundle_recipe", tests, NULL, NULL);
}
