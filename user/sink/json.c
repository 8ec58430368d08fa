// SPDX-License-Identifier: GPL-2.0-only
/*
 * The stream as JSON Lines. Names are the Elastic Common Schema's wherever it has one; what it
 * lacks stands under "proctrace". What is not known is left out.
 */
#include <inttypes.h>
#include <sys/wait.h>

#include "base/clock.h"
#include "base/escape.h"
#include "diagnose/cause.h"
#include "sink/json_process.h"
#include "sink/json_write.h"
#include "sink/sink.h"

void json_open_line(struct sink *s, uint64_t ts, const char *kind, const char *type,
		    const char *action)
{
	struct buf *b = &s->out;

	buf_lit(b, "{\"@timestamp\":\"");
	clock_rfc3339(b, ts + (uint64_t)s->wall_offset);
	buf_lit(b, "\",\"ecs\":{\"version\":\"" ECS_VERSION "\"},\"event\":{\"kind\":\"");
	buf_str(b, kind);
	buf_lit(b, "\",\"category\":[\"process\"],\"type\":[\"");
	buf_str(b, type);
	buf_lit(b, "\"],\"action\":\"");
	buf_str(b, action);
	buf_lit(b, "\",\"sequence\":");
	buf_u64(b, ++s->sequence);
	buf_lit(b, "},");
}

void json_close_line(struct sink *s)
{
	struct buf *b = &s->out;

	if (b->data[b->len - 1] == ',')
		b->len--;
	buf_lit(b, "}\n");
}

void json_evidence(struct buf *b, const struct evidence *e)
{
	int i;

	buf_lit(b, "\"evidence\":[");
	for (i = 0; i < e->n; i++) {
		escape_json(b, e->s[i], strlen(e->s[i]));
		buf_byte(b, ',');
	}
	close_array(b);
}

static void fork_members(struct sink *s, const struct change *c)
{
	const struct proc *p = c->p;

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
		member_bytes(b, "script", x->script.s, x->script.len);
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

/* process.exit_code of one that is dead; that of a killed one is not known, it has none. */
static void member_exit_code(struct buf *b, const struct proc *p)
{
	if (p->has_status && WIFEXITED((int)p->status))
		member_u64(b, "exit_code", (uint64_t)WEXITSTATUS((int)p->status));
}

static void killed_members(struct buf *b, const struct proc *p)
{
	int status = (int)p->status;

	if (!p->has_status || !WIFSIGNALED(status))
		return;
	member_const(b, "signal", signal_name(WTERMSIG(status)));
	member_bool(b, "core_dumped", WCOREDUMP(status));
}

/* One that is dead already, in a line that is not about its death. */
static void died_object(struct buf *b, const struct proc *p)
{
	if (!p->has_status || !WIFSIGNALED((int)p->status))
		return;
	open_object(b, "exit");
	killed_members(b, p);
	close_object(b);
}

/* Who has its children from now on, and what its own parent was doing. */
static void family_members(struct sink *s, const struct change *c)
{
	const struct exit_facts *x = &c->event->exit;
	struct buf *b = &s->out;

	if (!x->childless && !list_empty(&c->p->children) && x->adopter.pid) {
		open_object(b, "adopter");
		if (c->u.exit.adopter)
			json_reaper_members(s, c->u.exit.adopter);
		else
			json_peer_members(s, x->adopter, NULL);
		if (x->adopter_autoreaps)
			member_const(b, "sigchld", sigchld_name(SIGCHLD_AUTOREAPS));
		close_object(b);
	}
	if (!c->p->parent || c->p->parent->sigchld == SIGCHLD_UNKNOWN)
		return;
	open_object(b, "parent");
	json_waiting(s, c->p->parent);
	close_object(b);
}

static void snapshot_members(struct sink *s, const struct change *c)
{
	if (c->p->life == LIFE_DEAD)
		member_bool(&s->out, "dead", true);
	died_object(&s->out, c->p);
}

static void exit_members(struct sink *s, const struct change *c)
{
	bool heard = c->event->kind == EVENT_EXIT;
	struct buf *b = &s->out;

	open_object(b, "exit");
	killed_members(b, c->p);
	if (heard) {
		if (WIFSIGNALED((int)c->p->status))
			killed_by(s, &c->event->exit);
		used_members(s, &c->event->exit);
		family_members(s, c);
	}
	close_object(b);
	if (heard && c->p->id.start && c->ts >= c->p->id.start)
		member_ms(b, "lifetime_ms", c->ts - c->p->id.start);
}

static void reap_object(struct sink *s, const struct change *c)
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

static void write_change(struct sink *s, const struct change *c)
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
		[CHANGE_REAP] = { "event", "end", false, reap_object },
		[CHANGE_THREAD_START] = { "event", "start", false, NULL },
		[CHANGE_THREAD_EXIT] = { "event", "end", false, NULL },
	};
	const struct proc *p = c->p;
	struct buf *b = &s->out;
	bool image = shape[c->kind].image;
	struct slice script = { 0 };

	json_open_line(s, c->ts, shape[c->kind].kind, shape[c->kind].type, change_action(c->kind));
	json_open_process(s, p);
	if (image)
		json_image(s, p);
	if (image || c->kind == CHANGE_FORK || c->kind == CHANGE_SESSION)
		json_session(s, p);
	if (c->kind == CHANGE_EXIT || c->kind == CHANGE_SNAPSHOT)
		member_exit_code(b, p);
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
	json_raw(s, p, image, script);
	close_object(b);
	json_close_line(s);
}

static void orphan_object(struct sink *s, const struct finding *f)
{
	const struct bygone *parent = f->u.orphan.parent;
	struct buf *b = &s->out;
	char words[64];

	open_object(b, "orphan");
	if (f->u.orphan.kind != ORPHAN_UNKNOWN)
		member_const(b, "kind", orphan_kind_name(f->u.orphan.kind));
	open_object(b, "old_parent");
	member_u64(b, "pid", parent->id.pid);
	member_str(b, "name", parent->comm);
	json_entity(s, "entity_id", parent->id);
	if (parent->has_status) {
		status_words(parent->status, words, sizeof(words));
		member_str(b, "how", words);
	}
	close_object(b);
	json_peer(s, "adopter", f->u.orphan.adopter, f->u.orphan.adopter_comm);
	if (parent->died)
		json_time(s, "since", parent->died);
	json_evidence(b, &f->evidence);
	close_object(b);
}

/* What it did as a parent until then; of the orphans and the late ones only where there were some. */
static void member_accounts(struct buf *b, const struct proc *parent)
{
	member_u64(b, "children_died", parent->children_died);
	member_u64(b, "children_reaped", parent->children_reaped);
	if (parent->orphans_died) {
		member_u64(b, "orphans_died", parent->orphans_died);
		member_u64(b, "orphans_reaped", parent->orphans_reaped);
	}
	if (parent->reaped_late)
		member_u64(b, "reaped_late", parent->reaped_late);
}

static void member_doing(struct buf *b, const struct doing *d)
{
	if (!d->known)
		return;
	if (*d->where)
		member_str(b, "where", d->where);
	if (d->has_wait)
		member_i64(b, "waits_for", d->wait_for);
	if (d->sigchld_blocked)
		member_bool(b, "sigchld_blocked", true);
	if (d->sigchld_pending)
		member_bool(b, "sigchld_pending", true);
	member_u64(b, "cminflt", d->cminflt);
}

static void responsible_object(struct sink *s, const struct proc *parent)
{
	struct buf *b = &s->out;
	char letters[5];

	if (!parent)
		return;
	open_object(b, "responsible");
	json_reaper_members(s, parent);
	state_letters(parent, letters);
	if (*letters)
		member_const(b, "state", letters);
	json_peer(s, "tracer", parent->tracer, NULL);
	json_waiting(s, parent);
	member_doing(b, &parent->doing);
	member_accounts(b, parent);
	close_object(b);
}

static void causes_members(struct buf *b, const struct finding *f)
{
	int cause;

	member_const(b, "cause", cause_name(f->u.zombie.cause));
	if (!f->u.zombie.also)
		return;
	buf_lit(b, "\"also\":[");
	for (cause = 0; cause < CAUSES; cause++)
		if (f->u.zombie.also & 1u << cause)
			buf_printf(b, "\"%s\",", cause_name(cause));
	close_array(b);
}

static void zombie_object(struct sink *s, const struct finding *f)
{
	const struct proc *p = f->p;
	struct buf *b = &s->out;
	char words[64];

	open_object(b, "zombie");
	causes_members(b, f);
	if (p->died) {
		json_time(s, "since", p->died);
		member_ms(b, "age_ms", f->ts - p->died);
	}
	member_bool(b, "pre_existing", p->from_snapshot && !p->death_told);
	if (p->has_status) {
		status_words(p->status, words, sizeof(words));
		member_str(b, "how", words);
	}
	responsible_object(s, f->u.zombie.responsible);
	if (p->creator.pid)
		json_peer(s, "creator", p->creator, p->creator_comm);
	json_evidence(b, &f->evidence);
	close_object(b);
}

static void leak_windows(struct sink *s, const char *key, const struct leak *l,
			 const uint32_t *counts)
{
	static const struct { const char *key; uint32_t minutes; } windows[LEAK_WINDOWS] = {
		{ "last_1m", 1 }, { "last_5m", 5 }, { "last_15m", 15 },
	};
	struct buf *b = &s->out;
	int i;

	if (!l->minutes)
		return;
	open_object(b, key);
	for (i = 0; i < LEAK_WINDOWS; i++)
		if (l->minutes >= windows[i].minutes)
			member_u64(b, windows[i].key, counts[i]);
	close_object(b);
}

static void leak_programs(struct sink *s, const struct leak *l)
{
	struct buf *b = &s->out;
	int i;

	buf_lit(b, "\"programs\":[");
	for (i = 0; i < LEAK_PROGRAMS && l->programs[i].comm; i++) {
		buf_byte(b, '{');
		member_str(b, "name", l->programs[i].comm);
		member_u64(b, "count", l->programs[i].count);
		close_object(b);
	}
	close_array(b);
}

static void leak_limits(struct sink *s, const struct leak *l)
{
	static const char *const names[LIMIT_KINDS] = { "pids_max", "pid_max", "threads_max",
							"nproc" };
	struct buf *b = &s->out;
	int i;

	if (!l->limits.ts)
		return;
	open_object(b, "limits");
	json_time(s, "read", l->limits.ts);
	for (i = 0; i < LIMIT_KINDS; i++) {
		if (!l->limits.of[i].max)
			continue;
		open_object(b, names[i]);
		member_u64(b, "max", l->limits.of[i].max);
		member_u64(b, "used", l->limits.of[i].used);
		if (i == LIMIT_CGROUP)
			member_u64(b, "levels_up", l->limits.up);
		close_object(b);
	}
	member_u64(b, "refused", l->limits.refused);
	close_object(b);
	if (l->nearest == LIMIT_KINDS)
		return;
	open_object(b, "forecast");
	member_const(b, "limit", names[l->nearest]);
	json_time(s, "reached", l->hit);
	close_object(b);
}

static void leak_object(struct sink *s, const struct finding *f)
{
	const struct leak *l = &f->u.leak;
	struct buf *b = &s->out;

	open_object(b, "zombie_leak");
	member_const(b, "cause", cause_name(l->cause));
	member_u64(b, "count", l->count);
	open_object(b, "growth");
	member_u64(b, "count", l->growth);
	member_ms(b, "within_ms", l->within);
	close_object(b);
	leak_windows(s, "created", l, l->created);
	leak_windows(s, "reaped", l, l->reaped);
	if (l->oldest)
		json_time(s, "oldest", l->oldest);
	leak_programs(s, l);
	leak_limits(s, l);
	json_waiting(s, f->p);
	member_doing(b, &f->p->doing);
	member_accounts(b, f->p);
	json_evidence(b, &f->evidence);
	close_object(b);
}

static void daemon_object(struct sink *s, const struct finding *f)
{
	struct buf *b = &s->out;

	open_object(b, "daemon");
	member_const(b, "kind", daemon_kind_name(f->u.daemon.kind));
	json_evidence(b, &f->evidence);
	close_object(b);
}

static void write_finding(struct sink *s, const struct finding *f)
{
	bool cleared = f->kind == FINDING_ZOMBIE_CLEARED;
	struct buf *b = &s->out;

	json_open_line(s, f->ts, cleared ? "event" : "alert", "info", finding_action(f->kind));
	json_open_process(s, f->p);
	json_image(s, f->p);
	json_session(s, f->p);
	if (f->kind == FINDING_ZOMBIE)
		member_exit_code(b, f->p);
	close_object(b);
	json_user(s, f->p);
	json_container(s, f->p);
	json_open_proctrace(s, f->p, true, f->inferred);
	if (f->kind == FINDING_ZOMBIE)
		died_object(b, f->p);
	if (f->kind == FINDING_ORPHAN)
		orphan_object(s, f);
	else if (f->kind == FINDING_ZOMBIE)
		zombie_object(s, f);
	else if (f->kind == FINDING_DAEMON)
		daemon_object(s, f);
	else if (f->kind == FINDING_ZOMBIE_LEAK)
		leak_object(s, f);
	else if (cleared)
		reap_object(s, f->u.reap);
	json_raw(s, f->p, true, (struct slice){ 0 });
	close_object(b);
	json_close_line(s);
}

static void write_start(struct sink *s, const struct stream_start *start)
{
	struct buf *b = &s->out;
	size_t i;

	json_open_line(s, start->ts, "event", "info", "start");
	open_object(b, "host");
	member_str(b, "name", start->hostname);
	open_object(b, "os");
	member_str(b, "kernel", start->kernel);
	close_object(b);
	buf_lit(b, "\"boot\":{\"id\":");
	escape_json(b, start->boot_id, strlen(start->boot_id));
	buf_lit(b, "}},");
	open_object(b, "proctrace");
	member_str(b, "version", start->version);
	member_const(b, "schema_version", STREAM_VERSION);
	member_str(b, "kernel", start->kernel);
	member_str(b, "boot_id", start->boot_id);
	member_u64(b, "boot_ns", start->ts);
	member_ms(b, "zombie_after_ms", start->zombie_after);
	if (start->partial)
		member_bool(b, "partial", true);
	open_object(b, "hooks");
	for (i = 0; i < start->nfeatures; i++) {
		escape_json(b, start->features[i].name, strlen(start->features[i].name));
		buf_str(b, start->features[i].on ? ":true," : ":false,");
	}
	close_object(b);
	close_object(b);
	json_close_line(s);
}

static void write_lost(struct sink *s, const struct stream_lost *lost)
{
	struct buf *b = &s->out;

	json_open_line(s, lost->ts, "event", "error", "lost");
	open_object(b, "proctrace");
	open_object(b, "lost");
	member_u64(b, "count", lost->count);
	member_str(b, "kind", lost->kind);
	member_str(b, "cause", lost->cause);
	json_time(s, "since", lost->since);
	json_time(s, "until", lost->ts);
	close_object(b);
	close_object(b);
	json_close_line(s);
}

static void write_resync(struct sink *s, const struct stream_resync *resync)
{
	struct buf *b = &s->out;
	int i;

	json_open_line(s, resync->ts, "event", "info", "resync");
	open_object(b, "proctrace");
	open_object(b, "resync");
	member_str(b, "reason", resync->reason);
	member_u64(b, "checked", resync->checked);
	open_object(b, "inferred");
	for (i = 0; i < CHANGES; i++)
		if (resync->inferred[i] && change_action((enum change_kind)i))
			member_u64(b, change_action((enum change_kind)i), resync->inferred[i]);
	close_object(b);
	close_object(b);
	close_object(b);
	json_close_line(s);
}

static void write_clock(struct sink *s, const struct stream_clock *clock)
{
	struct buf *b = &s->out;

	json_open_line(s, clock->ts, "event", "info", "clock");
	open_object(b, "proctrace");
	open_object(b, "clock");
	member_u64(b, "boot_ns", clock->ts);
	member_i64(b, "step_ns", clock->step);
	close_object(b);
	close_object(b);
	json_close_line(s);
}

static void losses_member(struct buf *b, const struct stream_stop *stop)
{
	size_t i;

	buf_lit(b, "\"losses\":[");
	for (i = 0; i < stop->nlosses; i++) {
		buf_byte(b, '{');
		member_str(b, "kind", stop->losses[i].kind);
		member_str(b, "cause", stop->losses[i].cause);
		member_u64(b, "count", stop->losses[i].count);
		close_object(b);
	}
	close_array(b);
}

static void write_stop(struct sink *s, const struct stream_stop *stop)
{
	struct buf *b = &s->out;
	size_t n;
	int i;

	json_open_line(s, stop->ts, "event", "info", "stop");
	open_object(b, "proctrace");
	member_str(b, "reason", stop->reason);
	open_object(b, "totals");
	for (i = 0; i < CHANGES; i++)
		if (change_action(i))
			member_u64(b, change_action(i), stop->counts[i]);
	for (i = 0; i < 6; i++)
		if (1 << i != FINDING_LOST)
			member_u64(b, finding_action(1 << i), stop->findings[i]);
	member_u64(b, "lost", stop->lost);
	close_object(b);
	if (stop->nrecords)
		open_object(b, "records");
	for (n = 0; n < stop->nrecords; n++)
		member_u64(b, stop->records[n].kind, stop->records[n].count);
	if (stop->nrecords)
		close_object(b);
	losses_member(b, stop);
	close_object(b);
	json_close_line(s);
}

const struct sink_ops json_sink = {
	.start = write_start,
	.change = write_change,
	.finding = write_finding,
	.lost = write_lost,
	.resync = write_resync,
	.clock = write_clock,
	.stop = write_stop,
	.groups = json_groups,
};
