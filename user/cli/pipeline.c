// SPDX-License-Identifier: GPL-2.0-only
#include "cli/pipeline.h"

#include "base/clock.h"
#include "cli/filter.h"
#include "diagnose/cause.h"
#include "diagnose/leak.h"

#define SILENCE (10 * NS_PER_S)

/* In a tree all count: who does not match yet may come to, and may make who does. */
static bool is_selected(const struct options *o, const struct proc *p)
{
	return o->selection.kinds & SELECT_TREE ? p->followed : filter_matches(o, p);
}

static void on_change(void *ctx, const struct change *c)
{
	struct pipeline *p = ctx;
	bool told = change_action(c->kind) && filter_matches(p->options, c->p) && !p->muted;
	bool found = c->kind == CHANGE_SNAPSHOT || (c->kind == CHANGE_FORK && c->inferred) ||
		     (c->kind == CHANGE_SIGHT && c->event->kind == EVENT_SIGHT);

	if (c->kind == CHANGE_SNAPSHOT)
		told = told && !p->options->no_snapshot;
	if (found && p->on_selected && is_selected(p->options, c->p) && !c->event->facts.selected)
		p->on_selected(p->ctx, c->p);
	p->inferred[c->kind] += c->inferred && !p->muted;
	detect_before(&p->detect, c);
	if (told) {
		p->totals.counts[c->kind]++;
		if (p->options->changes & 1u << c->kind)
			p->sink->ops->change(p->sink, c);
	}
	detect_after(&p->detect, c);
}

static void on_finding(void *ctx, const struct finding *found)
{
	struct pipeline *p = ctx;
	struct finding f;

	if (!filter_matches(p->options, found->p))
		return;
	p->seen |= found->kind;
	p->totals.findings[__builtin_ctz(found->kind)]++;
	if (!(p->options->findings & found->kind))
		return;
	f = *found;
	if (f.kind == FINDING_ZOMBIE)
		diagnose_zombie(&f);
	if (f.kind == FINDING_ZOMBIE_LEAK)
		diagnose_leak(&f);
	p->sink->ops->finding(p->sink, &f);
}

static void on_ask(void *ctx, struct ident id, bool program)
{
	struct pipeline *p = ctx;
	struct question *all = (struct question *)p->asked.data, q = { id, program, false };
	size_t n = p->asked.len / sizeof(q), i;

	/*
	 * children of one parent ask for it one after the other: the last few are enough to look at
	 */
	for (i = n > 4 ? n - 4 : 0; i < n; i++) {
		if (all[i].id.pid == id.pid && all[i].id.start == id.start) {
			all[i].program |= program;
			return;
		}
	}
	buf_add(&p->asked, &q, sizeof(q));
}

static void on_measure(void *ctx, struct ident id)
{
	struct pipeline *p = ctx;
	const struct question q = { id, false, true };

	buf_add(&p->asked, &q, sizeof(q));
}

void pipeline_open(struct pipeline *p, const struct options *o, struct sink *sink)
{
	const struct engine_config config = {
		.zombie_after = o->zombie_after,
		.max_procs = o->max_procs,
		.partial = options_partial(o),
	};
	const struct engine_out engine_out = { p, on_change, on_ask };
	const struct detect_out detect_out = { p, on_finding, on_ask, on_measure };
	char why[MASK_WHY];
	uint32_t i;

	*p = (struct pipeline){ .options = o, .sink = sink };
	p->mask.patterns_only = o->no_mask;
	for (i = 0; i < o->masks; i++)
		mask_pattern(&p->mask, o->mask[i], why, sizeof(why)); /* take_mask() has tried it */
	p->engine = engine_new(&config, &engine_out);
	detect_init(&p->detect, p->engine, &detect_out);
}

void pipeline_close(struct pipeline *p)
{
	if (!p->engine)
		return;
	detect_fini(&p->detect);
	engine_free(p->engine);
	buf_free(&p->asked);
	mask_free(&p->mask);
	p->engine = NULL;
}

/* Masks the arguments that an event brings: in a copy, and only where they hold a secret. */
static const struct event *masked(struct pipeline *p, const struct event *ev, struct event *copy)
{
	bool exec = ev->kind == EVENT_EXEC;
	struct slice args = exec ? ev->exec.args : ev->sight.args;

	if (!mask_args(&p->mask, &args, exec ? ev->exec.args_cut : ev->sight.args_cut))
		return ev;
	*copy = *ev;
	*(exec ? &copy->exec.args : &copy->sight.args) = args;
	return copy;
}

void pipeline_apply(struct pipeline *p, const struct event *ev)
{
	/*
	 * time is the events': what was due before this one is done before it, live as in a replay
	 */
	if (pipeline_deadline(p) <= ev->ts)
		pipeline_tick(p, ev->ts);
	pipeline_feed(p, ev);
}

void pipeline_feed(struct pipeline *p, const struct event *ev)
{
	struct event copy;

	if (ev->kind == EVENT_EXEC || ev->kind == EVENT_SIGHT)
		ev = masked(p, ev, &copy);
	engine_apply(p->engine, ev);
}

void pipeline_tick(struct pipeline *p, uint64_t now)
{
	engine_tick(p->engine, now);
	detect_tick(&p->detect, now);
}

/* What some time without an event has not settled waits for the next one: that time is skipped. */
void pipeline_pass(struct pipeline *p, uint64_t now)
{
	uint64_t due = detect_deadline(&p->detect), settled = due + SILENCE;

	for (; due <= now; due = detect_deadline(&p->detect))
		detect_tick(&p->detect, due < settled || due + SILENCE > now ? due : now - SILENCE);
	engine_tick(p->engine, now);
	p->asked.len = 0;
}

uint64_t pipeline_deadline(const struct pipeline *p)
{
	uint64_t engine = engine_deadline(p->engine), rules = detect_deadline(&p->detect);

	return engine < rules ? engine : rules;
}

void pipeline_check(struct pipeline *p, bool lossy)
{
	if (!lossy)
		memset(p->inferred, 0, sizeof(p->inferred));
}

void pipeline_resync(struct pipeline *p, uint64_t ts, bool lossy)
{
	struct stream_resync resync = {
		.ts = ts, .reason = lossy ? "lost" : "audit", .checked = engine_count(p->engine),
	};
	bool found = lossy;
	int i;

	for (i = 0; i < CHANGES; i++) {
		resync.inferred[i] = p->inferred[i];
		found |= p->inferred[i] != 0;
		p->inferred[i] = 0;
	}
	if (found)
		p->sink->ops->resync(p->sink, &resync);
}

/* The row of the totals; NULL when there is no room, which no stream of ours needs. */
static struct stream_count *loss_row(struct stream_stop *totals, const struct stream_lost *lost)
{
	struct stream_count *row = totals->losses, *end = row + totals->nlosses;

	while (row < end && (strcmp(row->kind, lost->kind) || strcmp(row->cause, lost->cause)))
		row++;
	return row < end ? row : stream_count_add(totals->losses, &totals->nlosses, lost->kind,
						  lost->cause);
}

void pipeline_lost(struct pipeline *p, const struct stream_lost *lost)
{
	struct stream_count *row;

	engine_lost(p->engine, lost->ts);
	p->seen |= FINDING_LOST;
	p->totals.lost += lost->count;
	row = loss_row(&p->totals, lost);
	if (row)
		row->count += lost->count;
	p->sink->ops->lost(p->sink, lost);
}
