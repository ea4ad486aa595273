/* SPDX-License-Identifier: Apache-2.0 */
/* value.h - the small texts of a policy: durations, sizes, processor shares, truths. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "spec/base/arena.h"
#include "spec/base/err.h"

/* Each reads the whole of s; ERR_INPUT says what is wrong with it, without naming where it stands. A
 * number may have a fraction. *ret is written only on success. */

/* value_duration: "1500ms", "30s", "1.5m", "2h"; a bare number is seconds. In ms, at least 1. */
int value_duration(const char *s, uint64_t *ret, struct err *err);
/* value_size: "512M", "1.5G", "64k", "100"; units are 1024-based, "MB" and "MiB" the same as "M". In
 * bytes, at least 1. */
int value_size(const char *s, uint64_t *ret, struct err *err);
/* value_cpu: processors, "0.5"; in thousandths, at least 10. */
int value_cpu(const char *s, uint64_t *ret, struct err *err);
/* value_truth: true false 1 0 yes no on off, in any case. */
int value_truth(const char *s, bool *ret, struct err *err);

/* value_size_text, value_duration_text: how a message says one. */
const char *value_size_text(uint64_t bytes, struct arena *a);
const char *value_duration_text(uint64_t ms, struct arena *a);
