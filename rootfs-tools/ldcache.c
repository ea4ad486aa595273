/* SPDX-License-Identifier: Apache-2.0 */
/* ldcache.c - a table of sonames, sorted as the loader searches it. */
#include "rootfs-tools/ldcache.h"

#include <ctype.h>
#include <elf.h>
#include <string.h>

#include "rootfs-tools/elf.h"
#include "rootfs-tools/glob.h"

#define MAGIC "glibc-ld.so.cache1.1"
#define LITTLE_ENDIAN_FLAG 2

static const char *const PLACES[] = {
	"/lib/*.so*",	  "/lib/*-linux-gnu*/*.so*",	 "/lib64/*.so*",
	"/usr/lib/*.so*", "/usr/lib/*-linux-gnu*/*.so*", "/usr/lib64/*.so*",
};

/* What the loader expects of a library of its own kind: glibc's, and the ABI. */
struct kind {
	unsigned int machine, flags;
};
static const struct kind KINDS[] = {
	{ EM_X86_64, 0x0303 },
	{ EM_AARCH64, 0x0a03 },
	{ EM_RISCV, 0x1003 },
};

struct library {
	const char *soname, *path;
	unsigned int flags;
};

struct header {
	char magic[20];
	uint32_t count, strings;
	uint8_t flags, pad[3];
	uint32_t extension, unused[3];
};

struct entry {
	uint32_t flags, key, value, os_version;
	uint64_t hwcap;
};

static unsigned long number(const char **p)
{
	unsigned long v = 0;

	while (isdigit((unsigned char)**p))
		v = v * 10 + (unsigned long)(*(*p)++ - '0');
	return v;
}

/* The loader's own order: runs of digits count as numbers. */
static int name_compare(const char *x, const char *y)
{
	while (*x) {
		bool digit_x = isdigit((unsigned char)*x), digit_y = isdigit((unsigned char)*y);

		if (digit_x != digit_y)
			return digit_x ? 1 : -1;
		if (digit_x) {
			unsigned long a = number(&x), b = number(&y);

			if (a != b)
				return a < b ? -1 : 1;
		} else if (*x != *y) {
			return (unsigned char)*x - (unsigned char)*y;
		} else {
			x++;
			y++;
		}
	}
	return (unsigned char)*x - (unsigned char)*y;
}

/* Backwards, as the loader's search has it. */
static int library_order(const void *a, const void *b)
{
	const struct library *x = a, *y = b;
	int r = name_compare(y->soname, x->soname);

	return r ? r : strcmp(x->path, y->path);
}

static unsigned int flags_of(const struct elf *elf)
{
	for (size_t i = 0; i < ARRAY_LEN(KINDS); i++)
		if (KINDS[i].machine == elf->machine && elf->bits == 64)
			return KINDS[i].flags;
	return 0;
}

static int library_read(struct spool *s, const struct node *n, const char *path, struct arena *a,
			struct library *ret, struct err *err)
{
	struct elf elf = { 0 };
	int r = elf_read(s, n->content, a, &elf, err);

	TRY(r);
	if (r > 0 || !elf.soname || strchr(elf.soname, '/') || !flags_of(&elf))
		return 1;
	*ret = (struct library){
		.soname = elf.soname,
		.path = arena_printf(a, "%.*s%s", (int)(strlen(path) - strlen(n->name)), path,
				     elf.soname),
		.flags = flags_of(&elf),
	};
	return 0;
}

static void cache_emit(const struct library *v, size_t n, struct text *out)
{
	struct header h = { .count = (uint32_t)n, .flags = LITTLE_ENDIAN_FLAG };
	struct text strings = { .arena = out->arena };
	size_t base = sizeof(h) + n * sizeof(struct entry);
	struct entry *entries = arena_array(out->arena, struct entry, n + 1);

	memcpy(h.magic, MAGIC, sizeof(h.magic));
	for (size_t i = 0; i < n; i++) {
		entries[i].flags = v[i].flags;
		entries[i].key = (uint32_t)(base + strings.len);
		text_addn(&strings, v[i].soname, strlen(v[i].soname) + 1);
		entries[i].value = (uint32_t)(base + strings.len);
		text_addn(&strings, v[i].path, strlen(v[i].path) + 1);
	}
	h.strings = (uint32_t)strings.len;
	text_addn(out, (const char *)&h, sizeof(h));
	text_addn(out, (const char *)entries, n * sizeof(*entries));
	if (strings.len)
		text_addn(out, strings.s, strings.len);
}

int ldcache_emit(struct tree *t, struct spool *s, struct text *out, struct err *err)
{
	scoped_arena struct arena a = { 0 };
	struct library *found;
	size_t n, some = 0;
	struct node **nodes = tree_list(&a, t->root, &n);

	found = arena_array(&a, struct library, n + 1);
	for (size_t i = 0; i < n; i++) {
		char buf[TREE_PATH_MAX];
		const char *path = tree_path(nodes[i], buf);
		int r;

		if (nodes[i]->type != NODE_FILE || !glob_any(PLACES, ARRAY_LEN(PLACES), path))
			continue;
		r = library_read(s, nodes[i], path, &a, &found[some], err);
		TRY(r);
		/* Where the soname leads nowhere, the loader would look in vain. */
		some += r == 0 && tree_find(t, found[some].path, true) != NULL;
	}
	if (some)
		qsort(found, some, sizeof(*found), library_order);
	cache_emit(found, some, out);
	return 0;
}
