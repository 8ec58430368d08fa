// SPDX-License-Identifier: GPL-2.0-only
/* Parents and children, as the kernel links them by real_parent: who must wait for whom. */
#include <signal.h>

#include "engine/internal.h"

static bool descends_from(const struct proc *p, const struct proc *ancestor)
{
	while (p && p != ancestor)
		p = p->parent;
	return p != NULL;
}

/* A parent that descends from p is none: only a source that lies tells of one. */
static void link_to(struct proc *p, struct proc *parent)
{
	if (p == parent || (!list_empty(&p->children) && descends_from(parent, p)))
		parent = NULL;
	if (p->life == LIFE_ZOMBIE && p->parent)
		p->parent->zombies--;
	if (p->life == LIFE_ZOMBIE && parent)
		parent->zombies++;
	list_del(&p->sibling);
	p->parent = parent;
	if (parent)
		list_add_tail(&p->sibling, &parent->children);
}

/* Who was introduced before it was known that it is followed is so again, and its children. */
void family_follow(struct engine *e, struct proc *p, const struct event *ev)
{
	if (p->followed)
		return;
	p->followed = true;
	if (p->introduced && p->life != LIFE_GONE)
		life_tell_again(e, p, ev);
}

void family_follow_children(struct engine *e, struct proc *p, const struct event *ev)
{
	struct list *pos;

	if (!p->followed)
		return;
	list_each(pos, &p->children)
		family_follow(e, list_entry(pos, struct proc, sibling), ev);
}

/* One that was never introduced, or is gone, is kept only as long as somebody calls it parent. */
static void drop_unneeded(struct engine *e, struct proc *p)
{
	if (p && (p->stub || p->life == LIFE_GONE) && list_empty(&p->children))
		family_remove(e, p);
}

static void move_to(struct engine *e, struct proc *p, struct proc *parent)
{
	struct proc *was = p->parent;

	link_to(p, parent);
	if (was != parent)
		drop_unneeded(e, was);
}

/* The parent, the creator and the adopter that an event names. */
static bool is_named(const struct event *ev, const struct proc *p)
{
	return ((ev->facts.have & HAVE_PARENT) && ident_names(ev->facts.parent, p->id)) ||
	       (ev->kind == EVENT_FORK && ident_names(ev->fork.creator, p->id)) ||
	       (ev->kind == EVENT_EXIT && ident_names(ev->exit.adopter, p->id));
}

/* Whoever somebody calls parent stays, and so do all that are being worked on. */
static bool may_go(const struct engine *e, const struct proc *p, const struct event *ev,
		   int patience)
{
	if (!list_empty(&p->children) || p == e->at_work || is_named(ev, p))
		return false;
	if (p->life == LIFE_ZOMBIE)
		return patience > 1;
	return p->life == LIFE_RUNNING || patience > 0;
}

bool family_full(const struct engine *e)
{
	return e->config.max_procs && e->count >= e->config.max_procs;
}

/*
 * The reaped are not kept at all. Of the others somebody living goes first, without children,
 * whoever the hand comes upon; then the dead that are still judged; zombies last. From then on the
 * picture is partial, and one that turns up again is not taken for one whose birth was lost.
 */
static void make_room(struct engine *e, const struct event *ev)
{
	int patience;
	size_t i;

	for (patience = 0; family_full(e) && patience < 3; patience++) {
		for (i = 0; i < e->nbuckets; i++) {
			struct proc *p = e->buckets[e->hand];

			while (p && !may_go(e, p, ev, patience))
				p = p->next_in_hash;
			if (p) {
				e->evicted++;
				e->config.partial = true;
				family_remove(e, p);
				return;
			}
			e->hand = (e->hand + 1) & (e->nbuckets - 1);
		}
	}
}

struct proc *family_add(struct engine *e, struct ident id, const struct event *ev)
{
	make_room(e, ev);
	return store_add(e, id);
}

static struct proc *find_or_stub(struct engine *e, struct ident id, struct ident child,
				 const struct event *ev)
{
	struct proc *p;

	if (!id.pid)
		return NULL;
	p = store_find_parent(e, id, child);
	if (p)
		return p;
	p = family_add(e, id, ev);
	p->stub = true;
	p->life = LIFE_RUNNING;
	e->out.ask(e->out.ctx, id, true);
	return p;
}

static bool is_running(const struct proc *p)
{
	return p && p->life == LIFE_RUNNING;
}

/*
 * Until that parent was heard of again: then it lives, and is the parent no more. One that is known
 * by its bare pid alone disputes nothing.
 */
bool family_disputes(const struct proc *p, const struct event *ev)
{
	return (ev->facts.have & HAVE_PARENT) && is_running(p->parent) && !p->parent_reckoned &&
	       p->parent->id.start && !ident_names(ev->facts.parent, p->parent->id) &&
	       !(p->disputed && p->parent->heard > p->disputed);
}

/*
 * That a living parent has lost p means that this parent is dead, and that nobody said so. A record
 * proves it: the parent's own would have come before, or was waited for (early.c). After a look both
 * are looked at once more: false, so far it is open.
 */
static bool dispute(struct engine *e, struct proc *p, const struct event *ev)
{
	struct proc *was = p->parent;

	if (ev->kind == EVENT_SIGHT) {
		if (!p->disputed)
			p->disputed = ev->ts;
		e->out.ask(e->out.ctx, was->id, false);
		e->out.ask(e->out.ctx, p->id, false);
		return false;
	}
	if (ev->ts < p->heard || was->ns_init || was->stub)
		return false;
	life_end_unheard(e, was, ev->ts);
	return true;
}

/* A corpse counts with whom it lies. */
static void count_elsewhere(struct proc *corpse, struct proc *parent)
{
	if (corpse->parent && corpse->counted) {
		corpse->parent->children_died--;
		corpse->parent->found_dead -= corpse->parent->found_dead && !corpse->death_told;
		corpse->parent->orphans_died -= corpse->adopted || corpse->inherited;
	}
	if (parent) {
		parent->children_died++;
		parent->found_dead += !corpse->death_told;
		parent->orphans_died += corpse->adopted;
	}
	corpse->counted = parent;
}

/* What the program before had, and did not do, says nothing of this one. */
void family_new_account(struct proc *p)
{
	struct list *pos;

	p->children_died = p->children_reaped = p->found_dead = 0;
	p->orphans_died = p->orphans_reaped = p->reaped_late = 0;
	p->last_reaped_died = 0;
	p->last_reaped = (struct ident){ 0 };
	list_each(pos, &p->children)
		list_entry(pos, struct proc, sibling)->counted = false;
}

/*
 * Puts p under the parent that the event names. A living parent that has lost it is dead: that is
 * told before the adoption. A parent that was only reckoned gives way.
 */
void family_place(struct engine *e, struct proc *p, const struct event *ev)
{
	struct proc *was = p->parent, *is;

	if (!(ev->facts.have & HAVE_PARENT))
		return;
	if (family_disputes(p, ev) && !dispute(e, p, ev))
		return;
	p->disputed = 0;
	if (was && ident_names(ev->facts.parent, was->id)) {
		p->parent_reckoned = false;
		return;
	}
	is = find_or_stub(e, ev->facts.parent, p->id, ev);
	if (is == p || (was && is && is->life != LIFE_RUNNING && !is->ns_init))
		return; /* read between its parent's death and its adoption: that is told already.
			   A namespace's init hands nobody on, and adopts until it is gone. */
	if (is && is->followed && !was)
		family_follow(e, p, ev);
	if (p->dead_seen)
		count_elsewhere(p, is);
	move_to(e, p, is);
	p->parent_reckoned = false;
}

void family_return(struct engine *e, struct proc *p, struct proc *reaper)
{
	if (p->parent == reaper)
		return;
	count_elsewhere(p, reaper);
	if (p->auto_inherited)
		p->auto_reaped = false;
	p->inherited = p->auto_inherited = false;
	if (reaper) /* else it is told under whom it was reckoned to */
		move_to(e, p, reaper);
}

static void leave(struct engine *e, struct proc *p)
{
	struct list *pos, *tmp;

	list_each_safe(pos, tmp, &p->children)
		link_to(list_entry(pos, struct proc, sibling), NULL);
	move_to(e, p, NULL);
}

void family_remove(struct engine *e, struct proc *p)
{
	list_del(&p->dead);
	leave(e, p);
	store_remove(e, p);
}

void family_retire(struct engine *e, struct proc *p)
{
	if (list_empty(&p->children)) {
		family_remove(e, p);
		return;
	}
	list_del(&p->dead);
	move_to(e, p, NULL);
}

/*
 * A dead child is the adopter's to collect, if its parent had not done so; one that ignores SIGCHLD
 * need not: reparent_leader() asks it.
 */
static void inherit_corpse(struct proc *child, struct proc *adopter, const struct event *exit)
{
	if (!adopter)
		return;
	adopter->children_died++;
	adopter->found_dead += !child->death_told;
	adopter->orphans_died++;
	child->inherited = child->counted = true;
	/* one that had it before and ignores SIGCHLD has let it go then, whatever came after */
	child->auto_disputed = child->auto_reaped && !child->auto_inherited &&
			       !exit->exit.adopter_autoreaps;
	child->auto_inherited = false;
	if (exit->exit.adopter_autoreaps && !child->auto_reaped)
		child->auto_reaped = child->auto_inherited = true;
}

static void orphan(struct engine *e, struct proc *child, struct proc *dead, struct proc *adopter,
		   const struct event *ev)
{
	/* after a loss the child may be dead, and its exit among what was lost */
	bool heard = ev->kind == EVENT_EXIT && !(e->lost && ev->ts < e->lost + DOUBT);
	struct change change = { .kind = CHANGE_ORPHAN, .ts = ev->ts, .p = child, .event = ev };

	if (child->auto_reaped && child->auto_inherited)
		return; /* dead has let it go: nobody is left to inherit */
	if (adopter || child->life == LIFE_RUNNING) /* a corpse has nobody else to be told under */
		link_to(child, adopter);
	child->parent_reckoned = true;
	if (ev->ts > child->heard)
		child->heard = ev->ts;
	if (child->life != LIFE_RUNNING) {
		inherit_corpse(child, adopter, ev);
		return;
	}
	child->adopted = true;
	child->heir_autoreaps = heard && ev->exit.adopter_autoreaps;
	child->exit_signal = SIGCHLD; /* from here on: reparent_leader(), kernel/exit.c */
	if (!heard)
		e->out.ask(e->out.ctx, child->id, false); /* who has it now? */
	change.inferred = !heard;
	change.u.orphan.parent = dead;
	e->out.change(e->out.ctx, &change);
	facts_classify(e, child, ev);
}

/*
 * Its dead children may have been collected by it, and that may be told when it is gone: then its
 * name is theirs to tell, the last one that it had.
 */
static void leave_name(const struct proc *dead)
{
	struct list *pos;

	list_each(pos, &dead->children) {
		struct proc *child = list_entry(pos, struct proc, sibling);

		if (child->life != LIFE_RUNNING && ident_same(child->creator, dead->id))
			memcpy(child->creator_comm, dead->comm, COMM_LEN);
	}
}

/*
 * The children of a dead group go to its adopter: forget_original_parent(), kernel/exit.c. Those of
 * a namespace's init do not: the kernel kills them, and the init reaps them before it is gone.
 */
void family_orphan_children(struct engine *e, struct proc *dead, const struct event *ev)
{
	bool heard = ev->kind == EVENT_EXIT;
	struct list *pos, *tmp;
	struct proc *adopter;

	leave_name(dead);
	if (list_empty(&dead->children) || dead->ns_init || (heard && ev->exit.childless))
		return; /* childless: it has collected them all, only their releases are still to
			   come */
	adopter = heard ? find_or_stub(e, ev->exit.adopter, dead->id, ev) : NULL;
	list_each_safe(pos, tmp, &dead->children) {
		struct proc *child = list_entry(pos, struct proc, sibling);

		if (child != adopter)
			orphan(e, child, dead, adopter, ev);
	}
}
