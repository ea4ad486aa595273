/* SPDX-License-Identifier: Apache-2.0 */
/* mount_options.c - the table of mount options: runtime-spec's (config-linux.md, Linux mount options), and both peers'. */
#include "runtime/plan/mount_options.h"

#include <linux/mount.h>

#include "spec/base/str.h"

#ifndef MOUNT_ATTR_NOSYMFOLLOW
#define MOUNT_ATTR_NOSYMFOLLOW 0x00200000
#endif

#define ATTR(word, set, clear)                          \
	{ word, OPTION_ATTR, false, set, clear },       \
	{                                               \
		"r" word, OPTION_ATTR, true, set, clear \
	}
#define PROPAGATION(word, flag)                             \
	{ word, OPTION_PROPAGATION, false, flag, 0 },       \
	{                                                   \
		"r" word, OPTION_PROPAGATION, true, flag, 0 \
	}
#define SUPERBLOCK(word)                             \
	{                                            \
		word, OPTION_SUPERBLOCK, false, 0, 0 \
	}
#define NOTHING(word)                             \
	{                                         \
		word, OPTION_NOTHING, false, 0, 0 \
	}
#define EXTENSION(word, flag)                          \
	{                                              \
		word, OPTION_EXTENSION, false, flag, 0 \
	}
#define ATIME MOUNT_ATTR__ATIME

const struct mount_option mount_options[] = {
	ATTR("ro", MOUNT_ATTR_RDONLY, 0),
	ATTR("rw", 0, MOUNT_ATTR_RDONLY),
	ATTR("nosuid", MOUNT_ATTR_NOSUID, 0),
	ATTR("suid", 0, MOUNT_ATTR_NOSUID),
	ATTR("nodev", MOUNT_ATTR_NODEV, 0),
	ATTR("dev", 0, MOUNT_ATTR_NODEV),
	ATTR("noexec", MOUNT_ATTR_NOEXEC, 0),
	ATTR("exec", 0, MOUNT_ATTR_NOEXEC),
	ATTR("nosymfollow", MOUNT_ATTR_NOSYMFOLLOW, 0),
	ATTR("symfollow", 0, MOUNT_ATTR_NOSYMFOLLOW),
	ATTR("nodiratime", MOUNT_ATTR_NODIRATIME, 0),
	ATTR("diratime", 0, MOUNT_ATTR_NODIRATIME),
	/* One of three; setting one clears the others. RELATIME is 0, so that it shows in clear only. */
	ATTR("noatime", MOUNT_ATTR_NOATIME, ATIME),
	ATTR("strictatime", MOUNT_ATTR_STRICTATIME, ATIME),
	ATTR("relatime", MOUNT_ATTR_RELATIME, ATIME),
	ATTR("atime", MOUNT_ATTR_RELATIME, ATIME),
	ATTR("nostrictatime", MOUNT_ATTR_RELATIME, ATIME),
	ATTR("norelatime", MOUNT_ATTR_STRICTATIME, ATIME),
	PROPAGATION("private", MS_PRIVATE),
	PROPAGATION("shared", MS_SHARED),
	PROPAGATION("slave", MS_SLAVE),
	PROPAGATION("unbindable", MS_UNBINDABLE),
	{ "bind", OPTION_BIND, false, 0, 0 },
	{ "rbind", OPTION_BIND, true, 0, 0 },
	{ "remount", OPTION_REMOUNT, false, 0, 0 },
	SUPERBLOCK("sync"),
	SUPERBLOCK("dirsync"),
	SUPERBLOCK("lazytime"),
	SUPERBLOCK("mand"),
	SUPERBLOCK("iversion"),
	SUPERBLOCK("silent"),
	NOTHING("defaults"),
	NOTHING("async"),
	NOTHING("nolazytime"),
	NOTHING("nomand"),
	NOTHING("noiversion"),
	NOTHING("loud"),
	EXTENSION("tmpcopyup", MOUNT_TMPCOPYUP),
	EXTENSION("copy-symlink", MOUNT_COPY_SYMLINK),
	EXTENSION("src-nofollow", MOUNT_SRC_NOFOLLOW),
	EXTENSION("dest-nofollow", MOUNT_DEST_NOFOLLOW),
	EXTENSION("idmap", MOUNT_IDMAP),
	EXTENSION("ridmap", MOUNT_RIDMAP),
	{ NULL },
};

static const struct mount_option *find(const char *word, size_t len)
{
	for (const struct mount_option *o = mount_options; o->name; o++)
		if (strncmp(o->name, word, len) == 0 && o->name[len] == '\0')
			return o;
	return NULL;
}

static void change(uint64_t *set, uint64_t *clear, const struct mount_option *o)
{
	*set = (*set & ~(uint64_t)o->clear) | o->set;
	*clear = (*clear & ~(uint64_t)o->set) | o->clear;
}

static void add_data(struct text *data, const char *word)
{
	if (data->len)
		text_add(data, ",");
	text_add(data, word);
}

static void add_option(struct mount_wish *w, const struct mount_option *o, const char *word,
		       struct text *data)
{
	switch ((enum mount_option_kind)o->kind) {
	case OPTION_ATTR:
		if (o->recursive)
			change(&w->set_rec, &w->clear_rec, o);
		else
			change(&w->set, &w->clear, o);
		break;
	case OPTION_PROPAGATION:
		w->propagation = o->set;
		w->propagation_rec = o->recursive;
		break;
	case OPTION_BIND:
		w->bind = true;
		w->recursive = o->recursive;
		break;
	case OPTION_REMOUNT:
		w->remount = true;
		break;
	case OPTION_SUPERBLOCK:
		add_data(data, word);
		break;
	case OPTION_NOTHING:
		break;
	case OPTION_EXTENSION:
		w->extensions |= o->set;
		break;
	}
}

void mount_wish(const struct mount *m, struct arena *a, struct mount_wish *ret)
{
	struct text data = { .arena = a };

	*ret = (struct mount_wish){ .data = "" };
	for (size_t i = 0; i < m->options.n; i++) {
		const char *word = m->options.v[i];
		bool idmap = str_starts(word, "idmap=") || str_starts(word, "ridmap=");
		const struct mount_option *o =
			find(word, idmap ? strcspn(word, "=") : strlen(word));

		if (o)
			add_option(ret, o, word, &data);
		else
			add_data(&data, word);
		if (idmap)
			ret->idmap = strchr(word, '=') + 1;
		if ((!o || o->kind == OPTION_SUPERBLOCK) && !ret->unknown_for_bind)
			ret->unknown_for_bind = word;
	}
	if (m->type && (str_eq(m->type, "bind") || str_eq(m->type, "rbind"))) {
		ret->recursive = ret->bind ? ret->recursive : str_eq(m->type, "rbind");
		ret->bind = true;
	}
	if (data.s)
		ret->data = data.s;
}
