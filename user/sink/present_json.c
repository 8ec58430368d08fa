// SPDX-License-Identifier: GPL-2.0-only
/* Orphans and daemons of now as JSON: one line each, and one with the totals. */
#include <stdio.h>

#include "sink/json_line.h"
#include "sink/json_process.h"
#include "sink/json_write.h"

static void member_answer(struct buf *b, const char *key, enum answer answer)
{
	if (answer != NOT_KNOWN)
		member_bool(b, key, answer == YES);
}

static void standing(struct buf *b, const struct standing *s)
{
	static const char *const keys[STANDARD_FDS] = { "stdin", "stdout", "stderr" };
	char umask[16];
	int i;

	open_object(b, "descriptors");
	for (i = 0; i < STANDARD_FDS; i++)
		if (s->fd[i] != DESCRIPTOR_UNKNOWN)
			member_const(b, keys[i], descriptor_name(s->fd[i]));
	close_object(b);
	member_answer(b, "directory_is_root", s->at_root);
	member_answer(b, "ignores_sighup", s->ignores_hup);
	if (s->has_umask) {
		snprintf(umask, sizeof(umask), "%03o", s->umask);
		member_const(b, "umask", umask);
	}
	if (s->has_cpu)
		member_ms(b, "cpu_ms", s->cpu);
}

static void adopter(struct sink *s, const struct proc *reaper)
{
	open_object(&s->out, "adopter");
	json_reaper_members(s, reaper);
	close_object(&s->out);
}

/* Who leads what it is in; "gone", where nobody does any more. */
static void leader(struct sink *s, const struct adoption *a)
{
	struct buf *b = &s->out;

	if (!a->head_pid)
		return;
	open_object(b, "origin");
	member_const(b, "kind", a->by_session ? "session" : "group");
	member_u64(b, "id", a->head_pid);
	member_const(b, "leader", a->head ? "alive" : "gone");
	if (a->head && *a->head->comm)
		member_str(b, "name", a->head->comm);
	close_object(b);
}

/* All of a line up to its own object, which stays open. */
static void open_line(struct sink *s, uint64_t ts, const char *action, const struct proc *p,
		      const char *object)
{
	struct buf *b = &s->out;

	json_open_line(s, ts, "state", "info", action);
	json_open_process(s, p);
	json_image(s, p);
	json_session(s, p);
	close_object(b);
	json_user(s, p);
	json_container(s, p);
	json_open_proctrace(s, p, true, false);
	open_object(b, object);
}

static void close_line(struct sink *s, const struct proc *p)
{
	close_object(&s->out);
	json_raw(s, p, true, (struct slice){ 0 });
	close_object(&s->out);
	json_close_line(s);
}

static void orphan_line(struct sink *s, const struct leftover *l, size_t group, uint64_t ts)
{
	struct buf *b = &s->out;
	struct evidence evidence = { 0 };

	leftover_evidence(l, &evidence);
	open_line(s, ts, "orphans", l->p, "orphan");
	if (leftover_kind_name(l->kind))
		member_const(b, "kind", leftover_kind_name(l->kind));
	member_bool(b, "certain", l->adoption.certain);
	adopter(s, l->adoption.reaper);
	leader(s, &l->adoption);
	member_u64(b, "group", group);
	if (l->standing.moment) {
		member_bool(b, "works", leftover_works(l));
		member_ms(b, "cpu_used_ms", l->standing.used);
		member_ms(b, "within_ms", l->standing.moment);
	}
	standing(b, &l->standing);
	json_evidence(b, &evidence);
	close_line(s, l->p);
}

static void open_totals(struct sink *s, uint64_t ts, const char *action)
{
	json_open_line(s, ts, "state", "info", action);
	open_object(&s->out, "proctrace");
	open_object(&s->out, action);
}

static void close_totals(struct sink *s, size_t processes, bool from_proc)
{
	struct buf *b = &s->out;

	member_u64(b, "processes", processes);
	member_const(b, "source", from_proc ? "proc" : "task_iterator");
	close_object(b);
	close_object(b);
	json_close_line(s);
}

void json_leftovers(struct sink *s, const struct stream_leftovers *told)
{
	const struct leftovers *g = told->leftovers;
	size_t shown = told->limit && told->limit < g->ngroups ? told->limit : g->ngroups, i, k;
	struct buf *b = &s->out;

	for (i = 0; i < shown; i++)
		for (k = 0; k < g->groups[i].count; k++)
			orphan_line(s, &g->groups[i].at[k], i + 1, told->ts);
	open_totals(s, told->ts, "orphans_total");
	member_u64(b, "orphans", g->count);
	member_u64(b, "groups", g->ngroups);
	member_u64(b, "left_out", g->ngroups - shown);
	member_u64(b, "unclear", g->unclear);
	close_totals(s, g->processes, told->from_proc);
}

static void daemon_line(struct sink *s, const struct daemon *d, uint64_t ts)
{
	struct buf *b = &s->out;
	struct evidence evidence = { 0 };
	int i;

	daemon_evidence(d, &evidence);
	open_line(s, ts, "daemons", d->p, "daemon");
	if (d->has_kind)
		member_const(b, "kind", daemon_kind_name(d->kind));
	open_object(b, "steps");
	for (i = 0; i < STEPS; i++)
		member_const(b, step_name((enum step)i), answer_name(d->step[i]));
	close_object(b);
	adopter(s, d->adoption.reaper);
	leader(s, &d->adoption);
	if (d->unit.s)
		member_bytes(b, "unit", d->unit.s, d->unit.len);
	if (d->standing.pid_file == YES)
		member_str(b, "pid_file", d->standing.pid_file_path);
	standing(b, &d->standing);
	json_evidence(b, &evidence);
	close_line(s, d->p);
}

void json_daemons(struct sink *s, const struct stream_daemons *told)
{
	const struct daemons *g = told->daemons;
	size_t shown = told->limit && told->limit < g->count ? told->limit : g->count, i;
	struct buf *b = &s->out;

	for (i = 0; i < shown; i++)
		daemon_line(s, &g->at[i], told->ts);
	open_totals(s, told->ts, "daemons_total");
	member_u64(b, "daemons", g->count);
	member_u64(b, "left_out", g->count - shown);
	for (i = 0; i <= DAEMON_BACKGROUND; i++)
		member_u64(b, daemon_kind_name((enum daemon_kind)i), g->kinds[i]);
	close_totals(s, g->processes, told->from_proc);
}
