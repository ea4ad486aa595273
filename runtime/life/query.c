/* SPDX-License-Identifier: Apache-2.0 */
/* query.c - what is asked about containers without changing them: state, list, ps. */
#include "runtime/life/cgroup.h"
#include "runtime/life/store.h"

int life_state(const struct runtime *rt, const char *id, struct arena *a, struct container *ret,
	       struct err *err)
{
	scoped_entry struct entry e = { .dir_fd = -1 };
	int rc;

	TRY(store_open(rt, id, false, &e, err));
	rc = store_read(&e, id, a, ret, err);
	return rc < 0 ? rc : 0;
}

/* One that cannot be read does not hide the others; it may just have been deleted. */
int life_list(const struct runtime *rt, struct arena *a, struct containers *ret, struct err *err)
{
	struct containers list = { 0 };
	struct strings ids;

	TRY(store_ids(rt, a, &ids, err));
	list.v = arena_array(a, struct container, ids.n);
	for (size_t i = 0; i < ids.n; i++) {
		struct err why = { 0 };

		if (life_state(rt, ids.v[i], a, &list.v[list.n], &why) == 0)
			list.n++;
		else if (why.errnum != ESRCH)
			log_line(&rt->log, LOG_LEVEL_WARN, "list leaves out \"%s\": %s", ids.v[i],
				 why.text);
	}
	*ret = list;
	return 0;
}

int life_ps(const struct runtime *rt, const char *id, struct arena *a, struct pids_list *ret,
	    struct err *err)
{
	scoped_crowd struct crowd w = { .pidfd = -1, .ns_fd = -1 };
	struct container c;

	TRY(life_state(rt, id, a, &c, err));
	TRY(crowd_open(&c, &w, err));
	/* Whoever left init's tree, or came by exec, is in the cgroup still. */
	if (w.ns_fd < 0 && c.cgroups.n) {
		scoped_cgroups struct cgroups all = { .n = 0 };

		TRY(cgroups_open(&c, NULL, a, &all, err));
		if (cgroups_list(&all))
			return cgroups_pids(&all, a, ret, err);
	}
	return crowd_pids(&w, a, ret, err);
}
