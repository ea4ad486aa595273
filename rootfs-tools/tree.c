/* SPDX-License-Identifier: Apache-2.0 */
/* tree.c - nodes, their names, and how paths find them.
 * Should: bound every loop that an archive can feed.  Mustn't: ask the kernel anything. */
#include "rootfs-tools/tree.h"

#include <search.h>
#include <string.h>

#include "spec/json/quote.h"

#define SYMLINKS_MAX 40
/* A path and the targets spliced into it, while it is being resolved. */
#define RESOLVE_BYTES 16384
#define DIR_MODE 0755

static int node_order(const void *a, const void *b)
{
	return strcmp(((const struct node *)a)->name, ((const struct node *)b)->name);
}

static void node_forget(void *n)
{
	(void)n; /* it lives in the arena */
}

static struct node *child_find(const struct node *dir, const char *name)
{
	struct node key = { .name = name };
	struct node **there = tfind(&key, &dir->children, node_order);

	return there ? *there : NULL;
}

static void dir_become(struct tree *t, struct node *n)
{
	n->dir = t->dirs;
	t->dirs = n;
}

void tree_init(struct tree *t, const struct limits *limits)
{
	*t = (struct tree){ .limits = *limits };
	t->root = arena_new(&t->arena, struct node);
	*t->root = (struct node){ .name = "", .type = NODE_DIR, .mode = DIR_MODE, .implied = true };
	dir_become(t, t->root);
}

void tree_done(struct tree *t)
{
	for (struct node *d = t->dirs; d; d = d->dir)
		tdestroy(d->children, node_forget);
	arena_done(&t->arena);
	*t = (struct tree){ 0 };
}

static int child_add(struct tree *t, struct node *dir, const char *name, struct node **ret,
		     struct err *err)
{
	size_t len = strlen(name);
	struct node *n;

	if (++t->count > t->limits.entries)
		return err_limit(err, "more than %llu entries (--max-entries)",
				 (unsigned long long)t->limits.entries);
	if (len > COMPONENT_MAX)
		return err_limit(err, "a name of %zu bytes; %d is the most", len, COMPONENT_MAX);
	if (dir->depth + 1 > t->limits.depth)
		return err_limit(err, "deeper than %llu directories (--max-depth)",
				 (unsigned long long)t->limits.depth);
	if (dir->path_len + 1 + len > t->limits.path)
		return err_limit(err, "a path of more than %llu bytes (--max-path)",
				 (unsigned long long)t->limits.path);
	n = arena_new(&t->arena, struct node);
	*n = (struct node){ .name = arena_str(&t->arena, name),
			    .parent = dir,
			    .depth = dir->depth + 1,
			    .path_len = dir->path_len + 1 + len };
	if (!tsearch(n, &dir->children, node_order))
		return err_host(err, ENOMEM, "remember an entry");
	dir->count++;
	*ret = n;
	return 0;
}

static int dir_add(struct tree *t, struct node *dir, const char *name, struct node **ret,
		   struct err *err)
{
	struct node *n;

	TRY(child_add(t, dir, name, &n, err));
	n->type = NODE_DIR;
	n->mode = DIR_MODE;
	n->implied = true;
	dir_become(t, n);
	*ret = n;
	return 0;
}

/* A walk along a path: where it stands and what is left of the path. */
struct walk {
	struct tree *maker; /* makes missing directories; NULL: they are an error */
	struct node *root, *at;
	int links;
	bool mark; /* leave a mark on what the path goes through */
	char rest[RESOLVE_BYTES];
};

void node_mark(struct node *n)
{
	for (; n && !n->mark; n = n->parent)
		n->mark = true;
}

static bool component_take(struct walk *w, char name[COMPONENT_MAX + 2])
{
	char *p = w->rest + strspn(w->rest, "/");
	size_t n = strcspn(p, "/");
	size_t cut = n > COMPONENT_MAX ? COMPONENT_MAX + 1 : n;

	memcpy(name, p, cut);
	name[cut] = '\0';
	memmove(w->rest, p + n, strlen(p + n) + 1);
	return n > 0;
}

static bool rest_is_empty(const struct walk *w)
{
	return w->rest[strspn(w->rest, "/")] == '\0';
}

/* The target of a symlink takes its place in the path. */
static int link_splice(struct walk *w, struct node *link, struct err *err)
{
	size_t n = strlen(link->target), m = strlen(w->rest);

	if (++w->links > SYMLINKS_MAX)
		return err_set(err, ERR_HOSTILE, 0, "more than %d symlinks on the way",
			       SYMLINKS_MAX);
	if (n + 1 + m >= sizeof(w->rest))
		return err_limit(err, "symlinks make a path of more than %d bytes", RESOLVE_BYTES);
	if (w->mark)
		node_mark(link);
	memmove(w->rest + n + 1, w->rest, m + 1);
	memcpy(w->rest, link->target, n);
	w->rest[n] = '/';
	w->at = link->target[0] == '/' ? w->root : link->parent;
	return 0;
}

/* One component further. 1: it is not there. */
static int walk_step(struct walk *w, const char *name, struct err *err)
{
	struct node *next;

	if (str_eq(name, "."))
		return 0;
	if (str_eq(name, "..")) {
		w->at = w->at->parent ? w->at->parent : w->root;
		return 0;
	}
	next = child_find(w->at, name);
	if (!next && !w->maker)
		return 1;
	if (!next)
		TRY(dir_add(w->maker, w->at, name, &next, err));
	if (next->type == NODE_SYMLINK)
		return link_splice(w, next, err);
	if (next->type == NODE_FILE)
		return err_set(err, ERR_HOSTILE, 0, "its parent %s is a file", Q(name));
	w->at = next;
	if (w->mark)
		node_mark(next);
	return 0;
}

static bool is_dots(const char *name)
{
	return str_eq(name, ".") || str_eq(name, "..");
}

/* Walks to the last name of the path, which is left in name ("" if the path ends in the root or in
 * dots). 1: a directory on the way is not there. */
static int walk_parent(struct walk *w, char name[COMPONENT_MAX + 2], struct err *err)
{
	int r;

	name[0] = '\0';
	while (component_take(w, name)) {
		if (rest_is_empty(w) && !is_dots(name))
			return 0;
		r = walk_step(w, name, err);
		if (r)
			return r;
		name[0] = '\0';
	}
	return 0;
}

static int walk_begin(struct walk *w, const struct tree *t, struct tree *maker, const char *path,
		      struct err *err)
{
	size_t n = strlen(path);

	w->maker = maker;
	w->root = w->at = t->root;
	w->links = 0;
	w->mark = false;
	if (n > t->limits.path || n >= sizeof(w->rest))
		return err_limit(err, "a path of %zu bytes; %llu is the most (--max-path)", n,
				 (unsigned long long)t->limits.path);
	memcpy(w->rest, path, n + 1);
	return 0;
}

static struct node *find(const struct tree *t, const char *path, bool follow, bool mark)
{
	char name[COMPONENT_MAX + 2];
	struct err ignored;
	struct walk w;
	struct node *n;

	if (walk_begin(&w, t, NULL, path, &ignored) < 0)
		return NULL;
	w.mark = mark;
	for (;;) {
		if (walk_parent(&w, name, &ignored) != 0)
			return NULL;
		if (!name[0])
			return w.at;
		n = child_find(w.at, name);
		if (!n || n->type != NODE_SYMLINK || !follow)
			return n;
		if (link_splice(&w, n, &ignored) < 0)
			return NULL;
	}
}

struct node *tree_find(const struct tree *t, const char *path, bool follow)
{
	return find(t, path, follow, false);
}

struct node *tree_mark(const struct tree *t, const char *path)
{
	return find(t, path, true, true);
}

void tree_remove(struct node *n)
{
	if (!n->parent) {
		/* The nodes stay in the list of directories, which frees their search trees. */
		tdestroy(n->children, node_forget);
		n->children = NULL;
		n->count = 0;
		return;
	}
	(void)tdelete(n, &n->parent->children, node_order);
	n->parent->count--;
	n->parent = NULL;
}

/* Everything of lower sources at and below n; true if n stays, because of what is newer. */
static bool lower_prune(struct node *n, unsigned int source)
{
	scoped_arena struct arena a = { 0 };
	struct node **children;
	bool stays = n->source >= source;
	size_t count = n->count;

	if (n->type == NODE_DIR && count > 0) {
		children = node_children(&a, n);
		for (size_t i = 0; i < count; i++)
			stays |= lower_prune(children[i], source);
	}
	if (!stays)
		tree_remove(n);
	return stays;
}

void tree_whiteout(struct tree *t, const char *path, bool opaque, unsigned int source)
{
	scoped_arena struct arena a = { 0 };
	struct node *n = tree_find(t, path, opaque);
	struct node **children;
	size_t count;

	if (!n || (opaque && n->type != NODE_DIR))
		return;
	if (!opaque) {
		if (n->parent)
			(void)lower_prune(n, source);
		return;
	}
	children = node_children(&a, n);
	count = n->count;
	for (size_t i = 0; i < count; i++)
		(void)lower_prune(children[i], source);
}

void tree_displace(struct tree *t, const char *path, bool layer, unsigned int source)
{
	struct node *n;

	if (layer)
		tree_whiteout(t, path, false, source);
	n = tree_find(t, path, false);
	if (n && n->parent && n->source == source && n->count == 0)
		tree_remove(n);
}

void tree_link(struct tree *t, struct node *n, struct node *made)
{
	if (!n->group)
		n->group = ++t->groups;
	made->group = n->group;
	made->links = n->links;
	n->links = made;
}

bool xattrs_same(const struct xattrs *x, const struct xattrs *y)
{
	if (x->n != y->n)
		return false;
	for (size_t i = 0; i < x->n; i++)
		if (!str_eq(x->v[i].name, y->v[i].name) || x->v[i].len != y->v[i].len ||
		    memcmp(x->v[i].value, y->v[i].value, x->v[i].len) != 0)
			return false;
	return true;
}

static bool same(const struct node *n, const struct item *item)
{
	if (n->type != item->type || n->owner.uid != item->owner.uid ||
	    n->owner.gid != item->owner.gid || !xattrs_same(&n->xattrs, &item->xattrs))
		return false;
	if (n->type == NODE_FILE)
		return n->content == item->content && n->mode == item->mode;
	return n->type == NODE_SYMLINK && str_eq(n->target, item->target);
}

static void node_fill(struct tree *t, struct node *n, const struct item *item)
{
	if (item->type == NODE_DIR && n->type != NODE_DIR)
		dir_become(t, n);
	n->type = item->type;
	n->mode = item->mode;
	n->owner = item->owner;
	n->content = item->content;
	n->target = item->type == NODE_SYMLINK ? arena_str(&t->arena, item->target) : NULL;
	n->source = item->source;
	n->xattrs = item->xattrs;
	n->implied = false;
	n->group = 0;
}

static const char *const TYPE_NAMES[] = { "directory", "file", "symlink" };

/* A new node: a directory stays in the list that frees its search tree. */
static int node_replace(struct tree *t, struct node *n, const struct item *item, struct err *err)
{
	struct node *dir = n->parent;

	tree_remove(n);
	TRY(child_add(t, dir, n->name, &n, err));
	n->type = NODE_FILE;
	node_fill(t, n, item);
	return 0;
}

/* Something of that name is there already. */
static int node_meet(struct tree *t, struct node *n, const char *path, const struct item *item,
		     struct err *err)
{
	if (item->layer && n->source < item->source &&
	    (n->type != NODE_DIR || item->type != NODE_DIR))
		return node_replace(t, n, item, err);
	if (item->type == NODE_DIR && n->type == NODE_DIR) {
		if (n->implied || n->source == item->source || item->override || item->layer)
			node_fill(t, n, item);
		return 0;
	}
	if (item->type == NODE_DIR && n->type == NODE_SYMLINK) {
		const struct node *to = tree_find(t, path, true);

		if (to && to->type == NODE_DIR)
			return 0;
	}
	if (n->type == NODE_DIR && n->count > 0)
		return err_set(err, ERR_HOSTILE, 0,
			       "a %s would replace a directory that is not empty",
			       TYPE_NAMES[item->type]);
	if (same(n, item))
		return 0;
	if (n->source != item->source && !item->override && !n->implied)
		return err_input(err, "differs from the %s that an earlier input has there",
				 TYPE_NAMES[n->type]);
	if (n->type == NODE_DIR || item->type == NODE_DIR)
		return node_replace(t, n, item, err);
	node_fill(t, n, item);
	return 0;
}

static int item_check(const struct tree *t, const char *path, const struct item *item,
		      struct err *err)
{
	for (const char *p = path + strspn(path, "/"); *p; p += strspn(p, "/")) {
		size_t n = strcspn(p, "/");

		if (n == 2 && p[0] == '.' && p[1] == '.')
			return err_set(err, ERR_HOSTILE, 0, "its name holds \"..\"");
		p += n;
	}
	if (item->type != NODE_SYMLINK)
		return 0;
	if (!item->target[0])
		return err_set(err, ERR_HOSTILE, 0, "a symlink to nothing");
	if (strlen(item->target) > t->limits.link)
		return err_limit(err, "a symlink to more than %llu bytes (--max-link)",
				 (unsigned long long)t->limits.link);
	return 0;
}

static int put(struct tree *t, const char *path, const struct item *item, struct err *err)
{
	char name[COMPONENT_MAX + 2];
	struct walk w;
	struct node *n;

	TRY(item_check(t, path, item, err));
	TRY(walk_begin(&w, t, t, path, err));
	TRY(walk_parent(&w, name, err));
	if (!name[0]) {
		if (item->type != NODE_DIR || w.at != t->root)
			return err_set(err, ERR_HOSTILE, 0, "a %s in the place of the root",
				       TYPE_NAMES[item->type]);
		return 0;
	}
	n = child_find(w.at, name);
	if (n)
		return node_meet(t, n, path, item, err);
	TRY(child_add(t, w.at, name, &n, err));
	n->type = NODE_FILE;
	node_fill(t, n, item);
	return 0;
}

int tree_put(struct tree *t, const char *path, const struct item *item, struct err *err)
{
	if (put(t, path, item, err) < 0)
		return err_in(err, "entry %s", Q(path));
	return 0;
}

const char *tree_path(const struct node *n, char buf[TREE_PATH_MAX])
{
	size_t at = TREE_PATH_MAX - 1;

	buf[at] = '\0';
	if (!n->parent)
		buf[--at] = '/';
	for (; n->parent; n = n->parent) {
		size_t len = strlen(n->name);

		at -= len;
		memcpy(&buf[at], n->name, len);
		buf[--at] = '/';
	}
	return &buf[at];
}

/* --- listing --- */

struct collect {
	struct node **nodes;
	size_t n;
};

static void collect_child(const void *at, VISIT order, void *to)
{
	struct collect *c = to;

	if (order == postorder || order == leaf)
		c->nodes[c->n++] = *(struct node *const *)at;
}

struct node **node_children(struct arena *a, const struct node *dir)
{
	struct collect c = { .nodes = arena_array(a, struct node *, dir->count + 1) };

	twalk_r(dir->children, collect_child, &c);
	return c.nodes;
}

static size_t subtree_count(struct node *from)
{
	scoped_arena struct arena a = ARENA_ROOM(1024);
	struct node **children = node_children(&a, from);
	size_t n = 1;

	for (size_t i = 0; i < from->count; i++)
		n += children[i]->type == NODE_DIR ? subtree_count(children[i]) : 1;
	return n;
}

static void list_fill(struct collect *c, struct node *from)
{
	scoped_arena struct arena a = ARENA_ROOM(1024);
	struct node **children;

	c->nodes[c->n++] = from;
	if (from->type != NODE_DIR)
		return;
	children = node_children(&a, from);
	for (size_t i = 0; i < from->count; i++)
		list_fill(c, children[i]);
}

struct node **tree_list(struct arena *a, struct node *from, size_t *n)
{
	struct collect c = { 0 };

	c.nodes = arena_array(a, struct node *, subtree_count(from));
	list_fill(&c, from);
	*n = c.n;
	return c.nodes;
}
