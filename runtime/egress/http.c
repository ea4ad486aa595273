/* SPDX-License-Identifier: Apache-2.0 */
/* http.c - one line after the other; what two programs could read in two ways is refused. */
#include "runtime/egress/http.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "spec/base/str.h"

#define HTTP_PORT 80

/* A part of the head. */
struct span {
	const char *s;
	size_t n;
};

/* For the proxy alone, or said anew. */
static const char *const dropped[] = { "connection", "keep-alive", "host" };

/* The line at *at without its end; *at goes behind it. */
static bool get_line(struct span head, size_t *at, struct span *ret)
{
	const char *from = head.s + *at;
	const char *cr = memchr(from, '\r', head.n - *at);

	if (!cr || cr + 1 >= head.s + head.n || cr[1] != '\n')
		return false;
	*ret = (struct span){ from, (size_t)(cr - from) };
	*at += ret->n + 2;
	return !memchr(ret->s, '\n', ret->n) && !memchr(ret->s, '\0', ret->n);
}

/* Of visible letters, up to a space. */
static bool get_word(struct span *line, struct span *ret)
{
	const char *space = memchr(line->s, ' ', line->n);
	size_t n = space ? (size_t)(space - line->s) : line->n;

	for (size_t i = 0; i < n; i++)
		if ((unsigned char)line->s[i] <= ' ' || line->s[i] == '\x7f')
			return false;
	*ret = (struct span){ line->s, n };
	line->s += n + (space != NULL);
	line->n -= n + (space != NULL);
	return n > 0;
}

static bool span_is(struct span a, const char *word)
{
	return a.n == strlen(word) && memcmp(a.s, word, a.n) == 0;
}

struct request_line {
	struct span method, target, version;
	struct span authority, path; /* of the target; the path of CONNECT is empty */
};

/* "http://AUTHORITY[/PATH]" */
static bool split_target(struct request_line *r)
{
	static const char scheme[] = "http://";
	const size_t n = sizeof(scheme) - 1;
	size_t end = n;

	if (r->target.n <= n || strncasecmp(r->target.s, scheme, n) != 0)
		return false;
	while (end < r->target.n && !memchr("/?#", r->target.s[end], 3))
		end++;
	r->authority = (struct span){ r->target.s + n, end - n };
	r->path = (struct span){ r->target.s + end, r->target.n - end };
	return true;
}

static bool read_request_line(struct span line, struct request_line *r)
{
	if (!get_word(&line, &r->method) || !get_word(&line, &r->target) ||
	    !get_word(&line, &r->version) || line.n)
		return false;
	if (!span_is(r->version, "HTTP/1.1") && !span_is(r->version, "HTTP/1.0"))
		return false;
	r->authority = r->target;
	r->path = (struct span){ r->target.s, 0 };
	return span_is(r->method, "CONNECT") || split_target(r);
}

/* "NAME:VALUE", no space before the colon, none at the beginning (an old way to go on from the line before). */
static bool is_field(struct span line)
{
	const char *colon = memchr(line.s, ':', line.n);

	if (!colon || colon == line.s)
		return false;
	for (const char *c = line.s; c < colon; c++)
		if (*c <= ' ' || *c > '~')
			return false;
	return true;
}

static bool fields_are_sound(struct span head, size_t at)
{
	struct span line;

	while (get_line(head, &at, &line)) {
		if (line.n == 0)
			return at == head.n;
		if (!is_field(line))
			return false;
	}
	return false;
}

int http_read(const char *s, size_t n, struct http_request *ret)
{
	const char *end = n ? memmem(s, n, "\r\n\r\n", 4) : NULL;
	struct http_request request;
	struct request_line r;
	struct span head, line;
	size_t at = 0;

	if (!end)
		return n >= HTTP_HEAD_MAX ? -1 : 0;
	head = (struct span){ s, (size_t)(end - s) + 4 };
	if (head.n > HTTP_HEAD_MAX || !get_line(head, &at, &line) || !read_request_line(line, &r) ||
	    !fields_are_sound(head, at))
		return -1;
	request.tunnel = span_is(r.method, "CONNECT");
	request.head = head.n;
	if (!authority_read(r.authority.s, r.authority.n, request.tunnel ? 0 : HTTP_PORT,
			    &request.to))
		return -1;
	*ret = request;
	return 1;
}

static bool is_dropped(struct span line)
{
	size_t n = (size_t)((const char *)memchr(line.s, ':', line.n) - line.s);

	if (n > 6 && strncasecmp(line.s, "proxy-", 6) == 0)
		return true;
	for (size_t i = 0; i < ARRAY_LEN(dropped); i++)
		if (strlen(dropped[i]) == n && strncasecmp(line.s, dropped[i], n) == 0)
			return true;
	return false;
}

size_t http_pass(const char *s, const struct http_request *request, char ret[HTTP_PASSED_MAX])
{
	const struct span head = { s, request->head };
	struct request_line r;
	struct span line;
	size_t at = 0, n;

	/* Both were fine when http_read was here. */
	if (!get_line(head, &at, &line) || !read_request_line(line, &r))
		return 0;
	/* Of "http://host?x" the path is "/?x"; what is behind a '#' is the client's own. */
	const char *hash = memchr(r.path.s, '#', r.path.n);
	if (hash)
		r.path.n = (size_t)(hash - r.path.s);
	n = (size_t)snprintf(ret, HTTP_PASSED_MAX, "%.*s %s%.*s %.*s\r\nHost: %.*s\r\n",
			     (int)r.method.n, r.method.s, r.path.n && r.path.s[0] == '/' ? "" : "/",
			     (int)r.path.n, r.path.s, (int)r.version.n, r.version.s,
			     (int)r.authority.n, r.authority.s);
	while (get_line(head, &at, &line) && line.n) {
		if (is_dropped(line))
			continue;
		memcpy(ret + n, line.s, line.n + 2);
		n += line.n + 2;
	}
	return n + (size_t)snprintf(ret + n, HTTP_PASSED_MAX - n, "Connection: close\r\n\r\n");
}
