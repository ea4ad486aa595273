/* SPDX-License-Identifier: Apache-2.0 */
/* place.c - trees that tests make, compare and remove. */
#include "tests/fault/place.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <dirent.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define FDS_MAX 16

/* A name that ends in a slash is a directory; text is that of a file, or after "->" where a link leads. */
static const struct {
	const char *name, *text;
} tree[] = {
	{ "rootfs/", NULL },
	{ "rootfs/etc/", NULL },
	{ "rootfs/etc/passwd", "seven:x:7:7::/seven:/bin/sh\n" },
	{ "rootfs/etc/sub/", NULL },
	{ "rootfs/etc/sub/file", "text" },
	{ "rootfs/etc/link", "->sub/file" },
	{ "rootfs/secret/", NULL },
	{ "rootfs/secret/file", "text" },
	{ "rootfs/secret/other", "text" },
	{ "rootfs/secret/dir/", NULL },
	{ "rootfs/secret/dir2/", NULL },
	{ "rootfs/fixed/", NULL },
	{ "mounts/", NULL },
	{ "source/", NULL },
	{ "source/dir/", NULL },
	{ "source/dir/file", "text" },
	{ "source/link", "->dir/file" },
	{ "source/up/", NULL },
	{ "source/work/", NULL },
};

static const char *path_of(const struct place *p, const char *name, char path[256])
{
	(void)snprintf(path, 256, "%s/%s", p->dir, name);
	return path;
}

int place_begin(struct place *p)
{
	/* Thousands of files are made and removed: in memory, where there is such a place. */
	const char *tmp = access("/dev/shm", W_OK) == 0 ? "/dev/shm" : getenv("TMPDIR");

	(void)snprintf(p->dir, sizeof(p->dir), "%.40s/fault-XXXXXX", tmp ? tmp : "/tmp");
	return mkdtemp(p->dir) ? 0 : -1;
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *where)
{
	(void)st;
	(void)type;
	(void)where;
	return remove(path);
}

void place_remove(const struct place *p, const char *name)
{
	char path[256];

	(void)nftw(path_of(p, name, path), remove_one, FDS_MAX, FTW_DEPTH | FTW_PHYS);
}

void place_done(const struct place *p)
{
	place_remove(p, "");
}

static void write_file(const struct place *p, const char *name, const char *text)
{
	char path[256];
	FILE *f = fopen(path_of(p, name, path), "we");

	assert_non_null(f);
	assert_true(fputs(text, f) >= 0);
	assert_int_equal(fclose(f), 0);
}

void place_write(struct place *p, const char *name, const char *text)
{
	write_file(p, name, text);
	p->more++;
}

void place_fill(const struct place *p)
{
	char path[256];

	place_remove(p, "rootfs");
	place_remove(p, "mounts");
	place_remove(p, "source");
	for (size_t i = 0; i < sizeof(tree) / sizeof(tree[0]); i++) {
		const char *name = path_of(p, tree[i].name, path);

		if (!tree[i].text)
			assert_int_equal(mkdir(name, 0755), 0);
		else if (strncmp(tree[i].text, "->", 2) == 0)
			assert_int_equal(symlink(tree[i].text + 2, name), 0);
		else
			write_file(p, tree[i].name, tree[i].text);
	}
}

static unsigned int count(const struct place *p, const char *name)
{
	unsigned int n = 0;
	char path[256];
	DIR *d = opendir(path_of(p, name, path));

	assert_non_null(d);
	for (const struct dirent *e; (e = readdir(d));)
		n += strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0;
	(void)closedir(d);
	return n;
}

/* How many entries of tree lie right below the directory. */
static unsigned int expected(const char *name)
{
	unsigned int n = 0;

	for (size_t i = 0; i < sizeof(tree) / sizeof(tree[0]); i++) {
		const char *rest = tree[i].name + strlen(name);

		if (strncmp(tree[i].name, name, strlen(name)) == 0 && *rest)
			n += !strchr(rest, '/') || !strchr(rest, '/')[1];
	}
	return n;
}

void place_check(const struct place *p)
{
	static const char *const ours[] = { "", "source/", "source/dir/", "source/up/",
					    "source/work/" };

	for (size_t i = 0; i < sizeof(ours) / sizeof(ours[0]); i++)
		assert_int_equal(count(p, ours[i]), expected(ours[i]) + (*ours[i] ? 0 : p->more));
}
