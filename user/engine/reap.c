// SPDX-License-Identifier: GPL-2.0-only
/* The end of a life: who collected the dead, how, and how long it had stood. */
#include "engine/internal.h"

static void count_reap(struct engine *e, const struct proc *p, struct proc *reaper)
{
	if (!p->counted)
		return;
	reaper->children_reaped++;
	reaper->orphans_reaped += p->adopted || p->inherited;
	reaper->reaped_late += e->was == LIFE_ZOMBIE;
	if (p->died > reaper->last_reaped_died) {
		reaper->last_reaped_died = p->died;
		reaper->last_reaped = p->id;
	}
}

/*
 * Who collected it: the parent that the kernel had for it at the release, where that can be told.
 * The free comes some time after; by then the parent of a child long collected may be dead, and the
 * child counted among its adopter's. What was read of a parent that is gone is believed only if it
 * names its creator, or a process that is known, and not one that got that memory since: nobody's
 * parent is younger. Where nothing was read, and nobody saw it with its adopter either, it is not
 * known.
 */
static void find_reaper(struct engine *e, struct proc *p, const struct event *ev, struct change *c)
{
	struct ident told = ev->facts.parent;
	bool named = (ev->facts.have & HAVE_PARENT) && told.pid && told.start &&
		     told.start < p->id.start + START_TICK;
	struct proc *reaper = named ? store_find(e, told) : NULL;
	bool by_creator = named && !reaper && ident_same(told, p->creator);

	if (!reaper && !by_creator && !(p->inherited && p->parent_reckoned))
		reaper = p->parent;
	family_return(e, p, reaper);
	if (by_creator) {
		c->u.reap.reaper = told;
		c->u.reap.reaper_comm = p->creator_comm;
	}
	if (!reaper)
		return;
	c->u.reap.reaper = reaper->id;
	c->u.reap.reaper_comm = reaper->stub ? NULL : reaper->comm;
	if (p->auto_reaped)
		return;
	count_reap(e, p, reaper);
	if (reaper->ns_init)
		c->u.reap.how = REAP_INIT;
}

/* Who let it go was seen, and whose it was then: nothing is left to be found out. */
static void saw_reaper(struct engine *e, struct proc *p, const struct event *ev, struct change *c)
{
	struct proc *reaper = store_find(e, ev->facts.parent);

	family_return(e, p, reaper);
	p->auto_reaped = ev->reap.release != RELEASE_WAITED;
	c->u.reap.reaper = ev->facts.parent;
	if (reaper && !reaper->stub)
		c->u.reap.reaper_comm = reaper->comm;
	if (!reaper || p->auto_reaped)
		return;
	count_reap(e, p, reaper);
	if (reaper->ns_init)
		c->u.reap.how = REAP_INIT;
}

/*
 * What the dying parent's SIGCHLD said does not count if it was gone before it could be told: then
 * the kernel shows the adopter at the release, who had to wait.
 */
static bool was_left(const struct proc *p, const struct event *ev)
{
	return p->auto_disputed && p->parent && (ev->facts.have & HAVE_PARENT) &&
	       ev->facts.parent.start && ident_same(ev->facts.parent, p->parent->id);
}

static enum reap_precision precision_of(const struct event *ev)
{
	return ev->kind == EVENT_REAP ? REAP_EXACT : ev->kind == EVENT_FREE ? REAP_RCU : REAP_AUDIT;
}

/* One that nobody had to collect was none, unless it stood until a new parent let it go. */
static bool was_no_zombie(const struct proc *p, const struct event *ev)
{
	if (ev->kind == EVENT_REAP)
		return ev->reap.release == RELEASE_BY_ITSELF;
	return p->auto_reaped && !p->auto_inherited;
}

void reap_tell(struct engine *e, struct proc *p, const struct event *ev)
{
	struct change change = { .kind = CHANGE_REAP, .ts = ev->ts, .p = p, .event = ev };

	if (ev->kind != EVENT_REAP && was_left(p, ev))
		p->auto_reaped = false;
	change.inferred = p->death_inferred || ev->kind == EVENT_MISSING;
	change.u.reap.was_zombie = e->was == LIFE_ZOMBIE;
	change.u.reap.precision = precision_of(ev);
	/* who it was decides how */
	if (ev->kind == EVENT_REAP)
		saw_reaper(e, p, ev, &change);
	else
		find_reaper(e, p, ev, &change);
	if (p->auto_reaped)
		change.u.reap.how = REAP_AUTO;
	if (p->died) {
		change.u.reap.has_zombie = true;
		change.u.reap.zombie =
			was_no_zombie(p, ev) || ev->ts < p->died ? 0 : ev->ts - p->died;
	}
	if (!p->stub)
		e->out.change(e->out.ctx, &change);
}
