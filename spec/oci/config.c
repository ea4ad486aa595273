/* SPDX-License-Identifier: Apache-2.0 */
/* config.c - config.json and process.json: bytes → nodes → structs. */
#include "spec/oci/config.h"

#include "spec/base/str.h"
#include "spec/oci/annotations.h"
#include "spec/oci/tables.h"

/* A document of CONFIG_MAX_BYTES could hold ten times as many; real ones have some thousands. */
#define CONFIG_MAX_NODES 200000

static const struct bind_row config_rows[] = {
	ROW(config, oci_version, "ociVersion", STR, REQUIRED,
	    "version of the specification that the document follows"),
	ROW_OBJECT(config, root, "root", root_table, 0, "the root file system"),
	ROW_LIST(config, mounts, "mounts", mount_table, 0, "further mounts, in this order"),
	ROW_OBJECT(config, process, "process", process_table, 0, "what runs"),
	ROW(config, hostname, "hostname", STR, 0, "host name inside"),
	ROW(config, domainname, "domainname", STR, 0, "NIS domain name inside"),
	ROW_OBJECT(config, hooks, "hooks", hooks_table, 0, "programs that run along the way"),
	ROW(config, annotations, "annotations", PAIRS, 0, "free for engines and users"),
	ROW_INLINE(config, linux_, "linux", linux_table, 0, "what is Linux's own",
		   PRESENT(config, has_linux)),
	ROW_OBJECT(config, srt, "srt", srt_table, 0,
		   "what is this runtime's own; others ignore it"),
};
const struct bind_table config_table = TABLE(config, config_rows);

static const struct json_limits config_limits = { CONFIG_MAX_BYTES, CONFIG_MAX_DEPTH,
						  CONFIG_MAX_NODES };

static int document_bind(struct json *node, const char *name, const struct bind_table *table,
			 struct arena *a, void **ret, struct err *err)
{
	void *object = arena_alloc(a, table->size);

	if (bind_object(node, table, BIND_TOLERANT, object, a, err) < 0)
		return err->place[0] ? -1 : err_in(err, "%s", name);
	json_done(node, a);
	*ret = object;
	return 0;
}

static int document_parse(const char *bytes, size_t len, const char *name,
			  const struct bind_table *table, struct arena *a, void **ret,
			  struct err *err)
{
	struct json *node;

	TRY(json_parse(bytes, len, name, &config_limits, a, &node, err));
	return document_bind(node, name, table, a, ret, err);
}

int config_parse_in_place(char *bytes, size_t len, const char *name, struct arena *a,
			  struct config **ret, struct err *err)
{
	struct json *node;
	void *object;

	TRY(json_parse_in_place(bytes, len, name, &config_limits, a, &node, err));
	TRY(document_bind(node, name, &config_table, a, &object, err));
	annotations_apply(object);
	if (limits_apply(object, a, err) < 0)
		return -1;
	*ret = object;
	return 0;
}

int config_parse(const char *bytes, size_t len, const char *name, struct arena *a,
		 struct config **ret, struct err *err)
{
	return config_parse_in_place(arena_strn(a, bytes, len), len, name, a, ret, err);
}

int process_parse(const char *bytes, size_t len, const char *name, struct arena *a,
		  struct process **ret, struct err *err)
{
	void *object;

	TRY(document_parse(bytes, len, name, &process_table, a, &object, err));
	*ret = object;
	return 0;
}

int resources_parse(const char *bytes, size_t len, const char *name, struct arena *a,
		    struct resources **ret, struct err *err)
{
	void *object;

	TRY(document_parse(bytes, len, name, &resources_table, a, &object, err));
	*ret = object;
	return 0;
}

struct mounts_document {
	struct mounts mounts;
};
static const struct bind_row mounts_rows[] = {
	ROW_LIST(mounts_document, mounts, "mounts", mount_table, REQUIRED, "mounts"),
};
static const struct bind_table mounts_table = TABLE(mounts_document, mounts_rows);

int mounts_parse(const char *bytes, size_t len, const char *name, struct arena *a,
		 struct mounts *ret, struct err *err)
{
	struct text whole = { .arena = a };
	struct mounts_document *doc;
	size_t blank = 0;
	void *object;

	while (blank < len && strchr(" \t\r\n", bytes[blank]))
		blank++;
	/* A list alone is the member of an object. */
	if (blank < len && bytes[blank] == '[') {
		text_add(&whole, "{\"mounts\":");
		text_addn(&whole, bytes, len);
		text_add(&whole, "}");
		bytes = whole.s;
		len = whole.len;
	}
	TRY(document_parse(bytes, len, name, &mounts_table, a, &object, err));
	doc = object;
	*ret = doc->mounts;
	return 0;
}

const struct srt_network *config_network(const struct config *config)
{
	return config->srt ? config->srt->network : NULL;
}

bool config_is_filtered(const struct config *config)
{
	const struct srt_network *n = config_network(config);

	return n && n->mode == NETWORK_FILTERED;
}

const struct namespace *namespace_of(const struct config *config, int type)
{
	for (size_t i = 0; i < config->linux_.namespaces.n; i++)
		if (config->linux_.namespaces.v[i].type == type)
			return &config->linux_.namespaces.v[i];
	return NULL;
}
