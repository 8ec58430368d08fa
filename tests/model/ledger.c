// SPDX-License-Identifier: GPL-2.0-only
#include "ledger.h"

#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>

#include "words.h"
#include "world.h"

#define HOLD (20 * NS_PER_MS) /* of an orphan finding: user/detect/orphan.c */
#define HEARD(a, kind) ((a)->delivered & 1u << (kind))

void ledger_wrong(struct world *w, int line, const char *format, ...)
{
	va_list args;

	if (w->ledger.why[0])
		return;
	w->ledger.kind = line;
	va_start(args, format);
	vsnprintf(w->ledger.why, sizeof(w->ledger.why), format, args);
	va_end(args);
}

static struct ref_life *life_of(struct world *w, const struct account *a)
{
	return &w->ref.lives[a - w->ledger.accounts];
}

struct account *ledger_of(struct world *w, struct ident id)
{
	struct ref_life *l = ref_by_id(&w->ref, id);

	return l ? &w->ledger.accounts[l - w->ref.lives] : NULL;
}

void ledger_born(struct world *w, const struct ref_life *l)
{
	struct account *a = &w->ledger.accounts[l - w->ref.lives];

	*a = (struct account){ .n = l->n, .id = l->id };
}

/*
 * The creator's birth was lost, a look at /proc brought it, and then an exec was lost before anybody
 * counted them. And an exit signal that comes with CLONE_PARENT has an age that is not kept.
 */
void ledger_inherits(struct world *w, const struct ref_life *l, const struct ref_life *creator)
{
	const uint32_t both = 1u << EVENT_FORK | 1u << EVENT_EXEC;
	struct account *a = ledger_of(w, l->id), *from = ledger_of(w, creator->id);

	a->program_unsure = from->program_unsure || (from->lost & both) == both;
	a->how_unsure = l->parent != creator && l->exit_signal != SIGCHLD;
}

void ledger_forget(struct world *w, const struct ref_life *l)
{
	w->ledger.accounts[l - w->ref.lives] = (struct account){ 0 };
}

void ledger_lost(struct world *w, const struct event *ev)
{
	ledger_of(w, ev->id)->lost |= 1u << ev->kind;
}

/* Detached from whoever started it and without a terminal, by the words of the definition. */
static enum class class_now(struct world *w, const struct account *a)
{
	const struct ref_life *l = life_of(w, a), *parent = ref_by_id(&w->ref, a->parent);
	const struct account *p = parent ? ledger_of(w, a->parent) : NULL;

	if (l->kthread)
		return CLASS_KERNEL;
	if (a->tty)
		return CLASS_INTERACTIVE;
	if (a->adopted || l->n == 1)
		return CLASS_DAEMON;
	if (p && (parent->init || (p->subreaper && p->class == CLASS_DAEMON)))
		return CLASS_DAEMON;
	return CLASS_BATCH;
}

static void classify(struct world *w, struct account *a, uint64_t ts)
{
	enum class was = a->class;

	a->class = class_now(w, a);
	if (a->class != CLASS_DAEMON) {
		a->daemon_since = 0;
	} else if (was != CLASS_DAEMON && (!life_of(w, a)->before || a->adopted)) {
		a->daemon_since = ts;
		a->daemons = 0;
	}
}

/* From /proc a parent is a bare pid: the youngest that is no younger than its child. */
static struct account *named_parent(struct world *w, const struct account *a, struct ident parent)
{
	const struct ref_life *l;

	if (!parent.start)
		ref_each(&w->ref, l)
			if (l->id.pid == parent.pid && l->id.start > parent.start &&
			    l->id.start < a->id.start)
				parent = l->id;
	return ledger_of(w, parent);
}

/* A parent that is dead by the records gives its children away: that stands already. */
static void settle(struct world *w, struct account *a, struct ident parent)
{
	const struct account *named = named_parent(w, a, parent);

	if (named && ident_same(named->id, a->parent))
		a->reckoned = false;
	if (named ? named->dead : parent.pid != 0)
		return;
	a->parent = named ? named->id : parent;
	a->reckoned = false;
}

/* At a death a terminal that is gone went with the session's leader: that is no step of the dead. */
static void learn_session(struct account *a, const struct event *ev)
{
	const struct facts *f = &ev->facts;
	bool same = a->sid == f->sid && (a->tty == f->tty || ev->kind == EVENT_EXIT);

	if (a->known && same)
		return;
	a->due.sessions += a->known;
	a->was.sid = a->sid;
	a->was.tty = a->tty;
	a->sid = f->sid;
	a->tty = f->tty;
}

static void learn(struct world *w, struct account *a, const struct event *ev)
{
	const struct facts *f = &ev->facts;
	struct account *parent;

	settle(w, a, f->parent);
	learn_session(a, ev);
	if (f->have & HAVE_SUBREAPER)
		a->subreaper = f->subreaper;
	parent = ledger_of(w, a->parent);
	if (parent && (f->have & HAVE_PARENT_BITS) && ident_names(f->parent, parent->id) &&
	    ev->ts >= parent->heard)
		parent->subreaper = f->parent_subreaper;
	a->known = true;
	classify(w, a, ev->ts);
}

static void add_loss(struct account *a, const struct ident parent, struct ident adopter,
		     const uint32_t *status, uint64_t ts)
{
	struct loss *loss = &a->losses[a->nlosses % PARENTS_LOST];

	*loss = (struct loss){ .parent = parent, .adopter = adopter, .ts = ts };
	if (status) {
		loss->status = *status;
		loss->status_known = true;
	}
	a->nlosses++;
}

static void orphan(struct world *w, struct account *child, const struct event *exit)
{
	struct ident adopter = exit->exit.adopter;
	struct account *a = ledger_of(w, adopter);

	child->heard = exit->ts > child->heard ? exit->ts : child->heard;
	if (a)
		child->parent = adopter;
	child->reckoned = true;
	if (child->dead) {
		child->heir = true;
		return;
	}
	add_loss(child, exit->id, adopter, &exit->exit.status, exit->ts);
	child->adopted = true;
	child->due.orphanings++;
	classify(w, child, exit->ts);
}

static bool same_blow(uint32_t parent, uint32_t child)
{
	return WIFSIGNALED((int)parent) && WIFSIGNALED((int)child) &&
	       WTERMSIG((int)parent) == WTERMSIG((int)child);
}

static void hear_exit(struct world *w, struct account *a, const struct event *ev)
{
	struct account *child;
	uint32_t i;

	learn(w, a, ev);
	a->due.exits++;
	a->dead = true;
	a->died = ev->ts;
	a->status = ev->exit.status;
	a->daemon_since = 0;
	for (i = 0; i < a->nlosses && i < PARENTS_LOST; i++)
		if (!a->losses[i].told && same_blow(a->losses[i].status, a->status))
			a->losses[i].forgiven = true;
	if (life_of(w, a)->init || ev->exit.childless)
		return;
	for (child = w->ledger.accounts; child < w->ledger.accounts + w->ref.end; child++)
		if (child->known && !child->due.reaps && ident_same(child->parent, a->id) &&
		    !ident_same(child->id, ev->exit.adopter))
			orphan(w, child, ev);
}

static void hear_release(struct world *w, struct account *a)
{
	struct account *parent = ledger_of(w, a->parent),
		       *reaper = ledger_of(w, life_of(w, a)->reaper);

	if (!a->known || a->due.reaps)
		return;
	if (a->heir || a->how_unsure || a->reaper_unsure) {
		if (parent)
			parent->counts_unsure = true;
		if (reaper)
			reaper->counts_unsure = true;
	}
	a->due.reaps = 1;
	a->due.clearings = a->due.zombies;
}

/* A look from before what was told since is no news, nor is one that names a parent gone since. */
static void hear_sight(struct world *w, struct account *a, const struct event *ev)
{
	const struct account *parent = named_parent(w, a, ev->facts.parent);

	if (ev->ts < a->heard || a->due.reaps)
		return;
	if (ev->facts.parent.pid && (!parent || parent->due.reaps))
		return;
	if (!a->dead) {
		learn(w, a, ev);
	} else if (ev->sight.dead) {
		if (ev->ts >= a->died + THRESHOLD)
			a->due.zombies = 1;
		settle(w, a, ev->facts.parent);
	}
}

/* Where nothing is lost, it is known what each record means. */
static void hear(struct world *w, struct account *a, const struct event *ev)
{
	switch (ev->kind) {
	case EVENT_FORK:
		learn(w, a, ev);
		a->due.births++;
		break;
	case EVENT_EXEC:
		learn(w, a, ev);
		a->due.execs++;
		break;
	case EVENT_EXIT:
		hear_exit(w, a, ev);
		break;
	case EVENT_THREAD_START:
	case EVENT_THREAD_EXIT:
		a->due.threads++;
		break;
	case EVENT_SIGHT:
		if (!a->known)
			a->due.births++;
		hear_sight(w, a, ev);
		break;
	case EVENT_FREE:
	case EVENT_REAP:
	case EVENT_MISSING:
		hear_release(w, a);
		break;
	default:
		break;
	}
	if (ev->ts > a->heard)
		a->heard = ev->ts;
}

void ledger_hears(struct world *w, const struct event *ev)
{
	struct account *a = ledger_of(w, ev->id);

	if (w->story)
		words_event(w, ev);
	if (!a)
		return;
	if (ev->kind == EVENT_EXIT && !(a->delivered & 1u << EVENT_EXIT))
		a->told_death = ev->ts;
	a->delivered |= 1u << ev->kind;
	if (!w->faults)
		hear(w, a, ev);
}

void ledger_ticks(struct world *w, uint64_t now)
{
	if (now > w->ledger.ticked)
		w->ledger.ticked = now;
}

/* Its children lose it: true whether its record came or not. A namespace's init takes all along. */
void ledger_leaves(struct world *w, const struct ref_life *dead, uint32_t status)
{
	struct ref_life *child;

	ref_each(&w->ref, child)
		if (w->faults && child->parent == dead && !dead->init)
			add_loss(&w->ledger.accounts[child - w->ref.lives], dead->id,
				 (struct ident){ 0 }, &status, w->now);
}

/*
 * Its record was made when it began to exit; what came of that was decided now. Who was to adopt
 * may have gone too in between.
 */
void ledger_left(struct world *w)
{
	struct ref_life *l;

	ref_each(&w->ref, l) {
		struct account *a = &w->ledger.accounts[l - w->ref.lives];
		struct loss *last = &a->losses[(a->nlosses - 1) % PARENTS_LOST];

		if (a->nlosses && l->parent && !ident_same(l->parent->id, last->adopter))
			last->unsure = true;
	}
}

void ledger_note_truth(struct world *w)
{
	struct ref_life *l;

	ref_each(&w->ref, l) {
		struct account *a = &w->ledger.accounts[l - w->ref.lives];

		if (l->state >= REF_EXITS && !a->truly_died)
			a->truly_died = w->now;
		if (l->state == REF_CORPSE && !a->stood)
			a->stood = w->now;
		if (l->state == REF_RELEASED && !a->truly_released)
			a->truly_released = w->now;
		if (l->parent && !ident_same(l->parent->id, a->true_parent)) {
			a->true_parent = l->parent->id;
			a->true_parent_since = w->now;
		}
	}
}
