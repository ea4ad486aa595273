/* SPDX-License-Identifier: Apache-2.0 */
/* making.c - reads, plans and begins a container; takes everything back where that fails. */
#include "runtime/life/making.h"

#include <linux/seccomp.h>
#include <sched.h>
#include <sys/stat.h>
#include <unistd.h>

#include "runtime/act/scope.h"
#include "runtime/life/cgroup.h"
#include "runtime/life/companion.h"
#include "runtime/life/container.h"
#include "runtime/life/explain.h"
#include "runtime/life/handover.h"
#include "runtime/life/record.h"
#include "runtime/life/recorder.h"
#include "runtime/life/scope.h"
#include "runtime/plan/plan_cgroup.h"
#include "runtime/probe/probe.h"
#include "spec/base/fd.h"
#include "spec/base/path.h"
#include "spec/base/sys.h"
#include "spec/json/tree.h"
#include "spec/oci/annotations.h"
#include "spec/oci/words.h"

/* A config with a seccomp profile of the usual size and its plan take a little more than this, a small config less. */
#define ARENA_EXPECTED (64u << 10)
#define WARNINGS_MAX (2 * PLAN_WARNINGS_MAX)

static int absolute(struct arena *a, const char *path, const char **ret, struct err *err)
{
	char cwd[4096];

	if (!path_is_absolute(path)) {
		if (!getcwd(cwd, sizeof(cwd)))
			return err_host(err, errno, "find the working directory");
		path = path_join(a, cwd, path);
	}
	*ret = path_clean(a, path);
	return 0;
}

static int read_config(struct making *m, struct err *err)
{
	const char *name = m->o->config ? m->o->config : "config.json";
	/* -f FILE is looked up where the caller is, as crun does; the default in the bundle. */
	const char *path =
		str_eq(name, "config.json") ? path_join(&m->arena, m->bundle, name) : name;
	char *bytes;

	TRY(file_read(AT_FDCWD, path, CONFIG_MAX_BYTES, &m->arena, &bytes, &m->len, err));
	m->bytes = bytes;
	TRY(config_parse_in_place(bytes, m->len, path, &m->arena, &m->config, err));
	TRY(config_check(m->config, err));
	return limits_check(m->config, err);
}

int making_read(struct making *m, struct err *err)
{
	m->arena.expected = ARENA_EXPECTED;
	TRY(store_id_check(m->o->id, err));
	TRY(absolute(&m->arena, m->o->bundle ? m->o->bundle : ".", &m->bundle, err));
	return read_config(m, err);
}

static int check_console(const struct making *m, bool detached, struct err *err)
{
	bool terminal = m->config->process && m->config->process->terminal;

	if (terminal && detached && !m->o->console_socket)
		return err_input(
			err,
			"the process has a terminal, so --console-socket must say who gets it (or set "
			"/process/terminal to false)");
	if (!terminal && m->o->console_socket)
		return err_input(err,
				 "--console-socket is given, but /process/terminal is not true");
	return 0;
}

/* Where the kernel does not count swap, there is mostly none to be had. */
static bool is_limit(const char *place)
{
	static const char resources[] = "/linux/resources", swap[] = "/linux/resources/memory/swap";

	return str_starts(place, resources) && !str_starts(place, swap);
}

/* What somebody wrote under our own key is held, or nothing runs. */
static int check_limits(const struct making *m, struct err *err)
{
	if (!m->lost && (m->plan->cgroup || !limits_need_cgroup(m->config)))
		return 0;
	(void)err_set(
		err, ERR_HOST, 0,
		"memory, cpu and max-processes are a cgroup's to hold, and none that can is there "
		"for this user: run under Delegate=yes (systemd-run --user -p Delegate=yes), or use "
		"sandbox-runtime exec --bundle, which needs none");
	return err_in(err, "/srt/limits");
}

static void on_warning(void *ctx, const char *place, const char *text)
{
	struct making *m = ctx;
	const char *line = arena_printf(&m->arena, "%s: %s", place, text);

	log_line(&m->rt->log, LOG_LEVEL_WARN, "%s", line);
	m->lost = m->lost || (limits_need_cgroup(m->config) && is_limit(place));
	if (m->c.warnings.n == WARNINGS_MAX)
		return;
	if (!m->c.warnings.v)
		m->c.warnings.v = arena_array(&m->arena, const char *, WARNINGS_MAX + 1);
	m->c.warnings.v[m->c.warnings.n++] = line;
	m->dirty = true;
}

static enum cgroup_manager cgroup_manager(const struct runtime *rt)
{
	if (rt->systemd_cgroup)
		return CGROUP_MANAGER_SYSTEMD;
	return rt->cgroup_manager && str_eq(rt->cgroup_manager, "disabled") ? CGROUP_MANAGER_NONE
									    : CGROUP_MANAGER_FS;
}

int making_plan(struct making *m, const struct facts *facts, struct err *err)
{
	struct plan_options o = {
		.bundle = m->bundle,
		.id = m->o->id,
		.no_pivot = m->o->no_pivot,
		.no_new_keyring = m->o->no_new_keyring,
		.strict = m->rt->strict,
		.preserve_fds = m->o->preserve_fds,
		.listen_fds = listen_fds(),
		.cgroup_manager = cgroup_manager(m->rt),
		/* Without a helper to hand sockets to the child borrows our memory instead, and we wait. */
		.beside = config_is_filtered(m->config) && beside_is_there(),
	};

	TRY(fds_preserved(o.preserve_fds + o.listen_fds, err));
	TRY(plan_container(m->config, facts, &o, &m->arena, &m->plan, err));
	for (size_t i = 0; i < m->plan->warnings_n; i++)
		on_warning(m, m->plan->warnings[i].cause, m->plan->warnings[i].text);
	return check_limits(m, err);
}

unsigned int making_wants(const struct making *m)
{
	return plan_wants(m->config) | (m->rt->systemd_cgroup ? WANT_CGROUP : 0);
}

static int plan_here(struct making *m, struct err *err)
{
	struct facts facts;

	TRY(probe(making_wants(m), &facts, err));
	return making_plan(m, &facts, err);
}

static bool asks_for_listener(const struct seccomp *s)
{
	if (!s || !s->listener_path)
		return false;
	for (size_t i = 0; i < s->syscalls.n; i++)
		if (s->syscalls.v[i].action == SECCOMP_RET_USER_NOTIF)
			return true;
	return false;
}

/* start would read the config for a listener and for poststart hooks, delete for poststop hooks. */
static bool is_done_after_create(const struct config *c)
{
	const struct hooks *h = c->hooks;

	return !limits_timeout(c) && !asks_for_listener(c->linux_.seccomp) &&
	       (!h || (!h->poststart.n && !h->poststop.n));
}

static void describe(struct making *m)
{
	m->c.id = m->o->id;
	m->c.status = STATUS_CREATING;
	m->c.bundle = m->bundle;
	m->c.rootfs = m->plan->rootfs;
	m->c.owner_uid = geteuid();
	m->c.systemd_cgroup = m->rt->systemd_cgroup;
	m->c.cgroup = "";
	m->c.scope = "";
	m->c.oci_version = m->config->oci_version;
	m->c.annotations = m->config->annotations;
	m->c.nothing_later = is_done_after_create(m->config);
}

static int write_state(struct making *m, struct err *err)
{
	m->dirty = false;
	/* Not before: of the time that the process takes to start, this is no part. */
	if (!m->c.created)
		m->c.created = container_now(&m->arena);
	return store_write(&m->entry, &m->c, err);
}

/* The state is written once there is something to say of the process (making_settle): until then, while we hold the lock,
 * it is being created; and should we die, so does the child. */
static int on_pid(void *ctx, pid_t pid, struct err *err)
{
	struct making *m = ctx;
	char *bytes;

	m->c.pid = pid;
	m->c.pid_start = pid_start_time(pid);
	/* A state without it would say that the container has ended. */
	if (!m->c.pid_start)
		return err_set(err, ERR_HOST, 0, "look at the container's process in /proc");
	m->dirty = true;
	bytes = arena_strn(&m->arena, m->bytes, m->len);
	json_restore(bytes, m->len);
	return store_keep_config(&m->entry, bytes, m->len, err);
}

static const char *on_state(void *ctx)
{
	struct making *m = ctx;

	return container_json(&m->c, &m->arena);
}

int making_connect(struct making *m, struct err *err)
{
	const struct seccomp *s = m->config->linux_.seccomp;

	if (!asks_for_listener(s))
		return 0;
	return socket_connect(s->listener_path, "/linux/seccomp/listenerPath", &m->listener_sock,
			      err);
}

int making_listener(void *ctx, int fd, struct err *err)
{
	static const char *const fds[] = { "seccompFd", NULL };
	struct making *m = ctx;
	const struct seccomp *s = m->config ? m->config->linux_.seccomp : NULL;
	struct text text = { .arena = &m->arena };
	struct emit e = { .out = &text };
	struct oci_state state = container_state(&m->c);
	/* The document ends where the connection does. */
	scoped_fd int sock = take_fd(&m->listener_sock);

	if (!s)
		return err_host(err, EPROTO, "a seccomp listener that nobody asked for");
	state_process_emit(&e, &state, fds, s->listener_metadata);
	return fd_send_on(sock, "/linux/seccomp/listenerPath", text.s, fd, err);
}

/* What will be made is on disk before it is: whoever deletes what is left of us finds it. */
static int note_cgroups(struct making *m, struct err *err)
{
	if (!m->plan->cgroup || m->plan->scope)
		return 0;
	TRY(cgroups_note(m->plan, &m->arena, &m->c.cgroups, err));
	m->c.cgroup = m->c.cgroups.n ? m->c.cgroups.v[m->c.cgroups.n - 1].value : "";
	TRY(write_state(m, err));
	m->in_cgroup = true;
	m->dirty = true;
	return 0;
}

/* Not before systemd has made it: a scope goes when the process in it does. */
static void on_scope(void *ctx, const char *cgroup)
{
	struct making *m = ctx;
	struct pair *pair = arena_new(&m->arena, struct pair);

	pair->key = CGROUP_UNIFIED;
	pair->value = m->c.cgroup = arena_str(&m->arena, cgroup);
	m->c.cgroups = (struct pairs){ pair, 1 };
	m->c.scope = scope_word(m->plan, &m->arena);
	m->in_cgroup = true;
	m->dirty = true;
}

static int on_way(void *ctx, int way, int fd, struct err *err)
{
	struct making *m = ctx;

	TRY(way_take(&m->way, way, fd, m->start.pidfd, err));
	if (!m->way.pid)
		return 0;
	m->c.helper = m->way.pid;
	m->c.helper_start = pid_start_time(m->way.pid);
	m->dirty = true;
	/* Who waits for the payload's end hears himself what it was refused. */
	return m->start.wait
		       ? recorder_begin(&m->entry, take_fd(&m->way.events), m->o->violations, err)
		       : 0;
}

static int on_nat(void *ctx, pid_t pid, int pidfd, struct err *err)
{
	struct making *m = ctx;

	if (nat_lacks_names(&m->arena))
		log_line(&m->rt->log, LOG_LEVEL_ERROR, "/srt/network/mode: " NAT_LACKS_NAMES,
			 name_of(word_network_modes, m->way.nat.mode));
	TRY(nat_begin(&m->way.nat, pid, pidfd, err));
	m->c.helper = m->way.nat.keeper;
	m->c.helper_start = pid_start_time(m->way.nat.keeper);
	m->dirty = true;
	return 0;
}

static bool has_state_hooks(const struct config *c)
{
	const struct hooks *h = c->hooks;

	return h && (h->prestart.n || h->create_runtime.n || h->create_container.n ||
		     h->start_container.n);
}

/* Without a pid namespace its orphans would go to whoever is above us. */
static int adopt_orphans(const struct making *m, struct err *err)
{
	if (m->o->no_subreaper || config_has_ns(m->config, CLONE_NEWPID))
		return 0;
	if (sys_prctl(36 /* PR_SET_CHILD_SUBREAPER */, 1, 0, 0, 0) < 0)
		return err_host(err, errno, "become the reaper of the container's orphans");
	return 0;
}

static int begin(struct making *m, bool wait, bool listen, struct err *err)
{
	scoped_fd int start_fd = -1;

	if (listen)
		TRY(store_listen(&m->entry, &start_fd, err));
	m->start.plan = m->plan;
	m->start.hooks = m->config->hooks;
	m->start.wait = wait;
	m->start.start_fd = start_fd;
	m->start.die_with_parent = !wait;
	m->start.no_pidfd = !wait && !making_pidfd_socket(m) && !limits_timeout(m->config);
	m->start.on_pid = on_pid;
	m->start.on_scope = on_scope;
	m->start.state = has_state_hooks(m->config) || listen ? on_state : NULL;
	m->start.on_warning = on_warning;
	m->start.on_listener = making_listener;
	m->start.on_way = on_way;
	m->start.on_nat = on_nat;
	m->start.ctx = m;
	return start_begin(&m->start, err);
}

int making_begin(struct making *m, bool wait, bool listen, struct err *err)
{
	if (!m->config->process)
		return err_input(err, "/process: the configuration has no process to run");
	TRY(check_console(m, wait, err));
	if (m->o->violations)
		TRY(record_line(m->o->violations, "--violations", &(struct text){ 0 }, err));
	TRY(plan_here(m, err));
	if (m->plan->scope)
		TRY(companion_find(SCOPE_COMPANION, &m->arena, &m->start.companion, err));
	TRY(adopt_orphans(m, err));
	TRY(way_prepare(&m->way, m->config, &m->arena, err));
	/* A container that only waits has no filter yet: `start` will connect. */
	if (!listen)
		TRY(making_connect(m, err));
	TRY(store_claim(m->rt, m->o->id, &m->entry, err));
	m->claimed = true;
	describe(m);
	if (note_cgroups(m, err) == 0 && begin(m, wait, listen, err) == 0 &&
	    check_limits(m, err) == 0)
		return 0;
	explain(err);
	making_fail(m);
	return -1;
}

int making_claim(struct making *m, struct err *err)
{
	TRY(plan_here(m, err));
	TRY(store_claim(m->rt, m->o->id, &m->entry, err));
	m->claimed = true;
	describe(m);
	return 0;
}

int making_adopt(struct making *m, pid_t pid, struct err *err)
{
	m->start.pid = pid;
	m->start.pidfd = sys_pidfd_open(pid, 0);
	if (m->start.pidfd < 0)
		return err_host(err, errno, "open the container's process");
	TRY(on_pid(m, pid, err));
	return making_settle(m, err);
}

const char *making_pidfd_socket(const struct making *m)
{
	return m->o->pidfd_socket ? m->o->pidfd_socket
				  : annotation(m->config, ANNOTATION_PIDFD_RECEIVER);
}

int making_settle(struct making *m, struct err *err)
{
	return m->dirty ? write_state(m, err) : 0;
}

void making_fail(struct making *m)
{
	struct err ignored;

	start_kill(&m->start);
	way_end(&m->way);
	cgroup_dirs_done(&m->start.cgroups);
	if (m->in_cgroup && !m->start.begun)
		cgroups_take_back(&m->c);
	/* Where that fails the entry stays, so that delete can try again. */
	if (m->in_cgroup && m->start.begun && cgroups_remove(&m->c, &ignored) < 0) {
		log_line(&m->rt->log, LOG_LEVEL_WARN, "%s", ignored.text);
		return;
	}
	if (m->claimed)
		(void)store_remove(m->rt, &m->entry, m->o->id,
				   &ignored); /* the first error is the one to tell */
	m->claimed = false;
}

void making_done(struct making *m)
{
	start_done(&m->start);
	way_done(&m->way);
	met_done(&m->met);
	scope_close(&m->listener_sock);
	entry_done(&m->entry);
	arena_done(&m->arena);
}
