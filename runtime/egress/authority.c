/* SPDX-License-Identifier: Apache-2.0 */
/* authority.c - letter by letter: what is neither of a name nor of an address is refused. */
#include "runtime/egress/authority.h"

#include <string.h>

#include "spec/base/str.h"
#include "spec/policy/match.h"

static bool read_port(const char *s, size_t n, uint16_t *ret)
{
	uint32_t port = 0;

	if (n == 0 || n > 5)
		return false;
	for (size_t i = 0; i < n; i++) {
		if (s[i] < '0' || s[i] > '9')
			return false;
		port = port * 10 + (uint32_t)(s[i] - '0');
	}
	*ret = (uint16_t)port;
	return port > 0 && port <= UINT16_MAX;
}

static bool read_host(const char *s, size_t n, const char *others, char ret[EGRESS_HOST_MAX + 1])
{
	if (n && s[n - 1] == '.')
		n--;
	if (n == 0 || n > EGRESS_HOST_MAX)
		return false;
	for (size_t i = 0; i < n; i++) {
		char c = s[i] >= 'A' && s[i] <= 'Z' ? (char)(s[i] + 32) : s[i];

		if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9')) && !strchr(others, c))
			return false;
		ret[i] = c;
	}
	ret[n] = '\0';
	/* strchr finds the end of a string, too. */
	return strlen(ret) == n;
}

bool authority_read(const char *s, size_t n, uint16_t port, struct authority *ret)
{
	const char *close = n && s[0] == '[' ? memchr(s, ']', n) : NULL;
	const char *colon = close ? close + 1 : memchr(s, ':', n);
	struct authority a = { .port = port };
	uint8_t address[16];

	if (!colon)
		colon = s + n;
	if (close ? !read_host(s + 1, (size_t)(close - s - 1), ":.", a.host) ||
			    !strchr(a.host, ':') || !address_parse(a.host, address)
		  : !read_host(s, (size_t)(colon - s), "-_.", a.host))
		return false;
	if (colon < s + n &&
	    (*colon != ':' || !read_port(colon + 1, (size_t)(s + n - colon - 1), &a.port)))
		return false;
	if (a.port == 0)
		return false;
	*ret = a;
	return true;
}
