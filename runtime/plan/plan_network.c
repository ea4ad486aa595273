/* SPDX-License-Identifier: Apache-2.0 */
/* plan_network.c - the network of "srt": with mode filtered all that is sent comes back to sockets of the network helper's, with
 * pasta and slirp4netns that program carries it out.
 *
 * A new namespace has a loopback and nothing else, so whatever goes wrong here, there is no way out but the helper. */
#include <errno.h>
#include <linux/capability.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <string.h>

#include "runtime/plan/plan.h"
#include "runtime/plan/plan_seccomp.h"
#include "spec/base/path.h"
#include "spec/oci/domain.h"
#include "spec/oci/words.h"

#define CAUSE "/srt/network"
#define NAMESPACES "/linux/namespaces"
/* Inside, on the loopback: where TCP is redirected to, and the proxy for programs that want one. */
#define REDIRECT_PORT 3129
#define DNS_PORT 53
#define HTTP_PORT 80
#define HTTPS_PORT 443
/* Listeners that stand in for a redirection, each of IPv4 and IPv6. */
#define PORTS_MAX (WAY_PORTS_MAX / 2)
#define FAMILY_NETLINK 16

static const struct {
	uint8_t way; /* enum way_socket */
	const char *address, *protocol;
	uint16_t port;
} sockets[] = {
	{ WAY_TCP4, "127.0.0.1", "tcp", REDIRECT_PORT },
	{ WAY_TCP6, "::1", "tcp", REDIRECT_PORT },
	{ WAY_DNS_UDP4, "0.0.0.0", "udp", DNS_PORT },
	{ WAY_DNS_UDP6, "::", "udp", DNS_PORT },
	{ WAY_DNS_TCP4, "0.0.0.0", "tcp", DNS_PORT },
	{ WAY_DNS_TCP6, "::", "tcp", DNS_PORT },
	{ WAY_PROXY, "127.0.0.1", "tcp", NETWORK_PROXY_PORT },
};

static struct op *add(struct plan *p, enum stage stage, enum op_code code)
{
	return plan_add(p, stage, code, CAUSE);
}

static void add_port(uint32_t *ports, size_t *n, uint32_t port)
{
	for (size_t i = 0; i < *n; i++)
		if (ports[i] == port)
			return;
	if (*n < PORTS_MAX)
		ports[(*n)++] = port;
}

/* Those that the rules name; what is allowed on any port is so on the web's. */
static uint32_t *named_ports(struct arena *a, const struct strings *allow, size_t *n)
{
	uint32_t *ports = arena_array(a, uint32_t, PORTS_MAX);
	struct domain_rule rule;
	struct err checked;

	for (size_t i = 0; i < allow->n; i++) {
		if (domain_rule_parse(allow->v[i], &rule, &checked) < 0)
			continue;
		if (rule.port) {
			add_port(ports, n, rule.port);
			continue;
		}
		add_port(ports, n, HTTP_PORT);
		add_port(ports, n, HTTPS_PORT);
	}
	return ports;
}

static void add_redirect(struct plan *p, enum stage stage, const struct srt_network *network)
{
	struct op *op = add(p, stage, OP_REDIRECT);
	size_t n = 0;

	op->a = REDIRECT_PORT;
	op = add(p, stage, OP_LISTEN_PORTS);
	op->flags = OP_ELSE;
	op->data = named_ports(p->arena, &network->allow, &n);
	op->len = (uint32_t)(n * sizeof(uint32_t));
}

static void add_sockets(struct plan *p, enum stage stage)
{
	for (size_t i = 0; i < ARRAY_LEN(sockets); i++) {
		struct op *op = add(p, stage, OP_LISTEN);

		op->path = sockets[i].address;
		op->type = sockets[i].protocol;
		op->a = sockets[i].port;
		op->b = sockets[i].way;
	}
	p->ways = true;
}

static void add_nat(struct plan *p, int mode)
{
	struct op *op = add(p, STAGE_NAMESPACE, OP_NAT);

	op->type = name_of(word_network_modes, mode);
	op->flags = OP_BY_PARENT;
	p->asks_parent = true;
}

static bool has_names(struct plan *p, const struct config *c)
{
	for (size_t i = 0; i < c->mounts.n; i++)
		if (str_eq(path_clean(p->arena, c->mounts.v[i].destination), NETWORK_NAMES_FILE))
			return true;
	for (size_t i = 0; i < c->root->seeds.n; i++)
		if (str_eq(c->root->seeds.v[i].path, NETWORK_NAMES_FILE))
			return true;
	return false;
}

/* Without it there is a network still, by addresses. */
void plan_names(struct plan *p, const struct config *c)
{
	const struct srt_network *network = config_network(c);
	struct op *op;

	if (!network || !network_is_nat(network->mode) || has_names(p, c))
		return;
	op = plan_add(p, STAGE_ROOT, OP_FILE_OVER, CAUSE);
	op->path = NETWORK_NAMES_FILE;
	op->flags = OP_OPTIONAL;
	op->a = 0644;
	op->data = network->mode == NETWORK_PASTA ? NETWORK_PASTA_FILE : NETWORK_SLIRP_FILE;
	op->len = (uint32_t)strlen(op->data);
}

/* sysfs shows the network of whoever mounts it. */
static bool mounts_show_network(const struct config *c)
{
	for (size_t i = 0; i < c->mounts.n; i++)
		if (c->mounts.v[i].type && str_eq(c->mounts.v[i].type, "sysfs"))
			return true;
	return false;
}

static void add_inside(struct plan *p, enum stage stage, const struct config *c)
{
	const struct srt_network *network = config_network(c);

	if (network && network->mode == NETWORK_NONE)
		return;
	(void)plan_add(p, stage, OP_LOOPBACK_UP, NAMESPACES);
	if (!config_is_filtered(c))
		return;
	add(p, stage, OP_ROUTE_LOCAL)->path = "0.0.0.0/0";
	add(p, stage, OP_ROUTE_LOCAL)->path = "::/0";
	add_redirect(p, stage, network);
	add_sockets(p, stage);
}

/* Nothing before the process needs it, and it can be made by someone else in the child's user namespace. A program that is a NAT
 * looks for it by the child. */
static bool may_be_beside(const struct plan *p, const struct config *c,
			  const struct plan_options *o)
{
	const struct srt_network *network = config_network(c);

	return o->beside && !(network && network_is_nat(network->mode)) &&
	       (p->clone_flags & CLONE_NEWUSER) && !p->middle && !p->maps_by_parent &&
	       !c->linux_.sysctl.n && !c->linux_.net_devices.n && !c->hooks &&
	       !mounts_show_network(c);
}

/* It takes longer to make than all other namespaces together, and about as long as the root. */
bool plan_network_beside(struct plan *p, const struct config *c, const struct plan_options *o)
{
	if (!may_be_beside(p, c, o))
		return false;
	p->beside = true;
	p->clone_flags &= ~(uint64_t)CLONE_NEWNET;
	plan_add(p, STAGE_BESIDE, OP_UNSHARE, NAMESPACES)->a = CLONE_NEWNET;
	add_inside(p, STAGE_BESIDE, c);
	plan_add(p, STAGE_PROCESS, OP_JOIN_BESIDE, NAMESPACES)->a = CLONE_NEWNET;
	return true;
}

int plan_network(struct plan *p, const struct config *c, struct err *err)
{
	const struct srt_network *network = config_network(c);

	(void)err;
	add_inside(p, STAGE_NAMESPACE, c);
	if (network && network_is_nat(network->mode))
		add_nat(p, network->mode);
	return 0;
}

/* --- system calls --- */

/* What is no network namespace's, or reaches the kernel past a filter of calls: sockets to a virtual machine's host and other
 * odd families, netlink but for what lists interfaces and addresses, rings of calls, and the old call for all of them. */
static struct seccomp_arg odd_family[] = { { 0, FAMILY_NETLINK, 0, SCMP_OP_GT } };
static struct seccomp_arg odd_netlink[] = { { 0, FAMILY_NETLINK, 0, SCMP_OP_EQ },
					    { 2, 0, 0, SCMP_OP_NE } };
static const char *socket_name[] = { "socket", NULL };
static const char *absent_names[] = { "io_uring_setup", "io_uring_enter", "io_uring_register",
				      "socketcall", NULL };
#define REFUSED(number) .action = SECCOMP_RET_ERRNO, .errno_ret = { true, number }
static struct seccomp_syscall calls[] = {
	{ .names = { socket_name, 1 }, REFUSED(EAFNOSUPPORT), .args = { odd_family, 1 } },
	{ .names = { socket_name, 1 }, REFUSED(EPROTONOSUPPORT), .args = { odd_netlink, 2 } },
	{ .names = { absent_names, 4 }, REFUSED(ENOSYS) },
};
static const struct seccomp filter = {
	.default_action = SECCOMP_RET_ALLOW,
	.syscalls = { calls, ARRAY_LEN(calls) },
};

int plan_network_calls(struct plan *p, const struct config *c, enum stage stage, struct err *err)
{
	struct seccomp all = filter;
	struct seccomp_program *program;
	struct op *op;

	if (!config_is_filtered(c))
		return 0;
	all.architectures = seccomp_machine(true);
	program = arena_new(p->arena, struct seccomp_program);
	TRY(seccomp_compile(&all, p->arena, program, err));
	op = plan_add(p, stage, OP_SECCOMP, CAUSE);
	op->data = program;
	op->len = sizeof(*program);
	op->a = program->n;
	op->b = program->flags;
	return 0;
}
