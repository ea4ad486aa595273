/* SPDX-License-Identifier: Apache-2.0 */
/* annotations.c - the annotations that mean something to the runtime. */
#include "spec/oci/annotations.h"

#include "spec/base/str.h"

#define SECCOMP_RECEIVER "run.oci.seccomp.receiver"
#define HOOKS_STDOUT "run.oci.hooks.stdout"
#define HOOKS_STDERR "run.oci.hooks.stderr"

const char *const annotations_known[] = {
	ANNOTATION_KEEP_GROUPS,
	ANNOTATION_CONTEXT_TYPE,
	SECCOMP_RECEIVER,
	ANNOTATION_PIDFD_RECEIVER,
	"run.oci.delegate-cgroup",
	"run.oci.systemd.subgroup",
	HOOKS_STDOUT,
	HOOKS_STDERR,
	"org.systemd.property.",
	NULL,
};

const char *annotation(const struct config *config, const char *key)
{
	for (size_t i = 0; i < config->annotations.n; i++)
		if (str_eq(config->annotations.v[i].key, key))
			return config->annotations.v[i].value;
	return NULL;
}

bool annotation_is_on(const struct config *config, const char *key)
{
	const char *value = annotation(config, key);

	return value && (str_eq(value, "1") || str_eq(value, "true"));
}

static void redirect(struct hook_list *list, const char *out, const char *err)
{
	for (size_t i = 0; i < list->n; i++) {
		list->v[i].out = out;
		list->v[i].err = err;
	}
}

void annotations_apply(struct config *config)
{
	struct seccomp *s = config->linux_.seccomp;
	struct hooks *h = config->hooks;
	const char *out, *err;

	if (config->annotations.n == 0)
		return;
	if (s && !(s->listener_path && s->listener_path[0]))
		s->listener_path = annotation(config, SECCOMP_RECEIVER);
	out = annotation(config, HOOKS_STDOUT);
	err = annotation(config, HOOKS_STDERR);
	if (!h || (!out && !err))
		return;
	redirect(&h->prestart, out, err);
	redirect(&h->create_runtime, out, err);
	redirect(&h->create_container, out, err);
	redirect(&h->start_container, out, err);
	redirect(&h->poststart, out, err);
	redirect(&h->poststop, out, err);
}
