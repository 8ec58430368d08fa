// SPDX-License-Identifier: GPL-2.0-only
#include "diagnose/cause.h"

#include <inttypes.h>
#include <signal.h>
#include <stdio.h>

#include "base/clock.h"

#define MANY 3 /* deaths in a row without a wait are no mere lateness */
#define NAMES_TRIED 256 /* of a parent's children, which may be very many */

/* The zombie, who must wait for it (NULL: not known), and what can be shown. */
struct inquiry {
	const struct proc *p, *parent;
	struct finding *f;
	struct evidence *e;
};

static bool has(const struct inquiry *q, enum cause c)
{
	return q->f->u.zombie.cause == c || q->f->u.zombie.also & 1u << c;
}

/* A wait that it does make, for any child, would not take this one yet. */
static bool is_held(const struct inquiry *q)
{
	return has(q, CAUSE_TRACED) || has(q, CAUSE_CLONE_CHILD);
}

/* Does the process itself show why a usual wait does not take it? */

static bool is_traced(struct inquiry *q)
{
	const struct proc *p = q->p;

	if (!p->traced || !p->tracer.pid || (p->parent && ident_names(p->tracer, p->parent->id)))
		return false;
	evidence_add(q->e, "pid %u traces it (ptrace) and must collect it first", p->tracer.pid);
	return true;
}

static bool is_clone_child(struct inquiry *q)
{
	if (!q->p->has_exit_signal || q->p->exit_signal == SIGCHLD)
		return false;
	evidence_add(q->e, "its exit signal is %d, not SIGCHLD: only a wait with __WALL or "
			   "__WCLONE sees it", q->p->exit_signal);
	return true;
}

/* Is the parent in a state to wait at all? */

/*
 * The freezers of control groups, v2 and v1: a frozen task shows as S or D. do_freezer_trap() may be
 * part of get_signal(), where nobody sleeps otherwise but in T or t.
 */
static bool is_frozen(const struct proc *parent)
{
	const char *where = proc_doing(parent)->where;

	return !strcmp(where, "do_freezer_trap") || !strcmp(where, "__refrigerator") ||
	       (parent->letter == 'S' && !strcmp(where, "get_signal"));
}

static bool parent_stopped(struct inquiry *q)
{
	const struct proc *parent = q->parent;
	const struct doing *d = proc_doing(parent);
	char letter = parent->letter;

	if (is_frozen(parent))
		evidence_add(q->e, "the parent is in state %c (frozen with its control group, in "
				   "%s)", letter, d->where);
	else if (letter == 'T')
		evidence_add(q->e, "the parent is in state T (stopped)");
	else if (letter == 't' && parent->tracer.pid)
		evidence_add(q->e, "the parent is in state t (stopped by its tracer, pid %u)",
			     parent->tracer.pid);
	else if (letter == 't')
		evidence_add(q->e, "the parent is in state t (stopped by its tracer)");
	else if (letter == 'D')
		evidence_add(q->e, "the parent is in state D (uninterruptible sleep%s%s)",
			     *d->where ? " in " : "", d->where);
	else
		return false;
	return true;
}

/* Did somebody else start it, so that its parent only has it for want of another? */

enum origin { ORIGIN_OWN, ORIGIN_UNKNOWN, ORIGIN_OTHER };

/*
 * Of one that was there before, nobody saw the fork. But a session comes from the parent, unless
 * one makes it and leads it.
 */
static enum origin origin_of(const struct inquiry *q)
{
	const struct proc *p = q->p;

	if (p->adopted || p->inherited)
		return ORIGIN_OTHER;
	if (p->creator.pid)
		return ORIGIN_OWN;
	if ((p->have & q->parent->have & HAVE_SESSION) && p->sid != q->parent->sid &&
	    p->sid != p->id.pid)
		return ORIGIN_OTHER;
	return ORIGIN_UNKNOWN;
}

static void about_origin(struct inquiry *q, const char *role)
{
	const struct proc *p = q->p;

	if (p->adopted || p->inherited)
		evidence_add(q->e, "%s and adopted this child", role);
	else if (origin_of(q) == ORIGIN_OTHER)
		evidence_add(q->e, "%s; the child is of another session (%u) that it does not "
				   "lead: somebody else started it", role, p->sid);
	else
		evidence_add(q->e, "%s; whether it started or adopted this child is not known",
			     role);
}

static bool has_collected(const struct proc *parent)
{
	return parent->children_reaped || proc_doing(parent)->cminflt;
}

/* Of its children; the others that died were dead when they were first seen. */
static uint32_t seen_to_die(const struct proc *parent)
{
	return parent->children_died > parent->found_dead ?
	       parent->children_died - parent->found_dead : 0;
}

static bool init_does_not_reap(struct inquiry *q)
{
	const struct proc *parent = q->parent;
	bool of_machine = parent->id.pid == 1;

	if (!parent->ns_init || origin_of(q) == ORIGIN_OWN || parent->orphans_reaped ||
	    (of_machine && has_collected(parent)))
		return false;
	about_origin(q, of_machine ? "it is the machine's init" :
				     "it is the init of its pid namespace");
	return true;
}

static bool subreaper_does_not_reap(struct inquiry *q)
{
	const struct proc *parent = q->parent;

	if (!parent->subreaper || parent->ns_init || origin_of(q) != ORIGIN_OTHER ||
	    parent->orphans_reaped)
		return false;
	about_origin(q, "it is a subreaper (PR_SET_CHILD_SUBREAPER)");
	return true;
}

static bool is_no_reaper(const struct inquiry *q)
{
	return has(q, CAUSE_INIT_DOES_NOT_REAP) || has(q, CAUSE_SUBREAPER_DOES_NOT_REAP);
}

/* What are the parent's ways? */

/* By the pid that the parent itself has for it. */
static const struct proc *child_of(const struct proc *parent, int32_t pid)
{
	bool of_machine = !parent->nspid || parent->nspid == parent->id.pid;
	struct list *pos;
	int tried = 0;

	for (pos = parent->children.prev; pos != &parent->children && tried++ < NAMES_TRIED;
	     pos = pos->prev) {
		const struct proc *child = list_entry(pos, struct proc, sibling);

		if ((int32_t)(of_machine ? child->id.pid : child->nspid) == pid)
			return child;
	}
	return NULL;
}

static bool waits_for_another(struct inquiry *q)
{
	const struct doing *d = proc_doing(q->parent);
	const struct proc *child;

	if (!q->parent->in_wait)
		return false;
	if (!d->has_wait) {
		evidence_add(q->e, "it sleeps in a wait call that does not take this child");
		return !is_held(q);
	}
	if (d->wait_for == -1) {
		evidence_add(q->e, "it sleeps in a wait call for any child%s", is_held(q) ? "" :
			     " of another kind or thread (__WCLONE, __WNOTHREAD)");
		return !is_held(q);
	}
	if (d->wait_for <= 0) {
		evidence_add(q->e, "it sleeps in a wait call for process group %lld alone",
			     d->wait_for ? -(long long)d->wait_for : (long long)q->parent->pgid);
		return true;
	}
	child = child_of(q->parent, d->wait_for);
	if (child == q->p) {
		evidence_add(q->e, "it sleeps in a wait call for this child");
		return false;
	}
	evidence_add(q->e, "it sleeps in a wait call for pid %d alone%s%.*s%s", d->wait_for,
		     child ? " (" : "", child ? COMM_LEN : 0, child ? child->comm : "",
		     !child ? "" : child->life == LIFE_RUNNING ? ", which runs)" : ", which is dead)");
	return true;
}

/* Of an init or a subreaper that collects no orphans, this says something of its own children. */
static bool never_waits(struct inquiry *q)
{
	const struct proc *parent = q->parent;

	/* of what was before it was watched, its account does not say which program it was then */
	if (parent->children_reaped ||
	    (proc_doing(parent)->cminflt &&
	     (parent->id.pid == 1 || seen_to_die(parent) < MANY)))
		return false;
	if (is_no_reaper(q))
		return parent->children_died > parent->orphans_died;
	if (is_held(q))
		return parent->children_died > 1; /* there were others */
	return parent->children_died || parent->sigchld == SIGCHLD_DEFAULT;
}

/*
 * A wait for any child takes the first in the parent's list (do_wait(), kernel/exit.c), and what
 * was born first is first in it, what was adopted stands where it came. So what was born and died
 * later, and is collected, was waited for by its name.
 */
static bool passed_over(const struct inquiry *q)
{
	const struct proc *p = q->p, *parent = q->parent;
	uint64_t listed = origin_of(q) == ORIGIN_OWN ? p->id.start : p->dead_seen;
	bool known = p->died || (p->from_snapshot && !p->death_told); /* that it died before */

	return known && parent->last_reaped_died > p->died && parent->last_reaped.start > listed;
}

static bool forgets_some(struct inquiry *q)
{
	if (!passed_over(q))
		return false;
	evidence_add(q->e, "it has collected pid %u, which was born and died after this one: it "
			   "waits for some by their pid", q->parent->last_reaped.pid);
	return true;
}

/* In sigwait the signal is let through, and no mask shows that it is not ignored. */
static bool is_in_sigwait(const struct proc *parent)
{
	return !strcmp(proc_doing(parent)->where, "do_sigtimedwait");
}

/*
 * A handler that was called, or a signal that was fetched, and a wait for less than all. Of one that
 * was dead before it was watched, its parent's account tells that it waits.
 */
static bool misses_signals(struct inquiry *q)
{
	const struct proc *parent = q->parent;
	bool waits = q->p->died ? parent->children_reaped : has_collected(parent);

	if (!waits || proc_doing(parent)->sigchld_pending)
		return false;
	if (parent->sigchld != SIGCHLD_CAUGHT && !proc_doing(parent)->sigchld_blocked &&
	    !is_in_sigwait(parent))
		return false;
	if (passed_over(q) && parent->threads <= 1)
		return false;
	if (proc_doing(parent)->known)
		evidence_add(q->e, "no SIGCHLD is pending there: it took the signal and left this "
				   "child");
	return true;
}

static bool waits_late(struct inquiry *q)
{
	const struct proc *p = q->p, *parent = q->parent;
	uint64_t then = parent->last_reaped_died;

	if (!has_collected(parent) || passed_over(q))
		return false;
	if (then > p->died && has(q, CAUSE_MISSES_SIGNALS))
		return false; /* it has waited since */
	if (then && p->died)
		evidence_add(q->e, "the last to die of those that it collected died %.3f s %s this "
				   "one",
			     (double)(then > p->died ? then - p->died : p->died - then) / NS_PER_S,
			     then > p->died ? "after" : "before");
	return true;
}

static const struct {
	const char *name;
	bool (*fits)(struct inquiry *q); /* and adds its evidence */
} causes[CAUSES] = {
	[CAUSE_UNKNOWN] = { "unknown", NULL },
	[CAUSE_TRACED] = { "traced", is_traced },
	[CAUSE_CLONE_CHILD] = { "clone_child", is_clone_child },
	[CAUSE_PARENT_STOPPED] = { "parent_stopped", parent_stopped },
	[CAUSE_INIT_DOES_NOT_REAP] = { "init_does_not_reap", init_does_not_reap },
	[CAUSE_SUBREAPER_DOES_NOT_REAP] = { "subreaper_does_not_reap", subreaper_does_not_reap },
	[CAUSE_WAITS_FOR_ANOTHER] = { "waits_for_another", waits_for_another },
	[CAUSE_NEVER_WAITS] = { "never_waits", never_waits },
	[CAUSE_FORGETS_SOME] = { "forgets_some", forgets_some },
	[CAUSE_MISSES_SIGNALS] = { "misses_signals", misses_signals },
	[CAUSE_WAITS_LATE] = { "waits_late", waits_late },
};

const char *cause_name(enum cause cause)
{
	return causes[cause].name;
}

static void about_signal(struct inquiry *q)
{
	static const char *const words[] = {
		[SIGCHLD_DEFAULT] = "SIGCHLD is at its default there",
		[SIGCHLD_CAUGHT] = "it has a handler for SIGCHLD",
		[SIGCHLD_AUTOREAPS] = "it ignores SIGCHLD now, but did not when the child died",
	};
	const struct proc *parent = q->parent;

	if (parent->sigchld != SIGCHLD_UNKNOWN)
		evidence_add(q->e, "%s%s", words[parent->sigchld],
			     proc_doing(parent)->sigchld_blocked ? ", and blocked" :
			     is_in_sigwait(parent)	   ? ", and it sleeps in sigwait" : "");
	if (proc_doing(parent)->sigchld_pending)
		evidence_add(q->e, "a SIGCHLD is pending there that it has not taken");
}

/* How often it waited, against how many deaths. */
static void about_children(struct inquiry *q)
{
	const struct proc *parent = q->parent;
	uint32_t seen = seen_to_die(parent);
	char late[48] = "";

	if (parent->reaped_late)
		snprintf(late, sizeof(late), ", %u of them as zombies", parent->reaped_late);
	if (seen || parent->children_reaped) /* else all were dead before it was watched */
		evidence_add(q->e, "of %u %s %s it has collected %u%s", parent->children_died,
			     parent->children_died == 1 ? "child" : "children",
			     !parent->found_dead ? "seen to die" :
			     seen ? "seen to die or found dead" : "found dead",
			     parent->children_reaped, late);
	if (parent->orphans_died && parent->orphans_died < parent->children_died)
		evidence_add(q->e, "%u of these %s that it had adopted, of which it has collected "
				   "%u", parent->orphans_died,
			     parent->orphans_died == 1 ? "was an orphan" : "were orphans",
			     parent->orphans_reaped);
	if (!proc_doing(parent)->known || parent->children_reaped)
		return;
	if (proc_doing(parent)->cminflt)
		evidence_add(q->e, "before, it or a program that it was did collect some: cminflt in "
				   "/proc/%u/stat is %" PRIu64, parent->id.pid,
			     proc_doing(parent)->cminflt);
	else
		evidence_add(q->e, "it has never collected one: cminflt in /proc/%u/stat is 0",
			     parent->id.pid);
}

/* Those that are asked, in the order of precedence. */
static void ask(struct inquiry *q, enum cause from, enum cause to)
{
	struct finding *f = q->f;
	enum cause c;

	for (c = from; c <= to; c++) {
		if (!causes[c].fits(q))
			continue;
		if (f->u.zombie.cause == CAUSE_UNKNOWN)
			f->u.zombie.cause = c;
		else
			f->u.zombie.also |= 1u << c;
	}
}

void diagnose_zombie(struct finding *f)
{
	struct inquiry q = { f->p, f->u.zombie.responsible, f, &f->evidence };
	bool held;

	f->u.zombie.cause = CAUSE_UNKNOWN;
	f->u.zombie.also = 0;
	ask(&q, CAUSE_TRACED, CAUSE_CLONE_CHILD);
	if (!q.parent || q.parent->stub)
		return;
	held = is_held(&q);
	ask(&q, CAUSE_PARENT_STOPPED, CAUSE_PARENT_STOPPED);
	about_signal(&q);
	about_children(&q);
	if (has(&q, CAUSE_PARENT_STOPPED))
		return; /* whatever its ways are, they do not show now */
	if (!held)
		ask(&q, CAUSE_INIT_DOES_NOT_REAP, CAUSE_SUBREAPER_DOES_NOT_REAP);
	ask(&q, CAUSE_WAITS_FOR_ANOTHER, CAUSE_WAITS_FOR_ANOTHER);
	if (has(&q, CAUSE_WAITS_FOR_ANOTHER))
		return;
	ask(&q, CAUSE_NEVER_WAITS, held || is_no_reaper(&q) ? CAUSE_NEVER_WAITS : CAUSES - 1);
}
