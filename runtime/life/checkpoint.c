/* SPDX-License-Identifier: Apache-2.0 */
/* checkpoint.c - a container to files and back, by CRIU's command line (criu(8), version 3).
 *
 * What comes from the host and not from the images is named by --external under its place in the container: bind mounts, and
 * the null device that masks files. */
#include <linux/limits.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

#include "runtime/act/act.h"
#include "runtime/act/spawn.h"
#include "runtime/life/handover.h"
#include "runtime/life/making.h"
#include "runtime/life/tell.h"
#include "runtime/life/terminal.h"
#include "runtime/plan/mount_options.h"
#include "spec/base/fd.h"
#include "spec/base/path.h"
#include "spec/base/sys.h"

#define WORDS_MAX 4096
#define IMAGES "checkpoint"
#define PID_FILE "restored.pid"

/* A command line that grows. */
struct line {
	struct arena *a;
	const char **v;
	size_t n;
};

static void add(struct line *l, const char *word)
{
	if (l->n + 1 < WORDS_MAX)
		l->v[l->n++] = word;
}

static void add_two(struct line *l, const char *option, const char *value)
{
	if (!value)
		return;
	add(l, option);
	add(l, value);
}

static void add_if(struct line *l, bool wanted, const char *option)
{
	if (wanted)
		add(l, option);
}

static int find_criu(const struct runtime *rt, char path[PATH_MAX], struct err *err)
{
	const char *const argv[] = { rt->criu, NULL };

	if (act_find(argv, (const char *const *)environ, true, path, PATH_MAX, err) == 0)
		return 0;
	return err_set(err, ERR_HOST, 0,
		       "checkpoint and restore need CRIU, and there is no %s to run; install it "
		       "(https://criu.org), or name the program with --criu",
		       rt->criu);
}

static const char *images(const struct checkpoint_options *o)
{
	return o->image_path ? o->image_path : IMAGES;
}

static int check_empty_ns(const struct checkpoint_options *o, struct err *err)
{
	for (size_t i = 0; i < o->empty_ns.n; i++)
		if (!str_eq(o->empty_ns.v[i], "network"))
			return err_input(err, "--empty-ns %.64s: CRIU can leave out network only",
					 o->empty_ns.v[i]);
	return 0;
}

static void add_common(struct line *l, const struct checkpoint_options *o)
{
	add_two(l, "--images-dir", images(o));
	add_two(l, "--work-dir", o->work_path);
	add(l, "-v4");
	add_if(l, o->tcp_established, "--tcp-established");
	add_if(l, o->ext_unix_sk, "--ext-unix-sk");
	add_if(l, o->shell_job, "--shell-job");
	add_if(l, o->file_locks, "--file-locks");
	add_if(l, o->auto_dedup, "--auto-dedup");
	add(l, o->manage_cgroups ? arena_printf(l->a, "--manage-cgroups=%s", o->manage_cgroups)
				 : "--manage-cgroups=soft");
	for (size_t i = 0; i < o->empty_ns.n; i++)
		add_two(l, "--empty-ns", "net");
}

static void add_external(struct line *l, const char *place, const char *source)
{
	add_two(l, "--external", arena_printf(l->a, "mnt[%s]:%s", place, source));
}

/* At a dump each is named by its place, at a restore by what lies there. */
static void add_externals(struct line *l, const struct making *m, bool restore)
{
	const struct mounts *mounts = &m->config->mounts;
	const struct strings *masked = &m->config->linux_.masked_paths;

	for (size_t i = 0; i < mounts->n; i++) {
		const char *place = path_clean(l->a, mounts->v[i].destination);
		const char *source = mounts->v[i].source;
		struct mount_wish wish;

		mount_wish(&mounts->v[i], l->a, &wish);
		if (!wish.bind || !source)
			continue;
		if (!path_is_absolute(source))
			source = path_join(l->a, m->bundle ? m->bundle : m->c.bundle, source);
		add_external(l, place, restore ? source : place);
	}
	for (size_t i = 0; i < masked->n; i++)
		add_external(l, masked->v[i], restore ? "/dev/null" : masked->v[i]);
}

static int begin_line(struct line *l, struct arena *a, const char *verb)
{
	*l = (struct line){ .a = a, .v = arena_array(a, const char *, WORDS_MAX) };
	add(l, "criu");
	add(l, verb);
	return 0;
}

static int make_images(const struct checkpoint_options *o, struct err *err)
{
	if (sys_mkdirat(AT_FDCWD, images(o), 0700) < 0 && errno != EEXIST)
		return err_host(err, errno, "make the directory %s", images(o));
	return 0;
}

static int failed(const struct checkpoint_options *o, const char *what, int status, struct err *err)
{
	return err_set(err, ERR_HOST, 0,
		       "CRIU could not %s the container (status %d); see %s/%s.log", what, status,
		       o->work_path ? o->work_path : images(o), what);
}

/* --- checkpoint ----------------------------------------------------------------------------------------------------- */

static int add_page_server(struct line *l, const char *page_server, struct err *err)
{
	const char *colon = page_server ? strrchr(page_server, ':') : NULL;

	if (!page_server)
		return 0;
	if (!colon || colon == page_server || !colon[1])
		return err_input(err, "--page-server %.64s: must be ADDRESS:PORT", page_server);
	add(l, "--page-server");
	add_two(l, "--address", arena_strn(l->a, page_server, (size_t)(colon - page_server)));
	add_two(l, "--port", colon + 1);
	return 0;
}

static int dump_line(struct line *l, const struct making *m, const struct checkpoint_options *o,
		     struct err *err)
{
	TRY(begin_line(l, (struct arena *)(uintptr_t)&m->arena, o->pre_dump ? "pre-dump" : "dump"));
	add_two(l, "--tree", arena_printf(l->a, "%d", m->c.pid));
	add_two(l, "--log-file", "dump.log");
	add_common(l, o);
	add_two(l, "--prev-images-dir", o->parent_path);
	add_if(l, o->parent_path || o->pre_dump, "--track-mem");
	add_if(l, o->leave_running && !o->pre_dump, "--leave-running");
	add_if(l, o->lazy_pages, "--lazy-pages");
	add_two(l, "--status-fd", o->status_fd);
	TRY(add_page_server(l, o->page_server, err));
	if (!o->pre_dump) {
		add_two(l, "--root", m->c.rootfs);
		add_externals(l, m, false);
	}
	return 0;
}

static int open_running(struct making *m, struct err *err)
{
	int gone;

	TRY(store_open(m->rt, m->o->id, true, &m->entry, err));
	if (m->entry.owner != geteuid())
		return err_state(err, "container \"%s\" belongs to uid %u; act as that user",
				 m->o->id, m->entry.owner);
	TRY(store_read(&m->entry, m->o->id, &m->arena, &m->c, err));
	if (m->c.status != STATUS_RUNNING && m->c.status != STATUS_PAUSED)
		return err_state(err, "container not running: no such process");
	gone = store_config(&m->entry, &m->arena, &m->config, err);
	TRY(gone);
	return gone ? err_state(err, "container \"%s\" has no configuration kept", m->o->id) : 0;
}

int life_checkpoint(const struct runtime *rt, const char *id, const struct checkpoint_options *o,
		    struct err *err)
{
	struct create_options c = { .id = id };
	scoped_making struct making m = MAKING_INIT(rt, &c);
	char path[PATH_MAX];
	struct line l;
	int status = 0;

	TRY(check_empty_ns(o, err));
	TRY(open_running(&m, err));
	TRY(find_criu(rt, path, err));
	TRY(dump_line(&l, &m, o, err));
	TRY(make_images(o, err));
	/* CRIU stops the processes itself and needs our standing to wait for them. */
	TRY(spawn_wait_here(path, l.v, (const char *const *)environ, &status, err));
	return status == 0 ? 0 : failed(o, "dump", status, err);
}

/* --- restore -------------------------------------------------------------------------------------------------------- */

static int restore_line(struct line *l, const struct making *m, const struct checkpoint_options *o,
			const char *pid_file)
{
	TRY(begin_line(l, (struct arena *)(uintptr_t)&m->arena, "restore"));
	add(l, "--restore-detached");
	add_two(l, "--pidfile", pid_file);
	add_two(l, "--log-file", "restore.log");
	add_common(l, o);
	add_if(l, o->lazy_pages, "--lazy-pages");
	add_two(l, "--lsm-profile", o->lsm_profile);
	add_two(l, "--lsm-mount-context", o->lsm_mount_context);
	add_two(l, "--root", m->c.rootfs);
	add_externals(l, m, true);
	return 0;
}

/* CRIU wants the root to be a mount: in a mount namespace of its own it becomes one. */
static _Noreturn void be_criu(const char *path, const struct line *l, const char *rootfs,
			      const sigset_t *outside)
{
	(void)sys_sigprocmask(SIG_SETMASK, outside, NULL);
	if (sys_unshare(CLONE_NEWNS) == 0 &&
	    sys_mount(NULL, "/", NULL, MS_SLAVE | MS_REC, NULL) == 0 &&
	    sys_mount(rootfs, rootfs, NULL, MS_BIND | MS_REC, NULL) == 0)
		(void)execve(path, (char *const *)l->v, environ);
	_exit(127);
}

static int run_restore(const char *path, const struct line *l, const char *rootfs,
		       const sigset_t *outside, int *status, struct err *err)
{
	struct clone_args args = { .exit_signal = SIGCHLD };
	siginfo_t info = { 0 };
	pid_t pid = sys_clone3(&args, sizeof(args));

	if (pid == 0)
		be_criu(path, l, rootfs, outside);
	if (pid < 0 || sys_waitid(P_PID, (id_t)pid, &info, WEXITED) < 0)
		return err_host(err, errno, "run %s", path);
	*status = info.si_code == CLD_EXITED ? info.si_status : 128 + info.si_status;
	return 0;
}

static int read_pid(struct arena *a, const char *file, pid_t *ret, struct err *err)
{
	uint64_t pid;
	char *text;
	size_t len;

	TRY(file_read(AT_FDCWD, file, 64, a, &text, &len, err));
	text[strcspn(text, " \n")] = '\0';
	TRY(str_u64(text, 10, INT32_MAX, &pid, err));
	*ret = (pid_t)pid;
	return 0;
}

static int restore(struct making *m, const struct checkpoint_options *o, const sigset_t *outside,
		   struct err *err)
{
	const char *dir = o->work_path ? o->work_path : images(o), *file;
	char path[PATH_MAX], full[PATH_MAX];
	struct line l;
	int status = 0;
	pid_t pid;

	TRY(find_criu(m->rt, path, err));
	TRY(making_claim(m, err));
	if (!realpath(dir, full))
		return err_host(err, errno, "open the images in %s", dir);
	file = path_join(&m->arena, full, PID_FILE);
	TRY(restore_line(&l, m, o, file));
	/* CRIU refuses to overwrite it. */
	(void)sys_unlinkat(AT_FDCWD, file, 0);
	TRY(run_restore(path, &l, m->c.rootfs, outside, &status, err));
	if (status)
		return failed(o, "restore", status, err);
	TRY(read_pid(&m->arena, file, &pid, err));
	(void)sys_unlinkat(AT_FDCWD, file, 0);
	TRY(making_adopt(m, pid, err));
	TRY(deadline_begin(&m->deadline, m->config, m->start.pidfd, err));
	return o->create.pid_file ? pid_file_write(o->create.pid_file, pid, err) : 0;
}

/* In the foreground the restored process, whose maker has ended, is our child: its next reaper is us. */
static int wait_for(struct making *m, const struct checkpoint_options *o, const sigset_t *outside,
		    int *status, struct err *err)
{
	met_begin(&m->met, m->config, &m->c);
	store_unlock(&m->entry);
	TRY(payload_wait(m->start.pid, -1, outside, status, err));
	m->start.pid = 0;
	TRY(tell_end(m, status, err));
	return o->create.keep ? 0 : life_delete(m->rt, o->create.id, true, err);
}

int life_restore(const struct runtime *rt, const struct checkpoint_options *o, int *status,
		 struct err *err)
{
	scoped_making struct making m = MAKING_INIT(rt, &o->create);
	sigset_t outside;

	TRY(check_empty_ns(o, err));
	if (o->create.console_socket)
		return err_input(
			err,
			"--console-socket: a terminal is restored with --shell-job only, as CRIU's "
			"command line hands none over");
	TRY(making_read(&m, err));
	if (!o->create.detach && sys_prctl(36 /* PR_SET_CHILD_SUBREAPER */, 1, 0, 0, 0) < 0)
		return err_host(err, errno, "become the reaper of the container");
	TRY(payload_block_signals(&outside, err));
	if (restore(&m, o, &outside, err) < 0) {
		making_fail(&m);
		return -1;
	}
	*status = 0;
	if (!o->create.detach)
		return wait_for(&m, o, &outside, status, err);
	m.start.pid = 0;
	store_unlock(&m.entry);
	return 0;
}
