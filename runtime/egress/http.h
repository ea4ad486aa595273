/* SPDX-License-Identifier: Apache-2.0 */
/* http.h - the head of a request to a proxy (RFC 9110 9.3.6, RFC 9112 3.2); pure. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "runtime/egress/authority.h"

#define HTTP_HEAD_MAX 16384
/* Room for a head as it is passed on: the host's line may be new, and "Connection: close" is. */
#define HTTP_PASSED_MAX (HTTP_HEAD_MAX + 512)

struct http_request {
	bool tunnel; /* CONNECT; else the head is passed on */
	struct authority to;
	size_t head; /* bytes, with the empty line */
};

/* http_read: 1: *ret is filled; 0: more is needed; -1: no request to a proxy, or a head longer than HTTP_HEAD_MAX. */
int http_read(const char *s, size_t n, struct http_request *ret);
/* http_pass: the head as the origin gets it: its path alone, the Host that was connected to, nothing that is for the proxy,
 * and "Connection: close", so that the next request, which may be for another host, comes by a connection of its own. Its
 * length. */
size_t http_pass(const char *s, const struct http_request *request, char ret[HTTP_PASSED_MAX]);
