// SPDX-License-Identifier: GPL-2.0-only
/* proctrace zombies: who should collect what lies dead now, why he does not, and what to do. */
#include <string.h>

#include "base/clock.h"
#include "cli/filter.h"
#include "cli/now.h"
#include "cli/say.h"
#include "diagnose/group.h"

/* Filters may name the zombie, or who should collect it. */
static bool wanted(void *ctx, const struct proc *p)
{
	const struct options *o = ctx;

	return filter_matches(o, p) || (p->parent && filter_matches(o, p->parent));
}

uint32_t now_zombies(struct now *n)
{
	struct stream_groups told = { .limit = n->o->limit, .from_proc = !n->live };
	struct groups groups;
	uint32_t found;
	int err;

	/* a second look only where there is something to look at */
	if (engine_deadline(n->pipe.engine) != NEVER) {
		err = now_look_again(n);
		if (err)
			say("the processes of now cannot be read again: %s", strerror(-err));
	}
	groups_make(&groups, n->pipe.engine, wanted, n->o);
	told.ts = n->ts;
	told.groups = &groups;
	n->sink.ops->groups(&n->sink, &told);
	found = groups.zombies ? FINDING_ZOMBIE : 0;
	groups_free(&groups);
	return found;
}
