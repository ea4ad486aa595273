/* SPDX-License-Identifier: Apache-2.0 */
/* line.c - one line a property: name, signature, values. */
#include "runtime/systemd/line.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdlib.h>

#include "spec/base/str.h"

static bool is_known(const char *signature)
{
	static const char *const known[] = { "b", "i", "u",  "t",  "x",	    "n",    "q",
					     "d", "s", "as", "ay", "a(st)", "a(ss)" };

	for (size_t i = 0; i < ARRAY_LEN(known); i++)
		if (str_eq(signature, known[i]))
			return true;
	return false;
}

static int append_signed(sd_bus_message *m, char type, const char *value, struct err *err)
{
	int64_t v;

	TRY(str_i64(value,
		    type == 'n'	  ? INT16_MIN
		    : type == 'i' ? INT32_MIN
				  : INT64_MIN,
		    type == 'n'	  ? INT16_MAX
		    : type == 'i' ? INT32_MAX
				  : INT64_MAX,
		    &v, err));
	if (type == 'n')
		return sd_bus_message_append(m, "n", (int)v);
	return type == 'i' ? sd_bus_message_append(m, "i", (int32_t)v)
			   : sd_bus_message_append(m, "x", v);
}

static int append_unsigned(sd_bus_message *m, char type, const char *value, struct err *err)
{
	static const struct {
		char type;
		uint64_t max;
	} bounds[] = {
		{ 'y', UINT8_MAX }, { 'q', UINT16_MAX }, { 'u', UINT32_MAX }, { 't', UINT64_MAX }
	};
	uint64_t v, max = 0;

	for (size_t i = 0; i < ARRAY_LEN(bounds); i++)
		if (bounds[i].type == type)
			max = bounds[i].max;
	TRY(str_u64(value, 10, max, &v, err));
	switch (type) {
	case 'y':
	case 'q':
		return sd_bus_message_append(m, (char[]){ type, 0 }, (unsigned int)v);
	case 'u':
		return sd_bus_message_append(m, "u", (uint32_t)v);
	default:
		return sd_bus_message_append(m, "t", v);
	}
}

/* One value of a plain type; a negative number with err filled, or sd-bus' own. */
static int append_plain(sd_bus_message *m, char type, const char *value, struct err *err)
{
	char *end;
	double d;

	switch (type) {
	case 's':
		return sd_bus_message_append(m, "s", value);
	case 'b':
		if (!str_eq(value, "true") && !str_eq(value, "false"))
			return err_input(err, "\"%.60s\" is neither true nor false", value);
		return sd_bus_message_append(m, "b", value[0] == 't');
	case 'd':
		d = strtod(value, &end);
		if (end == value || *end)
			return err_input(err, "\"%.60s\" is no number", value);
		return sd_bus_message_append(m, "d", d);
	case 'n':
	case 'i':
	case 'x':
		return append_signed(m, type, value, err);
	default:
		return append_unsigned(m, type, value, err);
	}
}

/* The next field of a line, or NULL; *rest moves on. */
static char *next_field(char **rest)
{
	return *rest ? strsep(rest, "\t") : NULL;
}

/* "(st)": its members are a value each. */
static int append_struct(sd_bus_message *m, const char *members, char **rest, struct err *err)
{
	char signature[8] = "";
	size_t n = strcspn(members, ")");

	memcpy(signature, members, n < sizeof(signature) ? n : sizeof(signature) - 1);
	TRY(sd_bus_message_open_container(m, 'r', signature));
	for (size_t i = 0; i < n; i++) {
		const char *value = next_field(rest);

		if (!value)
			return err_input(err, "a value is missing");
		TRY(append_plain(m, members[i], value, err));
	}
	return sd_bus_message_close_container(m);
}

static int append_array(sd_bus_message *m, const char *element, char **rest, struct err *err)
{
	TRY(sd_bus_message_open_container(m, 'a', element));
	while (*rest)
		TRY(element[0] == '(' ? append_struct(m, element + 1, rest, err)
				      : append_plain(m, element[0], next_field(rest), err));
	return sd_bus_message_close_container(m);
}

static int append_line(sd_bus_message *m, const char *name, char *rest, struct err *err)
{
	const char *signature = next_field(&rest), *value;

	if (!signature || !is_known(signature))
		return err_input(err, "its type \"%.20s\" is unknown", signature ? signature : "");
	TRY(sd_bus_message_open_container(m, 'r', "sv"));
	TRY(sd_bus_message_append(m, "s", name));
	TRY(sd_bus_message_open_container(m, 'v', signature));
	if (signature[0] == 'a') {
		TRY(append_array(m, signature + 1, &rest, err));
	} else {
		value = next_field(&rest);
		if (!value || rest)
			return err_input(err, "it must have one value");
		TRY(append_plain(m, signature[0], value, err));
	}
	TRY(sd_bus_message_close_container(m));
	return sd_bus_message_close_container(m);
}

int lines_append(sd_bus_message *m, char *text, struct err *err)
{
	char *rest = text;

	while (rest && *rest) {
		char *line = strsep(&rest, "\n"), *fields = line;
		const char *name = next_field(&fields);
		int r;

		err->kind = ERR_NONE;
		r = append_line(m, name, fields, err);
		if (r < 0 && err->kind == ERR_NONE)
			(void)err_host(err, -r, "write it into a message");
		if (r < 0)
			return err_in(err, "property %.100s", name);
	}
	return 0;
}
