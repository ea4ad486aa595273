/* SPDX-License-Identifier: Apache-2.0 */
/* print.c - a plan as text for people and as JSON for programs, both from op_infos.
 *
 * Lines are compared (golden tests) and read on terminals: what a config says is escaped, so that
 * no value can look like a line of its own or move the cursor. */
#include <sys/sysmacros.h>

#include "runtime/plan/plan.h"
#include "spec/json/utf8.h"
#include "spec/oci/words.h"

/* Columns: stage, op, details; the cause comes last. */
#define STAGE_WIDTH 10
#define NAME_WIDTH 16
#define DETAIL_WIDTH 64
#define POLICY_FLAGS 0xe000u /* MPOL_F_x; below are the modes */

/* One value of an op, as its field shows it. */
struct shown {
	const struct field *field;
	const char *text; /* of texts */
	uint64_t value;
	const struct op *op;
};

/* --- values as words -------------------------------------------------------------------------- */

/* C1 controls (U+0080 to U+009F) move some terminals. */
static bool is_safe(const char *s, size_t len)
{
	if (len == 1)
		return (unsigned char)*s >= ' ' && *s != 0x7f && *s != '\\' && *s != '"';
	return len > 1 && !(len == 2 && (unsigned char)s[0] == 0xc2 && (unsigned char)s[1] < 0xa0);
}

/* As it is, or quoted where it could be taken for more or less than one word. */
static void add_escaped(struct text *out, const char *s, size_t n)
{
	bool quoted = n == 0 || memchr(s, ' ', n) || memchr(s, '"', n);

	text_add(out, quoted ? "\"" : "");
	while (n) {
		size_t len = utf8_char(s, n);

		if (is_safe(s, len)) {
			text_addn(out, s, len);
		} else {
			text_addf(out, "\\x%02x", (unsigned int)(unsigned char)*s);
			len = 1;
		}
		s += len;
		n -= len;
	}
	text_add(out, quoted ? "\"" : "");
}

static void add_comma(struct text *out, size_t start, const char *word)
{
	if (out->len > start)
		text_add(out, ",");
	text_add(out, word);
}

/* Or-ed words; bits without a word as a number. */
static void add_flags(struct text *out, const struct name *words, uint64_t value)
{
	size_t start = out->len;
	char rest[24];

	for (; words->name; words++) {
		uint64_t bits = (uint64_t)words->value;

		if (bits && (value & bits) == bits) {
			add_comma(out, start, words->name);
			value &= ~bits;
		}
	}
	if (value) {
		(void)snprintf(rest, sizeof(rest), "0x%llx", (unsigned long long)value);
		add_comma(out, start, rest);
	}
}

static void add_caps(struct text *out, const struct name *words, uint64_t value)
{
	size_t start = out->len;
	char rest[24];

	if (!value)
		text_add(out, "none");
	for (int bit = 0; bit < 64; bit++) {
		const char *name = name_of(words, bit);

		if (!(value >> bit & 1))
			continue;
		(void)snprintf(rest, sizeof(rest), "%d", bit);
		add_comma(out, start, name ? name : rest);
	}
}

static void add_word(struct text *out, const struct name *words, uint64_t value)
{
	const char *name = name_of(words, (int64_t)value);

	if (name)
		text_add(out, name);
	else
		text_addf(out, "%llu", (unsigned long long)value);
}

static void add_policy(struct text *out, uint64_t value)
{
	add_word(out, word_mpol_modes, value & ~(uint64_t)POLICY_FLAGS);
	if (value & POLICY_FLAGS) {
		text_add(out, ",");
		add_flags(out, word_mpol_flags, value & POLICY_FLAGS);
	}
}

static void add_ids(struct text *out, const struct op *op)
{
	const uint32_t *v = op->data;

	for (size_t i = 0; i < op->len / sizeof(*v); i++)
		text_addf(out, "%s%u", i ? "," : "", v[i]);
}

static void add_maps(struct text *out, const char *what, const struct id_mappings *m)
{
	text_add(out, what);
	for (size_t i = 0; i < m->n; i++)
		text_addf(out, "%s%u:%u:%u", i ? "," : "", m->v[i].container_id, m->v[i].host_id,
			  m->v[i].size);
}

static void add_idmap(struct text *out, const struct op *op)
{
	const struct mount_idmap *map = op->data;

	add_maps(out, "uids:", &map->uids);
	add_maps(out, ";gids:", &map->gids);
	if (map->recursive)
		text_add(out, ";rec");
}

static void add_value(struct text *out, const struct shown *s)
{
	unsigned long long v = s->value;

	switch ((enum field_kind)s->field->kind) {
	case FIELD_NONE:
		return;
	case FIELD_TEXT:
		add_escaped(out, s->text, strlen(s->text));
		return;
	case FIELD_BYTES:
		add_escaped(out, s->text, strnlen(s->text, s->op->len));
		return;
	case FIELD_NUMBER:
		text_addf(out, "%llu", v);
		return;
	case FIELD_SIGNED:
		text_addf(out, "%lld", (long long)v);
		return;
	case FIELD_OCTAL:
		text_addf(out, "0%llo", v);
		return;
	case FIELD_FLAGS:
		add_flags(out, s->field->words, v);
		return;
	case FIELD_WORD:
		add_word(out, s->field->words, v);
		return;
	case FIELD_CAPS:
		add_caps(out, s->field->words, v);
		return;
	case FIELD_DEVICE:
		text_addf(out, "%u:%u", major(v), minor(v));
		return;
	case FIELD_OWNER:
		text_addf(out, "%u:%u", (unsigned int)(v >> 32), (unsigned int)v);
		return;
	case FIELD_LIMIT:
		if (v == UINT64_MAX)
			text_add(out, "unlimited");
		else
			text_addf(out, "%llu", v);
		return;
	case FIELD_POLICY:
		add_policy(out, v);
		return;
	case FIELD_IDS:
		add_ids(out, s->op);
		return;
	case FIELD_IDMAP:
		add_idmap(out, s->op);
		return;
	}
}

/* A field that this op leaves out: no text, no data, no flag. */
static bool is_absent(const struct shown *s)
{
	switch ((enum field_kind)s->field->kind) {
	case FIELD_NONE:
		return true;
	case FIELD_TEXT:
		return !s->text;
	case FIELD_BYTES:
		return !s->text || s->op->len == 0;
	case FIELD_IDMAP:
		return !s->op->data;
	case FIELD_FLAGS:
		return s->value == 0;
	default:
		return false;
	}
}

#define FIELDS 8

static size_t fields_of(const struct op *op, struct shown ret[FIELDS])
{
	const struct op_info *i = &op_infos[op->code];
	const struct shown all[FIELDS] = {
		{ &i->path, op->path, 0, op }, { &i->type, op->type, 0, op },
		{ &i->text, op->text, 0, op }, { &i->data, op->data, 0, op },
		{ &i->a, NULL, op->a, op },    { &i->b, NULL, op->b, op },
		{ &i->c, NULL, op->c, op },    { &i->d, NULL, op->d, op },
	};
	size_t n = 0;

	for (size_t f = 0; f < FIELDS; f++)
		if (!is_absent(&all[f]))
			ret[n++] = all[f];
	return n;
}

/* --- as text ---------------------------------------------------------------------------------- */

static void pad(struct text *out, size_t start, size_t width)
{
	/* At least one space, also behind what is too long for its column. */
	do
		text_add(out, " ");
	while (out->len - start < width);
}

/* Path and type need no name. */
static void add_field(struct text *out, const struct shown *s)
{
	const struct op_info *i = &op_infos[s->op->code];

	if (s->field != &i->path && s->field != &i->type)
		text_addf(out, "%s=", s->field->name);
	add_value(out, s);
}

static void print_op(const struct op *op, struct text *out)
{
	struct shown fields[FIELDS];
	size_t n = fields_of(op, fields), start = out->len;
	const char *stage = name_of(stage_names, op->stage);

	text_add(out, stage ? stage : "?");
	pad(out, start, STAGE_WIDTH);
	text_add(out, op_infos[op->code].name);
	for (size_t i = 0; i < n; i++) {
		pad(out, start, i ? 0 : STAGE_WIDTH + 1 + NAME_WIDTH);
		add_field(out, &fields[i]);
	}
	if (op->flags) {
		pad(out, start, n ? 0 : STAGE_WIDTH + 1 + NAME_WIDTH);
		text_add(out, "[");
		add_flags(out, op_flag_names, op->flags);
		text_add(out, "]");
	}
	if (op->cause && op->cause[0]) {
		pad(out, start, STAGE_WIDTH + 1 + NAME_WIDTH + 1 + DETAIL_WIDTH);
		add_escaped(out, op->cause, strlen(op->cause));
	}
	text_add(out, "\n");
}

static void head(struct text *out, const char *name)
{
	size_t start = out->len;

	text_add(out, name);
	pad(out, start, STAGE_WIDTH + 1);
}

static void print_head(const struct plan *p, struct text *out)
{
	if (p->rootfs) {
		head(out, "rootfs");
		add_escaped(out, p->rootfs, strlen(p->rootfs));
		text_add(out, "\n");
	}
	if (p->timeout_ms) {
		head(out, "timeout");
		text_addf(out, "%llums\n", (unsigned long long)p->timeout_ms);
	}
	head(out, "clone");
	if (p->clone_flags)
		add_flags(out, word_namespaces, p->clone_flags);
	else
		text_add(out, "nothing");
	if (p->middle)
		text_add(out, " by a process in the middle");
	if (p->middle_flags) {
		text_add(out, " with ");
		add_flags(out, word_namespaces, p->middle_flags);
	}
	if (p->maps_by_parent)
		text_add(out, " maps by the parent");
	text_add(out, "\n");
}

static void print_exec(const struct plan *p, struct text *out)
{
	if (!p->argv)
		return;
	head(out, "exec");
	for (const char *const *arg = p->argv; *arg; arg++) {
		if (arg != p->argv)
			text_add(out, " ");
		add_escaped(out, *arg, strlen(*arg));
	}
	text_add(out, "\n");
	for (size_t i = 0; i < p->envp_n; i++) {
		head(out, "env");
		add_escaped(out, p->envp[i], strlen(p->envp[i]));
		text_add(out, "\n");
	}
	if (p->home_missing)
		text_add(out, "env        HOME= of the container's passwd file\n");
	if (p->keep_fds)
		text_addf(out, "keep       fds 3 to %u\n", p->keep_fds + 2);
}

void plan_print(const struct plan *p, struct text *out)
{
	print_head(p, out);
	/* Planners add by chapter; what happens goes by stage. */
	for (int stage = 0; stage < STAGE_COUNT; stage++)
		for (size_t i = 0; i < p->n; i++)
			if (p->ops[i].stage == stage)
				print_op(&p->ops[i], out);
	print_exec(p, out);
	for (size_t i = 0; i < p->warnings_n; i++) {
		head(out, "warning");
		add_escaped(out, p->warnings[i].cause, strlen(p->warnings[i].cause));
		text_addf(out, " %s\n", p->warnings[i].text);
	}
}

/* --- as JSON ---------------------------------------------------------------------------------- */

static void emit_flags(struct emit *e, const char *key, const struct name *words, uint64_t value)
{
	emit_array(e, key);
	for (; words->name; words++) {
		uint64_t bits = (uint64_t)words->value;

		if (bits && (value & bits) == bits) {
			emit_str(e, NULL, words->name);
			value &= ~bits;
		}
	}
	if (value)
		emit_uint(e, NULL, value);
	emit_end_array(e);
}

static void emit_caps(struct emit *e, const char *key, const struct name *words, uint64_t value)
{
	emit_array(e, key);
	for (int bit = 0; bit < 64; bit++) {
		const char *name = name_of(words, bit);

		if (!(value >> bit & 1))
			continue;
		if (name)
			emit_str(e, NULL, name);
		else
			emit_int(e, NULL, bit);
	}
	emit_end_array(e);
}

/* Texts as they are, numbers as numbers, lists as lists; the rest as in the printed plan. */
static void emit_field(struct emit *e, const struct shown *s, struct arena *a)
{
	const char *key = s->field->name;
	struct text words = { .arena = a };

	switch ((enum field_kind)s->field->kind) {
	case FIELD_FLAGS:
		emit_flags(e, key, s->field->words, s->value);
		return;
	case FIELD_CAPS:
		emit_caps(e, key, s->field->words, s->value);
		return;
	case FIELD_NUMBER:
		emit_uint(e, key, s->value);
		return;
	case FIELD_SIGNED:
		emit_int(e, key, (int64_t)s->value);
		return;
	case FIELD_TEXT:
		emit_str(e, key, s->text);
		return;
	case FIELD_BYTES:
		emit_str(e, key, arena_strn(a, s->text, strnlen(s->text, s->op->len)));
		return;
	default:
		add_value(&words, s);
		emit_str(e, key, words.s ? words.s : "");
	}
}

static void emit_op(struct emit *e, const struct op *op, struct arena *a)
{
	struct shown fields[FIELDS];
	size_t n = fields_of(op, fields);

	emit_object(e, NULL);
	emit_str(e, "stage", name_of(stage_names, op->stage));
	emit_str(e, "op", op_infos[op->code].name);
	for (size_t i = 0; i < n; i++)
		emit_field(e, &fields[i], a);
	if (op->flags)
		emit_flags(e, "flags", op_flag_names, op->flags);
	if (op->cause && op->cause[0])
		emit_str(e, "cause", op->cause);
	emit_end_object(e);
}

static void emit_list(struct emit *e, const char *key, const char *const *v, size_t n)
{
	emit_array(e, key);
	for (size_t i = 0; i < n; i++)
		emit_str(e, NULL, v[i]);
	emit_end_array(e);
}

static size_t count(const char *const *v)
{
	size_t n = 0;

	while (v && v[n])
		n++;
	return n;
}

void plan_emit(const struct plan *p, struct emit *e)
{
	scoped_arena struct arena a = { 0 };

	emit_object(e, NULL);
	emit_str(e, "rootfs", p->rootfs);
	if (p->timeout_ms)
		emit_uint(e, "timeoutMs", p->timeout_ms);
	emit_flags(e, "clone", word_namespaces, p->clone_flags);
	emit_bool(e, "middle", p->middle);
	emit_bool(e, "mapsByParent", p->maps_by_parent);
	emit_array(e, "ops");
	for (int stage = 0; stage < STAGE_COUNT; stage++)
		for (size_t i = 0; i < p->n; i++)
			if (p->ops[i].stage == stage)
				emit_op(e, &p->ops[i], &a);
	emit_end_array(e);
	emit_list(e, "args", (const char *const *)p->argv, count((const char *const *)p->argv));
	emit_list(e, "env", (const char *const *)p->envp, p->envp_n);
	emit_array(e, "warnings");
	for (size_t i = 0; i < p->warnings_n; i++) {
		emit_object(e, NULL);
		emit_str(e, "cause", p->warnings[i].cause);
		emit_str(e, "text", p->warnings[i].text);
		emit_end_object(e);
	}
	emit_end_array(e);
	emit_end_object(e);
}
