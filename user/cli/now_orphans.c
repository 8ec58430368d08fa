// SPDX-License-Identifier: GPL-2.0-only
/* proctrace orphans: what lives under a reaper that did not start it. */
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "cli/filter.h"
#include "cli/now.h"
#include "diagnose/leftover.h"
#include "source/standing.h"

#define MOMENT (200 * NS_PER_MS) /* between the two looks that tell who works */

void now_arrivals(struct now *n, const struct proc *reaper, struct arrivals *order)
{
	struct proc_room room = { 0 };
	struct buf pids = { 0 };

	*order = (struct arrivals){ 0 };
	if (!standing_children(reaper->id, &room, &pids))
		arrivals_make(order, n->pipe.engine, (const uint32_t *)pids.data,
			      pids.len / sizeof(uint32_t));
	buf_free(&pids);
	proc_room_free(&room);
}

static void collect_of(struct now *n, const struct proc *reaper, struct leftovers *found,
		       struct buf *b)
{
	struct arrivals order;
	struct list *pos;

	now_arrivals(n, reaper, &order);
	list_each(pos, &reaper->children) {
		const struct proc *p = list_entry(pos, struct proc, sibling);
		struct leftover l = { .p = p };

		if (!proc_is_below_reaper(p) || !filter_matches_family(n->o, p))
			continue;
		l.adoption = adoption_of(n->pipe.engine, p, &order);
		if (l.adoption.adopted)
			buf_add(b, &l, sizeof(l));
		else
			found->unclear++;
	}
	arrivals_free(&order);
}

/* The first look, at what they have used so far. */
static void look_at_use(struct leftover *l)
{
	l->standing.has_cpu = !standing_cpu(l->p->id.pid, &l->standing.cpu);
	l->standing.moment = clock_boot();
}

/* The second one, at all; false: it is gone. */
static bool look_at_all(struct leftover *l, struct proc_room *room)
{
	struct standing before = l->standing, *s = &l->standing;

	if (standing_read(l->p->id, room, s))
		return false;
	if (before.has_cpu && s->has_cpu && s->cpu >= before.cpu) {
		s->used = s->cpu - before.cpu;
		s->moment = clock_boot() - before.moment;
	}
	l->kind = leftover_judge(l);
	return true;
}

static void look_at_them(struct leftovers *found)
{
	const struct timespec later = { 0, MOMENT };
	struct proc_room room = { 0 };
	size_t i, n = 0;

	for (i = 0; i < found->count; i++)
		look_at_use(&found->at[i]);
	if (found->count)
		nanosleep(&later, NULL);
	for (i = 0; i < found->count; i++)
		if (look_at_all(&found->at[i], &room))
			found->at[n++] = found->at[i];
	found->count = n;
	proc_room_free(&room);
}

uint32_t now_orphans(struct now *n)
{
	struct stream_leftovers told = { .ts = n->ts, .limit = n->o->limit, .from_proc = !n->live };
	struct leftovers found = { 0 };
	const struct proc *p = NULL;
	struct buf b = { 0 };
	uint32_t seen;

	while ((p = engine_next(n->pipe.engine, p))) {
		if (p->stub)
			continue;
		found.processes += p->life != LIFE_GONE;
		if (proc_is_reaper(p) && !list_empty(&p->children))
			collect_of(n, p, &found, &b);
	}
	found.at = (struct leftover *)b.data;
	found.count = b.len / sizeof(struct leftover);
	look_at_them(&found);
	leftovers_group(&found);
	told.leftovers = &found;
	n->sink.ops->leftovers(&n->sink, &told);
	seen = found.count ? FINDING_ORPHAN : 0;
	leftovers_free(&found);
	return seen;
}
