/* SPDX-License-Identifier: Apache-2.0 */
/* hooks.c - one hook after the other.
 * Mustn't: give a hook our environment, our working directory or our fds (CVE-2025-23266). */
#include "runtime/stage/hooks.h"

#include "runtime/act/spawn.h"

static int run_one(const struct hook *h, const char *state_json, int stop_fd, struct err *err)
{
	const char *const alone[] = { h->path, NULL };
	const char *const nothing[] = { NULL };
	const struct spawn_output output = {
		.out = h->out,
		.err = h->err,
		.stop_fd = stop_fd < 0 ? NULL : &stop_fd,
	};
	uint64_t timeout_ms = h->timeout.set ? (uint64_t)h->timeout.v * 1000 : 0;
	int status;

	TRY(spawn_wait_into(h->path, h->args.n ? h->args.v : alone, h->env.n ? h->env.v : nothing,
			    state_json, &output, timeout_ms, &status, err));
	if (status > 128)
		return err_set(err, ERR_HOST, 0, "hook %s was ended by signal %d", h->path,
			       status - 128);
	if (status != 0)
		return err_set(err, ERR_HOST, 0, "hook %s failed with exit status %d", h->path,
			       status);
	return 0;
}

int hooks_run(const struct hook_list *hooks, const char *kind, const char *state_json, int stop_fd,
	      struct err *err)
{
	for (size_t i = 0; i < hooks->n; i++)
		if (run_one(&hooks->v[i], state_json, stop_fd, err) < 0)
			return err_in(err, "/hooks/%s/%zu", kind, i);
	return 0;
}
