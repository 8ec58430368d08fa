// SPDX-License-Identifier: GPL-2.0-only
#include "reference.h"

#include <signal.h>
#include <stddef.h>

struct ref_life *ref_nth(struct ref *r, uint32_t n)
{
	struct ref_life *l;

	ref_each(r, l)
		if (l->n == n)
			return l;
	return NULL;
}

struct ref_life *ref_by_id(struct ref *r, struct ident id)
{
	struct ref_life *l;

	ref_each(r, l)
		if (ident_same(l->id, id))
			return l;
	return NULL;
}

struct ref_life *ref_by_pid(struct ref *r, uint32_t pid)
{
	struct ref_life *l;

	ref_each(r, l)
		if (l->id.pid == pid && ref_is_there(l))
			return l;
	return NULL;
}

/*
 * A number stays in use while a session or a group has it. And no machine is so fast that it comes
 * to the same number again within the clock tick in which /proc tells starts.
 */
bool ref_pid_is_free(struct ref *r, uint32_t pid, uint64_t now)
{
	struct ref_life *l;

	if (!pid || pid > REF_PIDS)
		return false;
	ref_each(r, l)
		if (ref_is_there(l) && (l->id.pid == pid || l->sid == pid || l->pgid == pid))
			return false;
	return !r->last_start[pid] || now > r->last_start[pid] + 2 * START_TICK;
}

static struct ref_life *unused(struct ref *r)
{
	struct ref_life *l;

	for (l = r->lives; l < r->lives + r->end; l++)
		if (!l->state)
			return l;
	return r->end < REF_LIVES ? &r->lives[r->end++] : NULL;
}

static struct ref_space *new_space(struct ref *r, uint32_t above)
{
	struct ref_space *s;

	if (r->spaces[above].depth == REF_DEPTH)
		return NULL;
	for (s = r->spaces; s < r->spaces + REF_SPACES; s++) {
		if (s->used)
			continue;
		*s = (struct ref_space){
			.used = true, .above = above, .depth = r->spaces[above].depth + 1,
		};
		return s;
	}
	return NULL;
}

static bool is_in(const struct ref *r, const struct ref_life *l, uint32_t space)
{
	uint32_t at = l->space;

	while (at != space && at)
		at = r->spaces[at].above;
	return at == space;
}

/* copy_process(), kernel/fork.c */
struct ref_life *ref_fork(struct ref *r, struct ref_life *caller, const struct ref_fork *f)
{
	const struct ref_space *space = &r->spaces[f->space];
	struct ref_life *l = unused(r);
	struct ref_space *made = NULL;

	if (!l || !ref_pid_is_free(r, f->pid, f->now) || caller->state != REF_RUNS)
		return NULL;
	if (caller->kthread && (f->new_space || f->space || f->clone_parent))
		return NULL;
	if (f->clone_parent && (caller->init || !caller->parent))
		return NULL;
	/* left out: a CLONE_PARENT in the microseconds in which the parent is on its way out */
	if (f->clone_parent && caller->parent->state != REF_RUNS)
		return NULL;
	if (!space->used || space->init->state != REF_RUNS)
		return NULL;
	if (f->new_space && !(made = new_space(r, caller->space)))
		return NULL;
	*l = (struct ref_life){
		.state = REF_RUNS,
		.n = f->n,
		.id = { f->pid, f->now },
		.creator = caller->id,
		.parent = f->clone_parent ? caller->parent : caller,
		.space = made ? (uint32_t)(made - r->spaces) : f->space,
		.init = made,
		.kthread = caller->kthread,
		.ignores = caller->ignores,
		.catches = caller->catches,
		.followed = caller->followed || (f->clone_parent && caller->parent->followed),
		.sid = caller->sid,
		.pgid = caller->pgid,
		.tty = caller->tty,
		.uid = caller->uid,
		.cgroup = caller->cgroup,
		.exec_id = caller->exec_id,
		.parent_exec_id = f->clone_parent ? caller->parent_exec_id : caller->exec_id,
		.exit_signal = f->clone_parent ? caller->exit_signal : f->exit_signal,
		.threads = 1,
	};
	if (made)
		made->init = l;
	if (f->n > r->born)
		r->born = f->n;
	r->last_start[f->pid] = f->now;
	return l;
}

/* begin_new_exec(), fs/exec.c: the caller's thread is the only one left, and the leader */
void ref_exec(struct ref_life *l)
{
	l->exec_id++;
	l->execs++;
	l->children_died = l->children_collected = 0;
	l->exit_signal = SIGCHLD;
	l->catches = false;
	l->threads = 1;
	l->leader_dead = false;
}

bool ref_setsid(struct ref *r, struct ref_life *l)
{
	struct ref_life *other;

	if (l->kthread)
		return false;
	ref_each(r, other)
		if (ref_is_there(other) && other->pgid == l->id.pid)
			return false;
	l->sid = l->pgid = l->id.pid;
	l->tty = 0;
	return true;
}

static void hang_up(struct ref *r, const struct ref_life *leader)
{
	struct ref_life *l;

	ref_each(r, l)
		if (l->sid == leader->sid)
			l->tty = 0;
}

bool ref_terminal(struct ref *r, struct ref_life *l, uint32_t tty)
{
	if (l->sid != l->id.pid || !l->tty == !tty)
		return false;
	if (tty)
		l->tty = tty;
	else
		hang_up(r, l);
	return true;
}

static void release(struct ref_life *l, enum ref_how how)
{
	l->state = REF_RELEASED;
	l->how = how;
	if (l->parent)
		l->parent->children_collected += how != REF_AUTO && l->counted_by == l->parent &&
						 l->counted_exec == l->parent->exec_id;
	l->reaper = l->parent ? l->parent->id : (struct ident){ 0 };
	l->parent = l->tracer = NULL;
}

/* do_notify_parent(), kernel/signal.c: does the parent want to know of it at all? */
bool ref_needs_no_wait(const struct ref_life *l)
{
	int signal = l->exit_signal;

	if (l->tracer)
		return false;
	if (l->parent->exec_id != l->parent_exec_id)
		signal = SIGCHLD;
	return signal == SIGCHLD && l->parent->ignores;
}

static void notify(struct ref_life *l)
{
	if (ref_needs_no_wait(l))
		release(l, REF_AUTO);
}

bool ref_trace(struct ref *r, struct ref_life *tracer, struct ref_life *l)
{
	(void)r;
	if (l->tracer || l == tracer || l->init || l->kthread || tracer->kthread ||
	    l->state != REF_RUNS || tracer->state != REF_RUNS)
		return false;
	l->tracer = tracer;
	return true;
}

void ref_untrace(struct ref *r, struct ref_life *l)
{
	(void)r;
	l->tracer = NULL;
	if (l->state == REF_CORPSE)
		notify(l);
}

/* find_new_reaper(), kernel/exit.c */
struct ref_life *ref_adopter(struct ref *r, struct ref_life *l)
{
	struct ref_life *ancestor;

	if (l->init)
		return NULL;
	for (ancestor = l->parent; ancestor; ancestor = ancestor->parent) {
		if (r->spaces[ancestor->space].depth != r->spaces[l->space].depth)
			break;
		if (ancestor->subreaper && ancestor->state == REF_RUNS)
			return ancestor;
	}
	return r->spaces[l->space].init;
}

bool ref_childless(struct ref *r, const struct ref_life *l)
{
	struct ref_life *child;

	ref_each(r, child)
		if (child->parent == l)
			return false;
	return true;
}

static void count(struct ref_life *dead)
{
	dead->parent->children_died++;
	dead->counted_by = dead->parent;
	dead->counted_exec = dead->parent->exec_id;
}

void ref_die(struct ref *r, struct ref_life *l, uint32_t status)
{
	struct ref_life *other;

	l->state = REF_EXITS;
	l->status = status;
	count(l);
	if (!l->init)
		return;
	/* zap_pid_ns_processes(), kernel/pid_namespace.c: all of it dies, and is collected */
	l->ignores = true;
	ref_each(r, other) {
		if (other == l || !ref_is_there(other) || !is_in(r, other, l->space))
			continue;
		if (other->state == REF_RUNS)
			other->doomed = true;
		else if (other->state == REF_CORPSE && other->parent == l && !other->tracer)
			release(other, REF_BY_INIT);
	}
}

static bool holds_somebody(struct ref *r, const struct ref_life *init)
{
	struct ref_life *l;

	ref_each(r, l)
		if (l != init && ref_is_there(l) && is_in(r, l, init->space))
			return true;
	return false;
}

/* reparent_leader(), kernel/exit.c */
static void hand_on(struct ref_life *child, struct ref_life *adopter)
{
	child->parent = adopter;
	child->exit_signal = SIGCHLD;
	if (child->state != REF_RUNS)
		count(child);
	if (child->state == REF_CORPSE)
		notify(child);
}

bool ref_may_leave(struct ref *r, const struct ref_life *l)
{
	return !l->init || !holds_somebody(r, l);
}

void ref_leave(struct ref *r, struct ref_life *l)
{
	struct ref_life *adopter = ref_adopter(r, l), *other;

	ref_each(r, other)
		if (other->tracer == l)
			ref_untrace(r, other);
	ref_each(r, other)
		if (other->parent == l)
			hand_on(other, adopter);
	if (l->sid == l->id.pid)
		hang_up(r, l);
	l->state = REF_CORPSE;
	l->leader_dead = false;
	l->threads = 1;
	notify(l);
}

/* wait_task_zombie(), kernel/exit.c: the tracer collects first, then the parent */
bool ref_wait(struct ref *r, struct ref_life *who, struct ref_life *child)
{
	if (child->state != REF_CORPSE)
		return false;
	if (who->state != REF_RUNS && !(who->state == REF_EXITS && who->init))
		return false;
	if (child->tracer && child->tracer != who)
		return false;
	if (child->tracer && child->parent != who) {
		ref_untrace(r, child);
		return true;
	}
	if (child->parent != who)
		return false;
	release(child, who->init ? REF_BY_INIT : REF_WAITED);
	return true;
}

void ref_forget(struct ref *r, struct ref_life *l)
{
	if (l->init)
		r->spaces[l->space].used = false;
	*l = (struct ref_life){ 0 };
}
