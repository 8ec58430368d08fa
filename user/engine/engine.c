// SPDX-License-Identifier: GPL-2.0-only
/* The front door, and what time and checks bring. What an event means is life.c's. */
#include "engine/engine.h"

#include <stdlib.h>

#include "engine/internal.h"

#define ZOMBIE_ROUND (NS_PER_S / 2)
#define ZOMBIE_LOOKS 16
#define RELEASE_LATE NS_PER_S /* some 20 ms as a rule, more where RCU callbacks are lazy */

static uint64_t due(const struct engine *e, const struct proc *p)
{
	return p->dead_seen + e->config.zombie_after;
}

/* It looked before what has been told since, or before the doubt that it is to settle. */
static bool is_stale(const struct engine *e, const struct proc *p, const struct event *sight)
{
	return sight->ts < p->heard || (p->life == LIFE_DOUBTED && sight->ts < due(e, p));
}

/* One that is not known, or the parent that is named: it may have been released since the look. */
static bool may_be_gone(const struct engine *e, const struct proc *p, const struct event *sight)
{
	struct ident name = sight->facts.parent;
	const struct proc *parent = store_find_parent(e, name, sight->id);
	bool named = (sight->facts.have & HAVE_PARENT) && name.pid;

	return sight->ts < e->released &&
	       (!p || (named && (!parent || parent->life == LIFE_GONE)));
}

/* A look at the pid of somebody who had it before: there is no better proof that he is gone. */
static bool is_reused(const struct engine *e, const struct proc *p, const struct event *look)
{
	const struct proc *youngest = store_find(e, (struct ident){ p->id.pid, 0 });

	return p->id.start && youngest->id.start > p->id.start && look->ts >= youngest->id.start;
}

static bool is_gone(const struct event *ev)
{
	return ev->kind == EVENT_FREE || ev->kind == EVENT_REAP || ev->kind == EVENT_MISSING;
}

/* The kernel has begun to release it: that is told, or will be. */
static bool is_leaving(const struct event *look)
{
	return look->sight.letter == 'X';
}

static void apply_sight(struct engine *e, struct proc *p, const struct event *ev)
{
	const struct event missing = { .kind = EVENT_MISSING, .ts = ev->ts, .id = ev->id };

	if (p)
		p->audit = e->audit;
	if (p && is_stale(e, p, ev))
		return;
	if (p && is_reused(e, p, ev))
		life_apply(e, p, &missing);
	else if (!p && is_leaving(ev))
		return;
	else if (may_be_gone(e, p, ev))
		e->out.ask(e->out.ctx, ev->id, !p);
	else
		life_apply(e, p, ev);
}

/*
 * Whom it is about; NULL: one not heard of. Somebody's parent that is known by its bare pid gets
 * its name here. But one that is gone may be another that had this pid before.
 */
static struct proc *subject(struct engine *e, const struct event *ev)
{
	bool gone = is_gone(ev);
	struct proc *p = NULL;

	if (ev->id.start || !gone)
		p = store_find(e, ev->id);
	if (!p && (!ev->id.start || !gone))
		p = store_find_unnamed(e, ev->id);
	if (p && !p->id.start)
		p->id.start = ev->id.start;
	return p;
}

/* p is its subject. */
static void apply(struct engine *e, struct proc *p, const struct event *ev)
{
	bool awaited = p && p->awaited;

	if (is_gone(ev) && ev->ts > e->released)
		e->released = ev->ts;
	if (ev->kind == EVENT_SIGHT)
		apply_sight(e, p, ev);
	else
		life_apply(e, p, ev);
	if (awaited)
		early_after(e, ev->id);
}

void engine_go_on(struct engine *e, const struct event *ev)
{
	apply(e, subject(e, ev), ev);
}

void engine_apply(struct engine *e, const struct event *ev)
{
	struct proc *p = subject(e, ev);

	if (e->nearly && p && early_is_over(e, p, ev))
		p = subject(e, ev);
	if (!early_keep(e, p, ev))
		apply(e, p, ev);
}

static struct proc *first(const struct list *l)
{
	return list_empty(l) ? NULL : list_entry(l->next, struct proc, dead);
}

/*
 * A release may be told many seconds late (an RCU callback on a quiet processor), and a zombie that
 * nobody took back would be a false alarm: a few are looked at in each round, in turns.
 */
static void look_at_zombies(struct engine *e, uint64_t now)
{
	const struct proc *begun = NULL;
	struct proc *p;
	int i;

	if (now < e->look_at)
		return;
	e->look_at = now + ZOMBIE_ROUND;
	for (i = 0; i < ZOMBIE_LOOKS && (p = first(&e->zombies)) && p != begun; i++) {
		begun = begun ? begun : p;
		e->out.ask(e->out.ctx, p->id, false);
		to_list(p, &e->zombies);
	}
}

static void doubt(struct engine *e, struct proc *p, uint64_t now)
{
	p->life = LIFE_DOUBTED;
	to_doubted(e, p, now + ASK_LATE); /* should the answer be lost */
	if (p->parent)
		e->out.ask(e->out.ctx, p->parent->id, false); /* what it does is evidence */
	e->out.ask(e->out.ctx, p->id, false);
}

void engine_tick(struct engine *e, uint64_t now)
{
	struct proc *p;

	early_tick(e, now);
	while ((p = first(&e->doubted)) && p->ask_at <= now)
		doubt(e, p, now);
	while ((p = first(&e->dead)) && due(e, p) <= now)
		doubt(e, p, now);
	look_at_zombies(e, now);
}

uint64_t engine_deadline(const struct engine *e)
{
	const struct proc *dead = first(&e->dead), *doubted = first(&e->doubted);
	uint64_t next = dead ? due(e, dead) : NEVER, early = early_deadline(e);

	if (early < next)
		next = early;
	return doubted && doubted->ask_at < next ? doubted->ask_at : next;
}

void engine_began(struct engine *e, uint64_t ts)
{
	e->began = ts;
}

void engine_audit_begin(struct engine *e, uint64_t ts)
{
	e->audit++;
	e->audit_ts = ts;
}

/* The release of one that is dead comes late: it is not asked about before that can be lost. */
static bool is_missing(const struct engine *e, const struct proc *p)
{
	uint64_t patience = p->life == LIFE_DEAD ? RELEASE_LATE : 0;

	return p->life != LIFE_GONE && p->audit != e->audit && p->heard + patience < e->audit_ts;
}

void engine_audit_end(struct engine *e)
{
	const struct proc *p = NULL;

	while ((p = engine_next(e, p)))
		if (is_missing(e, p))
			e->out.ask(e->out.ctx, p->id, p->stub);
}

void engine_lost(struct engine *e, uint64_t ts)
{
	e->lost = ts;
	early_all(e);
}

uint64_t engine_evicted(const struct engine *e)
{
	return e->evicted;
}

static void ask_each(struct engine *e, const struct list *dead)
{
	struct list *pos;

	list_each(pos, dead)
		e->out.ask(e->out.ctx, list_entry(pos, struct proc, dead)->id, false);
}

bool engine_ask_dead(struct engine *e)
{
	early_all(e);
	ask_each(e, &e->dead);
	ask_each(e, &e->doubted);
	ask_each(e, &e->zombies);
	return !list_empty(&e->dead) || !list_empty(&e->doubted);
}

void engine_follow(struct engine *e, uint32_t pid)
{
	if (e->nfollowed < FOLLOW_MAX)
		e->followed[e->nfollowed++] = pid;
}

struct engine *engine_new(const struct engine_config *config, const struct engine_out *out)
{
	struct engine *e = xcalloc(1, sizeof(*e));

	e->config = *config;
	e->out = *out;
	list_init(&e->dead);
	list_init(&e->doubted);
	list_init(&e->zombies);
	list_init(&e->early);
	store_init(e);
	return e;
}

void engine_free(struct engine *e)
{
	if (!e)
		return;
	early_free(e);
	store_free(e);
	free(e);
}
