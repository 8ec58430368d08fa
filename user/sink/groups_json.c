// SPDX-License-Identifier: GPL-2.0-only
/* Groups of zombies as JSON: one line a group, the worst first, and one with the totals. */
#include "diagnose/advice.h"
#include "diagnose/cause.h"
#include "sink/json_line.h"
#include "sink/json_process.h"
#include "sink/json_write.h"

#define LEADERS 20 /* are named; all are counted */

static void member_sentences(struct buf *b, const char *key, char (*s)[ADVICE_LEN], int n)
{
	int i;

	buf_byte(b, '"');
	buf_str(b, key);
	buf_lit(b, "\":[");
	for (i = 0; i < n; i++) {
		escape_json(b, s[i], strlen(s[i]));
		buf_byte(b, ',');
	}
	close_array(b);
}

static void causes(struct sink *s, const struct group *g, uint64_t ts)
{
	struct buf *b = &s->out;
	struct finding f;
	int i;

	buf_lit(b, "\"causes\":[");
	for (i = 0; i < g->ncauses; i++) {
		group_evidence(&g->causes[i], ts, &f);
		buf_byte(b, '{');
		member_const(b, "cause", cause_name(g->causes[i].cause));
		member_u64(b, "count", g->causes[i].count);
		member_bool(b, "certain", group_cause_certain(&g->causes[i]));
		json_evidence(b, &f.evidence);
		close_object(b);
	}
	close_array(b);
	group_evidence(&g->causes[0], ts, &f);
	json_evidence(b, &f.evidence);
}

static void programs(struct buf *b, const struct group *g)
{
	int i;

	buf_lit(b, "\"programs\":[");
	for (i = 0; i < g->nprograms; i++) {
		buf_byte(b, '{');
		member_str(b, "name", g->programs[i].comm);
		member_u64(b, "count", g->programs[i].count);
		close_object(b);
	}
	close_array(b);
	if (g->other_programs)
		member_u64(b, "other_programs", g->other_programs);
}

static void creators(struct sink *s, const struct group *g)
{
	struct buf *b = &s->out;
	int i;

	if (!g->ncreators)
		return;
	buf_lit(b, "\"creators\":[");
	for (i = 0; i < g->ncreators; i++) {
		buf_byte(b, '{');
		json_peer_members(s, g->creators[i].id, g->creators[i].comm);
		member_u64(b, "count", g->creators[i].count);
		close_object(b);
	}
	close_array(b);
}

static void this_minute(struct buf *b, const struct leak *l)
{
	open_object(b, "this_minute");
	member_u64(b, "created", l->created_now);
	member_u64(b, "reaped", l->reaped_now);
	member_ms(b, "within_ms", l->now_for);
	close_object(b);
}

/* What only watching tells of it. */
static void watched(struct sink *s, const struct group *g, const struct finding *growth)
{
	const struct leak *l = &growth->u.leak;
	struct buf *b = &s->out;

	if (g->oldest->died)
		json_time(s, "oldest_died", g->oldest->died);
	creators(s, g);
	if (!growth->p)
		return;
	json_growth(s, l);
	this_minute(b, l);
}

static void zombies_object(struct sink *s, const struct stream_groups *told, size_t at)
{
	const struct finding *growth = told->growth ? &told->growth[at] : NULL;
	const struct group *g = &told->groups->at[at];
	const struct proc *heir = group_heir(g->parent);
	struct buf *b = &s->out;
	char name[UNIT_NAME];
	struct advice advice;
	int i;

	advise(&advice, g);
	open_object(b, "zombies");
	member_u64(b, "count", g->count);
	member_const(b, "cause", cause_name(g->causes[0].cause));
	member_bool(b, "certain", group_cause_certain(&g->causes[0]));
	causes(s, g, told->ts);
	if (advice.watch)
		member_const(b, "watch", advice.watch);
	if (g->parent)
		json_waiting(s, g->parent);
	programs(b, g);
	if (g->oldest->id.start)
		json_time(s, "oldest_start", g->oldest->id.start);
	if (growth && told->since)
		watched(s, g, growth);
	else if (growth && growth->p)
		json_limits(s, &growth->u.leak);
	buf_lit(b, "\"pids\":[");
	for (i = 0; i < g->npids; i++) {
		buf_u64(b, g->pids[i]);
		buf_byte(b, ',');
	}
	close_array(b);
	if (g->container.id.s)
		member_bytes(b, "container", g->container.id.s, g->container.id.len);
	else if (g->container.name.s)
		member_bytes(b, "container_name", name, unit_name(g->container.name, name));
	if (heir)
		json_peer(s, "heir", heir->id, heir->comm);
	member_sentences(b, "advice", advice.act, advice.nacts);
	member_sentences(b, "no_help", advice.futile, advice.nfutile);
	close_object(b);
}

static void group_line(struct sink *s, const struct stream_groups *told, size_t at)
{
	const struct group *g = &told->groups->at[at];
	const struct proc *parent = g->parent && !g->parent->stub ? g->parent : NULL;
	struct buf *b = &s->out;

	json_open_line(s, told->ts, "state", "info", "zombies");
	if (parent) {
		json_open_process(s, parent);
		json_image(s, parent);
		json_session(s, parent);
		close_object(b);
		json_user(s, parent);
		json_container(s, parent);
		json_open_proctrace(s, parent, true, false);
	} else {
		open_object(b, "proctrace");
	}
	zombies_object(s, told, at);
	if (parent)
		json_raw(s, parent, true, (struct slice){ 0 });
	close_object(b);
	json_close_line(s);
}

static void containers(struct sink *s, const struct stream_groups *told)
{
	const struct groups *g = told->groups;
	struct buf *b = &s->out;
	struct leak sum;
	size_t i;

	buf_lit(b, "\"containers\":[");
	for (i = 0; i < g->ncontainers; i++) {
		const struct group_container *c = &g->containers[i];

		buf_byte(b, '{');
		json_container_object(b, &c->container);
		if (*c->container.pod)
			member_str(b, "pod", c->container.pod);
		member_u64(b, "zombies", c->count);
		member_u64(b, "parents", c->parents);
		if (c->oldest->id.start)
			json_time(s, "oldest_start", c->oldest->id.start);
		if (c->oldest->died)
			json_time(s, "oldest_died", c->oldest->died);
		if (told->since && told->growth &&
		    container_growth(g, told->growth, i, &sum)) {
			json_windows(s, &sum);
			this_minute(b, &sum);
		}
		close_object(b);
	}
	close_array(b);
}

static void totals_line(struct sink *s, const struct stream_groups *told, size_t shown)
{
	const struct groups *g = told->groups;
	struct buf *b = &s->out;
	size_t i;

	json_open_line(s, told->ts, "state", "info", "zombies_total");
	open_object(b, "proctrace");
	open_object(b, "zombies_total");
	member_u64(b, "zombies", g->zombies);
	member_u64(b, "groups", g->n);
	member_u64(b, "left_out", g->n - shown);
	member_u64(b, "just_died", g->fresh);
	member_u64(b, "processes", g->processes);
	member_const(b, "source", told->from_proc ? "proc" : "task_iterator");
	if (told->since)
		json_time(s, "since", told->since);
	containers(s, told);
	member_u64(b, "dead_leaders", g->nleaders);
	buf_lit(b, "\"leaders\":[");
	for (i = 0; i < g->nleaders && i < LEADERS; i++) {
		buf_byte(b, '{');
		json_peer_members(s, g->leaders[i]->id, g->leaders[i]->comm);
		close_object(b);
	}
	close_array(b);
	close_object(b);
	close_object(b);
	json_close_line(s);
}

void json_groups(struct sink *s, const struct stream_groups *told)
{
	size_t shown = told->groups->n, i;

	if (told->limit && told->limit < shown)
		shown = told->limit;
	for (i = 0; i < shown; i++)
		group_line(s, told, i);
	totals_line(s, told, shown);
}
