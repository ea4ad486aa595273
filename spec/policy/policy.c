/* SPDX-License-Identifier: Apache-2.0 */
/* policy.c - the single values of a policy: their rows, and how layers of them become one. */
#include "spec/policy/policy.h"

#include <stdio.h>
#include <string.h>

#include "spec/base/log.h"
#include "spec/base/str.h"
#include "spec/json/quote.h"
#include "spec/oci/value.h"

#define COUNT_MOST 1000000000u
/* What an error says of the words that a value may be. */
#define WORDS_MAX 128

const struct name policy_origins[] = {
	{ "default", ORIGIN_DEFAULT },
	{ "bundle", ORIGIN_BUNDLE },
	{ "preset", ORIGIN_PRESET },
	{ "environment", ORIGIN_ENVIRONMENT },
	{ "settings", ORIGIN_SETTINGS },
	{ "flag", ORIGIN_FLAG },
	{ NULL, 0 },
};
const struct name policy_commits[] = {
	{ "never", COMMIT_NEVER },
	{ "on-success", COMMIT_ON_SUCCESS },
	{ "always", COMMIT_ALWAYS },
	{ NULL, 0 },
};
const struct name policy_backends[] = {
	{ "auto", BACKEND_AUTO },
	{ "cgroup2", BACKEND_CGROUP2 },
	{ "cgroup1", BACKEND_CGROUP1 },
	{ "supervisor", BACKEND_SUPERVISOR },
	{ NULL, 0 },
};
static const struct name copyings[] = {
	{ "auto", COPYING_AUTO },
	{ "overlay", COPYING_OVERLAY },
	{ "copy", COPYING_COPY },
	{ NULL, 0 },
};
/* What filters is asked for by its rules. */
const struct name policy_networks[] = {
	{ "none", NETWORK_NONE },
	{ "loopback", NETWORK_LOOPBACK },
	{ "host", NETWORK_HOST },
	{ "pasta", NETWORK_PASTA },
	{ "slirp4netns", NETWORK_SLIRP4NETNS },
	{ NULL, 0 },
};
static const struct name levels[] = {
	{ "error", LOG_LEVEL_ERROR }, { "warn", LOG_LEVEL_WARN },   { "info", LOG_LEVEL_INFO },
	{ "debug", LOG_LEVEL_DEBUG }, { "trace", LOG_LEVEL_DEBUG }, { NULL, 0 },
};

#define COUNT .kind = KIND_COUNT, .least = 1, .most = COUNT_MOST
const struct policy_row policy_rows[POLICY_ITEMS] = {
	[POLICY_TIMEOUT] = { "timeout", "SANDBOX_TIMEOUT", KIND_DURATION, "30s",
			     .help = "wall clock until the program is ended: 500ms, 30s, 5m, 1h" },
	[POLICY_KILL_AFTER] = { "kill-after", NULL, KIND_DURATION, "500ms",
				.help = "time between the timeout's TERM and its KILL" },
	[POLICY_MEMORY] = { "memory", "SANDBOX_MEMORY_LIMIT", KIND_SIZE, "512M",
			    .help = "memory of all processes together" },
	[POLICY_CPU] = { "cpu", "SANDBOX_CPU_LIMIT", KIND_CPU, "1.0",
			 .help = "processors, also a fraction of one" },
	[POLICY_CPU_TIME] = { "cpu-time", "SANDBOX_CPU_TIME", KIND_DURATION, NULL,
			      .help = "processor time of all processes together" },
	[POLICY_CPU_SHARES] = { "cpu-shares", "SANDBOX_CPU_SHARES", .least = 2, .most = 262144,
				.kind = KIND_COUNT, .fallback = "1024",
				.help = "weight against others, where cgroups are there" },
	[POLICY_PROCESSES] = { "max-processes", NULL, .fallback = "256", COUNT,
			       .help = "processes and threads at one time" },
	[POLICY_FILES] = { "max-files", NULL, .fallback = "65536", COUNT,
			   .help = "files and directories in the private space" },
	[POLICY_FILE_SIZE] = { "max-file-size", NULL, KIND_SIZE, NULL,
			       .help = "largest file that may be written" },
	[POLICY_DISK] = { "disk", NULL, KIND_SIZE, "512M",
			  .help = "all that is written into the private space" },
	[POLICY_OUTPUT] = { "max-output", NULL, KIND_SIZE, NULL,
			    .help = "bytes written to standard output and error together" },
	[POLICY_OPEN_FILES] = { "max-open-files", NULL, .fallback = "1024", .kind = KIND_COUNT,
				.least = 3, .most = COUNT_MOST,
				.help = "open files of one process" },
	[POLICY_NETWORK] = { "allow-network", "SANDBOX_ALLOW_NETWORK", KIND_TRUTH, "false",
			     .help = "the host's network, unfiltered" },
	[POLICY_NETWORK_MODE] = { "network", "SANDBOX_NETWORK", KIND_WORD, NULL, policy_networks,
				  .help = "none, loopback, host, or the host's by address "
					  "translation: pasta, slirp4netns" },
	[POLICY_FS_WRITE] = { "allow-fs-write", "SANDBOX_ALLOW_FS_WRITE", KIND_TRUTH, "false",
			      .help = "the caller's working directory is there and writable" },
	[POLICY_EXEC] = { "allow-exec", "SANDBOX_ALLOW_EXEC", KIND_TRUTH, "true",
			  .help = "the program may start others" },
	[POLICY_BUNDLE] = { "bundle", NULL, KIND_TEXT, NULL,
			    .help = "bundle whose root file system is used" },
	[POLICY_IMAGE] = { "image", "SANDBOX_IMAGE", KIND_TEXT, NULL,
			   .help = "bundle of the store, by name or digest" },
	[POLICY_USER] = { "user", NULL, KIND_TEXT, "1000:1000", .help = "ids inside" },
	[POLICY_CWD] = { "cwd", NULL, KIND_TEXT, NULL, .help = "working directory inside" },
	[POLICY_WORK_DIR] = { "work-dir", "SANDBOX_WORK_DIR", KIND_TEXT, NULL,
			      .help = "directory for what a run keeps on disk" },
	[POLICY_WORKSPACE] = { "workspace", NULL, KIND_TEXT, NULL,
			       .help = "directory that is there as a copy; its changes are listed" },
	[POLICY_WORKSPACE_BY] = { "workspace-by", NULL, KIND_WORD, "auto", copyings,
				  .help = "how the copy is made: overlay, copy, or auto" },
	[POLICY_COMMIT] = { "commit", NULL, KIND_WORD, "never", policy_commits,
			    .help = "when the workspace's changes are taken over" },
	[POLICY_ARTIFACTS_DIR] = { "artifacts-dir", NULL, KIND_TEXT, NULL,
				   .help = "where artifacts are copied to" },
	[POLICY_HOSTS_FILE] = { "hosts-file", NULL, KIND_TEXT, NULL,
				.help = "file that is /etc/hosts inside" },
	[POLICY_BACKEND] = { "limits-backend", NULL, KIND_WORD, "auto", policy_backends,
			     .help = "what enforces the limits" },
	[POLICY_TRACE] = { "trace", NULL, KIND_TRUTH, "false",
			   .help = "report denied files, programs and connections" },
	[POLICY_AUDIT_LOG] = { "audit-log", "SANDBOX_AUDIT_LOG", KIND_TEXT, NULL,
			       .help = "append a record of start and end to this file" },
	[POLICY_VIOLATIONS] = { "violations", NULL, KIND_TEXT, NULL,
				.help = "append violation events to this file" },
	[POLICY_LOG_LEVEL] = { "log-level", "SANDBOX_LOG_LEVEL", KIND_WORD, "warn", levels,
			       .help = "least important messages that are shown" },
};

static void list_words(const struct policy_row *row, char ret[WORDS_MAX])
{
	size_t n = 0;

	ret[0] = '\0';
	for (const struct name *w = row->words; w->name && n < WORDS_MAX; w++)
		n += (size_t)snprintf(ret + n, WORDS_MAX - n, "%s%s", n ? ", " : "", w->name);
}

static int read_word(const struct policy_row *row, const char *text, uint64_t *ret, struct err *err)
{
	const struct name *word = name_find(row->words, text);
	char known[WORDS_MAX];
	const char *near;

	if (word) {
		*ret = (uint64_t)word->value;
		return 0;
	}
	near = name_near(row->words, text);
	if (near)
		return err_input(err, "%s is unknown; did you mean %s?", Q(text), near);
	list_words(row, known);
	return err_input(err, "%s is unknown; known are %s", Q(text), known);
}

static int read_count(const struct policy_row *row, const char *text, uint64_t *ret,
		      struct err *err)
{
	uint64_t n;

	TRY(str_u64(text, 10, row->most, &n, err));
	if (n < row->least)
		return err_input(err, "%s is less than %llu", Q(text),
				 (unsigned long long)row->least);
	*ret = n;
	return 0;
}

static int read_value(const struct policy_row *row, const char *text, uint64_t *ret,
		      struct err *err)
{
	bool truth = false;

	switch ((enum policy_kind)row->kind) {
	case KIND_DURATION:
		return value_duration(text, ret, err);
	case KIND_SIZE:
		return value_size(text, ret, err);
	case KIND_CPU:
		return value_cpu(text, ret, err);
	case KIND_COUNT:
		return read_count(row, text, ret, err);
	case KIND_TRUTH:
		TRY(value_truth(text, &truth, err));
		*ret = truth;
		return 0;
	case KIND_WORD:
		return read_word(row, text, ret, err);
	case KIND_TEXT:
		break;
	}
	return *text ? 0 : err_input(err, "is empty");
}

int policy_set(struct policy *p, enum policy_item item, const char *text, enum policy_origin origin,
	       const char *from, struct err *err)
{
	struct policy_value v = { .text = arena_str(p->arena, text),
				  .origin = (uint8_t)origin,
				  .from = arena_str(p->arena, from) };

	if (read_value(&policy_rows[item], text, &v.n, err) < 0)
		return err_in(err, "%s", from);
	if (origin >= p->v[item].origin)
		p->v[item] = v;
	return 0;
}

int policy_set_number(struct policy *p, enum policy_item item, uint64_t n,
		      enum policy_origin origin, const char *from, struct err *err)
{
	static const char *const forms[] = {
		[KIND_DURATION] = "%llums",
		[KIND_TRUTH] = "%llu",
	};
	const char *form = forms[policy_rows[item].kind];

	if (policy_rows[item].kind == KIND_CPU)
		return policy_set(p, item,
				  arena_printf(p->arena, "%llu.%03llu",
					       (unsigned long long)n / 1000,
					       (unsigned long long)n % 1000),
				  origin, from, err);
	return policy_set(p, item,
			  form && policy_rows[item].kind == KIND_DURATION
				  ? arena_printf(p->arena, "%llums", (unsigned long long)n)
				  : arena_printf(p->arena, "%llu", (unsigned long long)n),
			  origin, from, err);
}

void policy_begin(struct policy *p, struct arena *a)
{
	struct err impossible;

	*p = (struct policy){ .arena = a };
	for (int i = 0; i < POLICY_ITEMS; i++)
		if (policy_rows[i].fallback)
			(void)policy_set(p, (enum policy_item)i, policy_rows[i].fallback,
					 ORIGIN_DEFAULT, "", &impossible);
}

const char *env_of(const char *const *envp, const char *name)
{
	size_t n = strlen(name);

	for (; *envp; envp++)
		if (**envp == *name && strncmp(*envp, name, n) == 0 && (*envp)[n] == '=')
			return *envp + n + 1;
	return NULL;
}

int policy_environment(struct policy *p, const char *const *envp, struct err *err)
{
	for (int i = 0; i < POLICY_ITEMS; i++) {
		const char *name = policy_rows[i].env, *value = name ? env_of(envp, name) : NULL;

		/* Set and empty is how a shell takes a variable back. */
		if (value && *value)
			TRY(policy_set(p, (enum policy_item)i, value, ORIGIN_ENVIRONMENT, name,
				       err));
	}
	return 0;
}

int policy_user(const struct policy *p, uint32_t *uid, uint32_t *gid, struct err *err)
{
	const char *text = policy_text(p, POLICY_USER), *colon = strchr(text, ':');
	uint64_t u, g;

	if (str_u64(colon ? arena_strn(p->arena, text, (size_t)(colon - text)) : text, 10,
		    UINT32_MAX - 1, &u, err) < 0)
		return err_in(err, "%s", p->v[POLICY_USER].from);
	g = u;
	if (colon && str_u64(colon + 1, 10, UINT32_MAX - 1, &g, err) < 0)
		return err_in(err, "%s", p->v[POLICY_USER].from);
	*uid = (uint32_t)u;
	*gid = (uint32_t)g;
	return 0;
}

static bool has_rules(const struct policy *p)
{
	return p->domains.n || p->publish.n;
}

/* The rules and the two values are of one network: none of them is left out without a word. */
static int contradiction(const struct policy *p, struct err *err)
{
	const struct policy_value *mode = &p->v[POLICY_NETWORK_MODE], *all = &p->v[POLICY_NETWORK];
	bool same = all->origin == mode->origin;

	if (same && (all->n ? mode->n != NETWORK_HOST : mode->n >= NETWORK_HOST))
		(void)err_input(err, "%s contradicts %s", mode->text, all->from);
	else if (has_rules(p))
		(void)err_input(
			err,
			"%s has no rules, and %s is one: drop it, or %s (rules make a network "
			"that is filtered by them)",
			mode->text, p->domains.n ? p->domains.v[0].from : "--publish", mode->from);
	else
		return 0;
	return err_in(err, "%s", mode->from);
}

int policy_settle_network(struct policy *p, struct err *err)
{
	struct policy_value *mode = &p->v[POLICY_NETWORK_MODE], *all = &p->v[POLICY_NETWORK];

	if (!mode->text)
		return 0;
	/* What says more wins; the environment has no rules. */
	if (mode->origin < all->origin || (mode->origin == ORIGIN_ENVIRONMENT && has_rules(p))) {
		*mode = (struct policy_value){ 0 };
		return 0;
	}
	TRY(contradiction(p, err));
	*all = (struct policy_value){ .n = mode->n == NETWORK_HOST,
				      .text = mode->n == NETWORK_HOST ? "true" : "false",
				      .origin = mode->origin,
				      .from = mode->from };
	return 0;
}

enum network_mode policy_network(const struct policy *p)
{
	if (p->v[POLICY_NETWORK_MODE].text)
		return (enum network_mode)policy_n(p, POLICY_NETWORK_MODE);
	for (size_t i = 0; i < p->domains.n; i++)
		if (p->domains.v[i].allow || policy_n(p, POLICY_NETWORK))
			return NETWORK_FILTERED;
	if (p->publish.n)
		return NETWORK_FILTERED;
	return policy_n(p, POLICY_NETWORK) ? NETWORK_HOST : NETWORK_LOOPBACK;
}

bool policy_filtered(const struct policy *p)
{
	return policy_network(p) == NETWORK_FILTERED;
}

bool policy_is_hosts_network(const struct policy *p)
{
	return policy_network(p) == NETWORK_HOST;
}
