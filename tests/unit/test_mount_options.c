/* SPDX-License-Identifier: Apache-2.0 */
/* test_mount_options.c - the words of mounts: both peers', none of a file system's, and what they add up to. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <linux/mount.h>
#include <string.h>

#include "runtime/plan/mount_idmap.h"
#include "runtime/plan/mount_options.h"
#include "spec/base/str.h"

/* What `runc features` and `crun features` list, together. */
static const char *const peers[] = {
	"async",	  "atime",	   "bind",	   "copy-symlink",
	"defaults",	  "dest-nofollow", "dev",	   "diratime",
	"dirsync",	  "exec",	   "idmap",	   "iversion",
	"lazytime",	  "loud",	   "mand",	   "noatime",
	"nodev",	  "nodiratime",	   "noexec",	   "noiversion",
	"nolazytime",	  "nomand",	   "norelatime",   "nostrictatime",
	"nosuid",	  "nosymfollow",   "private",	   "ratime",
	"rbind",	  "rdev",	   "rdiratime",	   "relatime",
	"remount",	  "rexec",	   "ridmap",	   "rnoatime",
	"rnodev",	  "rnodiratime",   "rnoexec",	   "rnorelatime",
	"rnostrictatime", "rnosuid",	   "rnosymfollow", "ro",
	"rprivate",	  "rrelatime",	   "rro",	   "rrw",
	"rshared",	  "rslave",	   "rstrictatime", "rsuid",
	"rsymfollow",	  "runbindable",   "rw",	   "shared",
	"silent",	  "slave",	   "src-nofollow", "strictatime",
	"suid",		  "symfollow",	   "sync",	   "tmpcopyup",
	"unbindable",
};

static bool known(const char *word)
{
	for (const struct mount_option *o = mount_options; o->name; o++)
		if (str_eq(o->name, word))
			return true;
	return false;
}

static void every_option_of_the_peers_is_known(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(peers); i++)
		if (!known(peers[i]))
			fail_msg("%s is not known", peers[i]);
	for (const struct mount_option *o = mount_options; o->name; o++)
		for (const struct mount_option *p = o + 1; p->name; p++)
			if (str_eq(o->name, p->name))
				fail_msg("%s stands twice", o->name);
}

static void no_option_is_a_file_systems(void **state)
{
	static const char *const own[] = { "size",	"mode",	       "lowerdir", "gid",
					   "uid",	"newinstance", "ptmxmode", "context",
					   "nr_inodes", "user_xattr" };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(own); i++)
		assert_false(known(own[i]));
}

static struct mount_wish wish_of(struct arena *a, const char *words)
{
	const char **v = arena_array(a, const char *, 16);
	struct mount m = { .type = "tmpfs", .options = { v, 0 } };
	struct mount_wish wish;
	char *s = arena_str(a, words), *rest = s;

	for (char *w = strtok_r(s, " ", &rest); w; w = strtok_r(NULL, " ", &rest))
		v[m.options.n++] = w;
	mount_wish(&m, a, &wish);
	return wish;
}

static void later_words_win(void **state)
{
	scoped_arena struct arena a = { 0 };
	struct mount_wish w = wish_of(&a, "ro nosuid rw noatime strictatime");

	(void)state;
	assert_int_equal(w.set, MOUNT_ATTR_NOSUID | MOUNT_ATTR_STRICTATIME);
	assert_true(w.clear & MOUNT_ATTR_RDONLY);
	w = wish_of(&a, "rro shared rslave bind size=1m,x mode=7 tmpcopyup");
	assert_int_equal(w.set_rec, MOUNT_ATTR_RDONLY);
	assert_int_equal(w.propagation, MS_SLAVE);
	assert_true(w.propagation_rec && w.bind && !w.recursive);
	assert_int_equal(w.extensions, MOUNT_TMPCOPYUP);
	assert_string_equal(w.data, "size=1m,x,mode=7");
}

static void maps_in_options(void **state)
{
	static const struct id_mapping one = { 0, 1000, 10 };
	static const struct id_mappings maps = { (struct id_mapping *)(uintptr_t)&one, 1 };
	static const char *const bad[] = { "",
					   "uids=0-1-1",
					   "uids=0-1;gids=0-1-1",
					   "gids=0-1-1;uids=",
					   "uids=0-1-0;gids=0-1-1",
					   "uids=@20-20-1;gids=0-1-1",
					   "uids=0-1-1;gids=0-1-1;",
					   "uids=0-1-1#;gids=0-1-1",
					   "uids=4294967295-1-1;gids=0-1-1",
					   "uid=0-1-1;gids=0-1-1",
					   "uids=0-4294967290-10;gids=0-1-1" };
	scoped_arena struct arena a = { 0 };
	struct mount_idmap map;
	struct err err;

	(void)state;
	assert_int_equal(
		mount_idmap_parse("uids=0-1-10#10-11-10;gids=@3-4-2", &maps, &maps, &a, &map, &err),
		0);
	assert_int_equal(map.uids.n, 2);
	assert_int_equal(map.uids.v[1].container_id, 10);
	assert_int_equal(map.uids.v[1].host_id, 11);
	assert_int_equal(map.gids.v[0].container_id, 3);
	assert_int_equal(map.gids.v[0].host_id, 1004);
	assert_int_equal(map.gids.v[0].size, 2);
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		if (mount_idmap_parse(bad[i], &maps, &maps, &a, &map, &err) == 0)
			fail_msg("%s is taken", bad[i]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_option_of_the_peers_is_known),
		cmocka_unit_test(no_option_is_a_file_systems),
		cmocka_unit_test(later_words_win),
		cmocka_unit_test(maps_in_options),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
