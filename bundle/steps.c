/* SPDX-License-Identifier: Apache-2.0 */
/* steps.c - one row for each op: its keys, and what it does to the tree. */
#include "bundle/steps.h"

#include <limits.h>
#include <string.h>

#include "bundle/exec.h"
#include "rootfs-tools/closure.h"
#include "rootfs-tools/glob.h"
#include "rootfs-tools/ldcache.h"
#include "rootfs-tools/merge.h"
#include "rootfs-tools/usrmerge.h"
#include "rootfs-tools/zipout.h"
#include "spec/base/names.h"
#include "spec/base/path.h"
#include "spec/base/str.h"
#include "spec/json/quote.h"

/* Every key of a step but "op". */
enum key {
	K_FROM = 1 << 0,
	K_PATH = 1 << 1,
	K_TO = 1 << 2,
	K_TEXT = 1 << 3,
	K_TARGET = 1 << 4,
	K_MODE = 1 << 5,
	K_INCLUDE = 1 << 6,
	K_EXCLUDE = 1 << 7,
	K_PATHS = 1 << 8,
	K_ROOTS = 1 << 9,
	K_PLUS = 1 << 10,
	K_OVERRIDE = 1 << 11,
	K_ARGV = 1 << 12,
	K_WRITES = 1 << 13,
};

static const struct name KEY_NAMES[] = {
	{ "from", K_FROM },	  { "path", K_PATH },	    { "to", K_TO },
	{ "text", K_TEXT },	  { "target", K_TARGET },   { "mode", K_MODE },
	{ "include", K_INCLUDE }, { "exclude", K_EXCLUDE }, { "paths", K_PATHS },
	{ "roots", K_ROOTS },	  { "plus", K_PLUS },	    { "override", K_OVERRIDE },
	{ "argv", K_ARGV },	  { "writes", K_WRITES },   { NULL },
};

static unsigned int keys_of(const struct step *s)
{
	return (s->from ? K_FROM : 0u) | (s->path ? K_PATH : 0u) | (s->to ? K_TO : 0u) |
	       (s->text ? K_TEXT : 0u) | (s->target ? K_TARGET : 0u) | (s->mode ? K_MODE : 0u) |
	       (s->include.n ? K_INCLUDE : 0u) | (s->exclude.n ? K_EXCLUDE : 0u) |
	       (s->paths.n ? K_PATHS : 0u) | (s->roots.n ? K_ROOTS : 0u) |
	       (s->plus.n ? K_PLUS : 0u) | (s->override ? K_OVERRIDE : 0u) |
	       (s->argv.n ? K_ARGV : 0u) | (s->writes.n ? K_WRITES : 0u);
}

static struct item item_of(const struct kitchen *k, const struct step *s, enum node_type type)
{
	return (struct item){ .type = type, .source = k->source, .override = s->override };
}

/* mode is checked already; fallback where there is none. */
static unsigned int mode_of(const struct step *s, unsigned int fallback)
{
	struct err ignored;
	uint64_t mode;

	if (!s->mode || str_u64(s->mode, 8, 01777, &mode, &ignored) < 0)
		return fallback;
	return (unsigned int)mode;
}

static int op_extract(struct kitchen *k, const struct step *s, struct err *err)
{
	struct filter filter = { s->include.v, s->exclude.v, s->include.n, s->exclude.n };

	for (size_t i = 0; i < k->recipe->inputs.n; i++)
		if (str_eq(k->recipe->inputs.v[i].id, s->from))
			return tree_merge(k->out, &k->inputs[i], &filter, s->override, UINT_MAX,
					  err);
	return err_input(err, "no input %s", Q(s->from));
}

static int op_usrmerge(struct kitchen *k, const struct step *s, struct err *err)
{
	(void)s;
	return usrmerge(k->out, k->source, err);
}

static int op_mkdir(struct kitchen *k, const struct step *s, struct err *err)
{
	struct item item = item_of(k, s, NODE_DIR);

	item.mode = mode_of(s, 0755);
	return tree_put(k->out, s->path, &item, err);
}

static int op_file(struct kitchen *k, const struct step *s, struct err *err)
{
	struct item item = item_of(k, s, NODE_FILE);

	item.mode = mode_of(s, 0644);
	TRY(spool_text(k->spool, s->text, strlen(s->text), &item.content, err));
	return tree_put(k->out, s->path, &item, err);
}

static int op_symlink(struct kitchen *k, const struct step *s, struct err *err)
{
	struct item item = item_of(k, s, NODE_SYMLINK);

	item.target = s->target;
	return tree_put(k->out, s->path, &item, err);
}

/* Every node at and below from goes to its place below to. */
static int subtree_copy(struct kitchen *k, const struct step *s, struct node *from, struct err *err)
{
	scoped_arena struct arena a = { 0 };
	size_t n, cut;
	struct node **nodes = tree_list(&a, from, &n);
	char top[TREE_PATH_MAX];

	cut = strlen(tree_path(from, top));
	for (size_t i = 0; i < n; i++) {
		char buf[TREE_PATH_MAX];
		const struct node *node = nodes[i];
		const char *to = arena_printf(&a, "%s%s", s->to, tree_path(node, buf) + cut);
		struct item item = item_of(k, s, node->type);

		item.mode = node->mode;
		item.owner = node->owner;
		item.content = node->content;
		item.target = node->target;
		item.xattrs = node->xattrs;
		TRY(tree_put(k->out, to, &item, err));
	}
	return 0;
}

static int op_copy(struct kitchen *k, const struct step *s, struct err *err)
{
	struct node *from = tree_find(k->out, s->from, false);

	if (!from || !from->parent)
		return err_input(err, "%s is not there", Q(s->from));
	if (path_beneath(s->to, s->from))
		return err_input(err, "%s lies in what is copied", Q(s->to));
	return subtree_copy(k, s, from, err);
}

static int op_remove(struct kitchen *k, const struct step *s, struct err *err)
{
	scoped_arena struct arena a = { 0 };
	size_t n;
	struct node **nodes = tree_list(&a, k->out->root, &n);

	(void)err;
	/* Children before parents, so that every path still leads to the root. */
	while (n-- > 1) {
		char buf[TREE_PATH_MAX];

		if (glob_any(s->paths.v, s->paths.n, tree_path(nodes[n], buf)))
			tree_remove(nodes[n]);
	}
	return 0;
}

static int op_chmod(struct kitchen *k, const struct step *s, struct err *err)
{
	scoped_arena struct arena a = { 0 };
	size_t n, some = 0;
	struct node **nodes = tree_list(&a, k->out->root, &n);

	for (size_t i = 0; i < n; i++) {
		char buf[TREE_PATH_MAX];

		if (nodes[i]->type == NODE_SYMLINK ||
		    !glob_any(s->paths.v, s->paths.n, tree_path(nodes[i], buf)))
			continue;
		nodes[i]->mode = mode_of(s, nodes[i]->mode);
		some++;
	}
	if (!some)
		return err_input(err, "fits nothing");
	return 0;
}

static int content_append(struct spool *s, const struct content *c, struct text *out,
			  struct err *err)
{
	char *bytes;

	/* Joined in memory: certificates and lists, not images. */
	if (c->size > (64u << 20) - out->len)
		return err_limit(err, "more than 64 MiB to join");
	bytes = arena_alloc(out->arena, c->size + 1);
	TRY(spool_read(s, c, 0, bytes, c->size, err));
	text_addn(out, bytes, c->size);
	return 0;
}

static int op_concat(struct kitchen *k, const struct step *s, struct err *err)
{
	scoped_arena struct arena a = { 0 };
	struct item item = item_of(k, s, NODE_FILE);
	struct text out = { .arena = &a };
	size_t n, some = 0;
	struct node **nodes = tree_list(&a, k->out->root, &n);

	for (size_t i = 0; i < n; i++) {
		char buf[TREE_PATH_MAX];

		if (nodes[i]->type != NODE_FILE || !glob_match(s->from, tree_path(nodes[i], buf)))
			continue;
		TRY(content_append(k->spool, nodes[i]->content, &out, err));
		some++;
	}
	if (!some)
		return err_input(err, "pattern %s fits no file", Q(s->from));
	item.mode = mode_of(s, 0644);
	TRY(spool_text(k->spool, out.s ? out.s : "", out.len, &item.content, err));
	return tree_put(k->out, s->to, &item, err);
}

static int op_keep_closure(struct kitchen *k, const struct step *s, struct err *err)
{
	struct closure c = { s->roots.v, s->roots.n, s->plus.v, s->plus.n };

	return closure_keep(k->out, k->spool, &c, err);
}

static int op_ldcache(struct kitchen *k, const struct step *s, struct err *err)
{
	scoped_arena struct arena a = { 0 };
	struct item item = item_of(k, s, NODE_FILE);
	struct text out = { .arena = &a };

	item.mode = 0644;
	TRY(ldcache_emit(k->out, k->spool, &out, err));
	TRY(spool_text(k->spool, out.s, out.len, &item.content, err));
	return tree_put(k->out, s->to ? s->to : "/etc/ld.so.cache", &item, err);
}

/* Files below "from" go into one archive and leave the tree. */
static int op_zip_stdlib(struct kitchen *k, const struct step *s, struct err *err)
{
	scoped_arena struct arena a = { 0 };
	struct item item = item_of(k, s, NODE_FILE);
	const struct filter filter = { s->include.v, s->exclude.v, s->include.n, s->exclude.n };
	const char *top = path_clean(&a, s->from);
	struct zipped *files;
	size_t n, some = 0;
	struct node **nodes = tree_list(&a, k->out->root, &n);

	files = arena_array(&a, struct zipped, n);
	for (size_t i = 0; i < n; i++) {
		char buf[TREE_PATH_MAX];
		const char *path = tree_path(nodes[i], buf);

		if (nodes[i]->type != NODE_FILE || !path_beneath(path, top) ||
		    !filter_takes(&filter, path))
			continue;
		files[some++] =
			(struct zipped){ arena_str(&a, path + strlen(top) + 1), nodes[i]->content };
		tree_remove(nodes[i]);
	}
	if (!some)
		return err_input(err, "%s has no such file", Q(s->from));
	item.mode = 0644;
	TRY(zip_files(k->spool, files, some, &item.content, err));
	return tree_put(k->out, s->to, &item, err);
}

struct op {
	const char *name;
	unsigned int must, may; /* keys */
	int (*run)(struct kitchen *k, const struct step *s, struct err *err);
};

static const struct op OPS[] = {
	{ "chmod", K_PATHS | K_MODE, 0, op_chmod },
	{ "concat", K_FROM | K_TO, K_MODE | K_OVERRIDE, op_concat },
	{ "copy", K_FROM | K_TO, K_OVERRIDE, op_copy },
	{ "exec", K_ARGV | K_WRITES, 0, exec_step },
	{ "extract", K_FROM, K_INCLUDE | K_EXCLUDE | K_OVERRIDE, op_extract },
	{ "file", K_PATH | K_TEXT, K_MODE | K_OVERRIDE, op_file },
	{ "keep-closure", K_ROOTS, K_PLUS, op_keep_closure },
	{ "ldcache", 0, K_TO | K_OVERRIDE, op_ldcache },
	{ "mkdir", K_PATH, K_MODE | K_OVERRIDE, op_mkdir },
	{ "remove", K_PATHS, 0, op_remove },
	{ "symlink", K_PATH | K_TARGET, K_OVERRIDE, op_symlink },
	{ "usrmerge", 0, 0, op_usrmerge },
	{ "zip-stdlib", K_FROM | K_TO, K_INCLUDE | K_EXCLUDE | K_OVERRIDE, op_zip_stdlib },
};

static const struct op *op_find(const char *name)
{
	for (size_t i = 0; i < ARRAY_LEN(OPS); i++)
		if (str_eq(OPS[i].name, name))
			return &OPS[i];
	return NULL;
}

static bool input_is_known(const struct recipe *r, const char *id)
{
	for (size_t i = 0; i < r->inputs.n; i++)
		if (str_eq(r->inputs.v[i].id, id))
			return true;
	return false;
}

int step_check(const struct recipe *r, const struct step *s, struct err *err)
{
	const struct op *op = op_find(s->op);
	unsigned int keys = keys_of(s);
	uint64_t mode;

	if (!op)
		return err_input(err, "unknown op %s", Q(s->op));
	for (const struct name *key = KEY_NAMES; key->name; key++) {
		if (op->must & ~keys & (unsigned int)key->value)
			return err_input(err, "op %s needs \"%s\"", op->name, key->name);
		if (keys & ~(op->must | op->may) & (unsigned int)key->value)
			return err_input(err, "op %s has no \"%s\"", op->name, key->name);
	}
	if (op->run == op_extract && !input_is_known(r, s->from))
		return err_input(err, "no input %s", Q(s->from));
	if (s->mode && str_u64(s->mode, 8, 01777, &mode, err) < 0)
		return err_in(err, "/mode");
	if ((s->path && path_has_dotdot(s->path)) || (s->to && path_has_dotdot(s->to)))
		return err_input(err, "a path with \"..\"");
	return 0;
}

int step_run(struct kitchen *k, const struct step *s, struct err *err)
{
	const struct op *op = op_find(s->op);

	if (!op)
		return err_input(err, "unknown op %s", Q(s->op));
	k->source++;
	if (op->run(k, s, err) < 0)
		return err_in(err, err->place[0] ? "step %s: " : "step %s", op->name);
	return 0;
}
