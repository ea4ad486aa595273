/* SPDX-License-Identifier: Apache-2.0 */
/* domain.c - rules by name, address and port, read and compared. */
#include "spec/oci/domain.h"

#include <arpa/inet.h>
#include <string.h>

#include "spec/base/str.h"
#include "spec/json/quote.h"

#define LABEL_MAX 63
#define V4_PREFIX 96

bool address_parse(const char *text, uint8_t ret[16])
{
	static const uint8_t v4[12] = { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff };

	if (inet_pton(AF_INET6, text, ret) == 1)
		return true;
	if (inet_pton(AF_INET, text, ret + 12) != 1)
		return false;
	memcpy(ret, v4, sizeof(v4));
	return true;
}

static bool is_label_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
}

/* Lower case, no last dot; labels of 1 to 63 letters, digits, '-' and '_'. */
static bool read_name(const char *s, size_t n, char ret[DOMAIN_MAX + 1])
{
	size_t label = 0;

	if (n && s[n - 1] == '.')
		n--;
	if (n == 0 || n > DOMAIN_MAX)
		return false;
	for (size_t i = 0; i < n; i++) {
		char c = s[i] >= 'A' && s[i] <= 'Z' ? (char)(s[i] + 32) : s[i];

		label = c == '.' ? 0 : label + 1;
		if ((c == '.' && (i == 0 || s[i - 1] == '.')) ||
		    (c != '.' && !is_label_letter(c)) || label > LABEL_MAX)
			return false;
		ret[i] = c;
	}
	ret[n] = '\0';
	return true;
}

/* "ADDRESS" or "ADDRESS/BITS" */
static bool read_address(const char *s, size_t n, struct domain_rule *r)
{
	char text[64];
	char *slash;
	uint64_t bits;
	struct err ignored;

	if (n >= sizeof(text))
		return false;
	memcpy(text, s, n);
	text[n] = '\0';
	slash = strchr(text, '/');
	if (slash)
		*slash = '\0';
	if (!address_parse(text, r->address))
		return false;
	r->bits = 128;
	if (!slash)
		return true;
	bool v4 = !strchr(text, ':');
	if (str_u64(slash + 1, 10, v4 ? 32 : 128, &bits, &ignored) < 0)
		return false;
	r->bits = (uint8_t)(bits + (v4 ? V4_PREFIX : 0));
	return true;
}

/* The host's part of HOST[:PORT] and where the port begins, NULL where there is none. */
static void split_port(const char *text, const char **host, size_t *n, const char **port)
{
	const char *colon = strrchr(text, ':'), *close;

	*host = text;
	*n = strlen(text);
	*port = NULL;
	if (text[0] == '[' && (close = strchr(text, ']'))) {
		*host = text + 1;
		*n = (size_t)(close - text - 1);
		/* "[::/0]" alone, or with a port; anything else is wrong, which a port that is none shows. */
		*port = close[1] == '\0' ? NULL : close[1] == ':' ? close + 2 : "?";
	} else if (colon && strchr(text, ':') == colon) {
		*n = (size_t)(colon - text);
		*port = colon + 1;
	}
}

int domain_rule_parse(const char *text, struct domain_rule *ret, struct err *err)
{
	struct domain_rule r = { 0 };
	const char *host, *port;
	uint64_t number = 0;
	size_t n;

	split_port(text, &host, &n, &port);
	if (port && (str_u64(port, 10, UINT16_MAX, &number, err) < 0 || number == 0))
		return err_input(err, "%s: the port is not a number from 1 to 65535", Q(text));
	r.port = (uint16_t)number;
	if (n == 1 && host[0] == '*')
		r.kind = DOMAIN_ANY;
	else if (read_address(host, n, &r))
		r.kind = DOMAIN_ADDRESS;
	else if (n > 2 && host[0] == '*' && host[1] == '.' && read_name(host + 2, n - 2, r.name))
		r.kind = DOMAIN_BELOW;
	else if (read_name(host, n, r.name))
		r.kind = DOMAIN_NAME;
	else
		return err_input(
			err,
			"%s is not a domain: a host, *.domain, *, an address or a network, "
			"each with :port if wanted",
			Q(text));
	*ret = r;
	return 0;
}

static bool port_fits(const struct domain_rule *rule, uint16_t port)
{
	return rule->port == 0 || rule->port == port;
}

bool domain_rule_matches(const struct domain_rule *rule, const char *name, uint16_t port)
{
	char clean[DOMAIN_MAX + 1];
	size_t n, below;

	if (!port_fits(rule, port) || !read_name(name, strlen(name), clean))
		return false;
	switch ((enum domain_kind)rule->kind) {
	case DOMAIN_ANY:
		return true;
	case DOMAIN_NAME:
		return str_eq(clean, rule->name);
	case DOMAIN_BELOW:
		n = strlen(clean);
		below = strlen(rule->name);
		return n > below + 1 && clean[n - below - 1] == '.' &&
		       str_eq(clean + n - below, rule->name);
	case DOMAIN_ADDRESS:
		break;
	}
	return false;
}

bool domain_rule_matches_address(const struct domain_rule *rule, const uint8_t address[16],
				 uint16_t port)
{
	unsigned int whole = rule->bits / 8, rest = rule->bits % 8;

	if (!port_fits(rule, port))
		return false;
	if (rule->kind == DOMAIN_ANY)
		return true;
	if (rule->kind != DOMAIN_ADDRESS || memcmp(rule->address, address, whole) != 0)
		return false;
	return rest == 0 || ((rule->address[whole] ^ address[whole]) >> (8 - rest)) == 0;
}

/* Every host that `narrow` speaks of is one of `wide`'s. */
static bool covers(const struct domain_rule *wide, const struct domain_rule *narrow)
{
	size_t n = strlen(narrow->name), below = strlen(wide->name);
	struct domain_rule any_port = *wide;

	any_port.port = 0;
	if (wide->kind == DOMAIN_ANY)
		return true;
	if (narrow->kind == DOMAIN_ADDRESS)
		return wide->bits <= narrow->bits &&
		       domain_rule_matches_address(&any_port, narrow->address, 0);
	if (narrow->kind == DOMAIN_NAME)
		return domain_rule_matches(&any_port, narrow->name, 0);
	return narrow->kind == DOMAIN_BELOW && wide->kind == DOMAIN_BELOW && n >= below &&
	       str_eq(narrow->name + n - below, wide->name) &&
	       (n == below || narrow->name[n - below - 1] == '.');
}

bool domain_rule_common(const struct domain_rule *a, const struct domain_rule *b,
			struct domain_rule *ret)
{
	struct domain_rule common;

	if (a->port && b->port && a->port != b->port)
		return false;
	if (covers(a, b))
		common = *b;
	else if (covers(b, a))
		common = *a;
	else
		return false;
	common.port = a->port ? a->port : b->port;
	*ret = common;
	return true;
}

static const char *address_text(const struct domain_rule *r, struct arena *a)
{
	char text[INET6_ADDRSTRLEN];
	struct in6_addr address;
	bool v4;

	memcpy(&address, r->address, sizeof(address));
	v4 = IN6_IS_ADDR_V4MAPPED(&address) && r->bits >= V4_PREFIX;
	unsigned int most = v4 ? 32 : 128, bits = r->bits - (v4 ? V4_PREFIX : 0u);

	(void)inet_ntop(v4 ? AF_INET : AF_INET6, r->address + (v4 ? 12 : 0), text, sizeof(text));
	return bits == most ? arena_str(a, text) : arena_printf(a, "%s/%u", text, bits);
}

const char *domain_rule_text(const struct domain_rule *r, struct arena *a)
{
	const char *host = r->kind == DOMAIN_ANY       ? "*"
			   : r->kind == DOMAIN_ADDRESS ? address_text(r, a)
			   : r->kind == DOMAIN_BELOW   ? arena_printf(a, "*.%s", r->name)
						       : arena_str(a, r->name);
	bool brackets = strchr(host, ':') != NULL;

	if (!r->port)
		return host;
	return arena_printf(a, "%s%s%s:%u", brackets ? "[" : "", host, brackets ? "]" : "",
			    r->port);
}

static bool read_port(const char *s, size_t n, uint16_t *ret)
{
	char text[8];
	struct err ignored;
	uint64_t number;

	if (n == 0 || n >= sizeof(text))
		return false;
	memcpy(text, s, n);
	text[n] = '\0';
	if (str_u64(text, 10, UINT16_MAX, &number, &ignored) < 0 || number == 0)
		return false;
	*ret = (uint16_t)number;
	return true;
}

/* The address before the colon at end, in brackets where it is an IPv6 one. */
static bool read_host(const char *s, size_t n, uint8_t ret[16])
{
	char text[64];
	bool brackets = n > 2 && s[0] == '[' && s[n - 1] == ']';

	if (n >= sizeof(text))
		return false;
	memcpy(text, s + brackets, n - 2 * brackets);
	text[n - 2 * brackets] = '\0';
	return (strchr(text, ':') != NULL) == brackets && address_parse(text, ret);
}

int published_parse(const char *text, struct published *ret, struct err *err)
{
	struct published p;
	const char *inside = strrchr(text, ':'), *outside = inside;

	while (outside && outside > text && *--outside != ':')
		;
	if (!inside || outside == text || !read_host(text, (size_t)(outside - text), p.address) ||
	    !read_port(outside + 1, (size_t)(inside - outside - 1), &p.host_port) ||
	    !read_port(inside + 1, strlen(inside + 1), &p.port))
		return err_input(err,
				 "%s is not HOST:PORT:PORT: an address of this host, its port, and "
				 "the port inside, such as 127.0.0.1:8080:80",
				 Q(text));
	*ret = p;
	return 0;
}
