/* SPDX-License-Identifier: Apache-2.0 */
/* rules_seccomp.c - rules on "linux.seccomp" (config-linux.md#seccomp). */
#include <linux/seccomp.h>

#include "spec/base/str.h"
#include "spec/oci/rules.h"
#include "spec/oci/words.h"

/* MAX_ERRNO of the kernel; a message to a tracer has 16 bits. */
#define ERRNO_MAX 4095
#define TRACE_MAX UINT16_MAX
#define ARG_INDEX_MAX 5
/* Another way to say where the notification descriptor goes. */
#define RECEIVER_ANNOTATION "run.oci.seccomp.receiver"

static bool has_receiver(const struct config *config)
{
	for (size_t i = 0; i < config->annotations.n; i++)
		if (str_eq(config->annotations.v[i].key, RECEIVER_ANNOTATION))
			return true;
	return config->linux_.seccomp->listener_path && config->linux_.seccomp->listener_path[0];
}

static int check_errno(uint32_t action, const struct opt_u64 *n, const char *place, struct err *err)
{
	uint64_t max = action == SECCOMP_RET_ERRNO ? ERRNO_MAX : TRACE_MAX;

	if (!n->set)
		return 0;
	if (action != SECCOMP_RET_ERRNO && action != SECCOMP_RET_TRACE)
		return REFUSE(err, place, "%s returns no error number: drop it",
			      name_of(word_seccomp_actions, action));
	if (n->v > max)
		return REFUSE(err, place, "must be at most %llu, is %llu", (unsigned long long)max,
			      (unsigned long long)n->v);
	return 0;
}

static int check_syscall(const struct config *config, const struct seccomp_syscall *s,
			 struct err *err)
{
	if (s->names.n == 0)
		return REFUSE(err, "/names", "is empty: name a system call");
	for (size_t i = 0; i < s->names.n; i++)
		if (!s->names.v[i][0]) {
			(void)err_input(err, "is empty: name a system call");
			return err_in(err, "/names/%zu", i);
		} else if (s->action == SECCOMP_RET_USER_NOTIF &&
			   str_eq(s->names.v[i], "sendmsg")) {
			(void)err_input(err,
					"sendmsg cannot be notified of: the listener itself is "
					"handed over by it");
			return err_in(err, "/names/%zu", i);
		}
	if (s->action == SECCOMP_RET_USER_NOTIF && !has_receiver(config))
		return REFUSE(err, "/action", "SCMP_ACT_NOTIFY needs listenerPath");
	for (size_t i = 0; i < s->args.n; i++)
		if (s->args.v[i].index > ARG_INDEX_MAX) {
			(void)err_input(err, "must be at most %d, is %u", ARG_INDEX_MAX,
					s->args.v[i].index);
			return err_in(err, "/args/%zu/index", i);
		}
	return check_errno(s->action, &s->errno_ret, "/errnoRet", err);
}

static int rule_syscalls(const struct config *config, struct err *err)
{
	const struct seccomp *s = config->linux_.seccomp;

	for (size_t i = 0; s && i < s->syscalls.n; i++)
		if (check_syscall(config, &s->syscalls.v[i], err) < 0)
			return err_in(err, "/linux/seccomp/syscalls/%zu", i);
	return 0;
}

/* The process could not even exec: nobody answers yet. */
static int rule_default(const struct config *config, struct err *err)
{
	const struct seccomp *s = config->linux_.seccomp;

	if (!s)
		return 0;
	if (s->default_action == SECCOMP_RET_USER_NOTIF)
		return REFUSE(err, "/linux/seccomp/defaultAction",
			      "SCMP_ACT_NOTIFY cannot be the default: name the system calls");
	return check_errno(s->default_action, &s->default_errno_ret,
			   "/linux/seccomp/defaultErrnoRet", err);
}

static int rule_listener(const struct config *config, struct err *err)
{
	const struct seccomp *s = config->linux_.seccomp;

	if (s && s->listener_metadata && s->listener_metadata[0] && !has_receiver(config))
		return REFUSE(err, "/linux/seccomp/listenerMetadata", "needs listenerPath");
	return 0;
}

const struct rule rules_seccomp[] = {
	{ "seccomp-default", MUST, "config-linux.md#seccomp", rule_default },
	{ "seccomp-listener", MUST, "config-linux.md#seccomp", rule_listener },
	{ "seccomp-syscall", MUST, "config-linux.md#seccomp", rule_syscalls },
	{ NULL },
};
