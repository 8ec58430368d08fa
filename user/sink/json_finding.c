// SPDX-License-Identifier: GPL-2.0-only
/* The lines of findings: what was found, with the evidence for it. */
#include "diagnose/cause.h"
#include "sink/json_line.h"
#include "sink/json_process.h"
#include "sink/json_write.h"

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
	json_entity(s, parent->id);
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
	if (parent->found_dead)
		member_u64(b, "found_dead", parent->found_dead);
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
	member_doing(b, proc_doing(parent));
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

void json_limits(struct sink *s, const struct leak *l)
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
		else if (i == LIMIT_PID_MAX && l->limits.of_namespace)
			member_u64(b, "levels_up", l->limits.ns_up);
		close_object(b);
	}
	member_u64(b, "refused", l->limits.refused);
	close_object(b);
	if (!l->hit)
		return;
	open_object(b, "forecast");
	member_const(b, "limit", names[l->nearest]);
	json_time(s, "reached", l->hit);
	close_object(b);
}

void json_windows(struct sink *s, const struct leak *l)
{
	leak_windows(s, "created", l, l->created);
	leak_windows(s, "reaped", l, l->reaped);
}

void json_growth(struct sink *s, const struct leak *l)
{
	struct buf *b = &s->out;

	if (l->within) {
		open_object(b, "growth");
		member_u64(b, "count", l->growth);
		member_ms(b, "within_ms", l->within);
		close_object(b);
	}
	json_windows(s, l);
	json_limits(s, l);
}

static void leak_object(struct sink *s, const struct finding *f)
{
	const struct leak *l = &f->u.leak;
	struct buf *b = &s->out;

	open_object(b, "zombie_leak");
	member_const(b, "cause", cause_name(l->cause));
	member_u64(b, "count", l->count);
	json_growth(s, l);
	if (l->oldest)
		json_time(s, "oldest", l->oldest);
	leak_programs(s, l);
	json_waiting(s, f->p);
	member_doing(b, proc_doing(f->p));
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

void json_finding(struct sink *s, const struct finding *f)
{
	bool cleared = f->kind == FINDING_ZOMBIE_CLEARED;
	struct buf *b = &s->out;

	json_open_line(s, f->ts, cleared ? "event" : "alert", "info", finding_action(f->kind));
	json_open_process(s, f->p);
	json_image(s, f->p);
	json_session(s, f->p);
	if (f->kind == FINDING_ZOMBIE)
		json_exit_code(s, f->p);
	close_object(b);
	json_user(s, f->p);
	json_container(s, f->p);
	json_open_proctrace(s, f->p, true, f->inferred);
	if (f->kind == FINDING_ZOMBIE)
		json_died(s, f->p);
	if (f->kind == FINDING_ORPHAN)
		orphan_object(s, f);
	else if (f->kind == FINDING_ZOMBIE)
		zombie_object(s, f);
	else if (f->kind == FINDING_DAEMON)
		daemon_object(s, f);
	else if (f->kind == FINDING_ZOMBIE_LEAK)
		leak_object(s, f);
	else if (cleared)
		json_reap(s, f->u.reap);
	json_raw(s, f->p, true, (struct slice){ 0 });
	close_object(b);
	json_close_line(s);
}
