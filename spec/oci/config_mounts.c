/* SPDX-License-Identifier: Apache-2.0 */
/* config_mounts.c - tables of "root", "mounts" and id mappings (config.md#root, #mounts). */
#include "spec/oci/config.h"
#include "spec/oci/tables.h"

static const struct bind_row root_rows[] = {
	ROW(root, path, "path", STR, REQUIRED, "the root file system, relative to the bundle"),
	ROW(root, readonly, "readonly", BOOL, 0, "nothing in it can be written"),
};
const struct bind_table root_table = TABLE(root, root_rows);

static const struct bind_row id_mapping_rows[] = {
	ROW(id_mapping, container_id, "containerID", UINT, REQUIRED, "first id inside", RANGE_U32),
	ROW(id_mapping, host_id, "hostID", UINT, REQUIRED, "first id outside", RANGE_U32),
	ROW(id_mapping, size, "size", UINT, REQUIRED, "how many ids", RANGE_U32),
};
const struct bind_table id_mapping_table = TABLE(id_mapping, id_mapping_rows);

static const struct bind_row mount_rows[] = {
	ROW(mount, destination, "destination", STR, REQUIRED, "where, inside the container"),
	ROW(mount, type, "type", STR, 0, "file system type"),
	ROW(mount, source, "source", STR, 0, "what, outside; relative to the bundle for binds"),
	ROW(mount, options, "options", STRINGS, 0, "mount options"),
	ROW_LIST(mount, uid_mappings, "uidMappings", id_mapping_table, 0,
		 "user ids of an id-mapped mount"),
	ROW_LIST(mount, gid_mappings, "gidMappings", id_mapping_table, 0,
		 "group ids of an id-mapped mount"),
};
const struct bind_table mount_table = TABLE(mount, mount_rows);
