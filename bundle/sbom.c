/* SPDX-License-Identifier: Apache-2.0 */
/* sbom.c - what is in a bundle and how it was made, in two public formats.
 * (SPDX 2.3; in-toto Statement v1 with SLSA Provenance v1) */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "bundle/papers.h"
#include "spec/base/path.h"
#include "spec/json/emit.h"
#include "version.h"

#define TIME_MAX 32

static void time_format(uint64_t epoch, char buf[TIME_MAX])
{
	time_t t = (time_t)epoch;
	struct tm tm;

	if (!gmtime_r(&t, &tm) || strftime(buf, TIME_MAX, "%Y-%m-%dT%H:%M:%SZ", &tm) == 0)
		(void)snprintf(buf, TIME_MAX, "1970-01-01T00:00:00Z");
}

/* A purl's parts have their special bytes in percents. */
static void purl_part(struct text *out, const char *s)
{
	for (; *s; s++) {
		bool plain = (*s >= 'a' && *s <= 'z') || (*s >= 'A' && *s <= 'Z') ||
			     (*s >= '0' && *s <= '9') || strchr(".-_~", *s);

		if (plain)
			text_addn(out, s, 1);
		else
			text_addf(out, "%%%02X", (unsigned int)(unsigned char)*s);
	}
}

/* A scope is the namespace. (purl-spec, npm) */
static const char *purl_npm(const struct built_input *in, struct arena *a)
{
	const char *slash = in->name[0] == '@' ? strchr(in->name, '/') : NULL;
	struct text out = { .arena = a };

	text_add(&out, "pkg:npm/");
	if (slash) {
		purl_part(&out, arena_strn(a, in->name, (size_t)(slash - in->name)));
		text_add(&out, "/");
	}
	purl_part(&out, slash ? slash + 1 : in->name);
	text_add(&out, "@");
	purl_part(&out, in->version);
	return out.s;
}

static const char *purl(const struct built_input *in, struct arena *a)
{
	struct text out = { .arena = a };

	if (in->sha512)
		return purl_npm(in, a);

	text_add(&out, "pkg:deb/debian/");
	purl_part(&out, in->name);
	text_add(&out, "@");
	purl_part(&out, in->version);
	text_add(&out, "?arch=");
	purl_part(&out, in->arch);
	return out.s;
}

static void checksum_emit(struct emit *e, const char *algorithm, const char *hex)
{
	emit_object(e, NULL);
	emit_str(e, "algorithm", algorithm);
	emit_str(e, "checksumValue", hex);
	emit_end_object(e);
}

static void checksums_emit(struct emit *e, const char *sha256, const char *sha512)
{
	emit_array(e, "checksums");
	checksum_emit(e, "SHA256", sha256);
	if (sha512)
		checksum_emit(e, "SHA512", sha512);
	emit_end_array(e);
}

/* What every package has, in the words of who has not looked. */
static void unknowns_emit(struct emit *e)
{
	emit_str(e, "copyrightText", "NOASSERTION");
	emit_str(e, "downloadLocation", "NOASSERTION");
	emit_bool(e, "filesAnalyzed", false);
	emit_str(e, "licenseConcluded", "NOASSERTION");
	emit_str(e, "licenseDeclared", "NOASSERTION");
}

static void input_emit(struct emit *e, const struct built_input *in, size_t i, struct arena *a)
{
	emit_object(e, NULL);
	emit_str(e, "SPDXID", arena_printf(a, "SPDXRef-Input-%zu", i));
	if (in->sha256)
		checksums_emit(e, in->sha256, in->sha512);
	unknowns_emit(e);
	if (in->version) {
		emit_array(e, "externalRefs");
		emit_object(e, NULL);
		emit_str(e, "referenceCategory", "PACKAGE-MANAGER");
		emit_str(e, "referenceLocator", purl(in, a));
		emit_str(e, "referenceType", "purl");
		emit_end_object(e);
		emit_end_array(e);
	}
	emit_str(e, "name", in->version ? in->name : path_base(in->name));
	emit_str(e, "versionInfo", in->version);
	emit_end_object(e);
}

static void relation_emit(struct emit *e, const char *from, const char *what, const char *to)
{
	emit_object(e, NULL);
	emit_str(e, "relatedSpdxElement", to);
	emit_str(e, "relationshipType", what);
	emit_str(e, "spdxElementId", from);
	emit_end_object(e);
}

static void packages_emit(struct emit *e, const struct papers *p, struct arena *a)
{
	emit_array(e, "packages");
	emit_object(e, NULL);
	emit_str(e, "SPDXID", "SPDXRef-Bundle");
	checksums_emit(e, p->identity->manifest, NULL);
	unknowns_emit(e);
	emit_str(e, "name", p->name);
	emit_str(e, "primaryPackagePurpose", "CONTAINER");
	emit_str(e, "versionInfo", arena_printf(a, "sha256:%s", p->identity->id));
	emit_end_object(e);
	for (size_t i = 0; i < p->n_inputs; i++)
		input_emit(e, &p->inputs[i], i + 1, a);
	emit_end_array(e);
}

void sbom_emit(const struct papers *p, struct text *out)
{
	scoped_arena struct arena a = { 0 };
	struct emit e = { .out = out, .indent = 2 };
	char when[TIME_MAX];

	time_format(p->head->epoch, when);
	emit_object(&e, NULL);
	emit_str(&e, "SPDXID", "SPDXRef-DOCUMENT");
	emit_object(&e, "creationInfo");
	emit_str(&e, "created", when);
	emit_array(&e, "creators");
	emit_str(&e, NULL, "Tool: srt-oci-bundle-" SRT_VERSION);
	emit_end_array(&e);
	emit_end_object(&e);
	emit_str(&e, "dataLicense", "CC0-1.0");
	emit_str(&e, "documentNamespace",
		 arena_printf(&a, "https://spdx.org/spdxdocs/srt-bundle-%s", p->identity->id));
	emit_str(&e, "name", p->name);
	packages_emit(&e, p, &a);
	emit_array(&e, "relationships");
	relation_emit(&e, "SPDXRef-DOCUMENT", "DESCRIBES", "SPDXRef-Bundle");
	for (size_t i = 0; i < p->n_inputs; i++)
		relation_emit(&e, "SPDXRef-Bundle",
			      p->inputs[i].version ? "CONTAINS" : "GENERATED_FROM",
			      arena_printf(&a, "SPDXRef-Input-%zu", i + 1));
	emit_end_array(&e);
	emit_str(&e, "spdxVersion", "SPDX-2.3");
	emit_end_object(&e);
	text_add(out, "\n");
}

/* --- provenance --- */

static void digest_emit(struct emit *e, const char *sha256, const char *sha512)
{
	emit_object(e, "digest");
	emit_str(e, "sha256", sha256);
	emit_str(e, "sha512", sha512);
	emit_end_object(e);
}

static void subject_emit(struct emit *e, const char *name, const char *sha256)
{
	emit_object(e, NULL);
	digest_emit(e, sha256, NULL);
	emit_str(e, "name", name);
	emit_end_object(e);
}

static void materials_emit(struct emit *e, const struct papers *p, struct arena *a)
{
	emit_array(e, "resolvedDependencies");
	for (size_t i = 0; i < p->n_inputs; i++) {
		const struct built_input *in = &p->inputs[i];

		emit_object(e, NULL);
		if (in->sha256)
			digest_emit(e, in->sha256, in->sha512);
		emit_str(e, "name", in->version ? in->name : path_base(in->name));
		emit_str(e, "uri", in->version ? purl(in, a) : NULL);
		emit_end_object(e);
	}
	emit_end_array(e);
}

void provenance_emit(const struct papers *p, struct text *out)
{
	scoped_arena struct arena a = { 0 };
	struct emit e = { .out = out, .indent = 2 };

	emit_object(&e, NULL);
	emit_str(&e, "_type", "https://in-toto.io/Statement/v1");
	emit_object(&e, "predicate");
	emit_object(&e, "buildDefinition");
	emit_str(&e, "buildType", "https://srt-oci.dev/bundle/v1");
	emit_object(&e, "externalParameters");
	emit_uint(&e, "epoch", p->head->epoch);
	emit_str(&e, "name", p->name);
	emit_str(&e, "platform", arena_printf(&a, "linux/%s", p->head->arch));
	emit_str(&e, "recipe",
		 p->recipe_sha256 ? arena_printf(&a, "sha256:%s", p->recipe_sha256) : NULL);
	emit_end_object(&e);
	materials_emit(&e, p, &a);
	emit_end_object(&e);
	emit_object(&e, "runDetails");
	emit_object(&e, "builder");
	emit_str(&e, "id", "https://srt-oci.dev/srt-oci-bundle");
	emit_object(&e, "version");
	emit_str(&e, "srt-oci-bundle", SRT_VERSION);
	emit_end_object(&e);
	emit_end_object(&e);
	emit_end_object(&e);
	emit_end_object(&e);
	emit_str(&e, "predicateType", "https://slsa.dev/provenance/v1");
	emit_array(&e, "subject");
	subject_emit(&e, "manifest", p->identity->manifest);
	subject_emit(&e, "config.json", p->identity->config);
	emit_end_array(&e);
	emit_end_object(&e);
	text_add(out, "\n");
}
