/* SPDX-License-Identifier: Apache-2.0 */
/* zygote.h - the loop of the interpreter that a pool keeps. */
#pragma once

#include "runtime/sandbox/zygote/program.h"

struct zygote;

/* zygote_begin: sock becomes ours; NULL with errno. zygote_serve: for as long as there is a pool. */
struct zygote *zygote_begin(int sock);
_Noreturn void zygote_serve(struct zygote *z, const struct program_calls *calls);
