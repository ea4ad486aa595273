/* SPDX-License-Identifier: Apache-2.0 */
/* refusal.c - reads the helper's datagrams.
 * Mustn't: believe their texts to be bounded; the helper speaks with whom the payload chose. */
#include "runtime/life/refusal.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "runtime/egress/egress.h"
#include "spec/base/str.h"
#include "spec/base/sys.h"

/* Refusals that are told one by one. */
#define TOLD_MAX 8
/* Those that are read at one time: more than wait in a socket, and whoever floods keeps its limits from nobody. */
#define AT_ONCE 1024

/* What is no violation, but a network that does not answer, has no severity. */
static const char *const severities[EGRESS_REASONS] = {
	[EGRESS_NO_RULE] = "high", [EGRESS_DENIED] = "high", [EGRESS_LOCAL] = "high",
	[EGRESS_STALE] = "medium", [EGRESS_BUSY] = "low",    [EGRESS_MALFORMED] = "low",
};

static const char *moment(uint64_t us, struct arena *a)
{
	time_t seconds = (time_t)(us / 1000000u);
	struct tm tm;
	char text[32];

	(void)gmtime_r(&seconds, &tm);
	(void)strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%S", &tm);
	return arena_printf(a, "%s.%06lluZ", text, (unsigned long long)(us % 1000000u));
}

/* The rule that would allow it. */
static const char *pattern_of(const struct egress_event *e, struct arena *a)
{
	bool v6 = strchr(e->host, ':') != NULL;

	if (!e->port)
		return e->host;
	return arena_printf(a, "%s%s%s:%u", v6 ? "[" : "", e->host, v6 ? "]" : "", e->port);
}

static const char *describe(const struct egress_event *e, bool by_config, struct arena *a)
{
	struct text out = { .arena = a };

	text_addf(&out, "Network access denied: %s", e->host);
	if (e->port)
		text_addf(&out, " port %u", e->port);
	text_addf(&out, ": %s", egress_reason_text(e->reason));
	if (e->reason == EGRESS_NO_RULE)
		text_addf(&out,
			  by_config ? "; \"%s\" in /srt/network/allow opens it"
				    : "; --allow-domain %s opens it, --allow-network all",
			  pattern_of(e, a));
	return out.s;
}

static bool is_known(const struct events *known, const char *description)
{
	for (size_t i = 0; i < known->n; i++)
		if (known->v[i].type == EVENT_NETWORK &&
		    str_eq(known->v[i].description, description))
			return true;
	return false;
}

static void take(struct refusals *r, struct egress_event *e)
{
	/* Of what is known already nothing is kept, however often it comes. */
	scoped_arena struct arena passing = { 0 };
	const char *description;

	r->events->dropped += e->lost;
	if (e->reason >= EGRESS_REASONS || !severities[e->reason])
		return;
	if (r->events->n >= RESULT_EVENTS_MAX) {
		r->events->dropped++;
		return;
	}
	for (char *c = e->host; *c; c++)
		if ((unsigned char)*c <= ' ' || (unsigned char)*c >= 0x7f)
			*c = '?';
	description = describe(e, r->by_config, &passing);
	/* The same thing tried again is one violation. */
	if (is_known(r->events, description))
		return;
	const struct event v = { .timestamp = moment(e->time_us, r->a),
				 .type = EVENT_NETWORK,
				 .description = arena_str(r->a, description),
				 .severity = severities[e->reason],
				 .host = arena_str(r->a, e->host),
				 .port = e->port,
				 .pid = -1 };
	event_add(r->events, &v, r->a);
}

bool refusals_take(struct refusals *r)
{
	for (int i = 0; i < AT_ONCE; i++) {
		struct egress_event e = { 0 };
		struct iovec part = { &e, sizeof(e) };
		struct msghdr msg = { .msg_iov = &part, .msg_iovlen = 1 };
		ssize_t n = sys_recvmsg(r->fd, &msg, MSG_DONTWAIT);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return errno == EAGAIN || errno == EWOULDBLOCK;
		if (n == 0)
			return false;
		e.host[sizeof(e.host) - 1] = '\0';
		if (n == (ssize_t)sizeof(e))
			take(r, &e);
	}
	return true;
}

void refusals_tell(const struct events *events, enum log_level level, const struct log *log)
{
	size_t told = 0, more = 0;

	for (size_t i = 0; i < events->n; i++) {
		if (events->v[i].type != EVENT_NETWORK)
			continue;
		if (told < TOLD_MAX)
			log_line(log, level, "%s", events->v[i].description);
		more += told++ >= TOLD_MAX;
	}
	if (more)
		log_line(log, level, "Network access denied: %zu times more", more);
}
