// SPDX-License-Identifier: GPL-2.0-only
/* proctrace zombies: the zombies of this moment. */
#include <string.h>

#include "base/clock.h"
#include "cli/now.h"
#include "cli/say.h"
#include "cli/zombies.h"

uint32_t now_zombies(struct now *n)
{
	struct stream_groups told = { .limit = n->o->limit, .from_proc = !n->live };
	int err;

	/* a second look only where there is something to look at */
	if (engine_deadline(n->pipe.engine) != NEVER) {
		err = now_look_again(n);
		if (err)
			say("the processes of now cannot be read again: %s", strerror(-err));
	}
	told.ts = n->ts;
	return zombies_tell(&n->pipe, &told) ? FINDING_ZOMBIE : 0;
}
