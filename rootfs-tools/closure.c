/* SPDX-License-Identifier: Apache-2.0 */
/* closure.c - follows what the dynamic loader would follow, in the tree.
 *
 * A path is kept as a chain: every directory above it, every symlink on the way, and the node at
 * its end. ld.so.cache plays no part: a bundle has none. (ld.so(8)) */
#include "rootfs-tools/closure.h"

#include <elf.h>
#include <string.h>

#include "rootfs-tools/elf.h"
#include "rootfs-tools/glob.h"
#include "spec/base/path.h"
#include "spec/json/quote.h"

struct machine {
	unsigned int machine, bits;
	const char *triplet, *plain; /* directory names below /lib and /usr/lib; beside /lib */
};

static const struct machine MACHINES[] = {
	{ EM_X86_64, 64, "x86_64-linux-gnu", "lib64" },
	{ EM_AARCH64, 64, "aarch64-linux-gnu", "lib64" },
	{ EM_386, 32, "i386-linux-gnu", "lib32" },
	{ EM_ARM, 32, "arm-linux-gnueabihf", "lib" },
	{ EM_RISCV, 64, "riscv64-linux-gnu", "lib64" },
};

struct keeper {
	struct tree *tree;
	struct spool *spool;
	struct arena arena;
	struct node **todo; /* files whose libraries are still to be found */
	size_t n, room;
};

static void keeper_done(struct keeper *k)
{
	arena_done(&k->arena);
}

static void file_keep(struct keeper *k, struct node *n)
{
	if (n->mark)
		return;
	node_mark(n);
	if (n->type != NODE_FILE)
		return;
	if (k->n == k->room) {
		size_t room = k->room ? 2 * k->room : 256;

		k->todo = arena_grow(&k->arena, k->todo, k->room * sizeof(*k->todo),
				     room * sizeof(*k->todo));
		k->room = room;
	}
	k->todo[k->n++] = n;
}

/* Keeps what path names, and each directory and symlink that leads there. Nothing is kept where
 * there is nothing at its end. */
static bool path_keep(struct keeper *k, const char *path)
{
	struct node *end = tree_find(k->tree, path, true);

	if (!end)
		return false;
	(void)tree_mark(k->tree, path); /* the same node */
	file_keep(k, end);
	return true;
}

/* One directory list of an ELF file; "$ORIGIN" is where the file lies. */
static bool library_in(struct keeper *k, const char *dirs, const char *origin, const char *name)
{
	static const char *const variables[] = { "$ORIGIN", "${ORIGIN}" };

	for (const char *p = dirs; p && *p; p += *p == ':') {
		size_t n = strcspn(p, ":");
		const char *dir = arena_strn(&k->arena, p, n);

		for (size_t i = 0; i < ARRAY_LEN(variables); i++)
			if (str_starts(dir, variables[i]))
				dir = arena_printf(&k->arena, "%s%s", origin,
						   dir + strlen(variables[i]));
		if (path_is_absolute(dir) && path_keep(k, path_join(&k->arena, dir, name)))
			return true;
		p += n;
	}
	return false;
}

static const char *default_dirs(struct keeper *k, const struct elf *elf)
{
	for (size_t i = 0; i < ARRAY_LEN(MACHINES); i++) {
		const struct machine *m = &MACHINES[i];

		if (m->machine == elf->machine && m->bits == elf->bits)
			return arena_printf(&k->arena,
					    "/lib/%s:/usr/lib/%s:/%s:/usr/%s:/lib:/usr/lib",
					    m->triplet, m->triplet, m->plain, m->plain);
	}
	return "/lib:/usr/lib";
}

static int library_keep(struct keeper *k, const struct elf *elf, const char *origin,
			const char *name, struct err *err)
{
	if (strchr(name, '/')) {
		if (path_is_absolute(name) && path_keep(k, name))
			return 0;
	} else if (library_in(k, elf->runpath ? elf->runpath : elf->rpath, origin, name) ||
		   library_in(k, default_dirs(k, elf), origin, name)) {
		return 0;
	}
	return err_input(err, "needs the library %s, which no input has", Q(name));
}

static int loads_keep(struct keeper *k, const struct node *n, struct err *err)
{
	char buf[TREE_PATH_MAX];
	const char *path = tree_path(n, buf);
	const char *origin = arena_strn(&k->arena, path, (size_t)(path_base(path) - path));
	struct elf elf;
	int r = elf_read(k->spool, n->content, &k->arena, &elf, err);

	if (r > 0)
		return 0;
	if (r == 0 && elf.interpreter && !path_keep(k, elf.interpreter))
		r = err_input(err, "needs the interpreter %s, which no input has",
			      Q(elf.interpreter));
	for (size_t i = 0; r == 0 && i < elf.n_needed; i++)
		r = library_keep(k, &elf, origin, elf.needed[i], err);
	return r < 0 ? err_in(err, "entry %s", Q(path)) : 0;
}

/* Every node that fits the pattern, with the chain behind it if it is a symlink. */
static int pattern_keep(struct keeper *k, struct node **nodes, size_t n, const char *pattern,
			bool loads, struct err *err)
{
	const struct node *direct = tree_find(k->tree, pattern, true);
	bool some = direct && path_keep(k, pattern);

	for (size_t i = 0; i < n; i++) {
		char buf[TREE_PATH_MAX];
		const char *path = tree_path(nodes[i], buf);

		if (!glob_match(pattern, path))
			continue;
		some = true;
		if (loads && nodes[i]->type != NODE_DIR)
			(void)path_keep(k, path); /* a dangling symlink is kept below */
		node_mark(nodes[i]);
	}
	if (!some)
		return err_input(err, "pattern %s fits nothing", Q(pattern));
	return 0;
}

int closure_keep(struct tree *t, struct spool *s, const struct closure *c, struct err *err)
{
	scoped(keeper_done) struct keeper k = { .tree = t, .spool = s };
	struct node **nodes;
	size_t n, done = 0;

	nodes = tree_list(&k.arena, t->root, &n);
	for (size_t i = 0; i < n; i++)
		nodes[i]->mark = false;
	t->root->mark = true;
	for (size_t i = 0; i < c->n_roots; i++)
		TRY(pattern_keep(&k, nodes, n, c->roots[i], true, err));
	while (done < k.n)
		TRY(loads_keep(&k, k.todo[done++], err));
	for (size_t i = 0; i < c->n_plus; i++)
		TRY(pattern_keep(&k, nodes, n, c->plus[i], false, err));
	/* Children before parents. */
	while (n-- > 1)
		if (!nodes[n]->mark)
			tree_remove(nodes[n]);
	return 0;
}
