/* SPDX-License-Identifier: Apache-2.0 */
/* face_serve.c - keeps a pool of interpreters behind a socket. */
#include <unistd.h>

#include "runtime/cli/face.h"
#include "runtime/life/seal.h"
#include "runtime/sandbox/serve.h"
#include "spec/base/fd.h"

/* Tasks that wait where nothing is said. */
#define SIZE 4

static int say_ready(void)
{
	return fd_write_all(STDOUT_FILENO, "ready\n", 6);
}

/* "500ms", "30s", as of a timeout. */
static int read_duration(const char *text, struct arena *a, uint64_t *ret, struct err *err)
{
	struct policy p;

	policy_begin(&p, a);
	*ret = 0;
	if (!text)
		return 0;
	TRY(policy_set(&p, POLICY_TIMEOUT, text, ORIGIN_FLAG, "--rotate-after", err));
	*ret = policy_n(&p, POLICY_TIMEOUT);
	return 0;
}

static int read_size(const char *text, uint32_t *ret, struct err *err)
{
	uint64_t n = SIZE;

	if (text && str_u64(text, 10, POOL_SIZE_MAX, &n, err) < 0)
		return err_in(err, "--size");
	*ret = (uint32_t)n;
	return 0;
}

int face_serve_run(struct cli *cli, void *options, const struct strings *args, struct err *err)
{
	const struct face_flags *flags = options;
	struct policy policy;
	struct request q = { .policy = &policy,
			     .argv = cli->rt.argv,
			     .log = &cli->rt.log,
			     .degraded = flags->degraded };
	struct serve_options o = { .socket = flags->socket,
				   .until_eof = flags->until_eof,
				   .pool = { .fresh = flags->fresh,
					     .rotate_tasks = flags->rotate_tasks,
					     .preload = flags->preload } };

	(void)args;
	if (!flags->socket)
		return err_input(err, "serve needs --socket PATH");
	TRY(read_size(flags->size, &o.pool.size, err));
	TRY(face_caller(cli, &q.caller, err));
	TRY(sandbox_id_make(&cli->arena, &q.id, err));
	TRY(face_policy(cli, flags, &q.caller, &policy, err));
	TRY(face_image(cli, &q, err));
	TRY(seal_self(cli->rt.argv, err));
	TRY(face_bundle(cli, &q, &policy, err));
	TRY(read_duration(flags->rotate_after, &cli->arena, &o.pool.rotate_ms, err));
	return serve_run(&q, &o, say_ready, &cli->arena, err);
}
