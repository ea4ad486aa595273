/* SPDX-License-Identifier: Apache-2.0 */
/* session.c - one run: composed, planned and started as any container, watched, and judged. */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

#include "runtime/life/container.h"
#include "runtime/life/terminal.h"
#include "runtime/life/way.h"
#include "runtime/plan/plan.h"
#include "runtime/probe/cgroup.h"
#include "runtime/probe/probe.h"
#include "runtime/sandbox/audit.h"
#include "runtime/sandbox/backend.h"
#include "runtime/sandbox/carry.h"
#include "runtime/sandbox/degrade.h"
#include "runtime/sandbox/observe.h"
#include "runtime/sandbox/verdict.h"
#include "runtime/sandbox/watch.h"
#include "runtime/sandbox/workspace.h"
#include "runtime/stage/stage.h"
#include "spec/base/fd.h"
#include "spec/base/path.h"
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
	struct observe observe;
	struct backend backend;
	struct degrade_host host;
	struct way way;
	struct refusals refusals;
	bool lost; /* a limit could not be set */
	const char
		*lost_network; /* why there is none any more; NULL: there is, or was none to be */
	const char *scratch; /* directory to be removed; NULL: none */
	int init_sock; /* the sandbox's end, until it has it */
	uint64_t began_us, started_us;
	sigset_t outside;
	bool blocked; /* signals are */
	struct result *result;
};

int sandbox_id_make(struct arena *a, const char **ret, struct err *err)
{
	static const char digits[] = "0123456789abcdef";
	unsigned char random[ID_BYTES];
	char id[] = "sb-0123456789abcdef", *s = id + 3;

	if (getrandom(random, sizeof(random), 0) != sizeof(random))
		return err_host(err, errno, "draw random bytes");
	for (size_t i = 0; i < sizeof(random); i++) {
		*s++ = digits[random[i] >> 4];
		*s++ = digits[random[i] & 15];
	}
	*ret = arena_str(a, id);
	return 0;
}

static int plan_for(struct session *s, enum policy_backend backend, struct err *err)
{
	const struct plan_options o = {
		.bundle = "/", .id = s->q->id, .no_new_keyring = true, .beside = beside_is_there()
	};
	struct facts facts;

	s->c = (struct composition){ .q = s->q,
				     .a = s->a,
				     .by_cgroup = backend != BACKEND_SUPERVISOR,
				     .by_oneself = !s->host.notifies,
				     .sees_descriptors = degrade_asks_descriptors(s->q->policy),
				     .scopes = s->host.scopes };
	s->result->backend = name_of(policy_backends, backend);
	TRY(degrade_check(s->q->policy, backend, &s->host, s->q->degraded, s->a,
			  &s->result->degraded, err));
	TRY(compose(&s->c, err));
	if (s->c.by_cgroup)
		backend_resources(&s->c, backend);
	TRY(config_check(&s->c.config, err));
	TRY(probe(plan_wants(&s->c.config), &facts, err));
	return plan_container(&s->c.config, &facts, &o, s->a, &s->plan, err);
}

/* Looking at every hierarchy costs a tenth of a start: not where nothing can come of it. */
static bool may_be_in_cgroup(const struct policy *p)
{
	if (policy_n(p, POLICY_BACKEND) == BACKEND_AUTO && cgroup_is_closed())
		return false;
	return policy_n(p, POLICY_BACKEND) != BACKEND_SUPERVISOR &&
	       (policy_n(p, POLICY_MEMORY) || policy_n(p, POLICY_CPU) ||
		policy_n(p, POLICY_PROCESSES));
}

/* With that backend, or, where it cannot hold every limit and any would do, by ourselves. */
static int plan_by(struct session *s, enum policy_backend backend, struct err *err)
{
	const struct policy *p = s->q->policy;
	int r = plan_for(s, backend, err);

	if (backend == BACKEND_SUPERVISOR || (r < 0 && !backend_is_limit(err->place)))
		return r;
	if (r == 0 && backend_fits(s->plan, backend))
		return 0;
	if (policy_n(p, POLICY_BACKEND) == BACKEND_AUTO)
		return plan_for(s, BACKEND_SUPERVISOR, err);
	(void)err_set(err, ERR_HOST, 0,
		      "%s cannot hold every limit here: a controller is missing; say auto",
		      name_of(policy_backends, backend));
	err->place[0] = '\0';
	return err_in(err, "%s", p->v[POLICY_BACKEND].from);
}

/* By cgroups where each limit can be held by one; else, unless one was asked for by name, by ourselves. */
static int make_plan(struct session *s, struct err *err)
{
	const struct policy *p = s->q->policy;
	enum policy_backend backend = BACKEND_SUPERVISOR;
	struct facts facts;

	degrade_look(p, &s->host);
	if (may_be_in_cgroup(p)) {
		TRY(probe(WANT_CALLER | WANT_CGROUP, &facts, err));
		TRY(backend_wish(p, &facts, &backend, err));
	}
	TRY(plan_by(s, backend, err));
	for (size_t i = 0; i < s->plan->warnings_n; i++)
		log_line(s->q->log, LOG_LEVEL_INFO, "%s: %s", s->plan->warnings[i].cause,
			 s->plan->warnings[i].text);
	return 0;
}

static void on_warning(void *ctx, const char *place, const char *text)
{
	struct session *s = ctx;

	s->lost = s->lost || backend_is_limit(place);
	log_line(s->q->log, LOG_LEVEL_WARN, "%s: %s", place, text);
}

static int on_listener(void *ctx, int fd, struct err *err)
{
	struct session *s = ctx;

	s->observe.fd = s->start.notify_fd = sys_fcntl(fd, F_DUPFD_CLOEXEC, 3);
	s->observe.proc_fd = s->start.proc_fd;
	return s->observe.fd < 0 ? err_host(err, errno, "keep the filter's listener") : 0;
}

static int on_way(void *ctx, int way, int fd, struct err *err)
{
	struct session *s = ctx;

	TRY(way_take(&s->way, way, fd, s->start.pidfd, err));
	s->refusals = (struct refusals){
		.fd = s->way.events,
		.events = &s->result->events,
		.log = s->q->log,
		.a = s->a,
		.by_config = s->q->policy->bundle_network,
	};
	return 0;
}

static int on_nat(void *ctx, pid_t pid, int pidfd, struct err *err)
{
	struct session *s = ctx;

	if (nat_lacks_names(s->a))
		log_line(s->q->log, LOG_LEVEL_WARN, NAT_LACKS_NAMES,
			 policy_text(s->q->policy, POLICY_NETWORK_MODE));
	return nat_begin(&s->way.nat, pid, pidfd, err);
}

/* The program goes on without: what comes of it is not its own doing alone. */
static void on_lost(void *ctx, const struct err *why)
{
	struct session *s = ctx;

	s->lost_network = arena_str(s->a, why->text);
	log_line(s->q->log, LOG_LEVEL_ERROR, "%s", why->text);
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
	if (way_prepare(&s->way, &s->c.config, s->a, err) < 0)
		return compose_network_place(&s->c, err);
	TRY(output_open(&s->output, s->q->capture, policy_n(s->q->policy, POLICY_OUTPUT), err));
	s->start.plan = s->plan;
	s->start.die_with_parent = true;
	s->start.signals = &s->outside;
	s->start.cleans_up = true;
	s->start.init_sock = s->init_sock;
	s->start.init_scratch = "/";
	s->start.init_open_files = s->c.open_files;
	s->start.argv = s->q->argv;
	s->start.on_warning = on_warning;
	s->start.on_listener = on_listener;
	s->start.on_way = on_way;
	s->start.on_nat = on_nat;
	s->start.on_notify = observe_answer;
	s->start.notify_ctx = &s->observe;
	s->start.ctx = s;
	s->observe = (struct observe){ .policy = s->q->policy,
				       .result = s->result,
				       .a = s->a,
				       .caller = &s->q->caller,
				       .open_files = s->c.open_files,
				       .fd = -1,
				       .proc_fd = -1 };
	if (s->plan->cgroup)
		TRY(backend_begin(&s->backend, s->plan, s->a, err));
	r = output_lend(&s->output, err);
	if (r == 0)
		r = start_begin(&s->start, err);
	output_return(&s->output);
	(void)sys_close(take_fd(&s->init_sock));
	if (r == 0 && s->lost)
		r = err_set(
			err, ERR_HOST, 0,
			"a limit could not be set in the cgroup; --limits-backend supervisor needs none");
	return r == 0 ? backend_open(&s->backend, err) : r;
}

static int watch(struct session *s, struct err *err)
{
	int r;

	s->started_us = watch_now_us();
	s->watch.policy = s->q->policy;
	s->watch.output = &s->output;
	s->watch.pidfd = s->start.pidfd;
	s->watch.pid = s->start.pid;
	s->watch.notify_fd = s->observe.fd;
	s->watch.on_notify = observe_answer;
	s->watch.notify_ctx = &s->observe;
	if (s->way.pid)
		s->watch.refusals = &s->refusals;
	if (s->way.nat.keeper) {
		s->watch.nat = &s->way.nat;
		s->watch.on_lost = on_lost;
		s->watch.lost_ctx = s;
	}
	if (s->plan->cgroup) {
		s->watch.on_look = backend_look;
		s->watch.look_ctx = &s->backend;
	}
	s->watch.open_files = s->c.open_files;
	r = watch_run(&s->watch, err);
	s->start.pid = 0; /* waited for */
	s->watch.full_descriptors = s->observe.full_descriptors;
	return r;
}

/* Bytes that can be in the sandbox's space, which are all that may come out of it. */
static uint64_t most_kept(const struct session *s)
{
	return policy_n(s->q->policy, POLICY_DISK) + s->c.copied_bytes;
}

static int keep_artifacts(struct session *s, int from, struct err *err)
{
	const char *path = policy_text(s->q->policy, POLICY_ARTIFACTS_DIR);
	scoped_fd int to = sys_openat(AT_FDCWD, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0);
	size_t count;

	if (to < 0)
		return err_host(err, errno, "--artifacts-dir: open %s", path);
	if (s->c.copied)
		return workspace_picked(from, to, &s->result->changes, &s->q->policy->artifacts,
					most_kept(s), s->a, &count, err);
	return workspace_artifacts(from, to, &s->q->policy->artifacts, most_kept(s), s->a, &count,
				   err);
}

/* What is kept of the run's files, once nobody can change them any more. */
static int keep_files(struct session *s, struct err *err)
{
	const struct policy *p = s->q->policy;
	uint64_t commit = policy_n(p, POLICY_COMMIT);
	const char *path = s->c.copied	    ? SANDBOX_WORKSPACE
			   : s->c.workspace ? WORKSPACE_UPPER
					    : SANDBOX_HOME;
	scoped_fd int from = open_in_root(s->watch.scratch_fd, path, O_RDONLY | O_DIRECTORY);
	scoped_fd int dir = -1;

	if (from < 0)
		return carry_unread(errno, s->c.workspace ? SANDBOX_WORKSPACE : SANDBOX_HOME, err);
	if (s->c.workspace) {
		dir = sys_openat(AT_FDCWD, s->c.workspace, O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0);
		if (dir < 0)
			return err_host(err, errno, "--workspace: open %s", s->c.workspace);
		TRY(s->c.copied ? workspace_copy_changes(from, dir, &s->c.copied_at, s->a,
							 &s->result->changes, err)
				: workspace_changes(from, dir, s->a, &s->result->changes, err));
	}
	if (p->artifacts.n)
		TRY(keep_artifacts(s, from, err));
	if (dir >= 0 && (commit == COMMIT_ALWAYS ||
			 (commit == COMMIT_ON_SUCCESS && watch_succeeded(&s->watch))))
		TRY(workspace_commit(from, dir, &s->result->changes, most_kept(s), err));
	return 0;
}

/* A directory of the run's own below the one that is named, for whoever looks for it there. */
static int make_scratch(struct session *s, struct err *err)
{
	const char *dir = policy_text(s->q->policy, POLICY_WORK_DIR), *path;

	if (!dir)
		return 0;
	path = path_join(s->a, dir, s->q->id);
	if (sys_mkdirat(AT_FDCWD, dir, 0700) < 0 && errno != EEXIST)
		return err_host(err, errno, "%s: make %s", s->q->policy->v[POLICY_WORK_DIR].from,
				dir);
	if (sys_mkdirat(AT_FDCWD, path, 0700) < 0)
		return err_host(err, errno, "%s: make %s", s->q->policy->v[POLICY_WORK_DIR].from,
				path);
	s->scratch = path;
	return 0;
}

/* What would else be found out when the program has run. */
static int check_artifacts(const struct session *s, struct err *err)
{
	const char *path = policy_text(s->q->policy, POLICY_ARTIFACTS_DIR);
	scoped_fd int fd = -1;

	if (!path)
		return 0;
	fd = sys_openat(AT_FDCWD, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0);
	return fd < 0 ? err_input(err, "--artifacts-dir: %s: %s", path, strerror(errno)) : 0;
}

static int run(struct session *s, struct err *err)
{
	int r;

	TRY(check_artifacts(s, err));
	/* Before anything is there that a signal would leave behind. */
	TRY(payload_block_signals(&s->outside, err));
	s->blocked = true;
	TRY(make_scratch(s, err));
	TRY(make_plan(s, err));
	TRY(placeholders_make(&s->c.placeholders, err));
	r = start(s, err);
	if (r == 0)
		r = watch(s, err);
	if (r == 0 && s->watch.scratch_fd >= 0 && (s->c.workspace || s->q->policy->artifacts.n))
		r = keep_files(s, err);
	return r;
}

/* What came for the payload once that had ended is nobody's: it is not to keep the verdict from being told. */
static void let_signals_through(const struct session *s)
{
	const struct timespec now = { 0 };
	sigset_t all;

	if (!s->blocked)
		return;
	(void)sigfillset(&all);
	while (sigtimedwait(&all, NULL, &now) > 0)
		;
	(void)sys_sigprocmask(SIG_SETMASK, &s->outside, NULL);
}

static void done(struct session *s)
{
	start_kill(&s->start); /* there where the run has failed in between */
	backend_end(&s->backend, s->start.begun, s->q->log);
	start_done(&s->start);
	placeholders_drop(&s->c.placeholders);
	watch_done(&s->watch);
	scope_close(&s->observe.fd);
	output_done(&s->output);
	scope_close(&s->init_sock);
	if (s->scratch)
		(void)sys_unlinkat(AT_FDCWD, s->scratch,
				   AT_REMOVEDIR); /* what others put there is theirs */
	/* Its helper ends with the first process, while we do all this. */
	way_end(&s->way);
	way_done(&s->way);
	let_signals_through(s);
}

static struct captured kept(const struct session *s, int i)
{
	struct captured c = output_kept(&s->output.s[i], s->a);

	c.bytes = mask_secrets(s->q->policy, c.bytes, &c.len, s->a);
	return c;
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
		r->out = kept(s, 0);
		r->err = kept(s, 1);
	}
	if (failed && s->start.stopped_by)
		verdict_stopped(r, s->start.stopped_by);
	else if (failed)
		verdict_failed(r, err, s->a);
	else
		verdict_ended(r, &s->watch, s->a);
	if (s->lost_network) {
		r->infra_error = true;
		r->reason = r->reason ? r->reason : s->lost_network;
	}
	mask_result(s->q->policy, r, s->a);
}

int sandbox_run(const struct request *q, struct arena *a, struct result *ret, struct err *err)
{
	struct session s = { .q = q,
			     .a = a,
			     .start = START_INIT,
			     .output = OUTPUT_INIT,
			     .watch = WATCH_INIT,
			     .observe = { .fd = -1 },
			     .way = WAY_INIT,
			     .init_sock = -1,
			     .result = ret };
	int r;

	*ret = (struct result){ .sandbox_id = q->id,
				.backend = "supervisor",
				.image_digest = q->image_digest,
				.timestamp = container_now(a) };
	s.began_us = watch_now_us();
	r = run(&s, err);
	fill(&s, r < 0, err);
	done(&s);
	return r < 0 && !s.start.stopped_by ? -1 : 0;
}

int sandbox_plan(const struct request *q, struct arena *a, const char **ret, struct err *err)
{
	struct result ignored = { 0 };
	struct session s = { .q = q, .a = a, .result = &ignored };
	struct text out = { .arena = a };

	TRY(make_plan(&s, err));
	plan_print(s.plan, &out);
	*ret = mask_secrets(q->policy, out.s, &out.len, a);
	return 0;
}
