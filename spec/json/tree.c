/* SPDX-License-Identifier: Apache-2.0 */
/* tree.c - bytes → nodes.
 *
 * First the bytes alone are looked at (bytes.h), for what yajl would let pass; then yajl reads them. */
#include "spec/json/tree.h"

#include <string.h>

#include "spec/base/str.h"
#include "spec/json/bytes.h"
#include "spec/json/yajl.h"

static bool is_empty(const char *bytes, size_t len)
{
	while (len && source_is_gap(bytes[len - 1]))
		len--;
	return len == 0;
}

static int parse(const struct source *source, const struct json_limits *limits, struct arena *a,
		 struct json **ret, struct err *err)
{
	const char *bytes = source->bytes, *name = source->name, *fault;
	size_t len = source->len, offset;

	if (len > limits->bytes || len > UINT32_MAX)
		return err_limit(err, "%s: %zu bytes are too many: at most %zu are read", name, len,
				 limits->bytes);
	if (is_empty(bytes, len))
		return err_input(err, "%s: the document is empty", name);
	fault = bytes_fault(bytes, len, &offset);
	if (fault)
		return source_fail(source, ERR_INPUT, offset, fault, err);
	return yajl_tree(source, limits, a, ret, err);
}

int json_parse(const char *bytes, size_t len, const char *name, const struct json_limits *limits,
	       struct arena *a, struct json **ret, struct err *err)
{
	const struct source source = { bytes, len, name, NULL };

	return parse(&source, limits, a, ret, err);
}

int json_parse_in_place(char *bytes, size_t len, const char *name, const struct json_limits *limits,
			struct arena *a, struct json **ret, struct err *err)
{
	const struct source source = { bytes, len, name, bytes };

	return parse(&source, limits, a, ret, err);
}

/* JSON itself has no place for a NUL. */
void json_restore(char *bytes, size_t len)
{
	char *end = bytes + len;

	while ((bytes = memchr(bytes, '\0', (size_t)(end - bytes))))
		*bytes++ = '"';
}

const struct json *json_member(const struct json *object, const char *key)
{
	if (object->type != JSON_OBJECT)
		return NULL;
	for (const struct json *m = object->first; m; m = m->next)
		if (str_eq(m->key, key))
			return m;
	return NULL;
}

const char *json_type_name(enum json_type type)
{
	static const char *const names[] = { "null",   "boolean", "number",
					     "string", "array",	  "object" };

	return names[type];
}
