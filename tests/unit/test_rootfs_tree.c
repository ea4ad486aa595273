/* SPDX-License-Identifier: Apache-2.0 */
/* test_rootfs_tree.c - patterns, bounds, and how names find their place in a tree. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "rootfs-tools/glob.h"
#include "rootfs-tools/limits.h"
#include "rootfs-tools/merge.h"
#include "rootfs-tools/tree.h"
#include "rootfs-tools/usrmerge.h"
#include "spec/base/str.h"

static struct content one = { .size = 1 }, two = { .size = 2 };

static void fresh(struct tree *t)
{
	const struct limits l = limits_standard();

	tree_init(t, &l);
}

static int put(struct tree *t, const char *path, const struct item *item)
{
	struct err err = { 0 };

	return tree_put(t, path, item, &err) < 0 ? err.kind : 0;
}

static int put_file(struct tree *t, const char *path, struct content *c, unsigned int source)
{
	return put(
		t, path,
		&(struct item){ .type = NODE_FILE, .mode = 0644, .content = c, .source = source });
}

static int put_dir(struct tree *t, const char *path)
{
	return put(t, path, &(struct item){ .type = NODE_DIR, .mode = 0755 });
}

static int put_link(struct tree *t, const char *path, const char *target)
{
	return put(t, path, &(struct item){ .type = NODE_SYMLINK, .target = target });
}

/* All paths of the tree in their order, separated by spaces. */
static const char *paths(struct tree *t, struct arena *a)
{
	struct text out = { .arena = a };
	char buf[TREE_PATH_MAX];
	size_t n;
	struct node **nodes = tree_list(a, t->root, &n);

	for (size_t i = 1; i < n; i++)
		text_addf(&out, "%s%s", i > 1 ? " " : "", tree_path(nodes[i], buf));
	return out.s ? out.s : "";
}

static void globs_match_by_component(void **state)
{
	static const struct {
		const char *pattern, *path;
		bool fits;
	} cases[] = {
		{ "/a", "/a", true },
		{ "/a", "/ab", false },
		{ "/*", "/a", true },
		{ "/*", "/a/b", false },
		{ "/*/b", "/a/b", true },
		{ "/a?c", "/abc", true },
		{ "/a?c", "/a/c", false },
		{ "/a/**", "/a/b/c", true },
		{ "/a/**", "/a", false },
		{ "/a/**/c", "/a/c", true },
		{ "/a/**/c", "/a/b/d/c", true },
		{ "/a/**/c", "/a/bc", false },
		{ "/**.crt", "/x/y.crt", true },
		{ "/**/x/**", "/x/y", true },
		{ "/**/x/**", "/a/b/x/y/z", true },
		{ "/**/*.so.*", "/usr/lib/a.so.b/libc.so.6", true },
		{ "/a\\*", "/a*", true },
		{ "/a\\*", "/ab", false },
		{ "", "", true },
		{ "**", "", true },
		{ "*a*b*c", "xaxbxc", true },
		{ "*a*b*c", "xaxbxcx", false },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		if (glob_match(cases[i].pattern, cases[i].path) != cases[i].fits)
			fail_msg("%s on %s", cases[i].pattern, cases[i].path);
}

static void a_glob_of_many_stars_ends_soon(void **state)
{
	char pattern[401], path[4001];

	(void)state;
	for (size_t i = 0; i < 400; i++)
		pattern[i] = i % 2 ? 'a' : '*';
	memset(path, 'a', 4000);
	pattern[400] = path[4000] = '\0';
	path[3999] = 'b';
	assert_false(glob_match(pattern, path));
}

static void limits_take_units_and_refuse_the_rest(void **state)
{
	struct limits l = limits_standard();
	struct err err;

	(void)state;
	assert_int_equal(limits_set(&l, "total", "2K", &err), 0);
	assert_int_equal(l.total, 2048);
	assert_int_equal(limits_set(&l, "file", "1G", &err), 0);
	assert_int_equal(l.file, 1 << 30);
	assert_int_equal(limits_set(&l, "depth", "513", &err), -1);
	assert_int_equal(limits_set(&l, "depth", "0", &err), -1);
	assert_int_equal(limits_set(&l, "depth", "", &err), -1);
	assert_int_equal(limits_set(&l, "depth", "K", &err), -1);
	assert_int_equal(limits_set(&l, "total", "18446744073709551615T", &err), -1);
	assert_int_equal(limits_set(&l, "what", "1", &err), -1);
	assert_int_equal(l.depth, 128);
}

static void parents_are_made_and_listed_in_order(void **state)
{
	scoped_arena struct arena a = { 0 };
	scoped_tree struct tree t = { 0 };

	(void)state;
	fresh(&t);
	assert_int_equal(put_file(&t, "./b//c/./d", &one, 0), 0);
	assert_int_equal(put_file(&t, "/b-", &one, 0), 0);
	assert_int_equal(put_dir(&t, "a/"), 0);
	assert_int_equal(put_dir(&t, "/"), 0);
	assert_string_equal(paths(&t, &a), "/a /b /b/c /b/c/d /b-");
}

static void symlinks_stay_inside(void **state)
{
	scoped_arena struct arena a = { 0 };
	scoped_tree struct tree t = { 0 };

	(void)state;
	fresh(&t);
	assert_int_equal(put_link(&t, "up", "../../../../etc"), 0);
	assert_int_equal(put_file(&t, "up/x", &one, 0), 0);
	assert_int_equal(put_link(&t, "d/l", "../e/f"), 0);
	assert_int_equal(put_file(&t, "d/l/../y", &one, 0), ERR_HOSTILE);
	assert_int_equal(put_file(&t, "d/l/y", &one, 0), 0);
	assert_string_equal(paths(&t, &a), "/d /d/l /e /e/f /e/f/y /etc /etc/x /up");
	assert_ptr_equal(tree_find(&t, "/d/l/y", false), tree_find(&t, "/e/f/y", false));
	assert_ptr_equal(tree_find(&t, "/up", true), tree_find(&t, "/etc", false));
	assert_ptr_equal(tree_find(&t, "/../d/./../up/x", true), tree_find(&t, "/etc/x", false));
	assert_null(tree_find(&t, "/nothing/x", true));
	assert_null(tree_find(&t, "/etc/x/y", true));
}

static void links_in_circles_end(void **state)
{
	scoped_tree struct tree t = { 0 };

	(void)state;
	fresh(&t);
	assert_int_equal(put_link(&t, "a", "b"), 0);
	assert_int_equal(put_link(&t, "b", "a"), 0);
	assert_int_equal(put_link(&t, "c", "c/c/c/c/c"), 0);
	assert_int_equal(put_file(&t, "a/x", &one, 0), ERR_HOSTILE);
	assert_int_equal(put_file(&t, "c/x", &one, 0), ERR_HOSTILE);
	assert_null(tree_find(&t, "/a", true));
	assert_non_null(tree_find(&t, "/a", false));
}

static void names_out_of_bounds_are_refused(void **state)
{
	scoped_tree struct tree t = { 0 };
	char name[300];

	(void)state;
	fresh(&t);
	memset(name, 'n', sizeof(name));
	name[256] = '\0';
	assert_int_equal(put_file(&t, name, &one, 0), ERR_LIMIT);
	name[255] = '\0';
	assert_int_equal(put_file(&t, name, &one, 0), 0);
	assert_int_equal(put_file(&t, "..", &one, 0), ERR_HOSTILE);
	assert_int_equal(put_file(&t, "a/../b", &one, 0), ERR_HOSTILE);
	assert_int_equal(put_file(&t, "..a/b..", &one, 0), 0);
	assert_int_equal(put_file(&t, ".", &one, 0), ERR_HOSTILE);
	assert_int_equal(put_link(&t, "s", ""), ERR_HOSTILE);
	t.limits.entries = t.count;
	assert_int_equal(put_file(&t, "more", &one, 0), ERR_LIMIT);
}

static void later_wins_in_one_source_only(void **state)
{
	scoped_tree struct tree t = { 0 };

	(void)state;
	fresh(&t);
	assert_int_equal(put_file(&t, "x", &one, 1), 0);
	assert_int_equal(put_file(&t, "x", &two, 1), 0);
	assert_ptr_equal(tree_find(&t, "/x", false)->content, &two);
	assert_int_equal(put_file(&t, "x", &two, 2), 0);
	assert_int_equal(put_file(&t, "x", &one, 2), ERR_INPUT);
	assert_int_equal(put(&t, "x",
			     &(struct item){ .type = NODE_FILE,
					     .mode = 0644,
					     .content = &one,
					     .source = 2,
					     .override = true }),
			 0);
	assert_ptr_equal(tree_find(&t, "/x", false)->content, &one);
}

static void full_directories_are_not_replaced(void **state)
{
	scoped_arena struct arena a = { 0 };
	scoped_tree struct tree t = { 0 };

	(void)state;
	fresh(&t);
	assert_int_equal(put_file(&t, "d/x", &one, 0), 0);
	assert_int_equal(put_link(&t, "d", "/"), ERR_HOSTILE);
	assert_int_equal(put_file(&t, "d", &one, 0), ERR_HOSTILE);
	assert_int_equal(put_file(&t, "d/x/y", &one, 0), ERR_HOSTILE);
	tree_remove(tree_find(&t, "/d/x", false));
	assert_int_equal(put_link(&t, "d", "e"), 0);
	assert_int_equal(put_dir(&t, "e"), 0);
	assert_int_equal(put_dir(&t, "d"), 0); /* a symlink to a directory is one */
	assert_int_equal(tree_find(&t, "/d", false)->type, NODE_SYMLINK);
	assert_int_equal(put_file(&t, "f", &one, 0), 0);
	assert_int_equal(put_dir(&t, "f"), 0);
	assert_int_equal(put_file(&t, "f/g", &one, 0), 0);
	assert_string_equal(paths(&t, &a), "/d /e /f /f/g");
}

static void merge_filters_and_follows(void **state)
{
	static const char *const include[] = { "/bin/**", "/doc/**" }, *const exclude[] = {
		"/doc/b"
	};
	const struct filter filter = { include, exclude, 2, 1 };
	scoped_arena struct arena a = { 0 };
	scoped_tree struct tree t = { 0 }, from = { 0 };
	struct err err;

	(void)state;
	fresh(&t);
	fresh(&from);
	assert_int_equal(put_link(&t, "bin", "usr/bin"), 0);
	assert_int_equal(put_file(&from, "bin/x", &one, 0), 0);
	assert_int_equal(put_file(&from, "doc/a", &one, 0), 0);
	assert_int_equal(put_file(&from, "doc/b", &one, 0), 0);
	assert_int_equal(put_file(&from, "etc/c", &one, 0), 0);
	assert_int_equal(tree_merge(&t, &from, &filter, false, 7, &err), 0);
	assert_string_equal(paths(&t, &a), "/bin /doc /doc/a /usr /usr/bin /usr/bin/x");
	assert_int_equal(tree_find(&t, "/bin/x", false)->source, 7);
}

static void usrmerge_moves_and_mends(void **state)
{
	scoped_arena struct arena a = { 0 };
	scoped_tree struct tree t = { 0 };
	struct err err;

	(void)state;
	fresh(&t);
	assert_int_equal(put_file(&t, "usr/bin/a", &one, 0), 0);
	assert_int_equal(put_link(&t, "bin/a", "/usr/bin/a"), 0);
	assert_int_equal(put_file(&t, "bin/b", &one, 0), 0);
	assert_int_equal(put_link(&t, "lib/x/l", "../y"), 0);
	assert_int_equal(put_link(&t, "lib/x/out", "../../etc"), 0);
	assert_int_equal(usrmerge(&t, 9, &err), 0);
	assert_string_equal(paths(&t, &a), "/bin /lib /usr /usr/bin /usr/bin/a /usr/bin/b /usr/lib "
					   "/usr/lib/x /usr/lib/x/l /usr/lib/x/out");
	assert_int_equal(tree_find(&t, "/usr/bin/a", false)->type, NODE_FILE);
	assert_string_equal(tree_find(&t, "/lib/x/l", false)->target, "../y");
	assert_string_equal(tree_find(&t, "/lib/x/out", false)->target, "/etc");
	assert_int_equal(usrmerge(&t, 9, &err), 0);
}

static void usrmerge_refuses_two_that_differ(void **state)
{
	scoped_tree struct tree t = { 0 };
	struct err err;

	(void)state;
	fresh(&t);
	assert_int_equal(put_file(&t, "usr/bin/a", &one, 1), 0);
	assert_int_equal(put_file(&t, "bin/a", &two, 2), 0);
	assert_int_equal(usrmerge(&t, 9, &err), -1);
	assert_int_equal(err.kind, ERR_INPUT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(globs_match_by_component),
		cmocka_unit_test(a_glob_of_many_stars_ends_soon),
		cmocka_unit_test(limits_take_units_and_refuse_the_rest),
		cmocka_unit_test(parents_are_made_and_listed_in_order),
		cmocka_unit_test(symlinks_stay_inside),
		cmocka_unit_test(links_in_circles_end),
		cmocka_unit_test(names_out_of_bounds_are_refused),
		cmocka_unit_test(later_wins_in_one_source_only),
		cmocka_unit_test(full_directories_are_not_replaced),
		cmocka_unit_test(merge_filters_and_follows),
		cmocka_unit_test(usrmerge_moves_and_mends),
		cmocka_unit_test(usrmerge_refuses_two_that_differ),
	};

	return cmocka_run_group_tests_name("rootfs_tree", tests, NULL, NULL);
}
