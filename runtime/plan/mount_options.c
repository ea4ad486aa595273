/* SPDX-License-Identifier: Apache-2.0 */
/* mount_options.c - the table of mount options: those of mount(8), as libmount has them at build time
 * (contrib/gen/gen_mount_options.c), and what runtime-spec and both peers add. */
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
#define PROPAGATION(word, rec, flag)                   \
	{                                              \
		word, OPTION_PROPAGATION, rec, flag, 0 \
	}
#define BIND(word, rec)                      \
	{                                    \
		word, OPTION_BIND, rec, 0, 0 \
	}
#define REMOUNT(word)                             \
	{                                         \
		word, OPTION_REMOUNT, false, 0, 0 \
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

/* libmount's words, and ours. */
const struct mount_option mount_options[] = {
#include "mount_words.h"
	NOTHING("defaults"),
	/* runc's: a flag of mount(2) that no file system reads. Those that can be without take the word. */
	NOTHING("acl"),
	SUPERBLOCK("noacl"),
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
		if (o->name[0] == word[0] && strncmp(o->name, word, len) == 0 &&
		    o->name[len] == '\0')
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
