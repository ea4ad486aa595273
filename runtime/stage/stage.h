/* SPDX-License-Identifier: Apache-2.0 */
/* stage.h - parent and child walk through a plan together (who does what when: runtime/plan/op.h; the words: sync.h). */
#pragma once

#include <linux/sched.h>
#include <signal.h>
#include <sys/types.h>

#include "runtime/act/cgroup.h"
#include "runtime/plan/plan.h"
#include "spec/oci/config.h"

/* A start, as the parent sees it. Zeroed but for the fds, which are -1. */
struct start {
	const struct plan *plan;
	const struct hooks *hooks; /* may be NULL */
	/* What the child does when it is ready: */
	bool wait; /* says READY and waits for GO; otherwise it goes on to exec */
	int start_fd; /* create: then listens here for `start`; -1: none */
	const sigset_t *
		signals; /* the mask under which a start that takes long can be ended; NULL: the present one */
	bool cleans_up; /* such a signal ends the start, which fails then, instead of us */
	bool no_pidfd; /* nobody will ask for one: of our own child the number is as good */
	bool die_with_parent; /* SIGKILL for the payload when the parent dies */
	int ns_pidfd; /* exec: the process whose namespaces (ns_flags) are joined first; -1: none */
	uint64_t ns_flags;
	int init_sock; /* the process becomes the init of its pid namespace, which speaks here (init.h), and the payload its
			  child; -1: the payload is that process itself */
	/* Instead of what init.h does with it; NULL: that. Called in the process that has it: returns where it is to exec. */
	int (*split)(const struct start *s, struct err *err);
	const void *split_ctx;
	uint64_t
		init_open_files; /* limit of open files for the payload, which the way to it may exceed; 0: as it is */
	const char *init_scratch; /* directory inside whose file system the init reports on */
	const char *const *argv; /* of main: the init shows nothing of it */
	bool begun; /* there was a process, or may have been */
	struct cgroup_dirs
		cgroups; /* what the first process that is cloned enters; filled by PREPARE */
	const char *companion; /* the program that speaks to systemd, where the plan has a scope */
	/* The first process waits until this has put it into its cgroup; NULL: it enters by itself. */
	int (*place)(void *ctx, pid_t pid, struct err *err);
	/* Called in the parent. */
	int (*on_pid)(void *ctx, pid_t pid, struct err *err); /* the child exists; may be NULL */
	void (*on_scope)(void *ctx,
			 const char *cgroup); /* where systemd made it, whatever follows */
	const char *(*state)(void *ctx); /* the state document for hooks; NULL only without hooks */
	void (*on_warning)(void *ctx, const char *place, const char *text);
	int (*on_listener)(void *ctx, int fd, struct err *err); /* seccomp listener to hand on */
	int (*on_way)(
		void *ctx, int way, int fd,
		struct
		err *err); /* a socket for the network helper (enum way_socket), which is the callee's */
	/* The program that is the way out begins beside the child, whose network is up to it: returns once it is ready. */
	int (*on_nat)(void *ctx, pid_t pid, int pidfd, struct err *err);
	/* Called with the listener that on_listener has put here (-1: none) when it has a question, until the child has
	 * become the payload: its own calls are asked about, too. */
	void (*on_notify)(void *ctx, int fd);
	int notify_fd;
	void *notify_ctx;
	void *ctx;
	/* Filled. */
	pid_t pid;
	int pidfd;
	int sock; /* the parent's end; -1: the child is silent */
	struct silent *silent; /* what it leaves in our memory; NULL: it speaks */
	int proc_fd; /* the host's /proc, verified */
	int console_fd; /* the terminal's master, if there is one */
	int net_fd; /* into the child's network namespace, where devices were moved there */
	int stop_fd; /* readable when such a signal has come (stop.h) … */
	int stopped_by; /* … and which; 0 none */
	sigset_t blocked; /* the mask before */
};

#define START_INIT                                                                             \
	{                                                                                      \
		.start_fd = -1, .ns_pidfd = -1, .init_sock = -1, .notify_fd = -1, .pidfd = -1, \
		.sock = -1, .proc_fd = -1, .console_fd = -1, .net_fd = -1, .stop_fd = -1       \
	}

/* start_begin: clones the child and accompanies it until it is READY (wait) or has become the payload. On failure the child
 * is dead and waited for. start_go: lets a READY child go on. start_done: closes the fds; does not end the child. */
int start_begin(struct start *s, struct err *err);
/* start_listen: hears the child out until it has become the payload, or failed. */
int start_listen(struct start *s, struct err *err);
int start_go(struct start *s, struct err *err);
/* start_forget: once the payload runs, closes what only its start needed. */
void start_forget(struct start *s);
/* start_kill: ends the child, if any, and waits for it. */
void start_kill(struct start *s);
void start_done(struct start *s);
#define scoped_start scoped(start_done)

/* start_released: `start`, over a connection to the child's start socket: says GO and hears it out. on_warning, on_listener
 * and ctx of s are used. */
int start_released(struct start *s, int connection, struct err *err);

/* The child's side; for parent.c. */
struct child {
	const struct start *start;
	int sock; /* -1: it is silent */
	int parent_sock; /* the other end, to be closed */
	int proc_fd; /* the host's /proc, verified */
	int start_fd; /* -1: none */
	char *state; /* room for the state document, state_room bytes */
	size_t state_room;
	char *path; /* PATH_MAX bytes */
	bool entered; /* it, or the middle before it, has done its part of entering */
	bool in_cgroup; /* clone has put it into the cgroup of v2 */
	int beside_fd; /* the network namespace, where it has come already; else -1 */
};
_Noreturn void child_main(struct child *c);
_Noreturn void middle_main(struct child *c);

/* Of a child that shares our memory until exec, while we wait (spec/base/vfork.h): what it would otherwise say. */
struct silent {
	int parent_lives; /* the kernel makes it 0 when the parent dies */
	pid_t pid; /* the child, as the middle knows it; 0: there is no middle, or it has not come so far */
	bool failed;
	struct err failure;
	size_t warnings_n, warnings_room;
	struct err warnings[];
};
/* start_is_silent: the child may be such a one. silent_begin: room for what it leaves. clone_silent: sys_vfork on the free part
 * of the caller's stack. silent_fail: the end of the child, or of the middle. silent_warn: of an optional op. silent_has_parent:
 * it still lives; who asks has said that it wants to die with it. */
bool start_is_silent(const struct start *s);
struct silent *silent_begin(const struct plan *p);
_Noreturn void silent_fail(struct silent *s, const struct err *err);
void silent_warn(struct silent *s, const struct err *err);
bool silent_has_parent(const struct silent *s);
/* start_is_placed: the parent puts the first process into its cgroup, and that waits for it. */
bool start_is_placed(const struct start *s);
pid_t clone_silent(struct clone_args *args, void (*fn)(void *), void *arg);
/* stack_is_roomy: clone_silent finds room. */
bool stack_is_roomy(void);

/* beside_is_there: who makes a plan may have such a stage. beside_make: does the stage BESIDE for the child that has been cloned,
 * and hands it the network namespace. */
bool beside_is_there(void);
int beside_make(struct start *s, struct err *err);
