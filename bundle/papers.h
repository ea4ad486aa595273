/* SPDX-License-Identifier: Apache-2.0 */
/* papers.h - the documents beside a bundle's root: config.json and manifest, which its id is made of,
 * and those about where it came from: bundle.json, origins, sbom.spdx.json, provenance.json. */
#pragma once

#include <stddef.h>

#include "bundle/build.h"
#include "rootfs-tools/manifest.h"
#include "spec/base/err.h"
#include "spec/base/str.h"

struct papers {
	const char *name;
	const struct identity *identity;
	const struct manifest *head;
	const struct tree *tree;
	enum placing placing;
	const struct built_input *inputs;
	size_t n_inputs;
	const char *recipe, *recipe_sha256; /* or NULL */
	const char *config_text, *manifest_text;
	size_t config_len, manifest_len;
};

/* papers_write: all of them into the directory dir. */
int papers_write(const struct papers *p, int dir, struct err *err);

/* sbom_emit: SPDX 2.3 as JSON. Ids and times come from the digest and the epoch. */
void sbom_emit(const struct papers *p, struct text *out);
/* provenance_emit: an in-toto statement with a SLSA v1 predicate, about the manifest and the config;
 * without times and machines, so that it is the same for everybody. */
void provenance_emit(const struct papers *p, struct text *out);
