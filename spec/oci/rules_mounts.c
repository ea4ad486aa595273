/* SPDX-License-Identifier: Apache-2.0 */
/* rules_mounts.c - rules on mounts and on id mappings (config.md#mounts,
 * config-linux.md#user-namespace-mappings). */
#include <linux/sched.h>

#include "spec/oci/rules.h"

/* user_namespaces(7): lines of a uid_map. */
#define ID_MAPPINGS_MAX 340

static bool ranges_meet(uint32_t a, uint32_t a_size, uint32_t b, uint32_t b_size)
{
	return (uint64_t)a < (uint64_t)b + b_size && (uint64_t)b < (uint64_t)a + a_size;
}

/* The last id is (uid_t)-1, which no map may reach. */
static bool passes_end(uint32_t first, uint32_t size)
{
	return (uint64_t)first + size > UINT32_MAX;
}

static int check_mapping(const struct id_mappings *all, size_t i, struct err *err)
{
	const struct id_mapping *m = &all->v[i];

	if (m->size == 0)
		return REFUSE(err, "/size", "must be at least 1");
	if (passes_end(m->container_id, m->size) || passes_end(m->host_id, m->size))
		return REFUSE(err, "/size", "%u ids from %u go past the last id", m->size,
			      passes_end(m->host_id, m->size) ? m->host_id : m->container_id);
	for (size_t j = 0; j < i; j++) {
		const struct id_mapping *o = &all->v[j];

		if (ranges_meet(m->container_id, m->size, o->container_id, o->size))
			return REFUSE(err, "/containerID",
				      "ids %u to %u overlap with those of entry %zu",
				      m->container_id, m->container_id + m->size - 1, j);
		if (ranges_meet(m->host_id, m->size, o->host_id, o->size))
			return REFUSE(err, "/hostID",
				      "ids %u to %u overlap with those of entry %zu", m->host_id,
				      m->host_id + m->size - 1, j);
	}
	return 0;
}

int rules_id_mappings(const struct id_mappings *mappings, struct err *err)
{
	if (mappings->n > ID_MAPPINGS_MAX)
		return err_input(err, "%zu entries are too many: the kernel takes %d", mappings->n,
				 ID_MAPPINGS_MAX);
	for (size_t i = 0; i < mappings->n; i++)
		if (check_mapping(mappings, i, err) < 0)
			return err_in(err, "/%zu", i);
	return 0;
}

static int check_mount(const struct mount *m, struct err *err)
{
	if (!m->destination[0])
		return REFUSE(err, "/destination", "is empty: say where to mount");
	if (!m->uid_mappings.n != !m->gid_mappings.n)
		return REFUSE(err, m->uid_mappings.n ? "/gidMappings" : "/uidMappings",
			      "is missing: an id-mapped mount needs both");
	if (rules_id_mappings(&m->uid_mappings, err) < 0)
		return err_in(err, "/uidMappings");
	if (rules_id_mappings(&m->gid_mappings, err) < 0)
		return err_in(err, "/gidMappings");
	return 0;
}

int mounts_check(const struct mounts *mounts, struct err *err)
{
	for (size_t i = 0; i < mounts->n; i++)
		if (check_mount(&mounts->v[i], err) < 0)
			return err_in(err, "/mounts/%zu", i);
	return 0;
}

static int rule_mounts(const struct config *config, struct err *err)
{
	return mounts_check(&config->mounts, err);
}

/* What changes mounts would change them on the host. */
static int rule_mount_namespace(const struct config *config, struct err *err)
{
	const struct linux_config *l = &config->linux_;
	const char *place = config->mounts.n	    ? "/mounts"
			    : l->masked_paths.n	    ? "/linux/maskedPaths"
			    : l->readonly_paths.n   ? "/linux/readonlyPaths"
			    : l->rootfs_propagation ? "/linux/rootfsPropagation"
						    : NULL;

	if (!place || config_has_ns(config, CLONE_NEWNS))
		return 0;
	return REFUSE(err, place, "would change the host's mounts: add a namespace of type mount");
}

const struct rule rules_mounts[] = {
	{ "mount-sane", MUST, "config.md#mounts", rule_mounts },
	{ "mounts-need-mount-namespace", MUST, "config-linux.md#namespaces", rule_mount_namespace },
	{ NULL },
};
