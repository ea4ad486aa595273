/* SPDX-License-Identifier: Apache-2.0 */
/* explain.c - from an errno to the sysctl, profile or filter behind it.
 *
 * Only after a failure: a start that succeeds asks nothing of this. */
#include "runtime/life/explain.h"

#include <fcntl.h>
#include <linux/capability.h>
#include <stdio.h>
#include <string.h>

#include "runtime/probe/probe.h"
#include "spec/base/fd.h"
#include "spec/base/str.h"

#define STATUS_MAX 65536

/* Which failures are about namespaces, by their place and words. */
static bool is_refusal(const struct err *err)
{
	int e = err->errnum;

	return err->kind == ERR_HOST &&
	       (e == EPERM || e == EACCES || e == ENOSPC || e == EUSERS || e == ENOSYS);
}

static bool is_about_namespaces(const struct err *err)
{
	return str_eq(err->place, "/linux/namespaces") ||
	       str_starts(err->place, "/linux/uidMappings") ||
	       str_starts(err->place, "/linux/gidMappings");
}

static bool is_about_covered(const struct err *err)
{
	return str_starts(err->text, "mount proc on") || str_starts(err->text, "mount sysfs on");
}

static const char *userns_hint(const struct err *err, const struct facts *f)
{
	if (f->max_user_namespaces == 0 && err->errnum == ENOSPC)
		return "user.max_user_namespaces is 0 here: no user namespaces; ask root to set it to "
		       "10000, or in a container its host";
	if (err->errnum == ENOSPC || err->errnum == EUSERS)
		return "the limit of namespaces is reached, or they are nested too deep: see "
		       "user.max_user_namespaces and its neighbours in sysctl user";
	if (facts_cap(f, CAP_SYS_ADMIN))
		return NULL;
	if (!f->unprivileged_userns)
		return "kernel.unprivileged_userns_clone is 0: ordinary users get no user namespaces; ask "
		       "root to set it to 1";
	if (f->apparmor_restricts_userns)
		return "kernel.apparmor_restrict_unprivileged_userns is 1: load a profile for srt-oci "
		       "that says `userns,` (contrib/apparmor), or ask root to set it to 0";
	return NULL;
}

const char *explain_hint(const struct err *err, const struct facts *f, const struct surroundings *s)
{
	const char *hint = NULL;

	if (!is_refusal(err))
		return NULL;
	if (is_about_namespaces(err))
		hint = userns_hint(err, f);
	if (!hint && s->filtered && is_about_namespaces(err))
		hint = "a seccomp filter is around this process, as in a container, and may forbid it: "
		       "start that with nesting (podman, docker: --security-opt seccomp=unconfined; "
		       "LXC: security.nesting=true)";
	if (!hint && is_about_covered(err) && f->in_user_ns)
		hint = "in a container whose own /proc or /sys is masked the kernel gives no new one: start "
		       "that without masks (podman: --security-opt unmask=ALL, docker: "
		       "systempaths=unconfined, LXC: nesting=1), or bind the host's";
	return hint;
}

static bool is_filtered(void)
{
	scoped_arena struct arena a = { 0 };
	struct err ignored;
	size_t len;
	char *text;

	return file_read(AT_FDCWD, "/proc/self/status", STATUS_MAX, &a, &text, &len, &ignored) ==
		       0 &&
	       strstr(text, "\nSeccomp:\t2");
}

void explain(struct err *err)
{
	struct surroundings s;
	struct facts facts;
	struct err ignored;
	const char *hint;
	size_t n = strlen(err->text);

	if (!is_refusal(err) || probe(WANT_CALLER | WANT_HOST | WANT_LSM, &facts, &ignored) < 0)
		return;
	s.filtered = is_filtered();
	hint = explain_hint(err, &facts, &s);
	if (hint)
		(void)snprintf(err->text + n, sizeof(err->text) - n, "; %s", hint);
}
