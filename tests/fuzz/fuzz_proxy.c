/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz_proxy.c - the same bytes as a request of HTTP to a proxy and as both messages of a client of SOCKS5, whole and as they
 * come in, byte by byte. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/egress/http.h"
#include "runtime/egress/socks.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void hold(int truth)
{
	if (!truth)
		abort();
}

/* What is passed on is one head, whose request is no proxy's any more. */
static void pass(const char *s, const struct http_request *request)
{
	char passed[HTTP_PASSED_MAX];
	struct http_request again;
	size_t n = http_pass(s, request, passed);

	hold(n > 4 && n <= sizeof(passed));
	hold(memmem(passed, n, "\r\n\r\n", 4) == passed + n - 4);
	hold(http_read(passed, n, &again) == -1);
}

static void read_http(const char *s, size_t n)
{
	struct http_request request, early;
	int r = http_read(s, n, &request);

	if (r != 1)
		return;
	hold(request.head <= n && request.to.port != 0 && request.to.host[0] != '\0');
	/* It is not understood before it is whole, and then in the same way. */
	hold(http_read(s, request.head - 1, &early) == 0);
	hold(http_read(s, request.head, &early) == 1);
	hold(early.tunnel == request.tunnel && early.to.port == request.to.port);
	if (!request.tunnel)
		pass(s, &request);
}

static void read_socks(const uint8_t *s, size_t n)
{
	int hello = socks_greeting(s, n);
	struct authority to = { .port = 0 };
	int r;

	hold(hello <= (int)n);
	if (hello > 0) {
		s += hello;
		n -= (size_t)hello;
	}
	r = socks_request(s, n, &to);
	hold(r <= (int)n && (r <= 0 || (to.port != 0 && strlen(to.host) <= EGRESS_HOST_MAX)));
	for (int i = 0; i < r; i++)
		hold(socks_request(s, (size_t)i, &to) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	read_http((const char *)data, size);
	read_socks(data, size);
	return 0;
}
