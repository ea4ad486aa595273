/* SPDX-License-Identifier: Apache-2.0 */
/* plan_memory.c - on which memory nodes a process lives, by what set_mempolicy(2) takes.
 * Should: say which nodes are not there.  Mustn't: leave it to the kernel, which drops them without a word. */
#include <linux/mempolicy.h>

#include "runtime/plan/plan.h"
#include "spec/oci/numberlist.h"
#include "spec/oci/words.h"

#define NODES_CAUSE "/linux/memoryPolicy/nodes"

/* Modes that are younger than the oldest kernel; by number, as headers may be older, too. */
static const struct {
	int mode, major, minor;
} young[] = {
	{ 5, 5, 15 }, /* MPOL_PREFERRED_MANY */
	{ 6, 6, 9 }, /* MPOL_WEIGHTED_INTERLEAVE */
};

static int check_mode(const struct memory_policy *m, const struct facts *f, struct err *err)
{
	for (size_t i = 0; i < sizeof(young) / sizeof(young[0]); i++)
		if (m->mode == young[i].mode && !facts_kernel(f, young[i].major, young[i].minor)) {
			(void)err_set(err, ERR_HOST, 0,
				      "%s came with Linux %d.%d, this is %d.%d; ask for another",
				      name_of(word_mpol_modes, m->mode), young[i].major,
				      young[i].minor, f->kernel_major, f->kernel_minor);
			return err_in(err, "/linux/memoryPolicy/mode");
		}
	return 0;
}

/* Those that there are of the nodes asked for. Relative ones are counted among whatever is there. */
static int nodes_left(struct plan *p, const struct memory_policy *m, const char *there,
		      const char **ret, struct err *err)
{
	const char *asked = number_list_common(p->arena, m->nodes, m->nodes), *left;

	*ret = asked;
	if (!asked[0] || !there[0] || (m->flags & MPOL_F_RELATIVE_NODES))
		return 0;
	left = number_list_common(p->arena, asked, there);
	if (!left[0]) {
		(void)err_set(err, ERR_HOST, 0,
			      "none of the memory nodes %s is there; there are: %s", asked, there);
		return err_in(err, NODES_CAUSE);
	}
	if (!str_eq(left, asked))
		TRY(plan_warn(p, err, NODES_CAUSE,
			      "of the memory nodes %s there are only %s; the others are left out",
			      asked, left));
	*ret = left;
	return 0;
}

int plan_memory_policy(struct plan *p, const struct memory_policy *m, const struct facts *f,
		       const char *there, struct err *err)
{
	const char *nodes = m->nodes;
	struct op *op;

	TRY(check_mode(m, f, err));
	if (nodes)
		TRY(nodes_left(p, m, there, &nodes, err));
	op = plan_add(p, STAGE_PROCESS, OP_MEMORY_POLICY, "/linux/memoryPolicy");
	op->a = (uint64_t)m->mode | m->flags;
	op->text = nodes;
	return 0;
}
