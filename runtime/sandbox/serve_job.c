/* SPDX-License-Identifier: Apache-2.0 */
/* serve_job.c - one request in one task: handed over, watched and judged as exec's payload is. */
#include <poll.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "runtime/sandbox/audit.h"
#include "runtime/sandbox/serve.h"
#include "runtime/sandbox/verdict.h"
#include "runtime/sandbox/watch.h"
#include "spec/base/fd.h"
#include "spec/base/sys.h"
#include "spec/policy/serve.h"

#ifndef F_ADD_SEALS
#define F_ADD_SEALS 1033
#define F_SEAL_SEAL 1
#define F_SEAL_SHRINK 2
#define F_SEAL_GROW 4
#define F_SEAL_WRITE 8
#endif

/* A file that the task can read and no more: what it would write there nobody would count. */
static int input_file(const char *text, int *ret, struct err *err)
{
	scoped_fd int fd = -1;

	*ret = -1;
	if (!text)
		return 0;
	fd = sys_memfd_create("stdin", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	if (fd < 0 || fd_write_all(fd, text, strlen(text)) < 0 || lseek(fd, 0, SEEK_SET) < 0 ||
	    sys_fcntl(fd, F_ADD_SEALS, F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE) <
		    0)
		return err_host(err, errno, "keep the standard input");
	*ret = take_fd(&fd);
	return 0;
}

static const char *variables(const struct pairs *env, struct arena *a, size_t *len)
{
	struct text t = { .arena = a };

	text_add(&t, "");
	for (size_t i = 0; i < env->n; i++) {
		text_addf(&t, "%s=%s", env->v[i].key, env->v[i].value);
		text_addn(&t, "", 1);
	}
	*len = t.len;
	return t.s;
}

/* As much of it as goes at once, so that the task wakes once: what is there of the parts, with the descriptor. */
static ssize_t send_parts(int line, struct iovec *parts, size_t n, int input)
{
	union {
		char room[CMSG_SPACE(sizeof(int))];
		struct cmsghdr align;
	} control = { .room = { 0 } };
	struct msghdr msg = { .msg_iov = parts, .msg_iovlen = n };

	if (input >= 0) {
		struct cmsghdr *c;

		msg.msg_control = control.room;
		msg.msg_controllen = sizeof(control.room);
		c = CMSG_FIRSTHDR(&msg);
		c->cmsg_level = SOL_SOCKET;
		c->cmsg_type = SCM_RIGHTS;
		c->cmsg_len = CMSG_LEN(sizeof(int));
		memcpy(CMSG_DATA(c), &input, sizeof(int));
	}
	return sys_sendmsg(line, &msg, MSG_NOSIGNAL);
}

static int send_all(int line, struct iovec *parts, size_t n, int input)
{
	ssize_t sent = send_parts(line, parts, n, input);

	for (size_t i = 0; sent >= 0 && i < n; i++) {
		size_t gone = (size_t)sent < parts[i].iov_len ? (size_t)sent : parts[i].iov_len;

		if (fd_write_all(line, (const char *)parts[i].iov_base + gone,
				 parts[i].iov_len - gone) < 0)
			return -1;
		sent -= (ssize_t)gone;
	}
	return sent < 0 ? -1 : 0;
}

/* 1: it was not made. Its code is there already; it says a byte when it takes it. */
static int wait_made(struct job *j, int line)
{
	struct err why;
	char byte;
	ssize_t n;

	do
		n = j->early ? sys_read(line, &byte, 1) : 1;
	while (n < 0 && errno == EINTR);
	if (n == 1) {
		j->on_begun(j->ctx);
		return 0;
	}
	if (pool_task_why(j->fds[TASK_ERR], &why))
		j->on_failed(j->ctx, &why);
	return 1;
}

/* 1: nobody is there any more; the code has not run. */
static int hand_over(struct job *j, struct arena *a, struct err *err)
{
	const struct serve_request *q = j->request;
	int line = j->fds[TASK_LINE];
	scoped_fd int input = -1;
	bool there;
	int made;
	size_t len;
	const char *env = variables(&q->env, a, &len);
	struct task_frame head = { (uint32_t)strlen(q->code), (uint32_t)len };
	struct iovec parts[] = { { &head, sizeof(head) },
				 { (void *)(uintptr_t)q->code, head.code },
				 { (void *)(uintptr_t)env, len } };

	TRY(input_file(q->input, &input, err));
	errno = EPIPE;
	/* A copy reads it once its sandbox's first process is closed to it (pool_agent.h). */
	there = send_all(line, parts, ARRAY_LEN(parts), input) == 0;
	if (!there && errno != EPIPE && errno != ECONNRESET)
		return err_host(err, errno, "hand the code over");
	made = wait_made(j, line);
	return there ? made : 1;
}

static int watch(struct job *j, const struct policy *p, struct err *err)
{
	struct watch *w = &j->watch;
	struct output *o = &j->output;

	o->s[0].fd = take_fd(&j->fds[TASK_OUT]);
	o->s[1].fd = take_fd(&j->fds[TASK_ERR]);
	o->most = policy_n(p, POLICY_OUTPUT);
	w->policy = p;
	w->output = o;
	w->sock = take_fd(&j->fds[TASK_INIT]);
	w->open_files = policy_n(p, POLICY_OPEN_FILES);
	w->caller_fd = j->caller;
	w->signal_fd = j->signals;
	w->watcher = j->watcher;
	w->payload = TASK_PID;
	if (j->refusals.fd >= 0)
		w->refusals = &j->refusals;
	TRY(watch_run(w, err));
	/* Nothing in a task can end its first process: it went with the pool's interpreter. */
	if (!w->ended && w->breach == BREACH_NONE)
		return err_set(err, ERR_HOST, 0,
			       "the pool's interpreter ended, and the task with it");
	return 0;
}

static struct captured kept(const struct output *o, int i, const struct policy *p, struct arena *a)
{
	struct captured c = output_kept(&o->s[i], a);

	c.bytes = mask_secrets(p, c.bytes, &c.len, a);
	return c;
}

static void judge(struct result *r, const struct watch *w, const struct output *o, bool failed,
		  const struct err *err, struct arena *a)
{
	r->cpu_ms = w->cpu_us / 1000u;
	r->memory_bytes = w->peak;
	r->out = kept(o, 0, w->policy, a);
	r->err = kept(o, 1, w->policy, a);
	if (failed)
		verdict_failed(r, err, a);
	else
		verdict_ended(r, w, a);
	mask_result(w->policy, r, a);
}

static int run(struct job *j, const struct policy *p, struct arena *a, struct result *r,
	       struct err *err)
{
	uint64_t began;
	int failed;

	failed = hand_over(j, a, err);
	began = watch_now_us();
	r->setup_ms = (began - j->asked_us) / 1000u;
	j->watch.policy = p;
	j->refusals = (struct refusals){
		.fd = j->fds[TASK_WAY], .events = &r->events, .log = j->q->log, .a = a
	};
	if (failed > 0)
		return failed;
	if (failed == 0)
		failed = watch(j, p, err);
	r->execution_ms = (watch_now_us() - began) / 1000u;
	judge(r, &j->watch, &j->output, failed < 0, err, a);
	return failed;
}

void job_done(struct job *j)
{
	watch_done(&j->watch);
	output_done(&j->output);
	for (size_t i = 0; i < TASK_FDS; i++)
		scope_close(&j->fds[i]);
	*j = (struct job)JOB_INIT;
}

int job_run(struct job *j, const struct policy *p, struct arena *a, struct result *ret,
	    struct err *err)
{
	const char *words[] = { "python3", "-c", j->request->code, NULL };
	const struct strings args = { words, 3 };
	struct audit audit = { .policy = p, .args = &args };
	int r;

	TRY(sandbox_id_make(a, &audit.id, err));
	*ret = (struct result){ .sandbox_id = audit.id,
				.backend = "supervisor",
				.image_digest = j->q->image_digest,
				.degraded = j->recipe->degraded,
				.timestamp = audit_now(a) };
	TRY(audit_begin(&audit, a, err));
	r = run(j, p, a, ret, err);
	if (r > 0)
		return r;
	if (audit_end(&audit, ret, a, r == 0 ? err : &(struct err){ 0 }) < 0 && r == 0)
		return -1;
	/* What failed is in the result. */
	return 0;
}
