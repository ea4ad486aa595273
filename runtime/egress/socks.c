/* SPDX-License-Identifier: Apache-2.0 */
/* socks.c - two messages of binary fields. */
#include "runtime/egress/socks.h"

#include <string.h>

#include "runtime/egress/address.h"
#include "spec/policy/match.h"

#define COMMAND_CONNECT 1
#define NO_LOGIN 0

/* The kinds of address, and how long each is; of a name its first byte says so. */
enum kind { KIND_V4 = 1, KIND_NAME = 3, KIND_V6 = 4 };

int socks_greeting(const uint8_t *s, size_t n)
{
	if (n && s[0] != SOCKS_VERSION)
		return -1;
	if (n < 2 || n < 2u + s[1])
		return 0;
	return s[1] && memchr(s + 2, NO_LOGIN, s[1]) ? 2 + s[1] : -1;
}

static void read_binary(const uint8_t *s, uint8_t kind, struct authority *ret)
{
	uint8_t a[ADDRESS_BYTES];

	if (kind == KIND_V4)
		address_from_v4(s, a);
	else
		memcpy(a, s, sizeof(a));
	(void)address_text(a, ret->host);
}

int socks_request(const uint8_t *s, size_t n, struct authority *ret)
{
	struct authority a;
	size_t from = 4, len;

	if (n < 5)
		return n && s[0] != SOCKS_VERSION ? -SOCKS_FAILED : 0;
	if (s[0] != SOCKS_VERSION || s[2] != 0)
		return -SOCKS_FAILED;
	if (s[1] != COMMAND_CONNECT)
		return -SOCKS_NO_COMMAND;
	from += s[3] == KIND_NAME;
	len = s[3] == KIND_V4 ? 4 : s[3] == KIND_V6 ? ADDRESS_BYTES : s[4];
	if (s[3] != KIND_V4 && s[3] != KIND_V6 && s[3] != KIND_NAME)
		return -SOCKS_NO_ADDRESS;
	if (n < from + len + 2)
		return 0;
	if (s[3] == KIND_NAME) {
		/* Any port: it stands behind the name, and the name has none. */
		if (!authority_read((const char *)s + from, len, 1, &a) || a.port != 1 ||
		    memchr(s + from, ':', len))
			return -SOCKS_FAILED;
	} else {
		read_binary(s + from, s[3], &a);
	}
	a.port = (uint16_t)(s[from + len] << 8 | s[from + len + 1]);
	if (a.port == 0)
		return -SOCKS_FAILED;
	*ret = a;
	return (int)(from + len + 2);
}
