/* SPDX-License-Identifier: Apache-2.0 */
/* tree.h - a root file system in memory: where names, links and duplicates are settled before
 * anything has a name on disk.
 *
 * Nothing here asks the kernel. Symlinks and ".." in their targets resolve inside the tree only; an
 * entry whose own name holds ".." is refused. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "rootfs-tools/limits.h"
#include "rootfs-tools/spool.h"
#include "spec/base/arena.h"
#include "spec/base/err.h"
#include "spec/base/str.h"

enum node_type { NODE_DIR, NODE_FILE, NODE_SYMLINK };

/* An extended attribute that a bundle keeps. */
struct xattr {
	const char *name, *value;
	size_t len; /* of the value */
};
struct xattrs {
	struct xattr *v; /* sorted by name */
	size_t n;
};

bool xattrs_same(const struct xattrs *x, const struct xattrs *y);

/* Who owned an entry in its archive, where that is kept; else root. */
struct owner {
	uint32_t uid, gid;
};

struct node {
	const char *name; /* "" for the root */
	struct node *parent;
	enum node_type type;
	unsigned int mode; /* permission bits */
	struct owner owner;
	bool implied; /* a directory that only its children asked for */
	unsigned int source; /* which archive or step it came from */
	struct content *content; /* of a file */
	const char *target; /* of a symlink */
	struct xattrs xattrs;
	struct node *links; /* hard links to this file, while its archive is read; a chain ... */
	unsigned int group; /* ... of which those count that are still of this group; 0: of none */
	size_t depth; /* directories above it */
	size_t path_len;
	size_t count; /* children */
	void *children; /* search tree by name */
	struct node *dir; /* next in the list of all directories */
	bool mark; /* free for whoever walks */
};

struct tree {
	struct arena arena;
	struct limits limits;
	struct node *root;
	size_t count; /* nodes ever made */
	unsigned int groups; /* of hard links */
	struct node *dirs;
};

/* What is put at a path. */
struct item {
	enum node_type type;
	unsigned int mode;
	struct owner owner;
	struct content *content;
	const char *target;
	struct xattrs xattrs;
	unsigned int source;
	bool override; /* may take the place of another source's different entry */
	bool layer; /* of an image's layer: takes the place of whatever lower layers have */
};

void tree_init(struct tree *t, const struct limits *limits);
void tree_done(struct tree *t);
#define scoped_tree scoped(tree_done)

/* tree_put: the item at path, whose missing parents become directories (0755) and whose parents
 * that are symlinks are followed inside the tree; the last name never is. Within one source the
 * later entry wins; a directory meets a directory, or a symlink to one, without changing it.
 * ERR_HOSTILE: "..", a parent that is no directory, a non-directory over a directory that is not
 * empty, more than 40 links. ERR_LIMIT: a bound of the tree. ERR_INPUT: it differs from what
 * another source put there. */
int tree_put(struct tree *t, const char *path, const struct item *item, struct err *err);
/* tree_whiteout: what lower sources have at path goes, as a layer's whiteout file orders; opaque:
 * only what they have in that directory. What this source put there stays. Nothing there is fine. */
void tree_whiteout(struct tree *t, const char *path, bool opaque, unsigned int source);
/* tree_displace: what the source itself has at path goes, but for a directory that is not empty, and of a layer what lower
 * sources have there: something that is not kept takes its place. */
void tree_displace(struct tree *t, const char *path, bool layer, unsigned int source);
/* tree_link: made is from now on a hard link to the file n, until either becomes something else. */
void tree_link(struct tree *t, struct node *n, struct node *made);
/* tree_find: the node at path, or NULL; follow says whether a symlink at its end is followed. */
struct node *tree_find(const struct tree *t, const char *path, bool follow);
/* node_mark: sets the mark of n and of every directory above it (which, where n has one, have
 * theirs). */
void node_mark(struct node *n);
/* tree_mark: tree_find with follow, which marks the directories and symlinks that the path goes
 * through, but not the node at its end. */
struct node *tree_mark(const struct tree *t, const char *path);
/* tree_remove: the node and what lies below it; the root only loses its children. */
void tree_remove(struct node *n);

/* No path of a tree is longer, whatever the limits. */
#define TREE_PATH_MAX 4096
/* tree_path: absolute path of n; lies somewhere in buf. */
const char *tree_path(const struct node *n, char buf[TREE_PATH_MAX]);
/* tree_list: every node below from (itself first) in an array, parents before children, names of a
 * directory bytewise sorted. */
struct node **tree_list(struct arena *a, struct node *from, size_t *n);
/* node_children: the children of one directory, bytewise sorted. */
struct node **node_children(struct arena *a, const struct node *dir);
