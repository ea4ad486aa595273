/* SPDX-License-Identifier: Apache-2.0 */
/* dns.h - messages of the domain name system (RFC 1035, EDNS of RFC 6891): bytes to questions and answers, and back; pure. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "runtime/egress/address.h"
#include "runtime/egress/egress.h"

#define DNS_HEADER 12
/* Longest query that is read, and longest answer that we give. */
#define DNS_QUERY_MAX 1024
#define DNS_REPLY_MAX 1232
/* What we tell upstream that we take by UDP. */
#define DNS_UDP_SIZE 1232

enum dns_type { DNS_A = 1, DNS_CNAME = 5, DNS_AAAA = 28, DNS_OPT = 41 };
enum dns_code {
	DNS_OK = 0,
	DNS_BAD_FORM = 1,
	DNS_FAILED = 2,
	DNS_NO_NAME = 3,
	DNS_NOT_DONE = 4,
};

struct dns_query {
	uint16_t id, type;
	bool recursion; /* desired */
	bool edns;
	bool is_name; /* letters, digits, '-' and '_' in dotted labels; else nothing can be said of it */
	uint8_t code; /* enum dns_code: what has to be answered at once; DNS_OK: see the type */
	size_t question; /* bytes of the question behind the header; 0: none that could be repeated */
	char name[EGRESS_HOST_MAX + 1]; /* lower case, without the last dot */
};

/* dns_query_read: a client's message. False where it is none to be answered: too short, or an answer itself. */
bool dns_query_read(const uint8_t *m, size_t n, struct dns_query *ret);

struct dns_reply {
	uint8_t code; /* enum dns_code */
	uint8_t address_n; /* 0, 4 or 16 bytes of the address */
	uint8_t address[ADDRESS_BYTES];
	uint32_t ttl_s;
	const char *prohibited; /* words for who speaks EDNS (RFC 8914, code 18); NULL: none */
};
/* dns_reply_write: the answer to m, of which q was read; its length. */
size_t dns_reply_write(const uint8_t *m, const struct dns_query *q, const struct dns_reply *reply,
		       uint8_t ret[DNS_REPLY_MAX]);

/* Addresses taken of one answer; aliases followed. */
#define DNS_ADDRESSES 16
#define DNS_ALIASES 8

struct dns_answer {
	uint8_t code; /* enum dns_code, or another one of the server's */
	bool truncated;
	uint8_t n;
	uint8_t addresses[DNS_ADDRESSES][ADDRESS_BYTES];
};

/* dns_question_write: a question about a name of the rules' kind; its length, at most DNS_QUERY_MAX; 0: it is no name. */
size_t dns_question_write(uint16_t id, const char *name, uint16_t type, uint8_t ret[DNS_QUERY_MAX]);
/* dns_answer_read: a server's message. False where it does not answer that question (then another one may follow). */
bool dns_answer_read(const uint8_t *m, size_t n, uint16_t id, const char *name, uint16_t type,
		     struct dns_answer *ret);
