/* SPDX-License-Identifier: Apache-2.0 */
/* gen_mount_options.c - writes the dictionary of mount options, build/gen/mount_words.h, out of libmount.
 *
 * Runs at build time only (Debian has no static libmount). What libmount knows as flags of mount(2) becomes rows of the table in
 * runtime/plan/mount_options.c, by its macros: attributes of a mount with their recursive forms, propagation, what goes to the
 * file system. A flag that this program has never heard of stops the build: somebody has to say what it means. */
#include <libmount/libmount.h>
#include <linux/mount.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#ifndef MS_NOSYMFOLLOW
#define MS_NOSYMFOLLOW 256
#endif

/* Attributes: what the word sets and clears, and what its opposite does. */
static const struct {
	unsigned long flag;
	const char *set, *clear, *inverse_set, *inverse_clear;
} attributes[] = {
	{ MS_RDONLY, "MOUNT_ATTR_RDONLY", "0", "0", "MOUNT_ATTR_RDONLY" },
	{ MS_NOSUID, "MOUNT_ATTR_NOSUID", "0", "0", "MOUNT_ATTR_NOSUID" },
	{ MS_NODEV, "MOUNT_ATTR_NODEV", "0", "0", "MOUNT_ATTR_NODEV" },
	{ MS_NOEXEC, "MOUNT_ATTR_NOEXEC", "0", "0", "MOUNT_ATTR_NOEXEC" },
	{ MS_NOSYMFOLLOW, "MOUNT_ATTR_NOSYMFOLLOW", "0", "0", "MOUNT_ATTR_NOSYMFOLLOW" },
	{ MS_NODIRATIME, "MOUNT_ATTR_NODIRATIME", "0", "0", "MOUNT_ATTR_NODIRATIME" },
	/* One of three; setting one clears the others. RELATIME is 0, so that it shows in clear only. */
	{ MS_NOATIME, "MOUNT_ATTR_NOATIME", "ATIME", "MOUNT_ATTR_RELATIME", "ATIME" },
	{ MS_RELATIME, "MOUNT_ATTR_RELATIME", "ATIME", "MOUNT_ATTR_STRICTATIME", "ATIME" },
	{ MS_STRICTATIME, "MOUNT_ATTR_STRICTATIME", "ATIME", "MOUNT_ATTR_RELATIME", "ATIME" },
};

/* Of the file system: the word goes there, its opposite is the default. */
static const unsigned long superblock[] = { MS_SYNCHRONOUS, MS_DIRSYNC,	  MS_LAZYTIME,
					    MS_MANDLOCK,    MS_I_VERSION, MS_SILENT };

static void die(const char *what, const char *name)
{
	fprintf(stderr, "gen_mount_options: %s %s\n", what, name);
	exit(1);
}

static int attribute(FILE *out, const char *name, unsigned long id, int inverse)
{
	for (size_t i = 0; i < sizeof(attributes) / sizeof(attributes[0]); i++) {
		if (attributes[i].flag != id)
			continue;
		fprintf(out, "ATTR(\"%s\", %s, %s),\n", name,
			inverse ? attributes[i].inverse_set : attributes[i].set,
			inverse ? attributes[i].inverse_clear : attributes[i].clear);
		return 1;
	}
	return 0;
}

static int of_file_system(FILE *out, const char *name, unsigned long id, int inverse)
{
	for (size_t i = 0; i < sizeof(superblock) / sizeof(superblock[0]); i++)
		if (superblock[i] == id) {
			fprintf(out, "%s(\"%s\"),\n", inverse ? "NOTHING" : "SUPERBLOCK", name);
			return 1;
		}
	return 0;
}

static int propagation(FILE *out, const char *name, unsigned long id)
{
	static const struct {
		unsigned long flag;
		const char *word;
	} words[] = { { MS_SHARED, "MS_SHARED" },
		      { MS_SLAVE, "MS_SLAVE" },
		      { MS_PRIVATE, "MS_PRIVATE" },
		      { MS_UNBINDABLE, "MS_UNBINDABLE" } };

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if ((id & ~(unsigned long)MS_REC) == words[i].flag) {
			fprintf(out, "PROPAGATION(\"%s\", %s, %s),\n", name,
				id & MS_REC ? "true" : "false", words[i].word);
			return 1;
		}
	return 0;
}

static void row(FILE *out, const struct libmnt_optmap *o)
{
	unsigned long id = (unsigned long)o->id;
	int inverse = (o->mask & MNT_INVERT) != 0;
	char name[64];

	(void)snprintf(name, sizeof(name), "%.*s", (int)strcspn(o->name, "[="), o->name);
	if (id == MS_MOVE)
		return; /* of mount(8) alone */
	if ((id & ~(unsigned long)MS_REC) == MS_BIND)
		fprintf(out, "BIND(\"%s\", %s),\n", name, id & MS_REC ? "true" : "false");
	else if (id == MS_REMOUNT)
		fprintf(out, "REMOUNT(\"%s\"),\n", name);
	else if (!attribute(out, name, id, inverse) && !of_file_system(out, name, id, inverse) &&
		 !propagation(out, name, id))
		die("no meaning is known of", name);
}

int main(int argc, char **argv)
{
	const struct libmnt_optmap *o = mnt_get_builtin_optmap(MNT_LINUX_MAP);
	FILE *out = argc == 2 ? fopen(argv[1], "w") : NULL;

	if (!out || !o)
		die("cannot write", argc == 2 ? argv[1] : "without a name");
	fputs("/* Made by contrib/gen/gen_mount_options.c out of libmount. */\n", out);
	for (; o->name; o++)
		row(out, o);
	if (fclose(out))
		die("cannot write", argv[1]);
	return 0;
}
