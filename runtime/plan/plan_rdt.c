/* SPDX-License-Identifier: Apache-2.0 */
/* plan_rdt.c - linux.intelRdt: which group of resctrl's, and what is written there. */
#include "runtime/plan/plan.h"

#define MB "MB:"

/* Of l3CacheSchema the lines of the cache alone, where there is another schema for the bandwidth. */
static void add_cache(struct text *out, const char *schema, bool without_mb)
{
	while (*schema) {
		size_t n = strcspn(schema, "\n");

		if (n && !(without_mb && str_starts(schema, MB))) {
			text_addn(out, schema, n);
			text_add(out, "\n");
		}
		schema += n + (schema[n] == '\n');
	}
}

static const char *schemata(struct plan *p, const struct intel_rdt *r)
{
	struct text out = { .arena = p->arena };

	if (r->l3_cache_schema)
		add_cache(&out, r->l3_cache_schema, r->mem_bw_schema != NULL);
	if (r->mem_bw_schema)
		text_addf(&out, "%s\n", r->mem_bw_schema);
	for (size_t i = 0; i < r->schemata.n; i++)
		text_addf(&out, "%s\n", r->schemata.v[i]);
	return out.s ? out.s : "";
}

int plan_rdt(struct plan *p, const struct config *c, const struct facts *f,
	     const struct plan_options *o, struct err *err)
{
	const struct intel_rdt *r = c->linux_.intel_rdt;
	struct op *op;

	if (!r)
		return 0;
	if (!f->resctrl[0]) {
		(void)err_set(err, ERR_HOST, 0,
			      "resctrl is not mounted on this host; mount it (mount -t resctrl "
			      "resctrl /sys/fs/resctrl), where the processor has it, or drop the "
			      "property");
		return err_in(err, "/linux/intelRdt");
	}
	op = plan_add(p, STAGE_NAMESPACE, OP_RDT, "/linux/intelRdt");
	op->path = arena_str(p->arena, f->resctrl);
	op->data = schemata(p, r);
	op->len = (uint32_t)strlen(op->data);
	op->text = r->clos_id && r->clos_id[0] ? r->clos_id : o->id;
	/* 1.3: "/" is the root group; a group without a schema has been prepared by somebody. */
	if (r->clos_id && str_eq(r->clos_id, "/"))
		op->text = "";
	else if (r->clos_id && r->clos_id[0] && !op->len)
		op->flags |= OP_MUST_EXIST;
	if (r->enable_monitoring)
		op->type = o->id;
	op->flags |= OP_BY_PARENT;
	p->asks_parent = true;
	return 0;
}
