/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz_unpack.c - any bytes as an archive: what comes of them is a tree within its bounds, or an
 * error. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "rootfs-tools/closure.h"
#include "rootfs-tools/manifest.h"
#include "rootfs-tools/materialise.h"
#include "rootfs-tools/record.h"
#include "rootfs-tools/unpack.h"
#include "rootfs-tools/usrmerge.h"
#include "spec/base/fd.h"
#include "spec/base/sys.h"

/* What a fuzzer can pass quickly, and what keeps each run short. */
#define ENTRIES 200
#define BYTES (1u << 20)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Every name is one component that a directory can hold; every file has its content. */
static void tree_check(struct tree *t)
{
	scoped_arena struct arena a = { 0 };
	size_t n;
	struct node **nodes = tree_list(&a, t->root, &n);

	for (size_t i = 1; i < n; i++) {
		const struct node *node = nodes[i];

		if (!node->name[0] || strchr(node->name, '/') || strcmp(node->name, ".") == 0 ||
		    strcmp(node->name, "..") == 0 || strlen(node->name) > COMPONENT_MAX ||
		    node->parent->type != NODE_DIR || node->depth > t->limits.depth ||
		    node->mode & 07000 || (node->type == NODE_FILE && !node->content) ||
		    (node->type == NODE_SYMLINK && !node->target[0]))
			abort();
	}
}

static void closure_try(struct tree *t, struct spool *s)
{
	static const char *const all[] = { "/**" };
	const struct closure c = { all, 1, NULL, 0 };
	struct err err;

	(void)closure_keep(t, s, &c, &err);
	tree_check(t);
}

/* What manifest_emit writes is what manifest_read takes. */
static void manifest_try(const struct tree *t)
{
	scoped_arena struct arena a = { 0 };
	const struct manifest head = { .arch = "amd64" };
	const struct limits limits = limits_standard();
	struct text text = { .arena = &a };
	scoped_tree struct tree again = { 0 };
	struct manifest back;
	struct err err;

	manifest_emit(t, &head, &text);
	tree_init(&again, &limits);
	if (manifest_read(text.s, text.len, &again, &back, &err) < 0)
		abort();
}

/* Both halves in one process: what the reader says goes through a file. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct log silent = { .fd = -1 };
	struct limits limits = limits_standard();
	scoped_fd int fd = sys_memfd_create("archive", MFD_CLOEXEC);
	scoped_fd int records = sys_memfd_create("records", MFD_CLOEXEC);
	char path[] = "/tmp/srt-fuzz-XXXXXX";
	scoped_fd int dir =
		mkdtemp(path) ? sys_openat(AT_FDCWD, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0)
			      : -1;
	scoped_spool struct spool spool = { .dir = -1, .tmp = -1, .part = -1, .open_fd = -1 };
	scoped_tree struct tree tree = { 0 };
	const struct target to = { .tree = &tree, .source = 1, .layer = size % 2 };
	struct unpack unpack;
	struct err err = { 0 };
	struct record last;

	limits.entries = ENTRIES;
	limits.total = limits.file = BYTES;
	if (fd < 0 || records < 0 || dir < 0 || fd_write_all(fd, data, size) < 0 ||
	    spool_open(&spool, dir, dir, false, &err) < 0)
		abort();
	unpack_init(&unpack, &limits, &spool, &silent);
	tree_init(&tree, &limits);
	/* Its digest first, whose word is one record and what belongs to it. */
	archive_sum(fd, records, NULL, &limits);
	if (lseek(records, 0, SEEK_SET) != 0 ||
	    read(records, &last, sizeof(last)) != sizeof(last) ||
	    (last.kind != RECORD_END && last.kind != RECORD_FAIL) || ftruncate(records, 0) < 0 ||
	    lseek(records, 0, SEEK_SET) != 0)
		abort();
	(to.layer ? layer_say : archive_say)(fd, records, NULL, &limits);
	if (lseek(records, 0, SEEK_SET) != 0)
		abort();
	if (unpack_records(&unpack, records, NULL, &to, &err) < 0) {
		if (err.kind == ERR_NONE || !err.text[0])
			abort();
	} else {
		tree_check(&tree);
		manifest_try(&tree);
		(void)usrmerge(&tree, 2, &err);
		tree_check(&tree);
		closure_try(&tree, &spool);
	}
	(void)remove_tree(AT_FDCWD, path, &err);
	return 0;
}
