/* SPDX-License-Identifier: Apache-2.0 */
/* watch.c - one loop over the sandbox's first process, its output, our signals and the clock.
 * Should: end every process of the sandbox before it returns.  Mustn't: believe what the payload says. */
#include "runtime/sandbox/watch.h"

#include <poll.h>
#include <stdio.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <time.h>
#include <unistd.h>

#include "runtime/sandbox/cut.h"
#include "runtime/stage/init.h"
#include "runtime/stage/witness.h"
#include "spec/base/sys.h"

/* How long memory may grow unseen; less where little is left of it. */
#define LOOK_MS 20
#define LOOK_LEAST_MS 2
/* Likewise of processor time, where some ended whom nobody waits for. */
#define LOOK_UNHEARD_MS 4
#define FIRST_LOOK_MS 5
/* The longest where nothing has run or grown: a thousand sandboxes that sleep are not to keep a processor busy. */
#define LOOK_IDLE_MS 250
/* Faster than this no process fills memory: bytes a ms. */
#define GROWTH_PER_MS (4u << 20)
/* So long may it take those that a task leaves behind to end. */
#define CLEAR_MS 1000
/* So long may it take somebody to read the last words of a program that was ended. */
#define DRAIN_MS 500
/* Processor time that may be saved up, and the longest stop; and what may be owed, where a stop would cut a write short. */
#define CPU_PERIOD_MS 100
#define CPU_DEBT_MS 1000

uint64_t watch_now_us(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000u + (uint64_t)t.tv_nsec / 1000u;
}

static uint64_t now_ms(void)
{
	return watch_now_us() / 1000u;
}

static uint64_t processors(void)
{
	return (uint64_t)sysconf(_SC_NPROCESSORS_ONLN);
}

static void kill_all(struct watch *w)
{
	/* The first process takes all others with it. ESRCH: it has just ended. */
	(void)sys_pidfd_send_signal(w->pidfd, SIGKILL);
}

static void breach(struct watch *w, enum breach why)
{
	if (w->breach == BREACH_NONE)
		w->breach = why;
	kill_all(w);
}

/* --- memory, tasks, disk --- */

static void look_at_tasks(struct watch *w, uint64_t tasks)
{
	uint64_t most = policy_n(w->policy, POLICY_PROCESSES);

	w->full_tasks = w->full_tasks || (most && tasks >= most);
}

static void look_at_disk(struct watch *w)
{
	struct statfs fs;

	if (sys_fstatfs(w->scratch_fd, &fs) < 0)
		return;
	w->full_disk = w->full_disk || fs.f_bfree == 0;
	w->full_files = w->full_files || fs.f_ffree == 0;
}

/* What is resident is cheap to read and never less than the share: that is asked only where it could decide. */
static uint64_t memory_of(struct watch *w, const struct usage *u)
{
	uint64_t limit = policy_n(w->policy, POLICY_MEMORY);

	if (u->processes > 1 && u->resident > limit / 2)
		return measure_proportional(&w->measure);
	return u->resident;
}

/* --- processors --- */

static void resume(struct watch *w)
{
	if (w->resume_at)
		(void)init_say(w->sock, INIT_CONT, 0);
	w->resume_at = 0;
}

/* A bucket that fills with the share of the clock and is emptied by what was used; when it is empty, all stop. */
static void hold_cpu(struct watch *w, uint64_t now)
{
	uint64_t share = policy_n(w->policy, POLICY_CPU);
	int64_t most = (int64_t)(share * CPU_PERIOD_MS), wait;

	if (!share || share >= processors() * 1000u)
		return;
	w->tokens += (int64_t)((now - w->tokens_at) * share) - (int64_t)(w->cpu_us - w->cpu_seen);
	w->tokens_at = now;
	w->cpu_seen = w->cpu_us;
	if (w->tokens > most)
		w->tokens = most;
	if (w->tokens >= 0 || w->resume_at)
		return;
	/* Unbuffered streams of CPython lose what such a write leaves. */
	if (w->tokens > -(int64_t)(share * CPU_DEBT_MS) && output_flows(w->output))
		return;
	wait = -w->tokens / (int64_t)share + 1;
	if (init_say(w->sock, INIT_STOP, 0) == 0)
		w->resume_at = now + (uint64_t)(wait < CPU_PERIOD_MS ? wait : CPU_PERIOD_MS);
}

/* What all processors together may still use of it is looked at no later than they can have used it. */
static void hold_cpu_time(struct watch *w, uint64_t now)
{
	uint64_t most = policy_n(w->policy, POLICY_CPU_TIME) * 1000u, left;

	if (!most || w->ended)
		return;
	if (w->cpu_us > most) {
		breach(w, BREACH_CPU);
		return;
	}
	left = (most - w->cpu_us) / 1000u / processors();
	if (now + left < w->look_at)
		w->look_at = now + (left < LOOK_LEAST_MS ? LOOK_LEAST_MS : left);
}

/* How long until the next look. What could fill the memory that is left comes before. */
static uint64_t pause_after(struct watch *w, const struct usage *u, bool slept)
{
	uint64_t usual = w->account.gone_us ? LOOK_UNHEARD_MS : LOOK_MS;
	bool idle = w->looks > 1 && u->cpu_us == w->last.cpu_us && u->resident == w->last.resident;

	w->pause = !idle				   ? usual
		   : !slept && w->pause < LOOK_IDLE_MS / 2 ? 2 * w->pause
							   : LOOK_IDLE_MS;
	w->last = *u;
	return w->pause;
}

/* Where the only thread of the only process has slept since the last look, nothing can be other than it was then: to see that is
 * cheaper than to look at all, and most that wait wait so. */
static bool has_slept(struct watch *w)
{
	const struct usage *u = &w->last;
	struct ran now;
	bool told = w->payload && w->measure.fd >= 0 && measure_ran(&w->measure, w->payload, &now);
	bool slept = told && u->processes == 1 && u->tasks == 1 && !u->runs && !w->ended &&
		     str_eq(now.text, w->ran.text);

	w->ran = told ? now : (struct ran){ "" };
	return slept;
}

static bool measure_all(struct watch *w, bool slept, struct usage *ret)
{
	if (slept)
		*ret = w->last;
	/* What we have ended takes its time out of the sum, too. */
	return slept || (w->measure.fd >= 0 &&
			 measure_account(&w->measure, &w->account, !w->breach && !w->ended, ret));
}

/* To look at many at one time is cheaper than that each of their supervisors wakes for it. */
static void let_sleep(struct watch *w, uint64_t now)
{
	const struct watcher *o = w->watcher;
	int fd = o && w->look_at > now ? measure_ran_fd(&w->measure) : -1;

	/* Who was woken for nothing has nobody who could look. */
	if (fd >= 0 && !w->woken && o->on_sleep(o->ctx, fd, &w->ran, w->look_at - now))
		w->look_at = 0;
}

static void look(struct watch *w)
{
	uint64_t limit = policy_n(w->policy, POLICY_MEMORY), now = now_ms(), left, memory;
	bool slept = !w->on_look && has_slept(w);
	struct usage u;

	w->looks++;
	w->look_at = now + LOOK_MS;
	if (!slept)
		look_at_disk(w);
	if (w->on_look) {
		w->on_look(w->look_ctx, w);
		if (w->killed_for_memory)
			breach(w, BREACH_MEMORY);
		hold_cpu_time(w, now);
		return;
	}
	if (!measure_all(w, slept, &u))
		return;
	w->look_at = now + pause_after(w, &u, slept);
	if (u.cpu_us > w->cpu_us)
		w->cpu_us = u.cpu_us;
	/* Of those that are left at the end, the payload itself was one more. */
	look_at_tasks(w, u.tasks + w->ended);
	memory = memory_of(w, &u);
	w->peak = memory > w->peak ? memory : w->peak;
	hold_cpu(w, now);
	hold_cpu_time(w, now);
	if (limit && memory > limit) {
		breach(w, BREACH_MEMORY);
		return;
	}
	left = limit ? (limit - memory) / GROWTH_PER_MS : UINT64_MAX;
	if (left < w->look_at - now)
		w->look_at = now + (left < LOOK_LEAST_MS ? LOOK_LEAST_MS : left);
	if (slept)
		let_sleep(w, now);
	w->woken = false;
}

/* --- the clock --- */

static void at_deadline(struct watch *w, uint64_t now)
{
	w->deadline = 0;
	w->breach = w->breach ? w->breach : BREACH_TIMEOUT;
	w->kill_at = now + policy_n(w->policy, POLICY_KILL_AFTER);
	resume(w);
	w->look_at = w->kill_at; /* what is being ended is not stopped again */
	(void)init_say(w->sock, INIT_SIGNAL, SIGTERM);
}

static void on_clock(struct watch *w)
{
	uint64_t now = now_ms();

	if (w->kill_at && now >= w->kill_at) {
		kill_all(w);
		w->kill_at = 0;
	}
	if (w->deadline && now >= w->deadline)
		at_deadline(w, now);
	if (w->resume_at && now >= w->resume_at)
		resume(w);
	if (w->look_at && now >= w->look_at)
		look(w);
}

static int until_next(const struct watch *w)
{
	const uint64_t times[] = { w->deadline, w->kill_at, w->resume_at, w->look_at };
	uint64_t now = now_ms(), first = UINT64_MAX;

	for (size_t i = 0; i < ARRAY_LEN(times); i++)
		if (times[i] && times[i] < first)
			first = times[i];
	return first <= now ? 0 : first - now > 60000 ? 60000 : (int)(first - now);
}

/* --- what is heard --- */

static bool ends_programs(int sig)
{
	return sig == SIGTERM || sig == SIGINT || sig == SIGHUP || sig == SIGQUIT;
}

/* Signals to us are meant for the payload; whoever asks it twice to end means it. */
static void on_signal(struct watch *w)
{
	struct signalfd_siginfo info;

	while (sys_read(w->signal_fd, &info, sizeof(info)) == (ssize_t)sizeof(info)) {
		int sig = (int)info.ssi_signo;

		if (sig == SIGCHLD || sig == SIGPIPE)
			continue;
		if (ends_programs(sig) && w->caller_signal) {
			breach(w, BREACH_CALLER);
			continue;
		}
		if (ends_programs(sig))
			w->caller_signal = sig;
		resume(w);
		(void)init_say(w->sock, INIT_SIGNAL, sig);
	}
}

static uint64_t least(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

/* Of processes that fork at the same time the kernel counts all before it refuses any: each that failed beside the payload may
 * have been one that the limit had no more room for, but no more of them than run at one time. */
static void take_seen(struct watch *w, const struct init_msg *m)
{
	uint64_t most = policy_n(w->policy, POLICY_PROCESSES), refused;

	refused = least((uint64_t)m->code, least(processors(), most / 4));
	look_at_tasks(w, (uint64_t)m->number + refused);
	w->unreached = m->status;
}

/* False when nothing more will come from there. */
static bool on_init(struct watch *w)
{
	struct init_msg m = { 0 };
	int fds[INIT_FDS_MAX];

	if (init_hear(w->sock, &m, fds) <= 0)
		return false;
	for (size_t i = 0; i < ARRAY_LEN(fds); i++)
		scope_close(&fds[i]);
	if (m.word == INIT_SEEN)
		take_seen(w, &m);
	if (m.word != INIT_ENDED)
		return true;
	w->ended = true;
	w->code = m.code;
	w->status = m.status;
	m.cpu_us += w->account.gone_us;
	w->cpu_us = m.cpu_us > w->cpu_us ? m.cpu_us : w->cpu_us;
	w->peak = m.peak_bytes > w->peak ? m.peak_bytes : w->peak;
	return false;
}

/* What the first process of the sandbox sees of one that fails and is waited for, of one that is about to be killed instead. */
static void look_closely(struct watch *w, int process)
{
	struct usage u;
	struct stat st;
	char last[32];

	if (measure_usage(&w->measure, &u))
		look_at_tasks(w, u.tasks);
	w->unreached = witness_unreached(process);
	(void)snprintf(last, sizeof(last), "fd/%llu", (unsigned long long)w->open_files - 1);
	w->full_descriptors =
		w->open_files && sys_fstatat(process, last, &st, AT_SYMLINK_NOFOLLOW) == 0;
}

/* A payload's own end takes the kernel longer than most payloads run: its memory goes first, then its parent hears of it. So
 * where both outputs are closed and it says in its name with which status it ends, it is taken at its word, as its status is its
 * word anyway, and killed: so no more comes of it. Whoever else is left is ended as ever. */
static bool has_finished(struct watch *w)
{
	struct finish f;

	if (w->breach || !measure_finish(&w->measure, &f))
		return false;
	if (f.status)
		look_closely(w, f.fd);
	if (sys_pidfd_send_signal(f.fd, SIGKILL) < 0)
		return false;
	w->ended = true;
	/* Only now: what has KILL waiting makes no more. */
	w->finished = measure_alone(&w->measure, w->payload);
	w->code = CLD_EXITED;
	w->status = f.status;
	f.cpu_us += w->account.gone_us;
	w->cpu_us = f.cpu_us > w->cpu_us ? f.cpu_us : w->cpu_us;
	w->peak = f.peak > w->peak ? f.peak : w->peak;
	look_at_tasks(w, f.tasks);
	look_at_disk(w);
	return true;
}

/* True where the last of them has been closed, and the payload is to be looked at. */
static bool take_outputs(struct watch *w, const struct pollfd p[2])
{
	struct stream *s = w->output->s;
	bool were = s[0].fd >= 0 || s[1].fd >= 0;

	for (int i = 0; i < 2; i++)
		if (p[i].revents && !output_take(w->output, &s[i]))
			breach(w, BREACH_OUTPUT);
	return w->payload && were && s[0].fd < 0 && s[1].fd < 0;
}

static void on_woken(struct watch *w)
{
	if (!w->watcher->on_woken(w->watcher->ctx))
		return;
	w->woken = true;
	w->look_at = now_ms();
}

enum {
	FD_INIT,
	FD_SIGNAL,
	FD_OUT,
	FD_ERR,
	FD_NOTIFY,
	FD_REFUSALS,
	FD_NAT,
	FD_CALLER,
	FD_WOKEN,
	FD_COUNT
};

/* Without its helper the sandbox has no network; who runs it should know why. After the first process of the sandbox it ends
 * as it should. */
static void on_refusals(struct watch *w)
{
	struct pollfd first = { .fd = w->pidfd, .events = POLLIN };

	if (refusals_take(w->refusals))
		return;
	if (poll(&first, 1, 0) == 0)
		log_line(w->refusals->log, LOG_LEVEL_WARN,
			 "the network helper has ended: there is no network any more");
	w->refusals = NULL;
}

static void on_nat(struct watch *w)
{
	struct err why;

	if (nat_lost(w->nat, &why))
		w->on_lost(w->lost_ctx, &why);
	w->nat = NULL;
}

static void hear(struct watch *w)
{
	for (;;) {
		struct pollfd p[FD_COUNT] = {
			[FD_INIT] = { .fd = w->sock, .events = POLLIN },
			[FD_SIGNAL] = { .fd = w->signal_fd, .events = POLLIN },
			[FD_OUT] = output_poll(&w->output->s[0]),
			[FD_ERR] = output_poll(&w->output->s[1]),
			[FD_NOTIFY] = { .fd = w->notify_fd, .events = POLLIN },
			[FD_CALLER] = { .fd = w->caller_fd, .events = POLLRDHUP },
			[FD_WOKEN] = { .fd = w->watcher && !w->look_at ? w->watcher->woken_fd : -1,
				       .events = POLLIN },
			[FD_NAT] = { .fd = w->nat ? w->nat->line : -1, .events = POLLIN },
			[FD_REFUSALS] = { .fd = w->refusals ? w->refusals->fd : -1,
					  .events = POLLIN },
		};

		(void)poll(p, FD_COUNT, until_next(w));
		if (take_outputs(w, p + FD_OUT) && has_finished(w))
			return;
		if (p[FD_SIGNAL].revents)
			on_signal(w);
		if (p[FD_NOTIFY].revents & POLLIN)
			w->on_notify(w->notify_ctx, w->notify_fd);
		else if (p[FD_NOTIFY].revents)
			w->notify_fd = -1;
		if (p[FD_CALLER].revents) {
			w->caller_fd = -1;
			breach(w, BREACH_CALLER);
		}
		if (p[FD_WOKEN].revents)
			on_woken(w);
		if (p[FD_REFUSALS].revents)
			on_refusals(w);
		if (p[FD_NAT].revents)
			on_nat(w);
		if (p[FD_INIT].revents && !on_init(w))
			return;
		on_clock(w);
	}
}

static int begin(struct watch *w, struct err *err)
{
	if (w->signal_fd < 0)
		w->signal_fd = w->own_signal_fd = watch_signals();
	if (w->signal_fd < 0)
		return err_host(err, errno, "watch for signals");
	TRY(watch_hello(w, err));
	w->began = w->tokens_at = now_ms();
	/* Full at first: what was used before we looked is not to stop it. */
	w->tokens = (int64_t)(policy_n(w->policy, POLICY_CPU) * CPU_PERIOD_MS);
	if (policy_n(w->policy, POLICY_TIMEOUT))
		w->deadline = w->began + policy_n(w->policy, POLICY_TIMEOUT);
	w->look_at = w->began + FIRST_LOOK_MS;
	w->since = time(NULL) - 1;
	return 0;
}

static void wait_own(struct watch *w)
{
	siginfo_t info = { 0 };

	kill_all(w);
	while (sys_waitid(P_PID, (id_t)w->pid, &info, WEXITED) < 0 && errno == EINTR)
		;
}

/* Of somebody else's child the pidfd tells. */
static void wait_other(struct watch *w)
{
	struct pollfd p = { .fd = w->pidfd, .events = POLLIN };

	kill_all(w);
	while (poll(&p, 1, -1) < 0 && errno == EINTR)
		;
}

/* Of what the payload leaves behind its init rids us in less time than the namespaces take to go. */
static bool is_clear(struct watch *w)
{
	struct pollfd p = { .fd = w->sock, .events = POLLIN };
	struct init_msg m = { 0 };
	int fds[INIT_FDS_MAX];

	if (!w->ended || w->breach || init_say(w->sock, INIT_CLEAR, 0) < 0)
		return false;
	while (poll(&p, 1, CLEAR_MS) > 0 && init_hear(w->sock, &m, fds) > 0) {
		if (m.word == INIT_SEEN)
			take_seen(w, &m);
		if (m.word == INIT_CLEARED)
			return true;
	}
	return false;
}

/* Whoever does not read the last words is waited for, unless the program that wrote them was ended, or we are to end. */
static void drain(struct watch *w)
{
	for (int old = w->caller_signal; w->caller_signal == old && output_has_more(w->output);) {
		struct pollfd p[] = { output_poll(&w->output->s[0]),
				      output_poll(&w->output->s[1]),
				      { .fd = w->signal_fd, .events = POLLIN } };

		if (poll(p, ARRAY_LEN(p), w->breach ? DRAIN_MS : -1) == 0)
			return;
		if (p[2].revents)
			on_signal(w);
		(void)take_outputs(w, p);
	}
}

/* Everything ends with the first process. Of one that is clear nobody is left who could write, and it ends with the socket. */
static void end_all(struct watch *w)
{
	if (w->pid)
		wait_own(w);
	else if (!is_clear(w))
		wait_other(w);
	drain(w);
}

bool watch_succeeded(const struct watch *w)
{
	return w->ended && !w->breach && w->code == CLD_EXITED && w->status == 0;
}

int watch_run(struct watch *w, struct err *err)
{
	int r = begin(w, err);

	if (r == 0)
		hear(w);
	/* Those that it leaves behind, before they go; a task of a pool that succeeded has met no limit. */
	if (r == 0 && w->ended && !w->finished && (w->pid || !watch_succeeded(w)))
		look(w);
	if (r == 0 && w->ended && policy_n(w->policy, POLICY_FILE_SIZE) && !watch_succeeded(w))
		w->cut_file = cut_found(w->policy, w->scratch_fd, w->since);
	if (!w->finished)
		end_all(w);
	if (w->refusals)
		(void)refusals_take(w->refusals);
	/* The kernel may have ended our first process with the rest, or before all else: then nobody has said anything. */
	if (w->on_look) {
		w->on_look(w->look_ctx, w);
		if (w->killed_for_memory && w->breach == BREACH_NONE)
			w->breach = BREACH_MEMORY;
	}
	return w->breach == BREACH_MEMORY ? 0 : r;
}

void watch_done(struct watch *w)
{
	measure_close(&w->measure);
	scope_close(&w->scratch_fd);
	scope_close(&w->own_signal_fd);
	scope_close(&w->own_pidfd);
	scope_close(&w->sock);
}
