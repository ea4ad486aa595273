/* SPDX-License-Identifier: Apache-2.0 */
/* compose_etc.c - /etc of a sandbox: who is who in it, and what programs cannot do without. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "runtime/plan/plan.h"
#include "runtime/sandbox/compose.h"
#include "spec/base/fd.h"
#include "spec/base/path.h"

#define ETC_FILE_MAX (256u << 10)
#define LINK_MAX 4096

/* Of the host's, read-only: how libraries are found, certificates are checked, names are given to numbers. */
static const char *const shown[] = {
	"/etc/ld.so.cache", "/etc/alternatives", "/etc/ssl/certs", "/etc/ssl/openssl.cnf",
	"/etc/pki",	    "/etc/services",	 "/etc/protocols", "/etc/mime.types",
};
static const char *const resolv_conf = NETWORK_NAMES_FILE;
static const char *const shown_online[] = { "/etc/gai.conf", "/etc/hosts" };

static void show(struct composition *c, const char *const *paths, size_t n)
{
	struct stat st;

	for (size_t i = 0; i < n; i++)
		if (stat(paths[i], &st) == 0)
			(void)compose_bind(c, paths[i], paths[i], false, true);
}

/* A link into /usr/share/zoneinfo on most hosts, a file on others. */
static void show_time_zone(struct composition *c)
{
	char target[LINK_MAX];
	ssize_t n = readlink("/etc/localtime", target, sizeof(target) - 1);

	if (n > 0)
		compose_seed(c, SEED_LINK, "/etc/localtime", arena_strn(c->a, target, (size_t)n),
			     0);
}

static const char *passwd(const struct composition *c, const char *before)
{
	return arena_printf(
		c->a, "%s" SANDBOX_USER ":x:%u:%u:" SANDBOX_USER ":" SANDBOX_HOME ":/bin/sh\n",
		before, c->uid, c->gid);
}

static const char *group(const struct composition *c, const char *before)
{
	return arena_printf(c->a, "%s" SANDBOX_USER ":x:%u:\n", before, c->gid);
}

/* Behind a filter names are the network helper's business: an address that the container finds by itself is no name. */
static const char *hosts_inside(const struct composition *c)
{
	return policy_filtered(c->p) ? NULL : policy_text(c->p, POLICY_HOSTS_FILE);
}

static int host_etc(struct composition *c, struct err *err)
{
	const char *hosts = hosts_inside(c);
	bool root = c->uid == 0, nat = network_is_nat((int)policy_network(c->p));
	bool online = policy_is_hosts_network(c->p) || nat;

	(void)err;
	compose_seed(c, SEED_DIR, "/etc", NULL, 0755);
	compose_seed(c, SEED_FILE, "/etc/passwd",
		     passwd(c, root ? "" : "root:x:0:0:root:/root:/usr/sbin/nologin\n"), 0644);
	compose_seed(c, SEED_FILE, "/etc/group", group(c, c->gid == 0 ? "" : "root:x:0:\n"), 0644);
	compose_seed(c, SEED_FILE, "/etc/nsswitch.conf",
		     "passwd: files\ngroup: files\nhosts: files dns\nservices: files\n"
		     "protocols: files\n",
		     0644);
	if (!hosts && !online)
		compose_seed(c, SEED_FILE, "/etc/hosts",
			     "127.0.0.1 localhost " SANDBOX_USER "\n::1 localhost\n", 0644);
	if (policy_filtered(c->p))
		compose_seed(c, SEED_FILE, "/etc/resolv.conf", "nameserver 127.0.0.1\n", 0644);
	if (nat)
		compose_seed(c, SEED_FILE, NETWORK_NAMES_FILE,
			     policy_network(c->p) == NETWORK_PASTA ? NETWORK_PASTA_FILE
								   : NETWORK_SLIRP_FILE,
			     0644);
	show(c, shown, ARRAY_LEN(shown));
	if (online && !nat)
		show(c, &resolv_conf, 1);
	if (online)
		show(c, shown_online, ARRAY_LEN(shown_online) - (hosts ? 1 : 0));
	show_time_zone(c);
	return 0;
}

/* A file of the bundle's /etc with a line of ours added; a link is the bundle's own business and stays. */
static int add_line(struct composition *c, const char *name,
		    const char *(*line)(const struct composition *, const char *), struct err *err)
{
	const char *path = path_join(c->a, path_join(c->a, c->rootfs, "etc"), name);
	struct stat st;
	char *text;
	size_t len;

	if (lstat(path, &st) < 0 || !S_ISREG(st.st_mode))
		return 0;
	TRY(file_read(AT_FDCWD, path, ETC_FILE_MAX, c->a, &text, &len, err));
	if (len && text[len - 1] != '\n')
		text = arena_printf(c->a, "%s\n", text);
	compose_seed(c, SEED_FILE, path_join(c->a, "/etc", name), line(c, text), 0644);
	return 0;
}

static bool has_etc(const struct composition *c)
{
	struct stat st;

	return lstat(path_join(c->a, c->rootfs, "etc"), &st) == 0;
}

static int add_hosts(struct composition *c, const char *hosts, struct err *err)
{
	const char *path =
		path_is_absolute(hosts) ? hosts : path_join(c->a, c->q->caller.cwd, hosts);

	if (access(path, R_OK) < 0)
		return err_input(err, "%s: open %s: %s", c->p->v[POLICY_HOSTS_FILE].from, path,
				 strerror(errno));
	(void)compose_bind(c, path, "/etc/hosts", false, true);
	return 0;
}

int compose_etc(struct composition *c, struct err *err)
{
	const char *hosts = hosts_inside(c);

	if (c->p->view == VIEW_HOST)
		return 0;
	compose_seed(c, SEED_SPACE, SANDBOX_HOME, NULL, 0755);
	if (!c->bundle || !has_etc(c)) {
		TRY(host_etc(c, err));
	} else {
		TRY(add_line(c, "passwd", passwd, err));
		TRY(add_line(c, "group", group, err));
	}
	if (hosts)
		TRY(add_hosts(c, hosts, err));
	return 0;
}
