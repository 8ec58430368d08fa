// SPDX-License-Identifier: GPL-2.0-only
#include "cli/zombies.h"

#include <stdlib.h>

#include "cli/filter.h"
#include "diagnose/group.h"
#include "diagnose/leak.h"

/* Filters may name the zombie, or who should collect it. */
static bool wanted(void *ctx, const struct proc *p)
{
	return filter_matches_family(ctx, p);
}

/* How each group comes and goes, or the limits that it is near; owned by the caller. */
static struct finding *growth_of(const struct detect *d, const struct groups *g, uint64_t ts,
				 bool watched)
{
	struct finding *growth = xcalloc(g->n + 1, sizeof(*growth));
	size_t i;

	for (i = 0; i < g->n; i++) {
		struct finding *f = &growth[i];
		const struct proc *parent = g->at[i].parent;

		f->kind = FINDING_ZOMBIE_LEAK;
		f->ts = ts;
		if (!parent || !leak_of(d, parent, ts, &f->u.leak))
			continue;
		f->p = parent;
		if (watched)
			diagnose_growth(f);
		else
			diagnose_limits(f);
	}
	return growth;
}

size_t zombies_tell(struct pipeline *pipe, struct stream_groups *told)
{
	struct finding *growth;
	struct groups groups;
	size_t found;

	groups_make(&groups, pipe->engine, wanted, (void *)pipe->options);
	growth = growth_of(&pipe->detect, &groups, told->ts, told->since);
	told->groups = &groups;
	told->growth = growth;
	pipe->sink->ops->groups(pipe->sink, told);
	found = groups.zombies;
	groups_free(&groups);
	free(growth);
	return found;
}
