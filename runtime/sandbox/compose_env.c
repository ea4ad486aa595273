/* SPDX-License-Identifier: Apache-2.0 */
/* compose_env.c - the environment: a clean one, the bundle's, or the caller's, and what the policy says on top. */
#include <string.h>

#include "runtime/plan/plan.h"
#include "runtime/sandbox/compose.h"

#define PROXY_ROOM 6

static const char *const thread_variables[] = { "OMP_NUM_THREADS",	  "OPENBLAS_NUM_THREADS",
						"MKL_NUM_THREADS",	  "NUMEXPR_NUM_THREADS",
						"VECLIB_MAXIMUM_THREADS", "BLIS_NUM_THREADS",
						"NUMBA_NUM_THREADS" };
static const char *const clean[][2] = {
	{ "HOME", SANDBOX_HOME },
	{ "USER", SANDBOX_USER },
	{ "LOGNAME", SANDBOX_USER },
	{ "PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin" },
	{ "LANG", "C.UTF-8" },
	{ "TMPDIR", SANDBOX_SCRATCH },
	{ "PYTHONUNBUFFERED", "1" },
	{ "PYTHONDONTWRITEBYTECODE", "1" },
};

/* NAME=VALUE, where the name and the "=" are n bytes. */
static const char *variable(struct arena *a, const char *name, size_t n, const char *value)
{
	size_t len = strlen(value);
	char *text = arena_alloc(a, n + len + 1);

	memcpy(text, name, n - 1);
	text[n - 1] = '=';
	memcpy(text + n, value, len + 1);
	return text;
}

static void set(struct composition *c, const char *name, const char *value)
{
	struct strings *env = &c->process.env;
	size_t n = strlen(name) + 1;
	const char *text = variable(c->a, name, n, value);

	for (size_t i = 0; i < env->n; i++)
		if (strncmp(env->v[i], text, n) == 0) {
			env->v[i] = text;
			return;
		}
	env->v[env->n++] = text;
}

/* NAME=VALUE of a list, but for what speaks to us. */
static void set_all(struct composition *c, const char *const *list)
{
	for (; list && *list; list++) {
		const char *equal = strchr(*list, '=');

		if (equal && !str_starts(*list, "SANDBOX_") && !str_starts(*list, "SRT_OCI_STORED"))
			set(c, arena_strn(c->a, *list, (size_t)(equal - *list)), equal + 1);
	}
}

static size_t count(const char *const *list)
{
	size_t n = 0;

	while (list && list[n])
		n++;
	return n;
}

static void set_threads(struct composition *c)
{
	const char *n = arena_printf(c->a, "%llu",
				     (unsigned long long)(policy_n(c->p, POLICY_CPU) + 999) / 1000);

	for (size_t i = 0; i < ARRAY_LEN(thread_variables); i++)
		set(c, thread_variables[i], n);
}

/* For programs that look for a proxy; others are redirected. Never ALL_PROXY: clients without SOCKS would fail. */
static void set_proxy(struct composition *c)
{
	static const char *const names[] = { "HTTP_PROXY", "HTTPS_PROXY", "http_proxy",
					     "https_proxy" };
	static const char *const none[] = { "NO_PROXY", "no_proxy" };
	const char *proxy = arena_printf(c->a, "http://127.0.0.1:%d", NETWORK_PROXY_PORT);

	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		set(c, names[i], proxy);
	for (size_t i = 0; i < ARRAY_LEN(none); i++)
		set(c, none[i], "localhost,127.0.0.1,::1");
}

int compose_env(struct composition *c, struct err *err)
{
	const char *const *own = c->bundle && c->bundle->process ? c->bundle->process->env.v : NULL;
	size_t room = count(c->q->caller.envp) + count(own) + c->p->variables.n + ARRAY_LEN(clean) +
		      ARRAY_LEN(thread_variables) + PROXY_ROOM + 1;

	(void)err;
	c->process.env.v = arena_array(c->a, const char *, room);
	if (c->p->inherit_env) {
		set_all(c, c->q->caller.envp);
	} else {
		for (size_t i = 0; i < ARRAY_LEN(clean); i++)
			set(c, clean[i][0], clean[i][1]);
		set_all(c, own);
		/* They name directories that are there and writable, which the bundle's may not be. */
		set(c, "HOME", SANDBOX_HOME);
		set(c, "TMPDIR", SANDBOX_SCRATCH);
		set_threads(c);
	}
	if (policy_filtered(c->p))
		set_proxy(c);
	for (size_t i = 0; i < c->p->variables.n; i++)
		set(c, c->p->variables.v[i].name, c->p->variables.v[i].value);
	return 0;
}
