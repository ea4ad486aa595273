/* SPDX-License-Identifier: Apache-2.0 */
/* tables.h - the descriptor tables of config.json, one file per chapter of the specification. */
#pragma once

#include "spec/json/bind.h"

extern const struct bind_table config_table; /* config.c */
extern const struct bind_table process_table; /* config_process.c */
extern const struct bind_table hooks_table; /* config_process.c */
extern const struct bind_table mount_table; /* config_mounts.c */
extern const struct bind_table root_table; /* config_mounts.c */
extern const struct bind_table id_mapping_table; /* config_mounts.c */
extern const struct bind_table linux_table; /* config_linux.c */
extern const struct bind_table resources_table; /* config_resources.c; update reads it, too */
extern const struct bind_table seccomp_table; /* config_seccomp.c */
extern const struct bind_table srt_table; /* config_srt.c */

/* Ranges of numbers. The last id is (uid_t)-1, which means "no change" to the kernel. */
#define RANGE_ID .max = UINT32_MAX - 1
#define RANGE_U16 .max = UINT16_MAX
#define RANGE_U32 .max = UINT32_MAX
#define RANGE_I32 .min = INT32_MIN, .max = INT32_MAX
#define RANGE_I64 .min = INT64_MIN
