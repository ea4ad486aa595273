/* SPDX-License-Identifier: Apache-2.0 */
/* dns.c - one reader of names for both directions: a pointer leads to before the name that it is in, so every name ends. */
#include "runtime/egress/dns.h"

#include <string.h>

#include "spec/base/str.h"

#define LABEL_MAX 63
#define CLASS_IN 1
#define FLAG_ANSWER 0x8000
#define FLAG_TRUNCATED 0x0200
#define FLAG_RECURSION 0x0100
#define FLAG_RECURSION_DONE 0x0080
#define OPCODE(flags) ((flags) >> 11 & 15)
#define POINTER 0xc0
#define EDE_OPTION 15
#define EDE_PROHIBITED 18
/* Records of one message that are looked at. */
#define RECORDS_MAX 256

/* A message while it is read or written; `bad` once it went over an end. */
struct cursor {
	const uint8_t *m;
	size_t n, at;
	bool bad;
};
struct writer {
	uint8_t *m;
	size_t room, n;
};

static uint16_t get16(struct cursor *c)
{
	if (c->bad || c->n - c->at < 2) {
		c->bad = true;
		return 0;
	}
	c->at += 2;
	return (uint16_t)(c->m[c->at - 2] << 8 | c->m[c->at - 1]);
}

static void skip(struct cursor *c, size_t n)
{
	if (c->bad || c->n - c->at < n)
		c->bad = true;
	else
		c->at += n;
}

/* One label's letters behind what the name has; false where they do not belong into a host's name. */
static bool add_label(char name[EGRESS_HOST_MAX + 1], size_t *len, const uint8_t *label, size_t n)
{
	bool fits = true;

	if (*len)
		name[(*len)++] = '.';
	for (size_t i = 0; i < n; i++) {
		char c = (char)label[i];

		if (c >= 'A' && c <= 'Z')
			c = (char)(c + 32);
		fits = fits &&
		       ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_');
		name[(*len)++] = fits ? c : '?';
	}
	return fits;
}

/* The name at c, lower case and without its last dot; c goes behind it. *is_name: its letters are those of hosts. */
static void get_name(struct cursor *c, char name[EGRESS_HOST_MAX + 1], bool *is_name)
{
	size_t len = 0, at = c->at, before = at, end = 0;

	*is_name = true;
	while (!c->bad) {
		size_t n = at < c->n ? c->m[at] : POINTER - 1;

		if (n >= POINTER && at + 1 < c->n) {
			size_t to = (n & ~(size_t)POINTER) << 8 | c->m[at + 1];

			c->bad = to >= before || to < DNS_HEADER;
			end = end ? end : at + 2;
			at = before = to;
		} else if (n == 0) {
			c->at = end ? end : at + 1;
			name[len] = '\0';
			*is_name = *is_name && len > 0;
			return;
		} else if (n > LABEL_MAX || c->n - at < n + 1 ||
			   len + n + (len != 0) > EGRESS_HOST_MAX) {
			c->bad = true;
		} else {
			*is_name = add_label(name, &len, c->m + at + 1, n) && *is_name;
			at += n + 1;
		}
	}
	name[0] = '\0';
}

struct record {
	char owner[EGRESS_HOST_MAX + 1];
	uint16_t type, class, len;
	size_t data; /* where it is */
};

static bool get_record(struct cursor *c, struct record *r)
{
	bool is_name;

	get_name(c, r->owner, &is_name);
	r->type = get16(c);
	r->class = get16(c);
	skip(c, 4);
	r->len = get16(c);
	r->data = c->at;
	skip(c, r->len);
	return !c->bad;
}

/* Of what follows the question: is there an OPT record. */
static bool has_edns(struct cursor c, unsigned int records)
{
	struct record r;

	for (unsigned int i = 0; i < records && i < RECORDS_MAX && get_record(&c, &r); i++)
		if (r.type == DNS_OPT)
			return true;
	return false;
}

bool dns_query_read(const uint8_t *m, size_t n, struct dns_query *ret)
{
	struct cursor c = { m, n, 0, false };
	struct dns_query q = { .id = get16(&c) };
	uint16_t flags = get16(&c), questions = get16(&c), class;
	unsigned int records = get16(&c);

	records += get16(&c);
	records += get16(&c);
	if (c.bad || flags & FLAG_ANSWER)
		return false;
	q.recursion = flags & FLAG_RECURSION;
	q.code = OPCODE(flags) ? DNS_NOT_DONE : questions != 1 ? DNS_BAD_FORM : DNS_OK;
	if (q.code == DNS_OK) {
		get_name(&c, q.name, &q.is_name);
		q.type = get16(&c);
		class = get16(&c);
		q.question = c.bad ? 0 : c.at - DNS_HEADER;
		q.code = c.bad ? DNS_BAD_FORM : class != CLASS_IN ? DNS_NOT_DONE : DNS_OK;
		q.edns = !c.bad && has_edns(c, records);
	}
	*ret = q;
	return true;
}

static void put16(struct writer *w, uint16_t v)
{
	if (w->room - w->n < 2)
		return;
	w->m[w->n++] = (uint8_t)(v >> 8);
	w->m[w->n++] = (uint8_t)v;
}

static void put(struct writer *w, const void *bytes, size_t n)
{
	if (w->room - w->n < n)
		return;
	memcpy(w->m + w->n, bytes, n);
	w->n += n;
}

/* The OPT record, with the words where there are some. */
static void put_edns(struct writer *w, const char *prohibited)
{
	size_t words = prohibited ? strlen(prohibited) : 0;

	put(w, "", 1); /* the root's name */
	put16(w, DNS_OPT);
	put16(w, DNS_UDP_SIZE);
	put(w, "\0\0\0\0", 4);
	put16(w, (uint16_t)(prohibited ? 6 + words : 0));
	if (!prohibited)
		return;
	put16(w, EDE_OPTION);
	put16(w, (uint16_t)(2 + words));
	put16(w, EDE_PROHIBITED);
	put(w, prohibited, words);
}

size_t dns_reply_write(const uint8_t *m, const struct dns_query *q, const struct dns_reply *reply,
		       uint8_t ret[DNS_REPLY_MAX])
{
	struct writer w = { ret, DNS_REPLY_MAX, 0 };
	bool has = reply->address_n != 0;

	put16(&w, q->id);
	put16(&w, (uint16_t)(FLAG_ANSWER | FLAG_RECURSION_DONE |
			     (q->recursion ? FLAG_RECURSION : 0) | reply->code));
	put16(&w, q->question != 0);
	put16(&w, has);
	put16(&w, 0);
	put16(&w, q->edns);
	put(&w, m + DNS_HEADER, q->question);
	if (has) {
		put16(&w, POINTER << 8 | DNS_HEADER);
		put16(&w, reply->address_n == 4 ? DNS_A : DNS_AAAA);
		put16(&w, CLASS_IN);
		put16(&w, (uint16_t)(reply->ttl_s >> 16));
		put16(&w, (uint16_t)reply->ttl_s);
		put16(&w, reply->address_n);
		put(&w, reply->address, reply->address_n);
	}
	if (q->edns)
		put_edns(&w, reply->prohibited);
	return w.n;
}

static bool put_name(struct writer *w, const char *name)
{
	for (const char *dot; *name; name = *dot ? dot + 1 : dot) {
		uint8_t n;

		dot = name + strcspn(name, ".");
		if (dot == name || dot - name > LABEL_MAX)
			return false;
		n = (uint8_t)(dot - name);
		put(w, &n, 1);
		put(w, name, n);
	}
	put(w, "", 1);
	return true;
}

size_t dns_question_write(uint16_t id, const char *name, uint16_t type, uint8_t ret[DNS_QUERY_MAX])
{
	struct writer w = { ret, DNS_QUERY_MAX, 0 };

	put16(&w, id);
	put16(&w, FLAG_RECURSION);
	put16(&w, 1);
	put16(&w, 0);
	put16(&w, 0);
	put16(&w, 1);
	if (name[0] == '\0' || strlen(name) > EGRESS_HOST_MAX || !put_name(&w, name))
		return 0;
	put16(&w, type);
	put16(&w, CLASS_IN);
	put_edns(&w, NULL);
	return w.n;
}

/* The alias of a name among the records, into name itself; false: it has none. */
static bool follow_alias(struct cursor c, unsigned int records, char name[EGRESS_HOST_MAX + 1])
{
	struct record r;

	for (unsigned int i = 0; i < records && get_record(&c, &r); i++) {
		struct cursor target = { c.m, c.n, r.data, false };
		bool is_name;

		if (r.type != DNS_CNAME || r.class != CLASS_IN || !str_eq(r.owner, name))
			continue;
		get_name(&target, name, &is_name);
		return is_name && !target.bad;
	}
	return false;
}

static void take_addresses(struct cursor c, unsigned int records, const char *name, uint16_t type,
			   struct dns_answer *ret)
{
	size_t size = type == DNS_A ? 4 : ADDRESS_BYTES;
	struct record r;

	for (unsigned int i = 0; i < records && get_record(&c, &r); i++) {
		uint8_t *to = ret->addresses[ret->n];

		if (r.type != type || r.class != CLASS_IN || r.len != size ||
		    !str_eq(r.owner, name))
			continue;
		if (type == DNS_A)
			address_from_v4(c.m + r.data, to);
		else
			memcpy(to, c.m + r.data, ADDRESS_BYTES);
		if (++ret->n == DNS_ADDRESSES)
			return;
	}
}

bool dns_answer_read(const uint8_t *m, size_t n, uint16_t id, const char *name, uint16_t type,
		     struct dns_answer *ret)
{
	struct cursor c = { m, n, 0, false };
	uint16_t got = get16(&c), flags = get16(&c), questions = get16(&c);
	unsigned int records = get16(&c);
	char owner[EGRESS_HOST_MAX + 1];
	bool is_name;

	skip(&c, 4);
	if (c.bad || got != id || !(flags & FLAG_ANSWER) || OPCODE(flags) || questions != 1)
		return false;
	get_name(&c, owner, &is_name);
	if (get16(&c) != type || get16(&c) != CLASS_IN || c.bad || !str_eq(owner, name))
		return false;
	*ret = (struct dns_answer){ .code = flags & 15, .truncated = flags & FLAG_TRUNCATED };
	if (records > RECORDS_MAX)
		records = RECORDS_MAX;
	for (int i = 0; i <= DNS_ALIASES && ret->code == DNS_OK; i++) {
		take_addresses(c, records, owner, type, ret);
		if (ret->n || !follow_alias(c, records, owner))
			break;
	}
	return true;
}
