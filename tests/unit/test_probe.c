/* SPDX-License-Identifier: Apache-2.0 */
/* test_probe.c - the readers of the host's texts, facts.json there and back, and mountinfo against
 * libmount. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <fcntl.h>
#include <libmount/libmount.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "runtime/probe/cgroup.h"
#include "runtime/probe/mountinfo.h"
#include "runtime/probe/probe.h"
#include "spec/base/fd.h"
#include "spec/base/str.h"

static void reads_kernel_versions(void **state)
{
	int major = -1, minor = -1;

	(void)state;
	assert_int_equal(kernel_parse("6.1.0-18-amd64", &major, &minor), 0);
	assert_int_equal(major, 6);
	assert_int_equal(minor, 1);
	assert_int_equal(kernel_parse("5.4", &major, &minor), 0);
	assert_int_equal(minor, 4);
	assert_int_equal(kernel_parse("", &major, &minor), -1);
	assert_int_equal(kernel_parse("6", &major, &minor), -1);
	assert_int_equal(kernel_parse("6.x", &major, &minor), -1);
	assert_int_equal(kernel_parse("six", &major, &minor), -1);
	assert_int_equal(minor, 4);
}

static void finds_ranges_by_name_and_number(void **state)
{
	static const char text[] = "alice:100000:65536\n"
				   "bob:200000:65536\n"
				   "1000:300000:10\n"
				   "alice:400000:1";
	struct id_range r[FACTS_RANGES_MAX];

	(void)state;
	assert_int_equal(subids_parse(text, "alice", 1000, r), 3);
	assert_int_equal(r[0].first, 100000);
	assert_int_equal(r[0].count, 65536);
	assert_int_equal(r[1].first, 300000);
	assert_int_equal(r[2].first, 400000);
	assert_int_equal(subids_parse(text, "", 1000, r), 1);
	assert_int_equal(subids_parse(text, "carol", 7, r), 0);
	assert_int_equal(subids_parse(NULL, "alice", 1000, r), 0);
}

static void leaves_out_what_is_no_range(void **state)
{
	static const char *const bad[] = {
		"alice",
		"alice:",
		"alice:1",
		"alice:1:",
		"alice::1",
		"alice:1:0",
		"alice:x:1",
		"alice:1:2:3",
		"alice:-1:5",
		"alice:4294967295:1",
		"alice:4294967290:10",
		":1:1",
		"alic:1:1",
		"alicee:1:1",
		"\n\n",
	};
	struct id_range r[FACTS_RANGES_MAX];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		assert_int_equal(subids_parse(bad[i], "alice", 1, r), 0);
}

static void keeps_no_more_ranges_than_there_is_room(void **state)
{
	scoped_arena struct arena a = { 0 };
	struct text t = { .arena = &a };
	struct id_range r[FACTS_RANGES_MAX];

	(void)state;
	for (int i = 0; i < 100; i++)
		text_addf(&t, "u:%d:1\n", i + 1);
	assert_int_equal(subids_parse(t.s, "u", 1, r), FACTS_RANGES_MAX);
}

static void finds_the_own_cgroup(void **state)
{
	char own[16];

	(void)state;
	cgroup_own_parse("9:name=systemd:/x\n1:cpu:/\n0::/user.slice\n", own, sizeof(own));
	assert_string_equal(own, "/user.slice");
	cgroup_own_parse("9:name=systemd:/x\n", own, sizeof(own));
	assert_string_equal(own, "");
	cgroup_own_parse("0::/longer-than-there-is-room-for\n", own, sizeof(own));
	assert_string_equal(own, "");
	cgroup_own_parse(NULL, own, sizeof(own));
	assert_string_equal(own, "");
}

/* --- mountinfo -------------------------------------------------------------------------------- */

static void same_as_libmount(const char *path)
{
	scoped_arena struct arena a = { 0 };
	struct libmnt_table *table = mnt_new_table_from_file(path);
	struct libmnt_iter *it = mnt_new_iter(MNT_ITER_FORWARD);
	struct libmnt_fs *fs;
	struct err err = { 0 };
	struct mountinfo m;
	char *text;
	size_t len, n = 0;

	assert_non_null(table);
	assert_int_equal(file_read(AT_FDCWD, path, MOUNTINFO_MAX, &a, &text, &len, &err), 0);
	while (mnt_table_next_fs(table, it, &fs) == 0) {
		assert_int_equal(mountinfo_next(&text, &m, &err), 0);
		assert_int_equal(m.id, mnt_fs_get_id(fs));
		assert_int_equal(m.parent, mnt_fs_get_parent_id(fs));
		assert_int_equal(makedev(m.major, m.minor), mnt_fs_get_devno(fs));
		assert_string_equal(m.root, mnt_fs_get_root(fs));
		assert_string_equal(m.target, mnt_fs_get_target(fs));
		assert_string_equal(m.type, mnt_fs_get_fstype(fs));
		if (mnt_fs_get_source(fs))
			assert_string_equal(m.source, mnt_fs_get_source(fs));
		assert_string_equal(m.options, mnt_fs_get_vfs_options(fs));
		assert_string_equal(m.super_options, mnt_fs_get_fs_options(fs));
		n++;
	}
	assert_int_equal(mountinfo_next(&text, &m, &err), 1);
	assert_true(n > 0);
	mnt_free_iter(it);
	mnt_unref_table(table);
}

static void reads_this_host_as_libmount_does(void **state)
{
	(void)state;
	same_as_libmount("/proc/self/mountinfo");
}

static void reads_odd_names_as_libmount_does(void **state)
{
	static const char text[] =
		"21 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw,errors=remount-ro\n"
		"22 21 0:20 / /a\\040b\\011c\\012d\\134e\\043 rw - tmpfs tm\\040pfs rw,size=1k\n"
		"23 21 0:21 /sub\\040dir /x rw,nosuid shared:2 master:1 propagate_from:3 - fuse.x "
		"none ro\n"
		"24 21 259:3 / /mnt/- rw unbindable - xfs /dev/nvme0n1p3 rw\n";
	char path[] = "/tmp/mountinfo-XXXXXX";
	scoped_fd int fd = mkstemp(path);

	(void)state;
	assert_true(fd >= 0);
	assert_int_equal(fd_write_all(fd, text, strlen(text)), 0);
	same_as_libmount(path);
	assert_int_equal(unlink(path), 0);
}

static void gives_the_optional_fields(void **state)
{
	char text[] = "23 21 0:21 / /x rw shared:2 master:1 - fuse.x none ro";
	struct err err = { 0 };
	struct mountinfo m;
	char *p = text;

	(void)state;
	assert_int_equal(mountinfo_next(&p, &m, &err), 0);
	assert_string_equal(m.optional, "shared:2 master:1");
	assert_int_equal(mountinfo_next(&p, &m, &err), 1);
}

static void refuses_lines_that_are_no_mounts(void **state)
{
	static const char *const bad[] = {
		"x",
		"1 2",
		"1 2 3:4 / / rw",
		"1 2 3:4 / / rw - tmpfs tmpfs",
		"1 2 3 / / rw - a b c",
		"a 2 3:4 / / rw - a b c",
		"1 2 3:4 / / rw shared:1 a b c",
		" 1 2 3:4 / / rw - a b c",
		"\n",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		struct err err = { 0 };
		struct mountinfo m;
		char line[80], *p = line;

		(void)snprintf(line, sizeof(line), "%s", bad[i]);
		assert_int_equal(mountinfo_next(&p, &m, &err), -1);
		assert_int_equal(err.kind, ERR_INPUT);
	}
}

/* --- facts ------------------------------------------------------------------------------------ */

static const char *dump(const struct facts *f, struct arena *a)
{
	struct text t = { .arena = a };
	struct emit e = { .out = &t, .indent = 2 };

	facts_emit(f, &e);
	return t.s;
}

static void looks_at_this_host(void **state)
{
	struct err err = { 0 };
	struct rlimit limit;
	struct facts f;

	(void)state;
	assert_int_equal(probe(WANT_ALL, &f, &err), 0);
	assert_int_equal(f.have, WANT_ALL);
	assert_int_equal(f.uid, geteuid());
	assert_int_equal(f.gid, getegid());
	assert_true(f.kernel_major >= 5);
	assert_true(f.last_cap >= 37);
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
	assert_true(f.rlimits[RLIMIT_NOFILE].hard == limit.rlim_max);
	assert_true(f.max_user_namespaces > 0);
}

static void read_score(char *ret, int room)
{
	FILE *file = fopen("/proc/self/oom_score_adj", "re");

	assert_non_null(file);
	assert_non_null(fgets(ret, room, file));
	(void)fclose(file);
}

/* The bound is found by trying: what was there before is there again. */
static void the_own_oom_score_is_what_it_was(void **state)
{
	char before[16], after[16];
	struct err err = { 0 };
	struct facts f;

	(void)state;
	read_score(before, sizeof(before));
	assert_int_equal(probe(WANT_CALLER | WANT_OOM, &f, &err), 0);
	read_score(after, sizeof(after));
	assert_string_equal(after, before);
	assert_int_equal(f.oom_score, strtol(before, NULL, 10));
	assert_true(f.oom_score_min >= -1000 && f.oom_score_min <= f.oom_score);
}

static void facts_survive_json(void **state)
{
	scoped_arena struct arena a = { 0 };
	struct err err = { 0 };
	struct facts f, g;
	const char *first;

	(void)state;
	assert_int_equal(probe(WANT_ALL, &f, &err), 0);
	f.subuids_n = 2;
	f.subuids[1] = (struct id_range){ 5, 4294967290u };
	f.rlimits[RLIMIT_CORE].hard = UINT64_MAX;
	f.caps_effective = 0x1ffffffffffull;
	first = dump(&f, &a);
	assert_int_equal(facts_parse(first, strlen(first), "facts.json", &g, &err), 0);
	assert_string_equal(dump(&g, &a), first);
	assert_int_equal(g.subuids[1].count, 4294967290u);
	assert_true(g.rlimits[RLIMIT_CORE].hard == UINT64_MAX);
	assert_true(g.caps_effective == 0x1ffffffffffull);
	assert_int_equal(g.kernel_minor, f.kernel_minor);
}

static void refuses_wrong_facts(void **state)
{
	static const struct {
		const char *json, *place;
	} bad[] = {
		{ "{\"have\":[\"caller\"]}", "facts.json" },
		{ "{\"have\":[\"caller\"],\"kernel\":\"x\"}", "facts.json/kernel" },
		{ "{\"have\":[\"nothing\"],\"kernel\":\"6.1\"}", "facts.json/have/0" },
		{ "{\"have\":[],\"kernel\":\"6.1\",\"kernels\":1}", "facts.json" },
		{ "{\"have\":[],\"kernel\":\"6.1\",\"uid\":-1}", "facts.json/uid" },
		{ "{\"have\":[],\"kernel\":\"6.1\",\"capsBounding\":\"g\"}",
		  "facts.json/capsBounding" },
		{ "{\"have\":[],\"kernel\":\"6.1\",\"rlimits\":{\"X\":{\"soft\":1,\"hard\":1}}}",
		  "facts.json/rlimits" },
		{ "{\"have\":[],\"kernel\":\"6.1\",\"cgroupMode\":\"v3\"}",
		  "facts.json/cgroupMode" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		struct err err = { 0 };
		struct facts f;

		assert_int_equal(
			facts_parse(bad[i].json, strlen(bad[i].json), "facts.json", &f, &err), -1);
		assert_int_equal(err.kind, ERR_INPUT);
		assert_string_equal(err.place, bad[i].place);
	}
}

static void refuses_texts_without_room(void **state)
{
	scoped_arena struct arena a = { 0 };
	struct text t = { .arena = &a };
	struct err err = { 0 };
	struct facts f;

	(void)state;
	text_add(&t, "{\"have\":[],\"kernel\":\"6.1\",\"newuidmap\":\"/");
	for (int i = 0; i < 200; i++)
		text_add(&t, "x");
	text_add(&t, "\"}");
	assert_int_equal(facts_parse(t.s, t.len, "facts.json", &f, &err), -1);
	assert_string_equal(err.place, "facts.json/newuidmap");
}

/* The short look may say too little, never too much. */
static void where_a_short_look_finds_no_cgroup_a_long_one_finds_none(void **state)
{
	struct facts f = { 0 };
	struct err err = { 0 };

	(void)state;
	if (!cgroup_is_closed())
		return;
	assert_int_equal(probe_cgroup(&f, WANT_CGROUP, &err), 0);
	assert_false(f.cgroup_writable || f.cgroup_above_writable);
	for (uint32_t i = 0; i < f.cgroup_v1_n; i++)
		assert_false(f.cgroup_v1[i].writable &&
			     strstr(f.cgroup_v1[i].controllers, "memory"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(where_a_short_look_finds_no_cgroup_a_long_one_finds_none),
		cmocka_unit_test(reads_kernel_versions),
		cmocka_unit_test(finds_ranges_by_name_and_number),
		cmocka_unit_test(leaves_out_what_is_no_range),
		cmocka_unit_test(keeps_no_more_ranges_than_there_is_room),
		cmocka_unit_test(finds_the_own_cgroup),
		cmocka_unit_test(reads_this_host_as_libmount_does),
		cmocka_unit_test(reads_odd_names_as_libmount_does),
		cmocka_unit_test(gives_the_optional_fields),
		cmocka_unit_test(refuses_lines_that_are_no_mounts),
		cmocka_unit_test(looks_at_this_host),
		cmocka_unit_test(facts_survive_json),
		cmocka_unit_test(the_own_oom_score_is_what_it_was),
		cmocka_unit_test(refuses_wrong_facts),
		cmocka_unit_test(refuses_texts_without_room),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
