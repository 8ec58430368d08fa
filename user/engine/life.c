// SPDX-License-Identifier: GPL-2.0-only
/* The life of a process as a table: what happens in which state. */
#include <signal.h>

#include "engine/internal.h"

/* What can happen to a life. A sight is two: it is seen alive, or dead and uncollected. */
enum happening {
	H_FORK,
	H_EXEC,
	H_EXIT,
	H_FREE,
	H_ALIVE,
	H_CORPSE,
	H_MISSING,
	H_THREAD,
	H_CGROUP,
	HAPPENINGS
};

void life_tell(struct engine *e, enum change_kind kind, const struct proc *p,
	       const struct event *ev, bool inferred)
{
	struct change change = {
		.kind = kind, .ts = ev->ts, .p = p, .event = ev, .inferred = inferred
	};

	if (kind == CHANGE_EXIT && ev->kind == EVENT_EXIT && ev->exit.adopter.pid)
		change.u.exit.adopter = store_find(e, ev->exit.adopter);
	e->out.change(e->out.ctx, &change);
}

void life_tell_birth(struct engine *e, struct proc *p, const struct event *ev, bool inferred)
{
	p->introduced = true;
	life_tell(e, p->from_snapshot ? CHANGE_SNAPSHOT : CHANGE_FORK, p, ev, inferred);
	family_follow_children(e, p, ev);
}

void life_tell_again(struct engine *e, struct proc *p, const struct event *ev)
{
	life_tell_birth(e, p, ev, !p->from_snapshot);
	if (p->life != LIFE_RUNNING && p->death_told)
		life_tell(e, CHANGE_EXIT, p, ev, true);
}

static void settle(struct engine *e, struct proc *p, const struct event *ev)
{
	family_place(e, p, ev);
	facts_learn(e, p, ev);
}

static void follow_if_asked(struct engine *e, struct proc *p, const struct event *ev)
{
	size_t i;

	if (ev->facts.selected)
		family_follow(e, p, ev);

	for (i = 0; i < e->nfollowed; i++) {
		if (e->followed[i] != p->id.pid)
			continue;
		family_follow(e, p, ev);
		e->followed[i] =
			e->followed[--e->nfollowed]; /* the next one of that pid is another */
		return;
	}
}

/*
 * The first time a process is heard of, and not by its fork. It was there before tracing began, or
 * the source has left it out so far; else its birth was lost, and is told now.
 */
void life_introduce(struct engine *e, struct proc *p, const struct event *ev)
{
	bool first = e->was == LIFE_NONE || p->stub;

	p->stub = false;
	follow_if_asked(e, p, ev);
	settle(e, p, ev);
	if (!first)
		return;
	p->from_snapshot = !p->id.start || p->id.start < e->began;
	if (p->from_snapshot || e->config.partial) {
		family_follow_children(e, p, ev);
		return;
	}
	life_tell_birth(e, p, ev, true);
}

void life_infer_exec(struct engine *e, struct proc *p, const struct event *ev)
{
	facts_exec_unheard(p, ev);
	family_new_account(p);
	life_tell(e, CHANGE_EXEC, p, ev, true);
	e->out.ask(e->out.ctx, p->id, true);
}

/* A fork's image is its creator's: so it tells of a program whose exec was not heard of. */
static void creator_execed(struct engine *e, struct proc *creator, const struct event *ev)
{
	if (ev->ts < creator->heard)
		return;
	creator->heard = ev->ts;
	creator->exec_id = ev->facts.exec_id;
	life_infer_exec(e, creator, ev);
}

static void on_fork(struct engine *e, struct proc *p, const struct event *ev)
{
	struct proc *creator = store_find(e, ev->fork.creator);

	p->stub = false;
	follow_if_asked(e, p, ev);
	facts_inherit(p, creator, ev);
	if (creator && facts_exec_missed(creator, ev)) {
		creator_execed(e, creator, ev);
		e->out.ask(e->out.ctx, p->id, true);
	}
	if (creator && creator->followed)
		family_follow(e, p, ev);
	settle(e, p, ev);
	facts_classify(e, p, ev);
	life_tell_birth(e, p, ev, false);
}

/* Its fork is told after the process was found: only what the snapshot could not see is new. */
static void on_late_fork(struct engine *e, struct proc *p, const struct event *ev)
{
	if (p->stub) {
		on_fork(e, p, ev);
		return;
	}
	p->creator = ev->fork.creator;
}

static void on_exec(struct engine *e, struct proc *p, const struct event *ev)
{
	life_introduce(e, p, ev);
	facts_exec(e, p, ev);
	family_new_account(p);
	facts_classify(e, p, ev);
	life_tell(e, CHANGE_EXEC, p, ev, false);
}

void life_end_unheard(struct engine *e, struct proc *p, uint64_t ts)
{
	const struct event ev = { .kind = EVENT_MISSING, .ts = ts, .id = p->id };

	p->life = LIFE_DEAD;
	death_unheard(e, p, &ev);
}

static void found_corpse(struct engine *e, struct proc *p, const struct event *ev)
{
	life_introduce(e, p, ev);
	facts_sight(e, p, ev);
	p->status = ev->sight.status;
	p->has_status = ev->sight.has_status;
	facts_classify(e, p, ev);
	if (p->from_snapshot) {
		death_found(e, p, ev);
		return;
	}
	if (!p->introduced)
		life_tell_birth(e, p, ev, true);
	death_unheard(e, p, ev);
}

static void found_alive(struct engine *e, struct proc *p, const struct event *ev)
{
	life_introduce(e, p, ev);
	facts_sight(e, p, ev);
	facts_classify(e, p, ev);
	if (p->from_snapshot)
		life_tell_birth(e, p, ev, false);
	else if (!ev->sight.args.s)
		e->out.ask(e->out.ctx, p->id, true);
}

static void on_sight(struct engine *e, struct proc *p, const struct event *ev)
{
	bool missed = facts_exec_missed(p, ev);
	bool counted = (p->have & HAVE_EXEC_ID) || !(ev->facts.have & HAVE_EXEC_ID);

	if (p->stub) {
		found_alive(e, p, ev);
		return;
	}
	settle(e, p, ev);
	if (missed)
		life_infer_exec(e, p, ev);
	else if (!counted) /* its program was read before: from /proc, which does not count execs */
		e->out.ask(e->out.ctx, p->id, true);
	facts_sight(e, p, ev);
	facts_classify(e, p, ev);
	life_tell(e, CHANGE_SIGHT, p, ev, missed);
}

static void on_unheard_death(struct engine *e, struct proc *p, const struct event *ev)
{
	if (p->stub) {
		found_corpse(e, p, ev);
		return;
	}
	settle(e, p, ev);
	facts_sight(e, p, ev);
	p->status = ev->sight.status;
	p->has_status = ev->sight.has_status;
	death_unheard(e, p, ev);
}

/* The first picture found it dead, and now comes the record of that death. */
static void on_late_death(struct engine *e, struct proc *p, const struct event *ev)
{
	if (!p->death_told)
		death_heard(e, p, ev);
}

static void on_corpse(struct engine *e, struct proc *p, const struct event *ev)
{
	settle(e, p, ev);
	facts_sight(e, p, ev);
}

/* Not told under a parent that has lost it and counts as alive: that one is looked at first. */
static void on_confirmed(struct engine *e, struct proc *p, const struct event *ev)
{
	bool disputed = family_disputes(p, ev);

	on_corpse(e, p, ev);
	if (disputed) {
		p->life = LIFE_DOUBTED;
		to_doubted(e, p, ev->ts + ASK_AGAIN);
		return;
	}
	p->auto_reaped = false; /* or it would not lie there */
	to_list(p, &e->zombies);
	life_tell(e, CHANGE_ZOMBIE, p, ev, false);
}

/* Doubted, and seen in the middle of dying (a big core dump, a long exit): asked again later. */
static void on_still_dying(struct engine *e, struct proc *p, const struct event *ev)
{
	settle(e, p, ev);
	to_doubted(e, p, ev->ts + ASK_AGAIN);
}

/* Gone while it counts as running: two ends at once. */
static void on_vanished(struct engine *e, struct proc *p, const struct event *ev)
{
	death_unheard(e, p, ev);
	reap_tell(e, p, ev);
}

static void on_thread(struct engine *e, struct proc *p, const struct event *ev)
{
	life_tell(e, ev->kind == EVENT_THREAD_START ? CHANGE_THREAD_START : CHANGE_THREAD_EXIT, p,
		    ev, false);
}

static void on_cgroup(struct engine *e, struct proc *p, const struct event *ev)
{
	facts_learn(e, p, ev);
}

/*
 * The table. An empty cell: it means nothing there (a record that comes twice, or after its time).
 * A look that finds a running process dead or missing comes after all that was recorded before it:
 * so what it contradicts was lost.
 */
static const struct step {
	enum life next;
	void (*act)(struct engine *e, struct proc *p, const struct event *ev);
} table[LIVES][HAPPENINGS] = {
	[LIFE_NONE] = {
		[H_FORK]    = { LIFE_RUNNING, on_fork },
		[H_EXEC]    = { LIFE_RUNNING, on_exec },
		[H_EXIT]    = { LIFE_DEAD,    death_heard },
		[H_ALIVE]   = { LIFE_RUNNING, found_alive },
		[H_CORPSE]  = { LIFE_DEAD,    found_corpse },
	},
	[LIFE_RUNNING] = {
		[H_FORK]    = { LIFE_RUNNING, on_late_fork },
		[H_EXEC]    = { LIFE_RUNNING, on_exec },
		[H_EXIT]    = { LIFE_DEAD,    death_heard },
		[H_FREE]    = { LIFE_GONE,    on_vanished },
		[H_ALIVE]   = { LIFE_RUNNING, on_sight },
		[H_CORPSE]  = { LIFE_DEAD,    on_unheard_death },
		[H_MISSING] = { LIFE_GONE,    on_vanished },
		[H_THREAD]  = { LIFE_RUNNING, on_thread },
		[H_CGROUP]  = { LIFE_RUNNING, on_cgroup },
	},
	[LIFE_DEAD] = {
		[H_EXIT]    = { LIFE_DEAD,    on_late_death },
		[H_FREE]    = { LIFE_GONE,    reap_tell },
		[H_CORPSE]  = { LIFE_DEAD,    on_corpse },
		[H_MISSING] = { LIFE_GONE,    reap_tell },
		[H_THREAD]  = { LIFE_DEAD,    on_thread },
	},
	[LIFE_DOUBTED] = {
		[H_FREE]    = { LIFE_GONE,    reap_tell },
		[H_ALIVE]   = { LIFE_DOUBTED, on_still_dying },
		[H_CORPSE]  = { LIFE_ZOMBIE,  on_confirmed },
		[H_MISSING] = { LIFE_GONE,    reap_tell },
	},
	[LIFE_ZOMBIE] = {
		[H_FREE]    = { LIFE_GONE,    reap_tell },
		[H_CORPSE]  = { LIFE_ZOMBIE,  on_corpse },
		[H_MISSING] = { LIFE_GONE,    reap_tell },
	},
};

static enum happening happening_of(const struct event *ev)
{
	switch (ev->kind) {
	case EVENT_FORK:
		return H_FORK;
	case EVENT_EXEC:
		return H_EXEC;
	case EVENT_EXIT:
		return H_EXIT;
	case EVENT_FREE:
	case EVENT_REAP:
		return H_FREE;
	case EVENT_SIGHT:
		return ev->sight.dead ? H_CORPSE : H_ALIVE;
	case EVENT_MISSING:
		return H_MISSING;
	case EVENT_CGROUP:
		return H_CGROUP;
	default:
		return H_THREAD;
	}
}

/* Before it may change hands: link_to() carries it over then. */
static void count_zombies(struct proc *p, enum life was)
{
	if (p->parent)
		p->parent->zombies += (uint32_t)(p->life == LIFE_ZOMBIE) -
				      (uint32_t)(was == LIFE_ZOMBIE);
}

void life_apply(struct engine *e, struct proc *p, const struct event *ev)
{
	enum happening what = happening_of(ev);
	const struct step *step = &table[p ? p->life : LIFE_NONE][what];

	if (!step->act)
		return;
	if (!p && ev->kind == EVENT_SIGHT && family_full(e))
		return; /* a check does not bring back who had to go */
	if (!p) {
		p = family_add(e, ev->id, ev);
		p->audit = e->audit;
	}
	if (ev->ts > p->heard)
		p->heard = ev->ts;
	e->was = p->life;
	e->at_work = p;
	p->life = step->next;
	count_zombies(p, e->was);
	step->act(e, p, ev);
	if (step->next == LIFE_GONE)
		family_retire(e, p);
	e->at_work = NULL;
}

