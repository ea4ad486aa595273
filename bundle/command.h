/* SPDX-License-Identifier: Apache-2.0 */
/* command.h - the functions behind the table of commands: 0, 1 (it differs), or negative. */
#pragma once

#include "bundle/option.h"

int cmd_build(struct args *args, const struct log *log, struct err *err);
int cmd_unpack(struct args *args, const struct log *log, struct err *err);
int cmd_lock(struct args *args, const struct log *log, struct err *err);
int cmd_pack(struct args *args, const struct log *log, struct err *err);
int cmd_verify(struct args *args, const struct log *log, struct err *err);
int cmd_diff(struct args *args, const struct log *log, struct err *err);
int cmd_inspect(struct args *args, const struct log *log, struct err *err);
int cmd_digest(struct args *args, const struct log *log, struct err *err);
int cmd_ls(struct args *args, const struct log *log, struct err *err);
int cmd_rm(struct args *args, const struct log *log, struct err *err);
int cmd_prune(struct args *args, const struct log *log, struct err *err);
int cmd_fsck(struct args *args, const struct log *log, struct err *err);
int cmd_enter(struct args *args, const struct log *log, struct err *err);
