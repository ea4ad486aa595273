/* SPDX-License-Identifier: Apache-2.0 */
/* features.c - writes the features document out of the word tables. */
#include "spec/oci/features.h"

#include "spec/oci/words.h"

#define VERSION_MIN "1.0.0"

static const char *const hook_names[] = {
	"prestart", "createRuntime", "createContainer", "startContainer", "poststart", "poststop",
	NULL,
};

static void emit_strings(struct emit *e, const char *key, const char *const *strings)
{
	if (!strings)
		return;
	emit_array(e, key);
	for (; *strings; strings++)
		emit_str(e, NULL, *strings);
	emit_end_array(e);
}

/* The words of a table; of flags, those with a bit of mask. */
static void emit_words(struct emit *e, const char *key, const struct name *words, uint64_t mask)
{
	emit_array(e, key);
	for (; words->name; words++)
		if (mask == UINT64_MAX || ((uint64_t)words->value & mask))
			emit_str(e, NULL, words->name);
	emit_end_array(e);
}

static void emit_enabled(struct emit *e, const char *key, bool enabled)
{
	emit_object(e, key);
	emit_bool(e, "enabled", enabled);
	emit_end_object(e);
}

static void emit_seccomp(struct emit *e, const struct features_host *host)
{
	emit_object(e, "seccomp");
	emit_bool(e, "enabled", host->seccomp);
	if (host->seccomp) {
		emit_words(e, "actions", word_seccomp_actions, UINT64_MAX);
		emit_words(e, "operators", word_seccomp_ops, UINT64_MAX);
		emit_words(e, "archs", word_seccomp_archs, UINT64_MAX);
		emit_words(e, "knownFlags", word_seccomp_flags, UINT64_MAX);
		emit_words(e, "supportedFlags", word_seccomp_flags, host->seccomp_flags);
	}
	emit_end_object(e);
}

static void emit_cgroup(struct emit *e, const struct features_host *host)
{
	emit_object(e, "cgroup");
	emit_bool(e, "v1", host->cgroup_v1);
	emit_bool(e, "v2", host->cgroup_v2);
	emit_bool(e, "systemd", host->systemd);
	emit_bool(e, "systemdUser", host->systemd_user);
	emit_bool(e, "rdma", host->rdma);
	emit_end_object(e);
}

static void emit_linux(struct emit *e, const struct features_host *host)
{
	emit_object(e, "linux");
	emit_words(e, "namespaces", word_namespaces, UINT64_MAX);
	emit_words(e, "capabilities", word_capabilities, UINT64_MAX);
	emit_cgroup(e, host);
	emit_seccomp(e, host);
	emit_enabled(e, "apparmor", host->apparmor);
	emit_enabled(e, "selinux", host->selinux);
	emit_enabled(e, "intelRdt", host->intel_rdt);
	emit_object(e, "memoryPolicy");
	emit_words(e, "modes", word_mpol_modes, UINT64_MAX);
	emit_words(e, "flags", word_mpol_flags, UINT64_MAX);
	emit_end_object(e);
	emit_object(e, "mountExtensions");
	emit_enabled(e, "idmap", host->idmap);
	emit_end_object(e);
	emit_enabled(e, "netDevices", host->net_devices);
	emit_end_object(e);
}

void features_emit(struct emit *e, const struct features_host *host)
{
	emit_object(e, NULL);
	emit_str(e, "ociVersionMin", VERSION_MIN);
	emit_str(e, "ociVersionMax", OCI_VERSION);
	emit_strings(e, "hooks", hook_names);
	emit_strings(e, "mountOptions", host->mount_options);
	emit_linux(e, host);
	if (host->annotations.n) {
		emit_object(e, "annotations");
		for (size_t i = 0; i < host->annotations.n; i++)
			emit_str(e, host->annotations.v[i].key, host->annotations.v[i].value);
		emit_end_object(e);
	}
	emit_strings(e, "potentiallyUnsafeConfigAnnotations", host->unsafe_annotations);
	emit_end_object(e);
}
