// SPDX-License-Identifier: GPL-2.0-only
/* proctrace daemons: what runs in the background, and which steps it has taken to get there. */
#include "cli/filter.h"
#include "cli/now.h"
#include "diagnose/steps.h"
#include "source/standing.h"

static void collect_of(struct now *n, const struct proc *reaper, struct proc_room *room,
		       struct buf *found)
{
	struct arrivals order;
	struct list *pos;

	now_arrivals(n, reaper, &order);
	list_each(pos, &reaper->children) {
		const struct proc *p = list_entry(pos, struct proc, sibling);
		struct daemon d = { .p = p };

		if (!proc_is_below_reaper(p) || !filter_matches(n->o, p))
			continue;
		d.adoption = adoption_of(n->pipe.engine, p, &order);
		if (!daemon_is_one(p, &d.adoption) || standing_read(p->id, room, &d.standing))
			continue;
		daemon_judge(&d);
		buf_add(found, &d, sizeof(d));
	}
	arrivals_free(&order);
}

uint32_t now_daemons(struct now *n)
{
	struct stream_daemons told = { .ts = n->ts, .limit = n->o->limit, .from_proc = !n->live };
	struct daemons daemons = { 0 };
	struct proc_room room = { 0 };
	const struct proc *p = NULL;
	struct buf found = { 0 };
	uint32_t seen;

	while ((p = engine_next(n->pipe.engine, p))) {
		if (p->stub)
			continue;
		daemons.processes += p->life != LIFE_GONE;
		if (proc_is_reaper(p) && !list_empty(&p->children))
			collect_of(n, p, &room, &found);
	}
	daemons.at = (struct daemon *)found.data;
	daemons.count = found.len / sizeof(struct daemon);
	daemons_order(&daemons);
	told.daemons = &daemons;
	n->sink.ops->daemons(&n->sink, &told);
	seen = daemons.count ? FINDING_DAEMON : 0;
	daemons_free(&daemons);
	proc_room_free(&room);
	return seen;
}
