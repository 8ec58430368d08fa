// SPDX-License-Identifier: GPL-2.0-only
/*
 * Deaths that are told before their cause. A group's death is told by its last thread. One that
 * leaves before it gives the children to the adopter already, if all others are leaving too
 * (find_alive_thread(), kernel/exit.c): a child that dies in between dies under its adopter, while
 * its parent counts as alive. Such a death waits for the parent's, and its release with it.
 *
 * But not for ever, nor where records were lost: then the parent's may never come, and is inferred.
 */
#include <stdlib.h>

#include "engine/internal.h"

#define PATIENCE (200 * NS_PER_MS) /* the last thread may have to wait for a processor */

struct early {
	struct list list;
	struct ident parent; /* whose death is waited for */
	uint64_t due;
	struct event event;
};

static struct early *first(const struct engine *e)
{
	return list_empty(&e->early) ? NULL : list_entry(e->early.next, struct early, list);
}

/* What waits of a process itself: it came not long ago. */
static struct early *death_of(const struct engine *e, const struct proc *p)
{
	struct list *pos;

	for (pos = e->early.prev; pos != &e->early; pos = pos->prev) {
		struct early *early = list_entry(pos, struct early, list);

		if (ident_same(early->event.id, p->id))
			return early;
	}
	return NULL;
}

static struct early *first_of(const struct engine *e, struct ident parent)
{
	struct list *pos;

	list_each(pos, &e->early) {
		struct early *early = list_entry(pos, struct early, list);

		if (ident_same(early->parent, parent))
			return early;
	}
	return NULL;
}

static void keep(struct engine *e, struct ident parent, const struct event *ev)
{
	struct early *early = xcalloc(1, sizeof(*early));

	early->event = *ev;
	early->event.facts.cgroup_path = (struct slice){ 0 }; /* borrowed; the number stays */
	early->parent = parent;
	early->due = ev->ts + PATIENCE;
	list_add_tail(&early->list, &e->early);
	e->nearly++;
}

static bool is_early(const struct engine *e, const struct proc *p, const struct event *ev)
{
	return ev->kind == EVENT_EXIT && p->life == LIFE_RUNNING && !p->stub &&
	       family_disputes(p, ev) && ev->ts >= p->heard && !p->parent->ns_init &&
	       !p->parent->stub && !(e->lost && ev->ts < e->lost + DOUBT);
}

bool early_keep(struct engine *e, struct proc *p, const struct event *ev)
{
	bool release = ev->kind == EVENT_FREE || ev->kind == EVENT_REAP;
	const struct early *death = p && p->early && release ? death_of(e, p) : NULL;

	if (death) {
		keep(e, death->parent, ev);
		return true;
	}
	if (!p || !is_early(e, p, ev))
		return false;
	p->early = p->parent->awaited = true;
	keep(e, p->parent->id, ev);
	return true;
}

static void let_go(struct engine *e, struct early *early)
{
	struct proc *p = store_find(e, early->event.id);

	list_del(&early->list);
	e->nearly--;
	if (p)
		p->early = false;
	engine_go_on(e, &early->event);
	free(early);
}

/* Where the parent waits as well, that goes first: its death is known, and not to be inferred. */
static void early_of(struct engine *e, struct ident parent)
{
	struct proc *p = store_find(e, parent);
	struct early *early = p && p->early ? death_of(e, p) : NULL;

	if (early) {
		p->early = false;
		early_of(e, early->parent);
	}
	while ((early = first_of(e, parent)))
		let_go(e, early);
}

void early_after(struct engine *e, struct ident id)
{
	const struct proc *p = store_find(e, id);

	if (!p || p->life != LIFE_RUNNING)
		early_of(e, id);
}

void early_all(struct engine *e)
{
	struct early *early;

	while ((early = first(e)))
		let_go(e, early);
}

/* Of p nothing more may wait: its death is known, and has come before this event. */
static bool must_be_told(const struct proc *p, const struct event *ev, const struct proc *subject)
{
	bool look = ev->kind == EVENT_SIGHT || ev->kind == EVENT_MISSING;

	return p && p->early &&
	       (p == subject ? look : ev->kind == EVENT_EXEC && family_disputes(subject, ev));
}

bool early_is_over(struct engine *e, const struct proc *p, const struct event *ev)
{
	const struct proc *whose = must_be_told(p, ev, p)	  ? p :
				   must_be_told(p->parent, ev, p) ? p->parent :
								    NULL;
	const struct early *death = whose ? death_of(e, whose) : NULL;
	bool full = e->nearly >= EARLY_MAX;

	if (full)
		early_all(e);
	else if (death)
		early_of(e, death->parent);
	return full || whose;
}

void early_tick(struct engine *e, uint64_t now)
{
	struct early *early;

	while ((early = first(e)) && early->due <= now)
		early_of(e, early->parent);
}

uint64_t early_deadline(const struct engine *e)
{
	const struct early *early = first(e);

	return early ? early->due : NEVER;
}

void early_free(struct engine *e)
{
	struct early *early;

	while ((early = first(e))) {
		list_del(&early->list);
		free(early);
	}
}
