// SPDX-License-Identifier: GPL-2.0-only
/* A death: with whom it counts, whether anybody must wait for it, who gets its children. */
#include <signal.h>

#include "engine/internal.h"

static void count_death(struct proc *p)
{
	if (!p->parent)
		return;
	if (p->counted) { /* it was found dead, and now its death is told */
		p->parent->found_dead -= p->parent->found_dead > 0; /* as far as it was known */
		return;
	}
	p->counted = true;
	p->parent->found_dead += !p->death_told;
	p->parent->children_died++;
	p->parent->orphans_died += p->adopted;
}

/* do_notify_parent(), kernel/signal.c: the parent does not want to know of it. */
static bool needs_no_wait(const struct proc *p, const struct event *exit)
{
	bool sigchld = !p->has_exit_signal || p->exit_signal == SIGCHLD ||
		       (p->parent && p->parent->exec_ts > p->id.start);

	return exit->facts.parent_autoreaps && sigchld && !p->traced;
}

/*
 * An exec may fail when the old program is gone already: then the kernel kills with SIGSEGV, and no
 * exec is told, though the count of them has grown.
 */
static bool died_in_exec(const struct proc *p, const struct event *ev)
{
	return ev->facts.exec_id == p->exec_id + 1 && (ev->exit.status & 0x7f) == SIGSEGV &&
	       ev->exit.killer_known && !ev->exit.killer.pid;
}

void death_heard(struct engine *e, struct proc *p, const struct event *ev)
{
	bool missed = facts_exec_missed(p, ev), fatal = missed && died_in_exec(p, ev);

	store_fetch_ties(p);
	life_introduce(e, p, ev);
	facts_classify(e, p, ev);
	if (fatal)
		facts_exec_begun(p);
	else if (missed)
		life_infer_exec(e, p, ev);
	p->letter = 'Z';
	p->status = ev->exit.status;
	p->has_status = true;
	p->died = p->dead_seen = ev->ts;
	p->death_told = true;
	p->auto_reaped = needs_no_wait(p, ev);
	p->auto_disputed = p->auto_reaped && !p->heir_autoreaps && p->parent &&
			   (ev->facts.have & HAVE_PARENT) &&
			   !ident_names(ev->facts.parent, p->parent->id);
	count_death(p);
	to_list(p, &e->dead);
	life_tell(e, CHANGE_EXIT, p, ev, false);
	family_orphan_children(e, p, ev);
}

void death_unheard(struct engine *e, struct proc *p, const struct event *ev)
{
	p->letter = 'Z';
	p->dead_seen = ev->ts;
	p->death_told = p->death_inferred = true;
	count_death(p);
	to_list(p, &e->dead);
	if (!p->stub)
		life_tell(e, CHANGE_EXIT, p, ev, true);
	family_orphan_children(e, p, ev);
}

void death_found(struct engine *e, struct proc *p, const struct event *ev)
{
	p->dead_seen = ev->ts;
	count_death(p);
	to_list(p, &e->dead);
	life_tell_birth(e, p, ev, false);
	family_orphan_children(e, p, ev);
}
