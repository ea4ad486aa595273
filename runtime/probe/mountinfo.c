/* SPDX-License-Identifier: Apache-2.0 */
/* mountinfo.c - cuts up mountinfo; small, as libmount would make the runtime dynamic. */
#include "runtime/probe/mountinfo.h"

#include <stdbool.h>
#include <string.h>

#include "spec/base/str.h"

/* The next word, cut off in place; NULL at the end of the line. */
static char *take_word(char **line)
{
	char *word = *line, *end;

	if (!word || !*word)
		return NULL;
	end = strchr(word, ' ');
	if (end)
		*end = '\0';
	*line = end ? end + 1 : NULL;
	return word;
}

static bool is_octal(const char *s)
{
	return s[0] >= '0' && s[0] <= '3' && s[1] >= '0' && s[1] <= '7' && s[2] >= '0' &&
	       s[2] <= '7';
}

/* The kernel writes space, tab, newline, backslash and # as \ooo. */
static char *unescape(char *s)
{
	char *to = s;

	for (const char *c = s; *c; c++) {
		if (*c == '\\' && is_octal(c + 1)) {
			*to++ = (char)((c[1] - '0') * 64 + (c[2] - '0') * 8 + (c[3] - '0'));
			c += 3;
		} else {
			*to++ = *c;
		}
	}
	*to = '\0';
	return s;
}

static int take_number(const char *word, uint64_t max, uint64_t *ret, struct err *err)
{
	return word ? str_u64(word, 10, max, ret, err) : -1;
}

static int take_device(char *word, struct mountinfo *m, struct err *err)
{
	char *colon = word ? strchr(word, ':') : NULL;
	uint64_t major, minor;

	if (!colon)
		return -1;
	*colon = '\0';
	TRY(take_number(word, UINT32_MAX, &major, err));
	TRY(take_number(colon + 1, UINT32_MAX, &minor, err));
	m->major = (unsigned int)major;
	m->minor = (unsigned int)minor;
	return 0;
}

/* The optional fields up to the "-": joined again by the spaces that they were cut at. */
static const char *take_optional(char **line)
{
	char *first = *line;

	if (first && first[0] == '-' && first[1] == ' ') {
		(void)take_word(line);
		return "";
	}
	while (take_word(line))
		if (*line && (*line)[0] == '-' && (*line)[1] == ' ') {
			(void)take_word(line);
			return first;
		} else if (*line) {
			(*line)[-1] = ' ';
		}
	return NULL;
}

static int line_parse(char *line, struct mountinfo *m, struct err *err)
{
	char *word[7];

	TRY(take_number(take_word(&line), UINT64_MAX, &m->id, err));
	TRY(take_number(take_word(&line), UINT64_MAX, &m->parent, err));
	TRY(take_device(take_word(&line), m, err));
	for (int i = 0; i < 3; i++)
		word[i] = take_word(&line);
	if (!word[2])
		return -1;
	m->optional = take_optional(&line);
	for (int i = 3; i < 6; i++)
		word[i] = take_word(&line);
	if (!m->optional || !word[5])
		return -1;
	m->root = unescape(word[0]);
	m->target = unescape(word[1]);
	m->options = word[2];
	m->type = unescape(word[3]);
	m->source = unescape(word[4]);
	m->super_options = word[5];
	return 0;
}

int mountinfo_next(char **text, struct mountinfo *ret, struct err *err)
{
	struct mountinfo m = { 0 };
	char *line = *text, *end;
	char shown[80];

	if (!*line)
		return 1;
	end = strchr(line, '\n');
	*text = end ? end + 1 : line + strlen(line);
	if (end)
		*end = '\0';
	(void)snprintf(shown, sizeof(shown), "%.70s", line);
	if (line_parse(line, &m, err) < 0)
		return err_input(err, "\"%s\" is not a line of mountinfo", shown);
	*ret = m;
	return 0;
}
