/* SPDX-License-Identifier: Apache-2.0 */
/* session.c - one run: composed, planned and started as any container, watched, and judged. */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

#include "runtime/life/container.h"
#include "runtime/life/seal.h"
#include "runtime/life/terminal.h"
#include "runtime/plan/plan.h"
#include "runtime/probe/probe.h"
#include "runtime/sandbox/compose.h"
#include "runtime/sandbox/verdict.h"
#include "runtime/sandbox/watch.h"
#include "runtime/stage/stage.h"
#include "spec/base/sys.h"

#define ID_BYTES 8

/* One run. */
struct session {
	const struct request *q;
	struct arena *a;
	struct composition c;
	struct plan *plan;
	struct start start;
	struct output output;
	struct watch watch;
	int init_sock; /* the sandbox's end, until it has it */
	uint64_t began_us, started_us;
	sigset_t outside;
	struct result *result;
};

int sandbox_id_make(struct arena *a, const char **ret, struct err *err)
{
	unsigned char random[ID_BYTES];
	struct text id = { .arena = a };

	if (getrandom(random, sizeof(random), 0) != sizeof(random))
		return err_host(err, errno, "draw random bytes");
	text_add(&id, "sb-");
	for (size_t i = 0; i < sizeof(random); i++)
		text_addf(&id, "%02x", random[i]);
	*ret = id.s;
	return 0;
}

static int make_plan(struct session *s, struct err *err)
{
	const struct plan_options o = { .bundle = "/", .id = s->q->id, .no_new_keyring = true };
	struct facts facts;

	s->c = (struct composition){ .q = s->q, .a = s->a };
	TRY(compose(&s->c, err));
	TRY(probe(plan_wants(&s->c.config), &facts, err));
	TRY(plan_container(&s->c.config, &facts, &o, s->a, &s->plan, err));
	for (size_t i = 0; i < s->plan->warnings_n; i++)
		log_line(s->q->log, LOG_LEVEL_INFO, "%s: %s", s->plan->warnings[i].cause,
			 s->plan->warnings[i].text);
	return 0;
}

static void on_warning(void *ctx, const char *place, const char *text)
{
	const struct session *s = ctx;

	log_line(s->q->log, LOG_LEVEL_WARN, "%s: %s", place, text);
}

static int open_sockets(struct session *s, struct err *err)
{
	int ends[2];

	if (sys_socketpair(SOCK_SEQPACKET | SOCK_CLOEXEC, ends) < 0)
		return err_host(err, errno, "make a socket pair");
	s->watch.sock = ends[0];
	s->init_sock = ends[1];
	return 0;
}

static int start(struct session *s, struct err *err)
{
	int r;

	TRY(open_sockets(s, err));
	TRY(output_open(&s->output, s->q->capture, policy_n(s->q->policy, POLICY_OUTPUT), err));
	s->start.plan = s->plan;
	s->start.die_with_parent = true;
	s->start.signals = &s->outside;
	s->start.init_sock = s->init_sock;
	s->start.init_scratch = SANDBOX_SCRATCH;
	s->start.argv = s->q->argv;
	s->start.on_warning = on_warning;
	s->start.ctx = s;
	r = output_lend(&s->output, err);
	if (r == 0)
		r = start_begin(&s->start, err);
	output_return(&s->output);
	(void)sys_close(take_fd(&s->init_sock));
	return r;
}

static int watch(struct session *s, struct err *err)
{
	int r;

	s->started_us = watch_now_us();
	s->watch.policy = s->q->policy;
	s->watch.output = &s->output;
	s->watch.pidfd = s->start.pidfd;
	s->watch.pid = s->start.pid;
	r = watch_run(&s->watch, err);
	s->start.pid = 0; /* waited for */
	return r;
}

static int run(struct session *s, struct err *err)
{
	int r;

	TRY(make_plan(s, err));
	payload_block_signals(&s->outside);
	r = start(s, err);
	if (r == 0)
		r = watch(s, err);
	(void)sys_sigprocmask(SIG_SETMASK, &s->outside, NULL);
	return r;
}

static void done(struct session *s)
{
	start_done(&s->start);
	watch_done(&s->watch);
	output_done(&s->output);
	scope_close(&s->init_sock);
}

static void fill(struct session *s, int failed, const struct err *err)
{
	struct result *r = s->result;
	uint64_t now = watch_now_us();

	r->setup_ms = ((s->started_us ? s->started_us : now) - s->began_us) / 1000u;
	r->execution_ms = s->started_us ? (now - s->started_us) / 1000u : 0;
	r->cpu_ms = s->watch.cpu_us / 1000u;
	r->memory_bytes = s->watch.peak;
	if (s->q->capture) {
		r->out = output_kept(&s->output.s[0], s->a);
		r->err = output_kept(&s->output.s[1], s->a);
	}
	if (failed)
		verdict_failed(r, err, s->a);
	else
		verdict_ended(r, &s->watch, s->a);
}

int sandbox_run(const struct request *q, struct arena *a, struct result *ret, struct err *err)
{
	struct session s = { .q = q,
			     .a = a,
			     .start = START_INIT,
			     .output = OUTPUT_INIT,
			     .watch = WATCH_INIT,
			     .init_sock = -1,
			     .result = ret };
	int r;

	*ret = (struct result){ .sandbox_id = q->id,
				.backend = "supervisor",
				.timestamp = container_now(a) };
	s.began_us = watch_now_us();
	r = seal_self(q->argv, err);
	if (r == 0)
		r = run(&s, err);
	fill(&s, r < 0, err);
	done(&s);
	return r < 0 ? -1 : 0;
}

int sandbox_plan(const struct request *q, struct arena *a, const char **ret, struct err *err)
{
	struct session s = { .q = q, .a = a };
	struct text out = { .arena = a };

	TRY(make_plan(&s, err));
	plan_print(s.plan, &out);
	*ret = out.s;
	return 0;
}
