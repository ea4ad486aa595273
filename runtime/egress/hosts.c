/* SPDX-License-Identifier: Apache-2.0 */
/* hosts.c - lines of words. */
#include "runtime/egress/hosts.h"

#include <stdlib.h>
#include <string.h>

#include "runtime/egress/authority.h"
#include "spec/base/str.h"
#include "spec/policy/match.h"

#define DNS_PORT 53
/* resolv.conf(5): the defaults and the bounds; ours of the timeout is lower, a client waits. */
#define TIMEOUT_S 2
#define TIMEOUT_MAX_S 10
#define ATTEMPTS 2
#define ATTEMPTS_MAX 5

/* The next line of *text without its comment; NULL at the end. */
static char *next_line(char **text)
{
	char *line = *text;

	if (!line || !*line)
		return NULL;
	*text = strchr(line, '\n');
	if (*text)
		*(*text)++ = '\0';
	line[strcspn(line, "#;\r")] = '\0';
	return line;
}

static char *next_word(char **line)
{
	char *word = *line + strspn(*line, " \t");

	if (!*word)
		return NULL;
	*line = word + strcspn(word, " \t");
	if (**line)
		*(*line)++ = '\0';
	return word;
}

static int by_name(const void *a, const void *b)
{
	const struct host *x = a, *y = b;
	int order = strcmp(x->name, y->name);

	return order ? order : (x->order > y->order) - (x->order < y->order);
}

static size_t count_words(const char *text)
{
	size_t n = 0;

	for (; *text; n++) {
		text += strcspn(text, " \t\n");
		text += strspn(text, " \t\n");
	}
	return n < HOSTS_MAX ? n : HOSTS_MAX;
}

void hosts_read(char *text, struct arena *a, struct hosts *ret)
{
	size_t room = count_words(text);
	struct host *v = arena_alloc(a, (room + 1) * sizeof(*v));
	size_t n = 0;

	for (char *line; (line = next_line(&text));) {
		char *word = next_word(&line);
		uint8_t address[ADDRESS_BYTES];

		if (!word || !address_parse(word, address))
			continue;
		while (n < room && (word = next_word(&line))) {
			for (char *c = word; *c; c++)
				if (*c >= 'A' && *c <= 'Z')
					*c = (char)(*c + 32);
			v[n] = (struct host){ .name = word, .order = (uint32_t)n };
			memcpy(v[n++].address, address, sizeof(address));
		}
	}
	qsort(v, n, sizeof(*v), by_name);
	*ret = (struct hosts){ v, n };
}

size_t hosts_find(const struct hosts *h, const char *name, uint8_t (*ret)[ADDRESS_BYTES],
		  size_t max)
{
	size_t low = 0, high = h->n, n = 0;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (strcmp(h->v[middle].name, name) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	for (; n < max && low < h->n && str_eq(h->v[low].name, name); low++)
		memcpy(ret[n++], h->v[low].address, ADDRESS_BYTES);
	return n;
}

/* "ADDRESS", "[ADDRESS]:PORT", "ADDRESS:PORT" of IPv4; IPv6 may name its link behind a '%', which we have no use for. */
static void add_server(const char *word, struct resolv *r)
{
	struct nameserver s = { .port = DNS_PORT };
	struct authority at;

	if (r->n == NAMESERVERS)
		return;
	if (!address_parse(word, s.address)) {
		if (!authority_read(word, strlen(word), DNS_PORT, &at) ||
		    !address_parse(at.host, s.address))
			return;
		s.port = at.port;
	}
	r->servers[r->n++] = s;
}

static void set_option(const char *word, const char *name, uint8_t max, uint8_t *ret)
{
	uint64_t n;
	struct err ignored;

	if (str_starts(word, name) &&
	    str_u64(word + strlen(name), 10, UINT32_MAX, &n, &ignored) == 0 && n > 0)
		*ret = (uint8_t)(n < max ? n : max);
}

void resolv_read(char *text, struct resolv *ret)
{
	struct resolv r = { .timeout_s = TIMEOUT_S, .attempts = ATTEMPTS };

	for (char *line; (line = next_line(&text));) {
		char *key = next_word(&line), *word;

		while (key && (word = next_word(&line))) {
			if (str_eq(key, "nameserver"))
				add_server(word, &r);
			if (!str_eq(key, "options"))
				break;
			set_option(word, "timeout:", TIMEOUT_MAX_S, &r.timeout_s);
			set_option(word, "attempts:", ATTEMPTS_MAX, &r.attempts);
		}
	}
	if (r.n == 0)
		add_server("127.0.0.1", &r);
	*ret = r;
}
