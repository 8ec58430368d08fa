// SPDX-License-Identifier: GPL-2.0-only
/*
 * Orphans: the parent died, the child runs on.
 *
 * A finding is held for a moment. A child that falls in the same blow as its parent (a signal to
 * the group) is no orphan to speak of; and one that has just been forked shows in that moment what
 * it was left behind for: to become a daemon, or to run its own program.
 */
#include <stdlib.h>
#include <sys/wait.h>

#include "base/clock.h"
#include "detect/detect.h"

#define HOLD (20 * NS_PER_MS)
#define LOST NS_PER_S /* the answer about one whose parent's death was inferred: is it gone? */
#define AT_ONCE NS_PER_S /* between a fork and the exit of its caller, on the way to a daemon */

struct orphan {
	struct hold hold;
	struct ident id;
	struct bygone parent;
	uint64_t ts;
	bool waits; /* it was due, but nothing has been heard of it */
	bool inferred; /* it is asked after: nobody knows whether it outlived its parent */
	bool settled; /* the adopter is known for sure: it has died since */
	struct ident adopter;
	char adopter_comm[COMM_LEN];
};

/*
 * Killed or crashed: nobody meant to leave the child. Else the parent went by itself: towards a
 * daemon if the child is its own image or has gone into a session of its own, or simply away.
 */
static enum orphan_kind judge(const struct proc *p, const struct bygone *parent, struct evidence *e)
{
	char words[64];

	bygone_words(parent, words, sizeof(words));
	evidence_add(e, "its parent %s (pid %u) %s", parent->comm, parent->id.pid, words);
	if (!parent->has_status)
		return ORPHAN_UNKNOWN;
	if (WIFSIGNALED((int)parent->status)) {
		if (parent->oom)
			evidence_add(e, "the OOM killer chose that parent");
		return ORPHAN_ABANDONED;
	}
	if (p->sid == p->id.pid) {
		evidence_add(e, "it leads a session of its own (setsid)");
		return ORPHAN_DAEMONIZING;
	}
	if (parent->sid == parent->id.pid && p->sid == parent->sid && !parent->execed) {
		evidence_add(e,
			     "that parent had made the session (setsid) and never ran a program");
		return ORPHAN_DAEMONIZING;
	}
	if (!p->execed && !p->from_snapshot && WEXITSTATUS((int)parent->status) == 0 &&
	    parent->died < p->id.start + AT_ONCE) {
		evidence_add(e, "it is a plain fork of a parent that left %u ms later with success",
			     parent->died > p->id.start ?
				     (unsigned int)((parent->died - p->id.start) / NS_PER_MS) : 0);
		return ORPHAN_DAEMONIZING;
	}
	evidence_add(e,
		     p->execed ? "it runs a program of its own in session %u, which it was left in"
			       : "it stays in session %u, which it was left in",
		     p->sid);
	return ORPHAN_BACKGROUND;
}

static void tell(struct detect *d, const struct proc *p, const struct orphan *o, uint64_t ts)
{
	struct finding f = { .kind = FINDING_ORPHAN, .ts = ts, .p = p, .inferred = o->inferred };

	f.u.orphan.kind = judge(p, &o->parent, &f.evidence);
	f.u.orphan.parent = &o->parent;
	f.u.orphan.adopter = o->adopter;
	f.u.orphan.adopter_comm = o->adopter_comm;
	/* a look may have found another one than was reckoned */
	if (!o->settled && p->parent && !p->parent_reckoned && !p->parent->stub) {
		f.u.orphan.adopter = p->parent->id;
		f.u.orphan.adopter_comm = p->parent->comm;
	}
	d->out.finding(d->out.ctx, &f);
}

/* The first that is held of it. */
static struct orphan *find(const struct detect *d, struct ident id)
{
	struct hold *hold = NULL, *first = NULL;

	while ((hold = holds_find(&d->orphans, id.pid, hold)))
		if (ident_same(((struct orphan *)hold)->id, id) &&
		    (!first || hold->due <= first->due))
			first = hold;
	return (struct orphan *)first;
}

static bool same_blow(const struct orphan *o, const struct event *exit)
{
	int parent = (int)o->parent.status, child = (int)exit->exit.status;

	return o->parent.has_status && exit->kind == EVENT_EXIT && WIFSIGNALED(parent) &&
	       WIFSIGNALED(child) && WTERMSIG(parent) == WTERMSIG(child);
}

void orphan_before(struct detect *d, const struct change *c)
{
	struct orphan *o;

	if (c->kind != CHANGE_EXIT || !d->orphans.count || !c->p->adopted)
		return;
	while ((o = find(d, c->p->id))) {
		holds_remove(&d->orphans, &o->hold);
		if (!same_blow(o, c->event) && !(o->inferred && (c->inferred || c->ts <= o->ts)))
			tell(d, c->p, o, c->ts);
		free(o);
	}
}

/* It is orphaned once more: whoever died now was the adopter of before. */
static void settle_adopter(const struct detect *d, const struct change *c)
{
	const struct proc *adopter = c->u.orphan.parent;
	struct hold *hold = NULL;

	while ((hold = holds_find(&d->orphans, c->p->id.pid, hold))) {
		struct orphan *o = (struct orphan *)hold;

		if (o->settled || !ident_same(o->id, c->p->id))
			continue;
		o->settled = true;
		o->adopter = adopter->id;
		memcpy(o->adopter_comm, adopter->comm, COMM_LEN);
	}
}

/* That it lived on was concluded: then it must have been seen or heard of since. */
static bool is_doubtful(const struct proc *p, const struct orphan *o)
{
	return o->inferred && p->heard <= o->ts;
}

/* Its time to be told has come, but not yet the answer: that is waited for as long as it takes. */
static void put_off(struct detect *d, struct orphan *o, uint64_t now)
{
	o->waits = true;
	holds_add(&d->orphans, &o->hold, o->id.pid, now + LOST);
}

/* The last that is held of it and waits. */
static struct orphan *find_waiting(const struct detect *d, struct ident id)
{
	struct hold *hold = NULL;
	struct orphan *found = NULL;

	while ((hold = holds_find(&d->orphans, id.pid, hold))) {
		struct orphan *o = (struct orphan *)hold;

		if (o->waits && ident_same(o->id, id))
			found = o;
	}
	return found;
}

/* It was heard of: what waits for that is due. */
static void answered(struct detect *d, const struct change *c)
{
	struct orphan *o;

	while ((o = find_waiting(d, c->p->id)) && !is_doubtful(c->p, o)) {
		holds_remove(&d->orphans, &o->hold);
		o->waits = false;
		holds_add(&d->orphans, &o->hold, o->id.pid, c->ts);
	}
}


void orphan_after(struct detect *d, const struct change *c)
{
	const struct proc *p = c->p;
	struct orphan *o;

	if (c->kind != CHANGE_ORPHAN) {
		if (d->orphans.count)
			answered(d, c);
		return;
	}
	settle_adopter(d, c);
	o = xcalloc(1, sizeof(*o));
	o->id = p->id;
	bygone_of(&o->parent, c);
	o->inferred = c->inferred;
	o->ts = c->ts;
	if (p->parent && p->parent != c->u.orphan.parent) {
		o->adopter = p->parent->id;
		memcpy(o->adopter_comm, p->parent->comm, COMM_LEN);
	}
	holds_add(&d->orphans, &o->hold, p->id.pid, c->ts + HOLD);
}

/* What is due is told, unless nobody knows whether it lived on: that waits; at the end (NEVER) it goes. */
static void come_due(struct detect *d, struct orphan *o, uint64_t now)
{
	const struct proc *p = engine_find(d->engine, o->id);
	bool doubtful = p && is_doubtful(p, o);

	holds_remove(&d->orphans, &o->hold);
	if (doubtful && now != NEVER) {
		put_off(d, o, now);
		return;
	}
	if (p && !doubtful)
		tell(d, p, o, o->hold.due);
	free(o);
}

void orphan_tick(struct detect *d, uint64_t now)
{
	struct hold *hold;

	while ((hold = holds_first(&d->orphans)) && hold->due <= now)
		come_due(d, (struct orphan *)hold, now);
}

void orphan_finish(struct detect *d)
{
	struct hold *hold;

	while ((hold = holds_first(&d->orphans)))
		come_due(d, (struct orphan *)hold, NEVER);
}
