/* SPDX-License-Identifier: Apache-2.0 */
/* test_oci_documents.c - the documents that the runtime writes: template, state, features. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <linux/sched.h>

#include "spec/json/tree.h"
#include "spec/oci/features.h"
#include "spec/oci/state.h"
#include "spec/oci/template.h"
#include "tests/unit/document.h"

static const struct json_limits limits = { 1 << 16, 16, 10000 };

static struct json *read_back(struct arena *a, const struct text *t)
{
	struct json *n = NULL;
	struct err err;

	if (json_parse(t->s, t->len, "t", &limits, a, &n, &err) < 0)
		fail_msg("%s", err.text);
	return n;
}

static struct config *template_of(struct arena *a, bool rootless)
{
	const struct template_options options = { rootless, 1000, 1001 };
	struct text t = { .arena = a };
	struct emit e = { .out = &t, .indent = 4 };
	char line[ERR_LINE_MAX];
	struct config *c = NULL;
	struct err err;

	template_emit(&e, &options);
	if (config_parse(t.s, t.len, "template", a, &c, &err) < 0 || config_check(c, &err) < 0)
		fail_msg("%s", err_line(&err, line, sizeof(line)));
	return c;
}

static void the_template_is_a_document_that_we_accept(void **state)
{
	scoped_arena struct arena a = { 0 };
	struct config *c = template_of(&a, false);

	(void)state;
	assert_string_equal(c->oci_version, "1.0.2");
	assert_string_equal(c->process->args.v[0], "sh");
	assert_true(c->process->terminal && c->process->no_new_privileges && c->root->readonly);
	assert_false(config_has_ns(c, CLONE_NEWUSER));
	assert_true(config_has_ns(c, CLONE_NEWNET));
	assert_int_equal(c->linux_.resources->devices.n, 1);
}

static void the_rootless_template_maps_the_caller(void **state)
{
	scoped_arena struct arena a = { 0 };
	struct config *c = template_of(&a, true);

	(void)state;
	assert_true(config_has_ns(c, CLONE_NEWUSER));
	assert_int_equal(c->linux_.uid_mappings.v[0].host_id, 1000);
	assert_int_equal(c->linux_.gid_mappings.v[0].host_id, 1001);
	assert_int_equal(c->linux_.gid_mappings.v[0].container_id, 0);
	assert_null(c->linux_.resources);
	for (size_t i = 0; i < c->mounts.n; i++)
		for (size_t j = 0; j < c->mounts.v[i].options.n; j++)
			assert_string_not_equal(c->mounts.v[i].options.v[j], "gid=5");
}

static void the_state_document_has_its_members(void **state)
{
	static struct pair annotations[] = { { "k", "v\n" } };
	const struct oci_state s = { "1.3.0", "c1", "running", 42, "/b", { annotations, 1 } };
	const struct oci_state none = { "1.3.0", "c1", "stopped", 0, "/b", { NULL, 0 } };
	scoped_arena struct arena a = { 0 };
	struct text t = { .arena = &a }, u = { .arena = &a };

	(void)state;
	state_emit(&(struct emit){ .out = &t }, &s);
	assert_string_equal(
		t.s, document(&a, "{'ociVersion':'1.3.0','id':'c1','status':'running','pid':42,"
				  "'bundle':'/b','annotations':{'k':'v\\n'}}"));
	state_emit(&(struct emit){ .out = &u }, &none);
	assert_string_equal(u.s, document(&a, "{'ociVersion':'1.3.0','id':'c1','status':'stopped',"
					      "'bundle':'/b'}"));
}

static void the_listeners_state_names_the_descriptors(void **state)
{
	static const char *const fds[] = { "seccompFd", NULL };
	const struct oci_state s = { "1.3.0", "c1", "creating", 42, "/b", { NULL, 0 } };
	scoped_arena struct arena a = { 0 };
	struct text t = { .arena = &a };

	(void)state;
	state_process_emit(&(struct emit){ .out = &t }, &s, fds, "m");
	assert_string_equal(t.s,
			    document(&a, "{'ociVersion':'1.3.0','fds':['seccompFd'],'pid':42,"
					 "'metadata':'m','state':{'ociVersion':'1.3.0','id':'c1',"
					 "'status':'creating','pid':42,'bundle':'/b'}}"));
}

static const struct json *at(const struct json *n, const char *key)
{
	const struct json *m = json_member(n, key);

	assert_non_null(m);
	return m;
}

static void features_are_those_of_the_host_and_the_tables(void **state)
{
	static const char *const options[] = { "ro", "rro", NULL };
	const struct features_host host = { .mount_options = options,
					    .seccomp = true,
					    .seccomp_flags = 2,
					    .cgroup_v2 = true,
					    .idmap = true };
	scoped_arena struct arena a = { 0 };
	struct text t = { .arena = &a };
	const struct json *n, *l;

	(void)state;
	features_emit(&(struct emit){ .out = &t, .indent = 2 }, &host);
	n = read_back(&a, &t);
	l = at(n, "linux");
	assert_string_equal(at(n, "ociVersionMin")->text, "1.0.0");
	assert_string_equal(at(n, "ociVersionMax")->text, OCI_VERSION);
	assert_int_equal(at(n, "hooks")->count, 6);
	assert_int_equal(at(n, "mountOptions")->count, 2);
	assert_int_equal(at(l, "namespaces")->count, 8);
	assert_int_equal(at(l, "capabilities")->count, 41);
	assert_int_equal(at(at(l, "seccomp"), "archs")->count, 23);
	assert_int_equal(at(at(l, "seccomp"), "knownFlags")->count, 4);
	assert_int_equal(at(at(l, "seccomp"), "supportedFlags")->count, 1);
	assert_true(at(at(l, "cgroup"), "v2")->truth);
	assert_false(at(at(l, "cgroup"), "v1")->truth);
	assert_true(at(at(at(l, "mountExtensions"), "idmap"), "enabled")->truth);
	assert_false(at(at(l, "apparmor"), "enabled")->truth);
	assert_null(json_member(n, "annotations"));
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_template_is_a_document_that_we_accept),
		cmocka_unit_test(the_rootless_template_maps_the_caller),
		cmocka_unit_test(the_state_document_has_its_members),
		cmocka_unit_test(the_listeners_state_names_the_descriptors),
		cmocka_unit_test(features_are_those_of_the_host_and_the_tables),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
