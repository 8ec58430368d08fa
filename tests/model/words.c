// SPDX-License-Identifier: GPL-2.0-only
/* A story in words: what was done, which records came of it, and what the engine said to them. */
#include "words.h"

static const char *const op_names[] = {
#define OP_NAME(name) #name,
	OPS(OP_NAME)
};

static const char *const events[] = {
	[EVENT_FORK] = "fork",		[EVENT_EXEC] = "exec",
	[EVENT_EXIT] = "exit",		[EVENT_FREE] = "free",
	[EVENT_THREAD_START] = "thread starts", [EVENT_THREAD_EXIT] = "thread ends",
	[EVENT_SIGHT] = "sight",	[EVENT_MISSING] = "missing",
	[EVENT_CGROUP] = "cgroup",	[EVENT_REAP] = "reap",
};

static const char *const changes[] = {
	[CHANGE_SNAPSHOT] = "snapshot", [CHANGE_FORK] = "fork",	      [CHANGE_EXEC] = "exec",
	[CHANGE_SESSION] = "session",	[CHANGE_EXIT] = "exit",	      [CHANGE_ORPHAN] = "orphan",
	[CHANGE_SIGHT] = "sight",	[CHANGE_CLASS] = "class",     [CHANGE_ZOMBIE] = "zombie",
	[CHANGE_REAP] = "reap",		[CHANGE_THREAD_START] = "thread starts",
	[CHANGE_THREAD_EXIT] = "thread ends",
};

void words_op(struct world *w, const struct op *op)
{
	static const char *const faults[] = { "", ", its record is lost", ", its record comes twice" };

	buf_printf(w->story, "%.6f  %s life %u, ", (double)(w->now + op->dt - BEGINNING) / NS_PER_S,
		   op_names[op->kind], op->who);
	if (op->kind == OP_FORK)
		buf_printf(w->story, "makes life %u, pid %u, ", op->n, op->with);
	else
		buf_printf(w->story, "with %u, ", op->with);
	buf_printf(w->story, "%#x%s\n", op->arg, faults[op->fault]);
}

void words_event(struct world *w, const struct event *ev)
{
	buf_printf(w->story, "            %s of %u", events[ev->kind], ev->id.pid);
	if (ev->facts.have & HAVE_PARENT)
		buf_printf(w->story, ", its parent is %u", ev->facts.parent.pid);
	if (ev->kind == EVENT_EXIT)
		buf_printf(w->story, ", %u adopts%s, status %#x", ev->exit.adopter.pid,
			   ev->exit.childless ? " nobody" : "", ev->exit.status);
	if (ev->kind == EVENT_SIGHT)
		buf_printf(w->story, ", %s", ev->sight.dead ? "dead" : "alive");
	buf_printf(w->story, " at %.6f\n", ((double)ev->ts - BEGINNING) / NS_PER_S);
}

void words_change(struct world *w, const struct change *c)
{
	if (c->kind == CHANGE_SIGHT)
		return;
	buf_printf(w->story, "                -> %s%s of %u", c->inferred ? "inferred " : "",
		   changes[c->kind], c->p->id.pid);
	if (c->kind == CHANGE_ORPHAN)
		buf_printf(w->story, ", %u died", c->u.orphan.parent->id.pid);
	if (c->kind == CHANGE_REAP)
		buf_printf(w->story, " by %u", c->u.reap.reaper.pid);
	buf_printf(w->story, ", parent %u\n", c->p->parent ? c->p->parent->id.pid : 0);
}

void words_finding(struct world *w, const struct finding *f)
{
	const char *name = f->kind == FINDING_ORPHAN ? "orphan" :
			   f->kind == FINDING_ZOMBIE ? "zombie" :
			   f->kind == FINDING_DAEMON ? "daemon" : "cleared";

	buf_printf(w->story, "                => %s %u\n", name, f->p->id.pid);
}
