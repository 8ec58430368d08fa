// SPDX-License-Identifier: GPL-2.0-only
#include "cli/recovery.h"

#include <string.h>

#include "base/clock.h"
#include "cli/say.h"

#define LOST_EVERY (NS_PER_S / 10)
#define AUDIT_EVERY (10 * NS_PER_S)
#define AUDIT_LOSSY (NS_PER_S / 4)
#define AUDIT_SHARE 300 /* at most one part in so many of one processor's time */
/*
 * The same after losses; but with no longer a rest than this, or than what one costs: two programs
 * whose execs were lost take three looks, and all is to be right two seconds after.
 */
#define LOSSY_SHARE 10
#define LOSSY_REST (NS_PER_S / 2)
#define BORN_BEFORE (50 * NS_PER_MS) /* younger ones: their birth may still be on its way */
/*
 * For so long after a loss: the youngest have come of age, and of the dead whose release was lost
 * nobody waits for it any more.
 */
#define AFTERMATH (3 * NS_PER_S / 2)

void recovery_begin(struct recovery *r, struct live *live, struct pipeline *pipe,
		    struct sights *sights, uint64_t now)
{
	*r = (struct recovery){
		.live = live,
		.pipe = pipe,
		.sights = sights,
		.lost_seen = now,
		.audit_at = now + AUDIT_EVERY,
	};
}

static uint64_t at_least(uint64_t n, uint64_t least)
{
	return n > least ? n : least;
}

static uint64_t at_most(uint64_t n, uint64_t most)
{
	return n < most ? n : most;
}

static void on_sight(void *ctx, const struct event *ev)
{
	struct recovery *r = ctx;

	sights_add(r->sights, ev, live_produced(r->live));
}

/* False if there was none. */
static bool tell_loss(struct recovery *r, uint64_t now, const char *kind, const char *cause,
		      uint64_t count)
{
	const struct stream_lost line = {
		.ts = now, .since = r->lost_since, .kind = kind, .cause = cause, .count = count,
	};

	if (count)
		pipeline_lost(r->pipe, &line);
	return count != 0;
}

/* Processes that were dropped because of --max-processes are a loss too. */
static void tell_evictions(struct recovery *r, uint64_t now)
{
	uint64_t evicted = engine_evicted(r->pipe->engine) + r->unkept;

	if (tell_loss(r, now, "process", "max_processes", evicted - r->evicted) && !r->evicted)
		say("there are more processes than are kept: some are forgotten (see "
		    "--max-processes)");
	r->evicted = evicted;
}

/* A hole in what was told: it is looked for until its last trace must have shown. */
static void expect_holes(struct recovery *r, uint64_t now)
{
	r->lossy = true;
	r->lossy_until = now + AFTERMATH;
}

static const char *why_lost(const char *cause)
{
	static const char *const words[][2] = {
		{ "ring_full", "the ring was full (see --ring-size)" },
		{ "map_full", "the kernel had no room to remember them" },
		{ "recursion", "the kernel does not enter a program twice at once" },
		{ "refused", "they made no sense: please report this" },
	};
	size_t i;

	for (i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (!strcmp(words[i][0], cause))
			return words[i][1];
	return cause;
}

/* What one cause has cost, in one line; and forgets it. */
static void say_lost(struct buf *what, const char *cause)
{
	if (!what->len)
		return;
	buf_byte(what, 0);
	say("lost: %s: %s", what->data, why_lost(cause));
	what->len = 0;
}

void recovery_losses(struct recovery *r, uint64_t now, bool at_once)
{
	struct live_loss rows[LIVE_LOSSES];
	struct buf what = { 0 };
	size_t i, n;

	if (now - r->lost_seen < LOST_EVERY && !at_once)
		return;
	r->lost_since = r->lost_seen;
	r->lost_seen = now;
	n = live_losses(r->live, rows);
	/*
	 * Not the time of the round: between the two the tracer may have been stopped, and all that was
	 * lost meanwhile is older than this only.
	 */
	now = clock_boot();
	for (i = 0; i < n; i++) {
		uint64_t count = rows[i].count - r->told[i];

		if (i && strcmp(rows[i].cause, rows[i - 1].cause))
			say_lost(&what, rows[i - 1].cause);
		if (!tell_loss(r, now, rows[i].kind, rows[i].cause, count))
			continue;
		r->told[i] = rows[i].count;
		buf_printf(&what, "%s%llu %s", what.len ? ", " : "", (unsigned long long)count,
			   rows[i].kind);
		if (rows[i].hole)
			expect_holes(r, now);
	}
	say_lost(&what, rows[n - 1].cause);
	buf_free(&what);
	tell_evictions(r, now);
}

void recovery_notice(struct recovery *r, const struct event *ev)
{
	uint64_t dropped;

	if (ev->kind != EVENT_EXIT || ev->exit.childless)
		return;
	dropped = live_dropped(r->live);
	if (dropped != r->dropped)
		recovery_losses(r, clock_boot(), true);
	r->dropped = dropped;
}

uint64_t recovery_deadline(const struct recovery *r, uint64_t now)
{
	return r->lossy || now < r->lossy_until ? r->lossy_audit_at : r->audit_at;
}

/*
 * Everything is read from the kernel, and held against what is known: often after losses, else now
 * and then, and never for more than a small share of one processor.
 */
static void audit(struct recovery *r, uint64_t now)
{
	if (r->auditing || now < recovery_deadline(r, now))
		return;
	r->audit_cpu = clock_cpu();
	engine_audit_begin(r->pipe->engine, now);
	if (live_snapshot(r->live, now - BORN_BEFORE, false, on_sight, r))
		return;
	r->auditing = true;
	r->audit_lossy = r->lossy;
	pipeline_check(r->pipe, r->lossy);
	r->lossy = false;
	r->audit_at = now + AUDIT_EVERY;
	r->lossy_audit_at = now + AUDIT_LOSSY;
}

uint64_t recovery_rest(uint64_t cost, bool lossy)
{
	if (lossy)
		return at_most(cost * LOSSY_SHARE, at_least(cost, LOSSY_REST));
	return cost * AUDIT_SHARE;
}

/* What reading, telling and looking have cost, and all else that was done meanwhile. */
static void pay(struct recovery *r, uint64_t now)
{
	uint64_t cost = clock_cpu() - r->audit_cpu;

	r->audit_at = at_least(r->audit_at, now + recovery_rest(cost, false));
	r->lossy_audit_at = at_least(r->lossy_audit_at, now + recovery_rest(cost, true));
}

/* Step by step: first the sights must be told, then the answers about those that were not seen. */
static void end_audit(struct recovery *r)
{
	if (!r->auditing || r->sights->n)
		return;
	if (!r->audit_asked) {
		r->audit_asked = true;
		engine_audit_end(r->pipe->engine);
		return;
	}
	if (r->pipe->asked.len)
		return;
	r->auditing = r->audit_asked = false;
	pay(r, clock_boot());
	pipeline_resync(r->pipe, clock_boot(), r->audit_lossy);
}

void recovery_step(struct recovery *r, uint64_t now)
{
	audit(r, now);
	end_audit(r);
}
