/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz_records.c - any bytes as what a captured reader says: a tree within its bounds, or an error. */
#include <locale.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "rootfs-tools/manifest.h"
#include "rootfs-tools/materialise.h"
#include "rootfs-tools/unpack.h"
#include "spec/base/fd.h"
#include "spec/base/sys.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void lane_drop(struct lane **l)
{
	lane_free(*l);
}

static void tree_check(struct tree *t)
{
	scoped_arena struct arena a = { 0 };
	size_t n;
	struct node **nodes = tree_list(&a, t->root, &n);

	for (size_t i = 1; i < n; i++) {
		const struct node *node = nodes[i];

		if (!node->name[0] || strchr(node->name, '/') || strcmp(node->name, ".") == 0 ||
		    strcmp(node->name, "..") == 0 || node->mode & 07000 ||
		    (node->type == NODE_FILE && !node->content) ||
		    (node->type == NODE_SYMLINK && !node->target[0]))
			abort();
		for (size_t j = 0; j < node->xattrs.n; j++)
			if (xattr_is_denied(node->xattrs.v[j].name))
				abort();
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const every[] = { "**" };
	const struct log silent = { .fd = -1 };
	struct limits limits = limits_standard();
	scoped_fd int records = sys_memfd_create("records", MFD_CLOEXEC);
	char path[] = "/tmp/srt-fuzz-XXXXXX";
	scoped_fd int dir =
		mkdtemp(path) ? sys_openat(AT_FDCWD, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0)
			      : -1;
	scoped_spool struct spool spool = { .dir = -1, .tmp = -1, .part = -1, .open_fd = -1 };
	scoped_tree struct tree tree = { 0 };
	const struct target to = { .tree = &tree, .source = 1, .layer = size % 2 };
	/* What lies in it is zeros; with and without one. */
	scoped(lane_drop) struct lane *lane = size % 3 ? lane_new() : NULL;
	struct unpack unpack;
	struct err err = { 0 };

	limits.entries = 200;
	limits.total = limits.file = 1u << 20;
	if (records < 0 || dir < 0 || fd_write_all(records, data, size) < 0 ||
	    lseek(records, 0, SEEK_SET) != 0 || spool_open(&spool, dir, dir, false, &err) < 0)
		abort();
	unpack_init(&unpack, &limits, &spool, &silent);
	unpack.xattrs = every;
	unpack.n_xattrs = 1;
	tree_init(&tree, &limits);
	if (unpack_records(&unpack, records, lane, &to, &err) < 0 &&
	    (err.kind == ERR_NONE || !err.text[0]))
		abort();
	tree_check(&tree);
	(void)remove_tree(AT_FDCWD, path, &err);
	return 0;
}
