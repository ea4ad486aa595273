/* SPDX-License-Identifier: Apache-2.0 */
/* rdt.h - a process in a group of resctrl(7)'s. */
#pragma once

#include "runtime/act/act.h"

/* rdt_join: the group op->text below the resctrl at op->path ("" the root's own), made unless OP_MUST_EXIST, with the lines of
 * op->data; what is there already must have them. Then x->child goes into it, and into its monitoring group op->type.
 * Source: config-linux.md#intelrdt. */
int rdt_join(struct act *x, const struct op *op, struct err *err);
/* rdt_change: new lines (each ends with a newline) for the group below that resctrl, "" the root's own. */
int rdt_change(const char *resctrl, const char *group, const char *lines, struct err *err);
/* rdt_leave: takes groups away that were made for a container; of no matter where they are gone. */
void rdt_leave(const char *resctrl, const char *group, const char *monitor);
