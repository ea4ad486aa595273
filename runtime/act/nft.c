/* SPDX-License-Identifier: Apache-2.0 */
/* nft.c - writes nf_tables messages: a table, a chain in the way of what is sent, and three rules in it.
 *
 *	table inet srt {
 *		chain out {
 *			type nat hook output priority -100
 *			ip daddr 127.0.0.0/8 return
 *			ip6 daddr ::1 return
 *			tcp dport != 53 redirect to :PORT
 *		}
 *	}
 */
#include "runtime/act/nft.h"

#include <arpa/inet.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netlink.h>
#include <netinet/in.h>
#include <string.h>

#define TABLE "srt"
#define CHAIN "out"
#define PRIORITY (-100) /* NF_IP_PRI_NAT_DST */
#define LOOPBACK_NET 127
#define DNS_PORT 53
/* Where addresses and ports stand in their headers (RFC 791, 8200, 9293). */
#define IP4_DESTINATION 16
#define IP6_DESTINATION 24
#define TCP_DESTINATION 2

/* Where something was begun whose length is known at its end. */
typedef size_t mark;

struct batch {
	unsigned char *bytes; /* NFT_BATCH_MAX */
	size_t n;
	uint32_t seq;
};

static void put(struct batch *b, const void *value, size_t n)
{
	if (n > 0)
		memcpy(b->bytes + b->n, value, n);
	b->n += n;
	for (; b->n % NLA_ALIGNTO; b->n++)
		b->bytes[b->n] = 0;
}

static void attribute(struct batch *b, uint16_t type, const void *value, size_t n)
{
	const struct nlattr a = { .nla_len = (uint16_t)(NLA_HDRLEN + n), .nla_type = type };

	put(b, &a, sizeof(a));
	put(b, value, n);
}

static void text(struct batch *b, uint16_t type, const char *value)
{
	attribute(b, type, value, strlen(value) + 1);
}

static void number(struct batch *b, uint16_t type, uint32_t value)
{
	value = htonl(value);
	attribute(b, type, &value, sizeof(value));
}

static mark begin(struct batch *b, uint16_t type)
{
	mark at = b->n;

	attribute(b, (uint16_t)(type | NLA_F_NESTED), NULL, 0);
	return at;
}

static void end(struct batch *b, mark at)
{
	struct nlattr a;

	memcpy(&a, b->bytes + at, sizeof(a));
	a.nla_len = (uint16_t)(b->n - at);
	memcpy(b->bytes + at, &a, sizeof(a));
}

static mark message(struct batch *b, uint16_t type, uint16_t flags, uint8_t family, uint16_t res)
{
	const struct nlmsghdr head = { .nlmsg_type = type,
				       .nlmsg_flags = (uint16_t)(NLM_F_REQUEST | flags),
				       .nlmsg_seq = b->seq++ };
	const struct nfgenmsg body = { .nfgen_family = family, .res_id = htons(res) };
	mark at = b->n;

	put(b, &head, sizeof(head));
	put(b, &body, sizeof(body));
	return at;
}

static void message_end(struct batch *b, mark at)
{
	uint32_t n = (uint32_t)(b->n - at);

	memcpy(b->bytes + at + offsetof(struct nlmsghdr, nlmsg_len), &n, sizeof(n));
}

static mark table_message(struct batch *b, uint16_t type, uint16_t flags)
{
	return message(b, (uint16_t)(NFNL_SUBSYS_NFTABLES << 8 | type), flags, NFPROTO_INET, 0);
}

/* --- expressions --- */

static mark expression(struct batch *b, const char *name, mark *data)
{
	mark at = begin(b, NFTA_LIST_ELEM);

	text(b, NFTA_EXPR_NAME, name);
	*data = begin(b, NFTA_EXPR_DATA);
	return at;
}

static void expression_end(struct batch *b, mark at, mark data)
{
	end(b, data);
	end(b, at);
}

static void load_meta(struct batch *b, uint32_t key)
{
	mark data, at = expression(b, "meta", &data);

	number(b, NFTA_META_KEY, key);
	number(b, NFTA_META_DREG, NFT_REG_1);
	expression_end(b, at, data);
}

static void load_payload(struct batch *b, uint32_t base, uint32_t offset, uint32_t n)
{
	mark data, at = expression(b, "payload", &data);

	number(b, NFTA_PAYLOAD_DREG, NFT_REG_1);
	number(b, NFTA_PAYLOAD_BASE, base);
	number(b, NFTA_PAYLOAD_OFFSET, offset);
	number(b, NFTA_PAYLOAD_LEN, n);
	expression_end(b, at, data);
}

static void compare(struct batch *b, uint32_t how, const void *value, size_t n)
{
	mark data, at = expression(b, "cmp", &data), inner;

	number(b, NFTA_CMP_SREG, NFT_REG_1);
	number(b, NFTA_CMP_OP, how);
	inner = begin(b, NFTA_CMP_DATA);
	attribute(b, NFTA_DATA_VALUE, value, n);
	end(b, inner);
	expression_end(b, at, data);
}

static void protocol_is(struct batch *b, uint32_t key, uint8_t protocol)
{
	load_meta(b, key);
	compare(b, NFT_CMP_EQ, &protocol, sizeof(protocol));
}

static void verdict_return(struct batch *b)
{
	mark data, at = expression(b, "immediate", &data), value, verdict;

	number(b, NFTA_IMMEDIATE_DREG, NFT_REG_VERDICT);
	value = begin(b, NFTA_IMMEDIATE_DATA);
	verdict = begin(b, NFTA_DATA_VERDICT);
	number(b, NFTA_VERDICT_CODE, (uint32_t)NFT_RETURN);
	end(b, verdict);
	end(b, value);
	expression_end(b, at, data);
}

static void redirect_to(struct batch *b, uint16_t port)
{
	mark data, at = expression(b, "immediate", &data), value;

	port = htons(port);
	number(b, NFTA_IMMEDIATE_DREG, NFT_REG_1);
	value = begin(b, NFTA_IMMEDIATE_DATA);
	attribute(b, NFTA_DATA_VALUE, &port, sizeof(port));
	end(b, value);
	expression_end(b, at, data);
	at = expression(b, "redir", &data);
	number(b, NFTA_REDIR_REG_PROTO_MIN, NFT_REG_1);
	expression_end(b, at, data);
}

/* --- the rules --- */

static void keep_loopback4(struct batch *b)
{
	const uint8_t net = LOOPBACK_NET;

	protocol_is(b, NFT_META_NFPROTO, NFPROTO_IPV4);
	load_payload(b, NFT_PAYLOAD_NETWORK_HEADER, IP4_DESTINATION, sizeof(net));
	compare(b, NFT_CMP_EQ, &net, sizeof(net));
	verdict_return(b);
}

static void keep_loopback6(struct batch *b)
{
	static const struct in6_addr loopback = IN6ADDR_LOOPBACK_INIT;

	protocol_is(b, NFT_META_NFPROTO, NFPROTO_IPV6);
	load_payload(b, NFT_PAYLOAD_NETWORK_HEADER, IP6_DESTINATION, sizeof(loopback));
	compare(b, NFT_CMP_EQ, &loopback, sizeof(loopback));
	verdict_return(b);
}

static void redirect_rest(struct batch *b, uint16_t port)
{
	const uint16_t dns = htons(DNS_PORT);

	protocol_is(b, NFT_META_L4PROTO, IPPROTO_TCP);
	load_payload(b, NFT_PAYLOAD_TRANSPORT_HEADER, TCP_DESTINATION, sizeof(dns));
	compare(b, NFT_CMP_NEQ, &dns, sizeof(dns));
	redirect_to(b, port);
}

static void add_table(struct batch *b)
{
	mark m = table_message(b, NFT_MSG_NEWTABLE, NLM_F_CREATE);

	text(b, NFTA_TABLE_NAME, TABLE);
	message_end(b, m);
}

static void add_chain(struct batch *b)
{
	mark m = table_message(b, NFT_MSG_NEWCHAIN, NLM_F_CREATE), hook;

	text(b, NFTA_CHAIN_TABLE, TABLE);
	text(b, NFTA_CHAIN_NAME, CHAIN);
	text(b, NFTA_CHAIN_TYPE, "nat");
	hook = begin(b, NFTA_CHAIN_HOOK);
	number(b, NFTA_HOOK_HOOKNUM, NF_INET_LOCAL_OUT);
	number(b, NFTA_HOOK_PRIORITY, (uint32_t)PRIORITY);
	end(b, hook);
	message_end(b, m);
}

/* flags: of the last one, whose answer stands for all. */
static void add_rule(struct batch *b, uint16_t flags, void (*keep)(struct batch *), uint16_t port)
{
	mark m = table_message(b, NFT_MSG_NEWRULE, (uint16_t)(NLM_F_CREATE | NLM_F_APPEND | flags));
	mark list;

	text(b, NFTA_RULE_TABLE, TABLE);
	text(b, NFTA_RULE_CHAIN, CHAIN);
	list = begin(b, NFTA_RULE_EXPRESSIONS);
	if (keep)
		keep(b);
	else
		redirect_rest(b, port);
	end(b, list);
	message_end(b, m);
}

size_t nft_redirect(uint16_t port, unsigned char ret[NFT_BATCH_MAX])
{
	struct batch b = { .bytes = ret };

	message_end(&b, message(&b, NFNL_MSG_BATCH_BEGIN, 0, AF_UNSPEC, NFNL_SUBSYS_NFTABLES));
	add_table(&b);
	add_chain(&b);
	add_rule(&b, 0, keep_loopback4, 0);
	add_rule(&b, 0, keep_loopback6, 0);
	add_rule(&b, NLM_F_ACK, NULL, port);
	message_end(&b, message(&b, NFNL_MSG_BATCH_END, 0, AF_UNSPEC, NFNL_SUBSYS_NFTABLES));
	return b.n;
}
