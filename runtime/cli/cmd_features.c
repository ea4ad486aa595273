/* SPDX-License-Identifier: Apache-2.0 */
/* cmd_features.c - features: what this runtime can do, as JSON for engines. */
#include <linux/seccomp.h>

#include "runtime/act/scope.h"
#include "runtime/cli/command.h"
#include "runtime/life/companion.h"
#include "runtime/plan/mount_options.h"
#include "spec/base/sys.h"
#include "spec/oci/annotations.h"
#include "spec/oci/features.h"
#include "spec/oci/words.h"
#include "version.h"

static const char *const *option_words(struct arena *a)
{
	const char **words;
	size_t n = 0;

	while (mount_options[n].name)
		n++;
	words = arena_alloc(a, (n + 1) * sizeof(*words));
	for (size_t i = 0; i < n; i++)
		words[i] = mount_options[i].name;
	return words;
}

/* With flags that it knows the kernel goes on to the missing program, which is EFAULT, and nothing
 * is loaded. */
static bool flag_taken(unsigned int flags)
{
	return sys_seccomp(SECCOMP_SET_MODE_FILTER, flags, NULL) < 0 && errno == EFAULT;
}

/* The flags that this kernel takes, alone or, as one of them has to be, with a listener. */
static uint64_t seccomp_flags(void)
{
	uint64_t known = 0;

	for (const struct name *f = word_seccomp_flags; f->name; f++)
		if (flag_taken((unsigned int)f->value) ||
		    flag_taken((unsigned int)f->value | SECCOMP_FILTER_FLAG_NEW_LISTENER))
			known |= (uint64_t)f->value;
	return known;
}

static int features(struct cli *cli, void *options, const struct strings *args, struct err *err)
{
	struct emit e = { .out = &cli->out, .indent = 2 };
	struct pair annotations[] = {
		/* what tools ask of runc's */
		{ "org.opencontainers.runc.checkpoint.enabled", "true" },
		{ "run.oci.srt.version", SRT_VERSION },
		{ "run.oci.srt.commit", SRT_COMMIT },
	};
	const char *companion;
	struct err ignored;
	bool has_companion =
		companion_find(SCOPE_COMPANION, &cli->arena, &companion, &ignored) == 0;
	const struct features_host host = {
		.mount_options = option_words(&cli->arena),
		.unsafe_annotations = annotations_known,
		.annotations = { annotations, ARRAY_LEN(annotations) },
		.seccomp = true,
		.seccomp_flags = seccomp_flags(),
		/* What is built in, as of the others; whether this host has it, `facts` tells. */
		.cgroup_v1 = true,
		.cgroup_v2 = true,
		.systemd = has_companion,
		.systemd_user = has_companion,
		.rdma = true,
		.apparmor = true,
		.selinux = true,
		.idmap = true,
		.net_devices = true,
		.intel_rdt = true,
	};

	(void)options;
	(void)args;
	(void)err;
	features_emit(&e, &host);
	text_add(&cli->out, "\n");
	return 0;
}

const struct command command_features = {
	.name = "features",
	.synopsis = "",
	.help = "print the features of this runtime as JSON",
	.options = { .before = OPTIONS_ANYWHERE },
	.run = features,
};
