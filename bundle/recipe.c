/* SPDX-License-Identifier: Apache-2.0 */
/* recipe.c - the tables of the recipe, and what they cannot say. */
#include "bundle/recipe.h"

#include <string.h>

#include "bundle/steps.h"
#include "rootfs-tools/integrity.h"
#include "spec/base/names.h"
#include "spec/base/path.h"
#include "spec/base/str.h"
#include "spec/json/bind.h"
#include "spec/json/quote.h"
#include "spec/json/tree.h"

#define RECIPE_VERSION 1
#define NAME_LEN_MAX 63
#define EPOCH_MAX 4294967295u

static const struct json_limits RECIPE_LIMITS = { .bytes = 4u << 20, .depth = 32, .nodes = 100000 };

static const struct name input_types[] = {
	{ "cpio", INPUT_CPIO },
	{ "deb", INPUT_DEB },
	{ "docker-archive", INPUT_DOCKER },
	{ "npm", INPUT_NPM },
	{ "oci", INPUT_OCI },
	{ "tar", INPUT_TAR },
	{ "zip", INPUT_ZIP },
	{ NULL },
};
static const struct name device_words[] = { { "drop", VERDICT_TAME },
					    { "refuse", VERDICT_REFUSE },
					    { NULL } };
static const struct name owner_words[] = { { "root", false }, { "recorded", true }, { NULL } };
static const struct name setid_words[] = { { "strip", VERDICT_TAME },
					   { "refuse", VERDICT_REFUSE },
					   { NULL } };

static const struct bind_row input_rows[] = {
	ROW(input, id, "id", STR, REQUIRED | NONEMPTY, "what steps call it"),
	ROW(input, type, "type", WORD, REQUIRED, "tar, zip, cpio, deb, npm, oci or docker-archive",
	    .words = input_types),
	ROW(input, path, "path", STR, NONEMPTY, "the archive, from the recipe's directory"),
	ROW(input, sha256, "sha256", STR, NONEMPTY, "its digest"),
	ROW(input, integrity, "integrity", STR, NONEMPTY,
	    "of an npm tarball: what package-lock.json says of it, sha512-…"),
	ROW(input, ref, "ref", STR, NONEMPTY, "of an image: its name in the layout"),
	ROW(input, digest, "digest", STR, NONEMPTY, "of an image: its manifest's"),
	ROW(input, packages, "packages", STRINGS, 0, "packages that apt resolves and fetches"),
};
static const struct bind_table input_table = TABLE(input, input_rows);

static const struct bind_row step_rows[] = {
	ROW(step, op, "op", STR, REQUIRED, "what is done"),
	ROW(step, from, "from", STR, NONEMPTY, "input or pattern"),
	ROW(step, path, "path", STR, ABSPATH, "where"),
	ROW(step, to, "to", STR, ABSPATH, "where it goes"),
	ROW(step, text, "text", STR, 0, "content of a file"),
	ROW(step, target, "target", STR, NONEMPTY, "of a symlink"),
	ROW(step, mode, "mode", STR, NONEMPTY, "permissions, octal"),
	ROW(step, include, "include", STRINGS, 0, "patterns: only these"),
	ROW(step, exclude, "exclude", STRINGS, 0, "patterns: not these"),
	ROW(step, paths, "paths", STRINGS, 0, "patterns"),
	ROW(step, roots, "roots", STRINGS, 0, "patterns: with all that they load"),
	ROW(step, plus, "plus", STRINGS, 0, "patterns: as they are"),
	ROW(step, argv, "argv", STRINGS, 0, "a program in the tree, and its arguments"),
	ROW(step, writes, "writes", STRINGS, 0, "patterns: what it may change"),
	ROW(step, override, "override", BOOL, 0, "may replace what is there"),
};
static const struct bind_table step_table = TABLE(step, step_rows);

static const struct bind_row normalize_rows[] = {
	ROW(normalize, mtime, "mtime", STR, 0, "epoch"),
	ROW(normalize, owner, "owner", WORD, 0, "root or recorded", .words = owner_words),
	ROW(normalize, mode, "mode", STR, 0, "canonical"),
	ROW(normalize, xattrs, "xattrs", STRINGS, 0, "patterns of user attributes to keep"),
	ROW(normalize, devices, "devices", WORD, 0, "drop or refuse", .words = device_words),
	ROW(normalize, setid, "setid", WORD, 0, "strip or refuse", .words = setid_words),
};
static const struct bind_table normalize_table = TABLE(normalize, normalize_rows);

static const struct bind_row limit_rows[] = {
	ROW(limits, total, "total", UINT, 0, "bytes of all files"),
	ROW(limits, file, "file", UINT, 0, "bytes of one file"),
	ROW(limits, ratio, "ratio", UINT, 0, "unpacked to packed"),
	ROW(limits, entries, "entries", UINT, 0, "entries"),
	ROW(limits, path, "path", UINT, 0, "bytes of a path"),
	ROW(limits, depth, "depth", UINT, 0, "directories above an entry"),
	ROW(limits, link, "link", UINT, 0, "bytes of a symlink's target"),
	ROW(limits, input, "input", UINT, 0, "bytes of one archive"),
	ROW(limits, header, "header", UINT, 0, "bytes of an entry's header"),
	ROW(limits, xattrs, "xattrs", UINT, 0, "bytes of an entry's extended attributes"),
	ROW(limits, layers, "layers", UINT, 0, "layers of an image"),
	ROW(limits, seconds, "seconds", UINT, 0, "seconds of reading"),
};
static const struct bind_table limits_table = TABLE(limits, limit_rows);

static const struct bind_row process_rows[] = {
	ROW(process, args, "args", STRINGS, 0, "the program and its arguments"),
	ROW(process, env, "env", STRINGS, 0, "NAME=VALUE, beside the standard ones"),
	ROW(process, cwd, "cwd", STR, ABSPATH, "working directory"),
};
static const struct bind_table process_table = TABLE(process, process_rows);

static const struct bind_row recipe_rows[] = {
	ROW(recipe, version, "srtBundle", UINT, REQUIRED, "1"),
	ROW(recipe, name, "name", STR, REQUIRED | NONEMPTY, "of the bundle"),
	ROW(recipe, platform, "platform", STR, 0, "linux/ARCHITECTURE, in Debian's word"),
	ROW(recipe, epoch, "epoch", UINT, 0, "time of all files; 0"),
	ROW_LIST(recipe, inputs, "inputs", input_table, 0, "archives and packages"),
	ROW_LIST(recipe, steps, "steps", step_table, 0, "what is done with them"),
	ROW_INLINE(recipe, normalize, "normalize", normalize_table, 0, "of foreign entries"),
	ROW_INLINE(recipe, limits, "limits", limits_table, 0, "bounds"),
	ROW_INLINE(recipe, process, "process", process_table, 0, "of config.json"),
	ROW(recipe, sbom, "sbom", STR, 0, "spdx-2.3"),
};
static const struct bind_table recipe_table = TABLE(recipe, recipe_rows);

static int only(const char *value, const char *key, const char *known, struct err *err)
{
	if (value && !str_eq(value, known)) {
		(void)err_input(err, "%s is not supported; only \"%s\" is", Q(value), known);
		return err_in(err, "/normalize/%s", key);
	}
	return 0;
}

static int normalize_check(const struct recipe *r, struct err *err)
{
	TRY(only(r->normalize.mtime, "mtime", "epoch", err));
	TRY(only(r->normalize.mode, "mode", "canonical", err));
	for (size_t i = 0; i < r->normalize.xattrs.n; i++)
		if (!str_starts(r->normalize.xattrs.v[i], "user.") ||
		    xattr_is_denied(r->normalize.xattrs.v[i])) {
			(void)err_input(err, "%s: only attributes of users can be kept",
					Q(r->normalize.xattrs.v[i]));
			return err_in(err, "/normalize/xattrs/%zu", i);
		}
	return 0;
}

static int input_check(const struct recipe *r, size_t i, struct err *err)
{
	const struct input *in = &r->inputs.v[i];

	if (!in->path == !in->packages.n)
		return err_input(err, "an input has either \"path\" or \"packages\"");
	if (in->packages.n && in->type != INPUT_DEB)
		return err_input(err, "\"packages\" go with the type deb");
	for (size_t j = 0; j < in->packages.n; j++)
		/* Words of apt-get's command line: no options, patterns or suffixes. (deb-version) */
		if (!in->packages.v[j][0] ||
		    strspn(in->packages.v[j], "abcdefghijklmnopqrstuvwxyz0123456789.+-:=~") !=
			    strlen(in->packages.v[j]) ||
		    !strchr("abcdefghijklmnopqrstuvwxyz0123456789", in->packages.v[j][0]))
			return err_input(err, "%s is no name of a package", Q(in->packages.v[j]));
	if (in->sha256 && (in->packages.n || strlen(in->sha256) != SHA256_HEX ||
			   strspn(in->sha256, "0123456789abcdef") != SHA256_HEX))
		return err_input(err, "\"sha256\" is 64 hexadecimal digits, of one archive");
	if (in->integrity && (in->type != INPUT_NPM || !integrity_is(in->integrity)))
		return err_input(err, "\"integrity\" is sha512- and base64, of an npm tarball");
	if ((in->ref || in->digest) && in->type != INPUT_OCI && in->type != INPUT_DOCKER)
		return err_input(err, "\"ref\" and \"digest\" go with images");
	for (size_t j = 0; j < i; j++)
		if (str_eq(r->inputs.v[j].id, in->id))
			return err_input(err, "a second input %s", Q(in->id));
	return 0;
}

int recipe_name_check(const char *name, struct err *err)
{
	static const char letters[] =
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-";

	/* It becomes the host name, too. */
	if (strlen(name) > NAME_LEN_MAX || strspn(name, letters) != strlen(name) ||
	    name[0] == '.' || name[0] == '-')
		return err_input(err, "%s: a name has letters, digits, dots and dashes, %d at most",
				 Q(name), NAME_LEN_MAX);
	return 0;
}

static int recipe_check(const struct recipe *r, struct err *err)
{
	if (r->version != RECIPE_VERSION)
		return err_input(err, "/srtBundle: version %llu is not known; %d is",
				 (unsigned long long)r->version, RECIPE_VERSION);
	if (recipe_name_check(r->name, err) < 0)
		return err_in(err, "/name");
	if (r->epoch > EPOCH_MAX)
		return err_input(err, "/epoch: more than %u", EPOCH_MAX);
	if (r->sbom && !str_eq(r->sbom, "spdx-2.3"))
		return err_input(err, "/sbom: %s is not known; spdx-2.3 is", Q(r->sbom));
	TRY(normalize_check(r, err));
	for (size_t i = 0; i < r->inputs.n; i++)
		if (input_check(r, i, err) < 0)
			return err_in(err, "/inputs/%zu", i);
	for (size_t i = 0; i < r->steps.n; i++)
		if (step_check(r, &r->steps.v[i], err) < 0)
			return err_in(err, "/steps/%zu", i);
	for (const struct limit_row *row = LIMIT_ROWS; row->name; row++) {
		uint64_t v =
			*(const uint64_t *)(const void *)((const char *)&r->limits + row->offset);

		if (v > row->most)
			return err_input(err, "/limits/%s: more than %llu", row->name,
					 (unsigned long long)row->most);
	}
	return 0;
}

int recipe_read(const char *bytes, size_t len, const char *name, struct arena *a,
		struct recipe *ret, struct err *err)
{
	struct recipe r = { 0 };
	struct json *json;

	TRY(json_parse(bytes, len, name, &RECIPE_LIMITS, a, &json, err));
	if (bind_object(json, &recipe_table, BIND_STRICT, &r, a, err) < 0 ||
	    recipe_check(&r, err) < 0)
		return err_in(err, err->place[0] ? "%s: " : "%s", name);
	*ret = r;
	return 0;
}
