// SPDX-License-Identifier: GPL-2.0-only
#include "diagnose/cause.h"

#include <signal.h>

static const char *about_child(const struct proc *p, struct evidence *e)
{
	if (p->traced && p->tracer.pid && !(p->parent && ident_names(p->tracer, p->parent->id))) {
		evidence_add(e, "pid %u traces it (ptrace) and must collect it first",
			     p->tracer.pid);
		return "traced";
	}
	if (p->has_exit_signal && p->exit_signal != SIGCHLD) {
		evidence_add(e, "its exit signal is %d, not SIGCHLD: only a wait with __WALL or "
				"__WCLONE sees it", p->exit_signal);
		return "clone_child";
	}
	return NULL;
}

static const char *about_state(const struct proc *parent, struct evidence *e)
{
	if (parent->letter != 'T' && parent->letter != 't' && parent->letter != 'D')
		return NULL;
	evidence_add(e, "the parent is in state %c (%s)", parent->letter,
		     parent->letter == 'D' ? "uninterruptible sleep" :
		     parent->letter == 'T' ? "stopped" :
					     "stopped by its tracer");
	return "parent_stopped";
}

static void about_signal(const struct proc *parent, struct evidence *e)
{
	static const char *const words[] = {
		[SIGCHLD_DEFAULT] = "SIGCHLD is at its default there",
		[SIGCHLD_CAUGHT] = "it has a handler for SIGCHLD",
		[SIGCHLD_AUTOREAPS] = "it ignores SIGCHLD now, but did not when the child died",
	};

	if (parent->sigchld != SIGCHLD_UNKNOWN)
		evidence_add(e, "%s", words[parent->sigchld]);
}

static const char *about_waiting(const struct proc *p, const struct proc *parent,
				 struct evidence *e)
{
	uint32_t died = parent->children_died, reaped = parent->children_reaped;

	if (died)
		evidence_add(e, "of %u children seen to die it has collected %u", died, reaped);
	if (parent->in_wait) {
		evidence_add(e, "it sleeps in a wait call that does not take this child");
		return "waits_for_another";
	}
	if (p->adopted && parent->ns_init)
		return "init_does_not_reap";
	if (p->adopted && parent->subreaper)
		return "subreaper_does_not_reap";
	if (parent->sigchld == SIGCHLD_CAUGHT && reaped)
		return "misses_signals";
	if (!reaped && (died || parent->sigchld == SIGCHLD_DEFAULT))
		return "never_waits";
	return "unknown";
}

void diagnose_zombie(struct finding *f)
{
	const struct proc *p = f->p, *parent = f->u.zombie.responsible;
	const char *cause = about_child(p, &f->evidence);

	if (!parent || parent->stub) {
		f->u.zombie.cause = cause ? cause : "unknown";
		return;
	}
	if (!cause)
		cause = about_state(parent, &f->evidence);
	about_signal(parent, &f->evidence);
	if (!cause)
		cause = about_waiting(p, parent, &f->evidence);
	f->u.zombie.cause = cause;
}
