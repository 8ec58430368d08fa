// SPDX-License-Identifier: GPL-2.0-only
/* What an event tells of a process, whatever happened to it; and the class that follows. */
#include <signal.h>

#include "engine/internal.h"

bool proc_is_manager(const struct proc *p)
{
	return p->ns_init || (p->subreaper && p->class == CLASS_DAEMON);
}

/*
 * Interactive: it has a controlling terminal. Daemon: it runs in a session without one, detached
 * from whoever started it: adopted, or started by an init or a service manager. Batch: neither.
 */
static enum class class_of(const struct proc *p)
{
	if (p->kthread)
		return CLASS_KERNEL;
	if (!(p->have & HAVE_SESSION) || !(p->have & HAVE_BITS))
		return CLASS_UNKNOWN;
	if (p->tty)
		return CLASS_INTERACTIVE;
	if (p->adopted || (p->ns_init && p->id.pid == 1) ||
	    (p->parent && proc_is_manager(p->parent)))
		return CLASS_DAEMON;
	return CLASS_BATCH;
}

static void tell_class(struct engine *e, struct proc *p, const struct event *ev, enum class is)
{
	const struct change change = { .kind = CHANGE_CLASS, .ts = ev->ts, .p = p, .event = ev,
				       .u.old_class = p->class };

	p->class = is;
	e->out.change(e->out.ctx, &change);
}

void facts_classify(struct engine *e, struct proc *p, const struct event *ev)
{
	enum class was = p->class, is = class_of(p);

	if (is != was)
		tell_class(e, p, ev, is);
}

static void tell_session(struct engine *e, const struct proc *p, const struct event *ev,
			 uint32_t old_sid, uint32_t old_tty)
{
	const struct change change = { .kind = CHANGE_SESSION, .ts = ev->ts, .p = p, .event = ev,
				       .u.session = { old_sid, old_tty } };

	e->out.change(e->out.ctx, &change);
}

/*
 * At a death a terminal that is gone tells nothing: the session's leader has died first, and took
 * it from everybody (disassociate_ctty(), drivers/tty/tty_jobctrl.c).
 */
static void learn_session(struct engine *e, struct proc *p, const struct event *ev)
{
	const struct facts *f = &ev->facts;
	bool known = p->have & HAVE_SESSION;
	uint32_t sid = p->sid, tty = p->tty;

	if (known && ev->kind == EVENT_EXIT && sid == f->sid)
		return;
	p->sid = f->sid;
	p->pgid = f->pgid;
	p->tty = f->tty;
	if (known && (sid != f->sid || tty != f->tty) && e->was == LIFE_RUNNING)
		tell_session(e, p, ev, sid, tty);
}

enum sigchld sigchld_of(const struct facts *f)
{
	if (!(f->have & HAVE_PARENT_SIGNALS))
		return SIGCHLD_UNKNOWN;
	return f->parent_autoreaps ? SIGCHLD_AUTOREAPS :
	       f->parent_catches   ? SIGCHLD_CAUGHT :
				     SIGCHLD_DEFAULT;
}

/* What is older than the last word on it is news only of what is not known at all. */
static void learn_parent(struct proc *parent, const struct event *ev)
{
	const struct facts *f = &ev->facts;
	bool old = ev->ts < parent->heard;

	if ((f->have & HAVE_PARENT_BITS) && !old)
		parent->subreaper = f->parent_subreaper;
	if (!(f->have & HAVE_PARENT_SIGNALS) || (old && parent->sigchld))
		return;
	parent->in_wait = f->parent_waits;
	parent->sigchld = sigchld_of(f);
}

static bool is_new_image(const struct proc *p, const struct event *ev)
{
	return (p->have & HAVE_EXEC_ID) && (ev->facts.have & HAVE_EXEC_ID) &&
	       p->exec_id != ev->facts.exec_id;
}

/*
 * A look may come upon an exec in its middle: the kernel has counted it and has not told of it yet
 * (begin_new_exec() and exec_binprm(), fs/exec.c). Only what a second look sees was missed.
 */
bool facts_exec_missed(const struct proc *p, const struct event *ev)
{
	return is_new_image(p, ev) &&
	       (ev->kind != EVENT_SIGHT || p->exec_doubt == ev->facts.exec_id);
}

static void learn_exec_id(struct proc *p, const struct event *ev)
{
	if (is_new_image(p, ev) && ev->kind == EVENT_SIGHT && !facts_exec_missed(p, ev))
		p->exec_doubt = ev->facts.exec_id;
	else if (ev->facts.have & HAVE_EXEC_ID)
		p->exec_id = ev->facts.exec_id;
}

/* Where it is may be known by number only; then it is not where it was. */
static void learn_cgroup(struct proc *p, const struct facts *f)
{
	if (f->cgroup_path.s)
		text_set(&p->cgroup_path, f->cgroup_path.s, f->cgroup_path.len);
	else if (f->cgroup != p->cgroup)
		text_share(&p->cgroup_path, NULL);
	p->cgroup = f->cgroup;
}

void facts_learn(struct engine *e, struct proc *p, const struct event *ev)
{
	const struct facts *f = &ev->facts;

	if (f->have & HAVE_BITS) {
		p->kthread = f->kthread;
		p->ns_init = f->ns_init;
		p->traced = f->traced;
	}
	if (f->have & HAVE_SUBREAPER)
		p->subreaper = f->subreaper;
	if (f->have & HAVE_SESSION)
		learn_session(e, p, ev);
	if (f->have & HAVE_USER)
		p->uid = f->uid;
	if (f->have & HAVE_NSPID)
		p->nspid = f->nspid;
	if (f->have & HAVE_CGROUP)
		learn_cgroup(p, f);
	learn_exec_id(p, ev);
	if (f->have & HAVE_COMM)
		memcpy(p->comm, f->comm, COMM_LEN);
	p->have |= f->have & ~(uint32_t)(HAVE_PARENT | HAVE_PARENT_BITS | HAVE_PARENT_SIGNALS);
	if ((f->have & HAVE_PARENT) && p->parent && ident_names(f->parent, p->parent->id))
		learn_parent(p->parent, ev);
}

/*
 * A slice that is known replaces what was; one that is not known leaves nothing that may be stale.
 */
static void replace(struct text **slot, struct slice slice)
{
	if (slice.s) {
		text_set(slot, slice.s, slice.len);
	} else {
		text_put(*slot);
		*slot = NULL;
	}
}

/* Whatever it was cloned with, the exit signal is SIGCHLD from now on: de_thread(), fs/exec.c */
void facts_exec_begun(struct proc *p)
{
	p->exit_signal = SIGCHLD;
	p->has_exit_signal = true;
}

static void executed(struct proc *p, const struct event *ev)
{
	p->execed = true;
	p->exec_ts = ev->ts;
	facts_exec_begun(p);
}

/* It is another program now, and no more is known of it than what a look will tell. */
void facts_exec_unheard(struct proc *p, const struct event *ev)
{
	const struct slice unknown = { 0 };

	replace(&p->args, unknown);
	replace(&p->exe, unknown);
	p->args_bytes = 0;
	p->args_cut = false;
	p->argc = -1;
	executed(p, ev);
}

/* Of the few programs that run again and again, and of where they run, a path is kept once. */
static void set_path(struct engine *e, struct text **slot, struct slice path)
{
	struct text **kept;

	if (text_is(*slot, path.s, path.len))
		return;
	if (!path.s) {
		replace(slot, path);
		return;
	}
	kept = &e->paths[text_hash(path.s, path.len) % PATHS];
	text_set(kept, path.s, path.len);
	text_share(slot, *kept);
}

void facts_exec(struct engine *e, struct proc *p, const struct event *ev)
{
	replace(&p->args, ev->exec.args);
	set_path(e, &p->exe, ev->exec.exe);
	set_path(e, &p->cwd, ev->exec.cwd);
	p->args_bytes = ev->exec.args_bytes;
	p->args_cut = ev->exec.args_cut;
	p->argc = ev->exec.argc;
	p->euid = ev->exec.euid;
	p->has_euid = true;
	p->letter = 0; /* what a look saw it do is over */
	executed(p, ev);
}

static void learn_doing(struct proc *p, const struct doing *seen)
{
	static const struct doing nothing;

	if (!p->doing && !memcmp(seen, &nothing, sizeof(nothing)))
		return;
	if (!p->doing)
		p->doing = xmalloc(sizeof(*p->doing));
	*p->doing = *seen;
}

void facts_sight(struct engine *e, struct proc *p, const struct event *ev)
{
	const struct sight_facts *s = &ev->sight;

	if (s->letter) {
		p->letter = s->letter;
		p->threads = s->threads;
		p->locked = s->locked;
		learn_doing(p, &s->doing);
		p->tracer = s->tracer;
		p->traced = s->tracer.pid != 0;
	}
	if (s->dead && s->has_status && !p->has_status) { /* its end was not heard of */
		p->status = s->status;
		p->has_status = true;
	}
	if (s->has_accounts) {
		p->children_died = s->children_died;
		p->children_reaped = s->children_reaped;
		p->orphans_died = s->orphans_died;
		p->orphans_reaped = s->orphans_reaped;
		p->reaped_late = s->reaped_late;
		p->found_dead = s->found_dead;
	}
	if (s->has_nice) {
		p->nice = (int8_t)s->nice;
		p->has_nice = true;
	}
	if (s->has_exit_signal) {
		p->exit_signal = (int8_t)s->exit_signal;
		p->has_exit_signal = true;
	}
	if (s->has_euid) {
		p->euid = s->euid;
		p->has_euid = true;
	}
	if (s->args.s) {
		text_set(&p->args, s->args.s, s->args.len);
		p->args_bytes = s->args_bytes;
		p->args_cut = s->args_cut;
		p->argc = s->argc;
	}
	if (s->exe.s)
		set_path(e, &p->exe, s->exe);
	if (s->cwd.s)
		set_path(e, &p->cwd, s->cwd);
}

/*
 * A fork's image is its creator's, until it becomes another program; but not the one that is known
 * of the creator, if an exec of that one was missed.
 */
void facts_inherit(struct proc *child, const struct proc *creator, const struct event *ev)
{
	child->creator = ev->fork.creator;
	child->exit_signal = (int8_t)ev->fork.exit_signal;
	child->has_exit_signal = true;
	child->threads = 1;
	if (!creator)
		return;
	memcpy(child->creator_comm, creator->comm, COMM_LEN);
	text_share(&child->cwd, creator->cwd);
	if (!child->cgroup_path && (child->cgroup == creator->cgroup ||
				    text_is(creator->cgroup_path, ev->facts.cgroup_path.s,
					    ev->facts.cgroup_path.len)))
		text_share(&child->cgroup_path, creator->cgroup_path);
	if (facts_exec_missed(creator, ev))
		return;
	text_share(&child->args, creator->args);
	text_share(&child->exe, creator->exe);
	child->args_bytes = creator->args_bytes;
	child->args_cut = creator->args_cut;
	child->argc = creator->argc;
	child->euid = creator->euid;
	child->has_euid = creator->has_euid;
}
