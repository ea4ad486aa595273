/* SPDX-License-Identifier: Apache-2.0 */
/* doctor.h - what of this host's facilities a sandbox can use. */
#pragma once

#include <stdbool.h>

#include "spec/base/arena.h"

#define DOCTOR_MAX 16

struct finding {
	const char *name;
	bool there, needed; /* by every sandbox */
	const char *found; /* what there is */
	const char *fix; /* where it is missing */
};

/* doctor_notifies: a filter of ours can ask a supervisor; no other's around us does already. */
bool doctor_notifies(void);
/* doctor_overlays: an ordinary user's namespace may mount an overlay. */
bool doctor_overlays(void);

/* doctor_look: fills the list, returns how many. Nothing is changed; a few namespaces are made in processes of their own. */
size_t doctor_look(struct arena *a, struct finding ret[DOCTOR_MAX]);
