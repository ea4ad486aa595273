/* SPDX-License-Identifier: Apache-2.0 */
/* rules.c - checks a document by all rules, and the rules of its top level and of hooks. */
#include "spec/oci/rules.h"

#include <ctype.h>
#include <linux/sched.h>

#include "spec/base/path.h"
#include "spec/base/str.h"
#include "spec/json/quote.h"

/* __NEW_UTS_LEN of the kernel. */
#define UTS_NAME_MAX 64

/* Behind the digits at s, or NULL where there are none. */
static const char *behind_digits(const char *s)
{
	return isdigit((unsigned char)*s) ? s + strspn(s, "0123456789") : NULL;
}

/* MAJOR.MINOR.PATCH, then -prerelease and +build, of letters, digits, dots and hyphens (semver.org
 * 2.0.0, loosely). */
static bool is_semver(const char *s)
{
	for (int i = 0; i < 3; i++) {
		if (i > 0 && *s++ != '.')
			return false;
		s = behind_digits(s);
		if (!s)
			return false;
	}
	if (*s == '\0')
		return true;
	if (*s != '-' && *s != '+')
		return false;
	for (s++; *s; s++)
		if (!isalnum((unsigned char)*s) && !strchr(".-+", *s))
			return false;
	return true;
}

static int rule_version(const struct config *config, struct err *err)
{
	const char *v = config->oci_version;

	if (!v || !is_semver(v))
		return REFUSE(err, "/ociVersion", "must be a version like %s, is %s", OCI_VERSION,
			      Q(v ? v : ""));
	if (!str_starts(v, "1.") && !str_starts(v, "0."))
		return REFUSE(err, "/ociVersion",
			      "version %s is not supported: this runtime knows 1.0.0 to %s", Q(v),
			      OCI_VERSION);
	return 0;
}

static int rule_root(const struct config *config, struct err *err)
{
	if (!config->root)
		return REFUSE(err, "/root", "is missing: say where the root file system is");
	if (!config->root->path || !config->root->path[0])
		return REFUSE(err, "/root/path",
			      "is empty: name the directory of the root file system");
	return 0;
}

static int check_uts_name(const struct config *config, const char *place, const char *name,
			  struct err *err)
{
	if (!name || !name[0])
		return 0;
	if (strlen(name) > UTS_NAME_MAX)
		return REFUSE(err, place, "is longer than %d bytes", UTS_NAME_MAX);
	for (const char *c = name; *c; c++)
		if (!isgraph((unsigned char)*c) || *c == '/')
			return REFUSE(err, place, "%s has a character that no host name may have",
				      Q(name));
	if (!config_has_ns(config, CLONE_NEWUTS))
		return REFUSE(err, place,
			      "would change the host's: add a namespace of type uts, or drop it");
	return 0;
}

static int rule_hostname(const struct config *config, struct err *err)
{
	return check_uts_name(config, "/hostname", config->hostname, err);
}

static int rule_domainname(const struct config *config, struct err *err)
{
	return check_uts_name(config, "/domainname", config->domainname, err);
}

static int rule_annotations(const struct config *config, struct err *err)
{
	for (size_t i = 0; i < config->annotations.n; i++)
		if (!config->annotations.v[i].key[0])
			return REFUSE(err, "/annotations", "a key may not be empty");
	return 0;
}

static int check_hook(const struct hook *hook, struct err *err)
{
	if (!path_is_absolute(hook->path))
		return REFUSE(err, "/path", "must be absolute, is %s", Q(hook->path));
	if (hook->timeout.set && hook->timeout.v <= 0)
		return REFUSE(err, "/timeout", "must be more than 0 seconds; drop it for no limit");
	return 0;
}

static int check_hooks(const char *name, const struct hook_list *list, struct err *err)
{
	for (size_t i = 0; i < list->n; i++)
		if (check_hook(&list->v[i], err) < 0)
			return err_in(err, "/hooks/%s/%zu", name, i);
	return 0;
}

static int rule_hooks(const struct config *config, struct err *err)
{
	const struct hooks *h = config->hooks;

	if (!h)
		return 0;
	TRY(check_hooks("prestart", &h->prestart, err));
	TRY(check_hooks("createRuntime", &h->create_runtime, err));
	TRY(check_hooks("createContainer", &h->create_container, err));
	TRY(check_hooks("startContainer", &h->start_container, err));
	TRY(check_hooks("poststart", &h->poststart, err));
	return check_hooks("poststop", &h->poststop, err);
}

const struct rule rules_config[] = {
	{ "version-supported", MUST, "config.md#specification-version", rule_version },
	{ "root-present", MUST, "config.md#root", rule_root },
	{ "hostname-needs-uts", MUST, "config.md#hostname", rule_hostname },
	{ "domainname-needs-uts", MUST, "config.md#domainname", rule_domainname },
	{ "annotation-key-present", MUST, "config.md#annotations", rule_annotations },
	{ "hook-runnable", MUST, "config.md#posix-platform-hooks", rule_hooks },
	{ NULL },
};

const struct rule *const rules_all[] = {
	rules_config,	 rules_process, rules_mounts, rules_linux,
	rules_resources, rules_seccomp, rules_srt,    NULL,
};

int process_check(const struct process *process, struct err *err)
{
	for (const struct rule *r = rules_process; r->name; r++)
		TRY(r->process(process, err));
	return 0;
}

int config_check(const struct config *config, struct err *err)
{
	for (size_t i = 0; rules_all[i]; i++)
		for (const struct rule *r = rules_all[i]; r->name; r++)
			if (r->config)
				TRY(r->config(config, err));
	if (config->process && process_check(config->process, err) < 0)
		return err_in(err, "/process");
	return 0;
}
