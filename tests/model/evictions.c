// SPDX-License-Identifier: GPL-2.0-only
#include "evictions.h"

#include "world.h"

static struct kept_one *find(struct kept *k, struct ident id)
{
	size_t i;

	for (i = 0; i < k->n; i++)
		if (ident_same(k->at[i].id, id))
			return &k->at[i];
	return NULL;
}

static void keep(struct world *w, struct kept *k, const struct proc *p)
{
	const struct account *a = ledger_of(w, p->id);
	struct kept_one *one = &k->at[k->n++];

	*one = (struct kept_one){ .id = p->id };
	if (p->parent)
		one->parent = p->parent->id;
	one->as = !a || p->stub || a->told.reaps ? KEPT_FOR_CHILDREN :
		  a->told_zombie		 ? KEPT_ZOMBIE :
		  a->told_dead			 ? KEPT_DEAD : KEPT_ALIVE;
}

static void look(struct world *w, struct kept *k)
{
	const struct proc *p = NULL;
	struct kept_one *parent;
	size_t i;

	k->n = 0;
	k->evicted = engine_evicted(w->engine);
	while ((p = engine_next(w->engine, p)) && k->n < REF_LIVES)
		keep(w, k, p);
	for (i = 0; i < k->n; i++)
		if ((parent = find(k, k->at[i].parent)))
			parent->has_children = true;
}

void evictions_before(struct world *w)
{
	look(w, &w->kept);
}

/* By pid, as the name may have been another before. */
static bool is_of(uint32_t pid, const struct event *ev)
{
	return pid == ev->id.pid || pid == ev->facts.parent.pid ||
	       (ev->kind == EVENT_FORK && pid == ev->fork.creator.pid) ||
	       (ev->kind == EVENT_EXIT && pid == ev->exit.adopter.pid);
}

/* All the time. Those that the event is about may not. */
static bool could_go(const struct kept_one *was, struct kept *now, const struct event *ev)
{
	const struct kept_one *is = find(now, was->id);

	return is && is->as == was->as && !was->has_children && !is->has_children &&
	       !is_of(was->id.pid, ev);
}

static const struct kept_one *goes_before(struct world *w, unsigned as, struct kept *now,
					  const struct event *ev)
{
	size_t i;

	for (i = 0; i < w->kept.n; i++)
		if (w->kept.at[i].as < as && could_go(&w->kept.at[i], now, ev))
			return &w->kept.at[i];
	return NULL;
}

/* One that dies with this event has given them away. */
static bool is_missed(struct world *w, const struct kept_one *gone, struct kept *now,
		      const struct event *ev)
{
	bool dies = gone->as == KEPT_ALIVE && ledger_of(w, gone->id)->told_dead;
	size_t i;

	for (i = 0; i < w->kept.n && !dies; i++) {
		const struct kept_one *was = &w->kept.at[i], *is = find(now, was->id);

		if (is && ident_same(was->parent, gone->id) && !is->parent.pid &&
		    is->id.pid != ev->id.pid)
			return true;
	}
	return false;
}

/* How it went, if it did; true: it must have been to make room. */
static bool is_evicted(struct world *w, const struct kept_one *was, struct kept *now,
		       const struct event *ev)
{
	const struct kept_one *is = find(now, was->id), *other;
	struct account *a = ledger_of(w, was->id);

	if (was->as == KEPT_FOR_CHILDREN || a->told.reaps || (is && is->as != KEPT_FOR_CHILDREN))
		return false;
	if (is)
		ledger_wrong(w, __LINE__, "pid %u was forgotten, and called parent at once",
			     was->id.pid);
	if ((other = goes_before(w, was->as, now, ev)))
		ledger_wrong(w, __LINE__, "pid %u was forgotten before pid %u", was->id.pid,
			     other->id.pid);
	if (is_missed(w, was, now, ev))
		ledger_wrong(w, __LINE__, "pid %u was forgotten, and had children", was->id.pid);
	a->told_dead = a->told_zombie = false;
	return true;
}

void evictions_after(struct world *w, const struct event *ev)
{
	const struct kept_one *other;
	static struct kept now;
	uint64_t least = 0, most = 0, evicted;
	size_t i;

	look(w, &now);
	evicted = now.evicted - w->kept.evicted;
	for (i = 0; i < w->kept.n; i++) {
		const struct kept_one *was = &w->kept.at[i];

		least += is_evicted(w, was, &now, ev);
		/* an adopter that nobody has told of: of no use now, or in the way */
		most += was->as == KEPT_FOR_CHILDREN && !was->has_children && !find(&now, was->id);
	}
	most += least;
	if (evicted < least || evicted > most)
		ledger_wrong(w, __LINE__, "%llu were forgotten, and %llu counted",
			     (unsigned long long)least, (unsigned long long)evicted);
	if (now.n > w->kept.n && now.n > w->max_procs &&
	    (other = goes_before(w, KEPT_FOR_CHILDREN, &now, ev)))
		ledger_wrong(w, __LINE__, "%zu are kept, and pid %u could go", now.n, other->id.pid);
}
