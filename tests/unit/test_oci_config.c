/* SPDX-License-Identifier: Apache-2.0 */
/* test_oci_config.c - documents of the specification and of its runtimes become structs. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <dirent.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/capability.h>
#include <linux/mount.h>
#include <linux/sched.h>
#include <linux/seccomp.h>
#include <sys/resource.h>

#include "spec/base/fd.h"
#include "spec/json/bind.h"
#include "spec/oci/config.h"
#include "spec/oci/tables.h"
#include "spec/oci/words.h"
#include "tests/unit/document.h"

#define DATA "tests/unit/data/oci/"

static int parse_file(struct arena *a, const char *path, struct config **ret, struct err *err)
{
	char *bytes;
	size_t len;

	TRY(file_read(AT_FDCWD, path, CONFIG_MAX_BYTES, a, &bytes, &len, err));
	return config_parse(bytes, len, path, a, ret, err);
}

static struct config *parsed_file(struct arena *a, const char *path)
{
	struct config *c = NULL;
	struct err err;
	char line[ERR_LINE_MAX];

	if (parse_file(a, path, &c, &err) < 0)
		fail_msg("%s: %s", path, err_line(&err, line, sizeof(line)));
	return c;
}

static struct config *parsed(struct arena *a, const char *text)
{
	struct config *c = NULL;
	struct err err;
	char line[ERR_LINE_MAX];
	char *s = document(a, text);

	if (config_parse(s, strlen(s), "config.json", a, &c, &err) < 0)
		fail_msg("%s", err_line(&err, line, sizeof(line)));
	return c;
}

static void reads_every_good_document(void **state)
{
	scoped_arena struct arena a = { 0 };
	struct dirent *entry;
	size_t n = 0;
	DIR *dir = opendir(DATA "good");

	(void)state;
	assert_non_null(dir);
	while ((entry = readdir(dir))) {
		if (entry->d_name[0] == '.')
			continue;
		assert_non_null(parsed_file(&a, arena_printf(&a, DATA "good/%s", entry->d_name))
					->oci_version);
		n++;
	}
	(void)closedir(dir);
	assert_true(n >= 8);
}

static void reads_and_accepts_what_its_peers_write(void **state)
{
	static const char *const files[] = {
		DATA "peers/crun.json",
		DATA "peers/crun-rootless.json",
		DATA "peers/runc.json",
		DATA "peers/runc-rootless.json",
		DATA "peers/seccomp-14k.json",
		DATA "good/spec-example.json",
		DATA "good/minimal-for-start.json",
	};
	scoped_arena struct arena a = { 0 };
	char line[ERR_LINE_MAX];
	struct err err;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(files); i++)
		if (config_check(parsed_file(&a, files[i]), &err) < 0)
			fail_msg("%s: %s", files[i], err_line(&err, line, sizeof(line)));
}

static void refuses_every_bad_document(void **state)
{
	static const struct {
		const char *path, *line;
	} cases[] = {
		{ DATA "bad/invalid-json.json",
		  DATA "bad/invalid-json.json:1:2: invalid object key (must be a string)" },
		{ DATA "bad/linux-netdevice.json",
		  "/linux/netDevices/eth0/name: expected a string, found the number 23" },
		{ DATA "bad/linux-rdma.json",
		  "/linux/resources/rdma/mlx5_1/hcaHandles: expected a whole number from 0 to "
		  "4294967295, found the string \"not a uint32\"" },
		{ DATA "bad/linux-hugepage.json",
		  "/linux/resources/hugepageLimits/0/pageSize: must be a size like 2MB or 1GB, is "
		  "\"64kB\"" },
	};
	scoped_arena struct arena a = { 0 };
	char line[ERR_LINE_MAX];
	struct config *c;
	struct err err;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		assert_true(parse_file(&a, cases[i].path, &c, &err) < 0 ||
			    config_check(c, &err) < 0);
		assert_string_equal(err_line(&err, line, sizeof(line)), cases[i].line);
	}
}

static void the_specifications_example_is_read_whole(void **state)
{
	scoped_arena struct arena a = { 0 };
	const struct config *c = parsed_file(&a, DATA "good/spec-example.json");
	const struct linux_config *l = &c->linux_;
	const struct process *p = c->process;

	(void)state;
	assert_true(p->terminal);
	assert_int_equal(p->user.uid, 1);
	assert_int_equal(p->user.gid, 1);
	assert_int_equal(p->user.additional_gids.v[0], 5);
	assert_string_equal(p->args.v[0], "sh");
	assert_null(p->args.v[p->args.n]);
	assert_string_equal(p->cwd, "/");
	assert_true(p->capabilities->bounding.set);
	assert_true(p->capabilities->bounding.bits & 1u << CAP_KILL);
	assert_true(p->no_new_privileges);
	assert_string_equal(p->apparmor_profile, "acme_secure_profile");
	assert_string_equal(c->hostname, "slartibartfast");
	assert_true(c->root->readonly);
	assert_true(c->mounts.n >= 7);
	assert_string_equal(c->mounts.v[1].options.v[0], "nosuid");
	assert_true(c->hooks->prestart.n > 0);
	assert_true(c->annotations.n > 0);
	assert_true(c->has_linux);
	assert_int_equal(l->uid_mappings.v[0].size, 32000);
	assert_int_equal(l->devices.v[0].type, 'c');
	assert_int_equal(l->devices.v[0].file_mode.v, 438);
	assert_true(l->resources->memory->limit.set);
	assert_true(l->resources->cpu->shares.set);
	assert_true(l->resources->block_io->throttle_read_bps.n > 0);
	assert_true(l->seccomp->syscalls.n > 0);
	assert_int_equal(l->seccomp->default_action, SECCOMP_RET_ALLOW);
	assert_true(l->namespaces.n >= 6);
	assert_true(config_has_ns(c, CLONE_NEWPID));
	assert_false(config_has_ns(parsed(&a, "{'ociVersion':'1.0.0'}"), CLONE_NEWPID));
	assert_int_equal(l->rootfs_propagation, MS_SLAVE);
}

static void reads_what_the_examples_leave_out(void **state)
{
	scoped_arena struct arena a = { 0 };
	const struct config *c = parsed(
		&a,
		"{'ociVersion':'1.3.0','domainname':'d','process':{'cwd':'/','user':{'umask':63},"
		"'consoleSize':{'height':24,'width':80},'oomScoreAdj':-1000,"
		"'rlimits':[{'type':'RLIMIT_CORE','soft':0,'hard':18446744073709551615}],"
		"'scheduler':{'policy':'SCHED_DEADLINE','flags':['SCHED_FLAG_RECLAIM',"
		"'SCHED_FLAG_RESET_ON_FORK'],'runtime':1,'deadline':2,'period':3},"
		"'ioPriority':{'class':'IOPRIO_CLASS_IDLE'},'execCPUAffinity':{'initial':'0-3'}},"
		"'linux':{'personality':{'domain':'LINUX32'},'timeOffsets':{'boottime':{'secs':-5,"
		"'nanosecs':7}},'memoryPolicy':{'mode':'MPOL_PREFERRED_MANY','nodes':'0',"
		"'flags':['MPOL_F_STATIC_NODES']},'netDevices':{'eth0':{},'eth1':{'name':'up'}},"
		"'intelRdt':{'closID':'c','schemata':['L3:0=f'],'enableMonitoring':true},"
		"'devices':[{'type':'p','path':'/dev/f'}],'sysctl':{'net.core.somaxconn':'1'},"
		"'seccomp':{'defaultAction':'SCMP_ACT_KILL','flags':[],"
		"'architectures':['SCMP_ARCH_X32'],'syscalls':[{'names':['read'],"
		"'action':'SCMP_ACT_ERRNO','errnoRet':38,'args':[{'index':5,"
		"'value':18446744073709551615,'valueTwo':1,'op':'SCMP_CMP_MASKED_EQ'}]}]},"
		"'resources':{'devices':[{'allow':false}],'unified':{'memory.high':'1'},"
		"'rdma':{'mlx5_1':{'hcaHandles':3}}}}}");
	const struct linux_config *l = &c->linux_;
	const struct process *p = c->process;

	(void)state;
	assert_true(p->user.umask.set && p->user.umask.v == 077);
	assert_int_equal(p->console_size->width, 80);
	assert_true(p->oom_score_adj.set && p->oom_score_adj.v == -1000);
	assert_int_equal(p->rlimits.v[0].type, RLIMIT_CORE);
	assert_true(p->rlimits.v[0].hard == UINT64_MAX);
	assert_int_equal(p->scheduler->policy, 6);
	assert_int_equal(p->scheduler->flags, 3);
	assert_int_equal(p->scheduler->period, 3);
	assert_int_equal(p->io_priority->class, 3);
	assert_string_equal(p->exec_cpu_affinity->initial, "0-3");
	assert_int_equal(l->personality->domain, 8);
	assert_int_equal(l->time_offsets->boottime->secs.v, -5);
	assert_null(l->time_offsets->monotonic);
	assert_int_equal(l->memory_policy->mode, 5);
	assert_int_equal(l->memory_policy->flags, 1 << 15);
	assert_string_equal(l->net_devices.v[1].host_name, "eth1");
	assert_string_equal(l->net_devices.v[1].name, "up");
	assert_null(l->net_devices.v[0].name);
	assert_true(l->intel_rdt->enable_monitoring);
	assert_false(l->devices.v[0].major.set);
	assert_int_equal(l->seccomp->default_action, SECCOMP_RET_KILL_THREAD);
	assert_true(l->seccomp->flags_set && !l->seccomp->flags);
	assert_true(l->seccomp->syscalls.v[0].args.v[0].value == UINT64_MAX);
	assert_int_equal(l->seccomp->syscalls.v[0].args.v[0].op, SCMP_OP_MASKED_EQ);
	assert_int_equal(l->resources->devices.v[0].type, 'a');
	assert_string_equal(l->resources->unified.v[0].key, "memory.high");
	assert_int_equal(l->resources->rdma.v[0].hca_handles.v, 3);
	assert_false(l->resources->rdma.v[0].hca_objects.set);
}

static void wrong_types_and_words_name_their_place(void **state)
{
	static const struct {
		const char *text, *line;
	} cases[] = {
		{ "{}", "config.json: \"ociVersion\" is missing" },
		{ "[]", "config.json: expected an object, found an array" },
		{ "{'ociVersion':1}", "/ociVersion: expected a string, found the number 1" },
		{ "{'ociVersion':'1.0.0','root':{}}", "/root: \"path\" is missing" },
		{ "{'ociVersion':'1.0.0','process':{'cwd':'/','capabilities':"
		  "{'bounding':['CAP_KILL','CAP_SYS_ADMINN']}}}",
		  "/process/capabilities/bounding/1: \"CAP_SYS_ADMINN\" is unknown; did you mean "
		  "\"CAP_SYS_ADMIN\"?" },
		{ "{'ociVersion':'1.0.0','process':{'cwd':'/','capabilities':"
		  "{'ambient':['cap_kill']}}}",
		  "/process/capabilities/ambient/0: \"cap_kill\" is unknown" },
		{ "{'ociVersion':'1.0.0','process':{'cwd':'/','user':{'uid':-1}}}",
		  "/process/user/uid: expected a whole number from 0 to 4294967294, found the number "
		  "-1" },
		{ "{'ociVersion':'1.0.0','process':{'cwd':'/','user':{'uid':4294967295}}}",
		  "/process/user/uid: expected a whole number from 0 to 4294967294, found the number "
		  "4294967295" },
		{ "{'ociVersion':'1.0.0','process':{'cwd':'/','rlimits':[{'type':'RLIMIT_NOFILES',"
		  "'soft':1,'hard':1}]}}",
		  "/process/rlimits/0/type: \"RLIMIT_NOFILES\" is unknown; did you mean "
		  "\"RLIMIT_NOFILE\"?" },
		{ "{'ociVersion':'1.0.0','linux':{'namespaces':[{'type':'net'}]}}",
		  "/linux/namespaces/0/type: \"net\" is unknown; known are mount, pid, network, "
		  "uts, ipc, user, cgroup, time" },
		{ "{'ociVersion':'1.0.0','linux':{'seccomp':{'defaultAction':'SCMP_ACT_ALOW'}}}",
		  "/linux/seccomp/defaultAction: \"SCMP_ACT_ALOW\" is unknown; did you mean "
		  "\"SCMP_ACT_ALLOW\"?" },
		{ "{'ociVersion':'1.0.0','linux':{'seccomp':{'defaultAction':'SCMP_ACT_ALLOW',"
		  "'architectures':['SCMP_ARCH_AMD64']}}}",
		  "/linux/seccomp/architectures/0: \"SCMP_ARCH_AMD64\" is unknown" },
	};
	scoped_arena struct arena a = { 0 };
	char line[ERR_LINE_MAX];
	struct config *c;
	struct err err;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		char *s = document(&a, cases[i].text);

		assert_int_equal(config_parse(s, strlen(s), "config.json", &a, &c, &err), -1);
		assert_string_equal(err_line(&err, line, sizeof(line)), cases[i].line);
	}
}

static void unknown_properties_and_nulls_are_ignored(void **state)
{
	scoped_arena struct arena a = { 0 };
	const struct config *c =
		parsed(&a, "{'ociVersion':'1.0.0','vm':{},'x':[1],'mounts':null,'hooks':null,"
			   "'process':{'cwd':'/','env':null,'capabilities':null,'new':1},"
			   "'linux':{'resources':null,'sysctl':null,'later':{}}}");

	(void)state;
	assert_int_equal(c->mounts.n, 0);
	assert_null(c->process->capabilities);
	assert_true(c->has_linux);
	assert_false(parsed(&a, "{'ociVersion':'1.0.0'}")->has_linux);
}

static void a_process_and_resources_are_read_alone(void **state)
{
	scoped_arena struct arena a = { 0 };
	char *process = document(&a, "{'cwd':'tmp','args':['sh']}");
	char *limits = document(&a, "{'memory':{'limit':-2}}");
	char line[ERR_LINE_MAX];
	struct resources *r;
	struct process *p;
	struct err err;

	(void)state;
	assert_int_equal(process_parse(process, strlen(process), "p", &a, &p, &err), 0);
	assert_int_equal(process_check(p, &err), -1);
	assert_string_equal(err_line(&err, line, sizeof(line)),
			    "/cwd: must be an absolute path, is \"tmp\"");
	assert_int_equal(resources_parse(limits, strlen(limits), "r", &a, &r, &err), 0);
	assert_int_equal(resources_check(r, &err), -1);
	assert_string_equal(err_line(&err, line, sizeof(line)),
			    "/memory/limit: must be -1 (no limit) or more, is -2");
}

/* A row whose element is of another size than its table would write past its end. */
static void check_table(const struct bind_table *table, size_t *rows)
{
	for (size_t i = 0; i < table->n; i++) {
		const struct bind_row *row = &table->rows[i];
		bool words =
			row->kind == BIND_WORD || row->kind == BIND_WORDS || row->kind == BIND_BITS;

		assert_true(row->offset + row->size <= table->size);
		assert_true(row->present <= table->size);
		assert_non_null(row->doc);
		if (words)
			assert_non_null(row->words);
		if (row->table) {
			assert_int_equal(row->element, row->table->size);
			check_table(row->table, rows);
		}
		++*rows;
	}
}

static void every_row_fits_its_struct(void **state)
{
	size_t rows = 0;

	(void)state;
	check_table(&config_table, &rows);
	assert_true(rows > 180);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_every_good_document),
		cmocka_unit_test(reads_and_accepts_what_its_peers_write),
		cmocka_unit_test(refuses_every_bad_document),
		cmocka_unit_test(the_specifications_example_is_read_whole),
		cmocka_unit_test(reads_what_the_examples_leave_out),
		cmocka_unit_test(wrong_types_and_words_name_their_place),
		cmocka_unit_test(unknown_properties_and_nulls_are_ignored),
		cmocka_unit_test(a_process_and_resources_are_read_alone),
		cmocka_unit_test(every_row_fits_its_struct),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
