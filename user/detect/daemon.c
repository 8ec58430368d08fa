// SPDX-License-Identifier: GPL-2.0-only
/*
 * Daemons: in a session without a controlling terminal, detached from whoever started them. The
 * class comes from the engine; here it must last a moment, so that what an init starts and ends at
 * once is none, and so that the last steps (setsid after the parent left) are seen.
 *
 * No event tells of setsid() or of a lost terminal. So an orphan that still has a terminal is
 * looked at four times a second.
 */
#include <stdlib.h>

#include "base/clock.h"
#include "detect/detect.h"

#define STEP (250 * NS_PER_MS)

struct candidate {
	struct hold hold;
	struct ident id;
	struct bygone parent; /* pid 0: it was not left by one */
	uint64_t since;	      /* of being a daemon by class; 0: not yet one */
	bool looked;	      /* after that */
};

static struct candidate *find(const struct detect *d, struct ident id)
{
	struct hold *hold = NULL;

	while ((hold = holds_find(&d->daemons, id.pid, hold)))
		if (ident_same(((struct candidate *)hold)->id, id))
			return (struct candidate *)hold;
	return NULL;
}

static struct candidate *find_or_add(struct detect *d, const struct proc *p, uint64_t ts)
{
	struct candidate *c = find(d, p->id);

	if (c)
		return c;
	c = xcalloc(1, sizeof(*c));
	c->id = p->id;
	holds_add(&d->daemons, &c->hold, p->id.pid, ts + STEP);
	return c;
}

static enum daemon_kind judge(const struct proc *p, const struct bygone *parent, struct evidence *e)
{
	const char *adopter = p->parent ? p->parent->comm : "?";
	char words[64];

	evidence_add(e, "its session %u has no controlling terminal", p->sid);
	if (!p->adopted) {
		evidence_add(e, "it was started by %s (pid %u), %s", adopter,
			     p->parent ? p->parent->id.pid : 0,
			     p->parent && p->parent->ns_init ? "an init" : "a service manager");
		return DAEMON_SERVICE;
	}
	if (parent->id.pid) {
		bygone_words(parent, words, sizeof(words));
		evidence_add(e, "its parent %s (pid %u) %s", parent->comm, parent->id.pid, words);
	}
	if (p->parent)
		evidence_add(e, "%s (pid %u) adopted it", adopter, p->parent->id.pid);
	if (p->sid == p->id.pid) {
		evidence_add(e, "it leads the session (setsid)");
		return DAEMON_SYSV;
	}
	if (parent->id.pid && parent->sid == parent->id.pid && p->sid == parent->sid &&
	    !parent->execed) {
		evidence_add(e, "the session was made by that parent (setsid, then a second fork)");
		return DAEMON_SYSV;
	}
	evidence_add(e, "it was left in a session that it did not make");
	return DAEMON_BACKGROUND;
}

void daemon_after(struct detect *d, const struct change *c)
{
	const struct proc *p = c->p;
	struct candidate *candidate;

	if (c->kind == CHANGE_ORPHAN) {
		if (p->class == CLASS_DAEMON || p->class == CLASS_KERNEL)
			return; /* it changes hands, not its ways */
		candidate = find_or_add(d, p, c->ts);
		bygone_of(&candidate->parent, c);
	} else if (c->kind == CHANGE_CLASS && p->class == CLASS_DAEMON &&
		   (!p->from_snapshot || p->adopted)) {
		candidate = find_or_add(d, p, c->ts);
		candidate->since = c->ts;
	} else if (c->kind == CHANGE_EXIT && d->daemons.count) {
		candidate = find(d, p->id);
		if (!candidate)
			return;
		holds_remove(&d->daemons, &candidate->hold);
		free(candidate);
	}
}

static void tell(struct detect *d, const struct proc *p, const struct candidate *c, uint64_t now)
{
	struct finding f = { .kind = FINDING_DAEMON, .ts = now, .p = p };

	f.u.daemon.kind = judge(p, &c->parent, &f.evidence);
	d->out.finding(d->out.ctx, &f);
}

/* One whose time has come: told, asked for once more, or no longer of interest. */
static bool settled(struct detect *d, struct candidate *c, uint64_t now)
{
	const struct proc *p = engine_find(d->engine, c->id);

	if (!p || p->life != LIFE_RUNNING)
		return true;
	if (p->class == CLASS_DAEMON && c->looked) {
		tell(d, p, c, now);
		return true;
	}
	c->looked = p->class == CLASS_DAEMON;
	d->out.ask(d->out.ctx, c->id, false);
	return false;
}

/*
 * Time is when it was due, whenever somebody comes to see: a replay comes at other moments. Only
 * who comes very late starts from there, or he would judge before his look is answered.
 */
void daemon_tick(struct detect *d, uint64_t now)
{
	struct hold *hold;

	while ((hold = holds_first(&d->daemons)) && hold->due <= now) {
		struct candidate *c = (struct candidate *)hold;
		uint64_t due = now < hold->due + STEP ? hold->due : now;

		holds_remove(&d->daemons, hold);
		if (settled(d, c, due))
			free(c);
		else
			holds_add(&d->daemons, hold, c->id.pid, due + STEP);
	}
}
