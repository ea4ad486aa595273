/* SPDX-License-Identifier: Apache-2.0 */
/* annotations.h - the annotations that change what the runtime does; crun's words, as engines write them. */
#pragma once

#include "spec/oci/config.h"

/* A name that ends in a dot stands for all that begin so. NULL-terminated; features lists them. */
extern const char *const annotations_known[];

#define ANNOTATION_KEEP_GROUPS "run.oci.keep_original_groups"
#define ANNOTATION_CONTEXT_TYPE "run.oci.mount_context_type"
#define ANNOTATION_PIDFD_RECEIVER "run.oci.pidfd_receiver"

/* annotation: its value, or NULL. annotation_is_on: it is "1" or "true". */
const char *annotation(const struct config *config, const char *key);
bool annotation_is_on(const struct config *config, const char *key);
/* annotations_apply: those that stand for a property become it: run.oci.seccomp.receiver is listenerPath where there is none,
 * run.oci.hooks.stdout and stderr go into each hook. */
void annotations_apply(struct config *config);
