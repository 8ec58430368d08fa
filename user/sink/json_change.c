// SPDX-License-Identifier: GPL-2.0-only
/* The lines of what happened to a process. */
#include <sys/wait.h>

#include "sink/json_line.h"
#include "sink/json_process.h"
#include "sink/json_write.h"

static void fork_members(struct sink *s, const struct change *c)
{
	const struct proc *p = c->p;

	json_cgroup(s, p); /* its creator's may be another, or one that no line has told */
	if (p->creator.pid && !(p->parent && ident_same(p->creator, p->parent->id)))
		json_peer(s, "creator", p->creator, p->creator_comm);
}

static void exec_members(struct sink *s, const struct change *c)
{
	const struct exec_facts *x = &c->event->exec;
	struct buf *b = &s->out;

	if (c->event->kind != EVENT_EXEC)
		return;
	if (x->script.s)
		s->lossy |= !member_bytes(b, "script", x->script.s, x->script.len);
	if (x->old_tid && x->old_tid != c->p->id.pid)
		member_u64(b, "exec_thread", x->old_tid);
}

static void session_members(struct sink *s, const struct change *c)
{
	struct buf *b = &s->out;

	open_object(b, "session");
	member_u64(b, "old_sid", c->u.session.sid);
	member_u64(b, "new_sid", c->p->sid);
	member_u64(b, "old_tty", c->u.session.tty);
	member_u64(b, "new_tty", c->p->tty);
	close_object(b);
}

static void killed_by(struct sink *s, const struct exit_facts *x)
{
	struct buf *b = &s->out;

	if (x->oom)
		buf_lit(b, "\"killed_by\":{\"name\":\"oom\"},");
	else if (x->killer_known && !x->killer.pid)
		buf_lit(b, "\"killed_by\":{\"name\":\"kernel\"},");
	else if (x->killer_known)
		json_peer(s, "killed_by", x->killer, x->killer_comm);
}

static void used_members(struct sink *s, const struct exit_facts *x)
{
	struct buf *b = &s->out;

	member_ms(b, "cpu_user_ms", x->utime);
	member_ms(b, "cpu_system_ms", x->stime);
	if (x->maxrss)
		member_u64(b, "max_rss_kb", x->maxrss);
	if (x->threads)
		member_u64(b, "threads", x->threads);
}

/* Who has its children from now on. */
static void adopter_member(struct sink *s, const struct change *c)
{
	const struct exit_facts *x = &c->event->exit;
	struct buf *b = &s->out;

	if (x->childless || list_empty(&c->p->children) || !x->adopter.pid)
		return;
	open_object(b, "adopter");
	if (c->u.exit.adopter)
		json_reaper_members(s, c->u.exit.adopter);
	else
		json_peer_members(s, x->adopter, NULL);
	if (x->adopter_autoreaps)
		member_const(b, "sigchld", sigchld_name(SIGCHLD_AUTOREAPS));
	close_object(b);
}

/* What the parent was doing that it had then; named if that one is dead, and another has it now. */
static void parent_member(struct sink *s, const struct change *c)
{
	const struct facts *f = &c->event->facts;
	const struct proc *parent = c->p->parent;
	struct buf *b = &s->out;

	if (!parent || !(f->have & HAVE_PARENT_SIGNALS))
		return;
	open_object(b, "parent");
	if ((f->have & HAVE_PARENT) && !ident_names(f->parent, parent->id))
		json_peer_members(s, f->parent, NULL);
	member_const(b, "sigchld", sigchld_name(sigchld_of(f)));
	member_bool(b, "waits", f->parent_waits);
	close_object(b);
}

static void snapshot_members(struct sink *s, const struct change *c)
{
	if (c->p->life == LIFE_DEAD)
		member_bool(&s->out, "dead", true);
	json_died(s, c->p);
}

static void exit_members(struct sink *s, const struct change *c)
{
	bool heard = c->event->kind == EVENT_EXIT;
	struct buf *b = &s->out;

	open_object(b, "exit");
	json_killed(s, c->p);
	if (heard) {
		if (WIFSIGNALED((int)c->p->status))
			killed_by(s, &c->event->exit);
		used_members(s, &c->event->exit);
		adopter_member(s, c);
		parent_member(s, c);
	}
	close_object(b);
	if (heard && c->p->id.start && c->ts >= c->p->id.start)
		member_ms(b, "lifetime_ms", c->ts - c->p->id.start);
}

void json_reap(struct sink *s, const struct change *c)
{
	struct buf *b = &s->out;

	open_object(b, "reap");
	json_peer(s, "reaper", c->u.reap.reaper, c->u.reap.reaper_comm);
	member_const(b, "how", reap_how_name(c->u.reap.how));
	if (c->u.reap.has_zombie)
		member_ms(b, "zombie_ms", c->u.reap.zombie);
	member_const(b, "precision", reap_precision_name(c->u.reap.precision));
	close_object(b);
}

static void thread_members(struct sink *s, const struct change *c)
{
	struct buf *b = &s->out;

	open_object(b, "thread");
	member_u64(b, "id", c->event->thread.tid);
	close_object(b);
}

void json_change(struct sink *s, const struct change *c)
{
	static const struct {
		const char *kind, *type;
		bool image; /* the line carries all that is known */
		void (*members)(struct sink *s, const struct change *c); /* of "proctrace" */
	} shape[CHANGES] = {
		[CHANGE_SNAPSHOT] = { "state", "info", true, snapshot_members },
		[CHANGE_FORK] = { "event", "start", false, fork_members },
		[CHANGE_EXEC] = { "event", "change", true, exec_members },
		[CHANGE_SESSION] = { "event", "change", false, session_members },
		[CHANGE_EXIT] = { "event", "end", false, exit_members },
		[CHANGE_REAP] = { "event", "end", false, json_reap },
		[CHANGE_THREAD_START] = { "event", "start", false, NULL },
		[CHANGE_THREAD_EXIT] = { "event", "end", false, NULL },
	};
	static struct buf events[CHANGES]; /* written once, and kept */
	struct buf *b = &s->out, *event = &events[c->kind];
	const struct proc *p = c->p;
	bool image = shape[c->kind].image;
	struct slice script = { 0 };

	if (!event->len)
		json_event(event, shape[c->kind].kind, shape[c->kind].type, change_action(c->kind));
	json_open_event(s, c->ts, event);
	json_open_process(s, p);
	if (image)
		json_image(s, p);
	/* of one that died while tracing began no other line tells, and its class rests on that */
	if (image || c->kind == CHANGE_FORK || c->kind == CHANGE_SESSION ||
	    (c->kind == CHANGE_EXIT && !p->introduced))
		json_session(s, p);
	if (c->kind == CHANGE_EXIT || c->kind == CHANGE_SNAPSHOT)
		json_exit_code(s, p);
	if (c->kind == CHANGE_THREAD_START || c->kind == CHANGE_THREAD_EXIT)
		thread_members(s, c);
	close_object(b);
	if (image || c->kind == CHANGE_FORK) {
		json_user(s, p);
		json_container(s, p);
	}
	json_open_proctrace(s, p, image, c->inferred);
	if (shape[c->kind].members)
		shape[c->kind].members(s, c);
	if (c->kind == CHANGE_EXEC && c->event->kind == EVENT_EXEC)
		script = c->event->exec.script;
	if (c->kind == CHANGE_FORK)
		json_raw_fork(s, p);
	else
		json_raw(s, p, image, script);
	close_object(b);
	json_close_line(s);
}
