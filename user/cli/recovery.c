// SPDX-License-Identifier: GPL-2.0-only
#include "cli/recovery.h"

#include "base/clock.h"
#include "cli/say.h"
#include "event/decode.h"

#define LOST_EVERY (NS_PER_S / 10)
#define AUDIT_EVERY (10 * NS_PER_S)
#define AUDIT_LOSSY (NS_PER_S / 4)
#define AUDIT_SHARE 300 /* at most one part in so many of one processor's time */
#define BORN_BEFORE (50 * NS_PER_MS) /* younger ones: their birth may still be on its way */

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
		.ts = now, .since = r->lost_seen, .kind = kind, .cause = cause, .count = count,
	};

	if (count)
		pipeline_lost(r->pipe, &line);
	return count != 0;
}

/* Processes that were dropped because of --max-processes are a loss too. */
static void tell_evictions(struct recovery *r, uint64_t now)
{
	uint64_t evicted = engine_evicted(r->pipe->engine);

	if (tell_loss(r, now, "process", "max_processes", evicted - r->evicted) && !r->evicted)
		say("there are more processes than are kept: some are forgotten (see "
		    "--max-processes)");
	r->evicted = evicted;
}

void recovery_losses(struct recovery *r, uint64_t now, bool at_once)
{
	struct live_lost lost;
	unsigned int i;

	if (now - r->lost_seen < LOST_EVERY && !at_once)
		return;
	live_lost(r->live, &lost);
	for (i = 0; i < RECORD_KIND_END; i++) {
		if (!tell_loss(r, now, record_kind_name(i), "ring_full",
			       lost.ring_full[i] - r->lost.ring_full[i]))
			continue;
		say("%llu %s records were lost: the ring was full (see --ring-size)",
		    (unsigned long long)(lost.ring_full[i] - r->lost.ring_full[i]),
		    record_kind_name(i));
		r->lossy = true;
	}
	tell_loss(r, now, "killer", "map_full", lost.killers - r->lost.killers);
	tell_evictions(r, now);
	r->lost = lost;
	r->lost_seen = now;
}

/*
 * Everything is read from the kernel, and held against what is known: often after losses, else now
 * and then, and never for more than a small share of one processor.
 */
static void audit(struct recovery *r, uint64_t now)
{
	uint64_t begin = clock_cpu(), cost;

	if (r->auditing || (now < r->audit_at && !(r->lossy && now >= r->lossy_audit_at)))
		return;
	engine_audit_begin(r->pipe->engine, now);
	if (live_snapshot(r->live, now - BORN_BEFORE, false, on_sight, r))
		return;
	r->auditing = true;
	r->audit_lossy = r->lossy;
	pipeline_check(r->pipe, r->lossy);
	r->lossy = false;
	cost = clock_cpu() - begin;
	r->audit_at = now + (cost * AUDIT_SHARE > AUDIT_EVERY ? cost * AUDIT_SHARE : AUDIT_EVERY);
	r->lossy_audit_at = now + AUDIT_LOSSY;
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
	if (r->audit_lossy) /* the youngest were left out */
		r->audit_at = r->lossy_audit_at;
	pipeline_resync(r->pipe, clock_boot(), r->audit_lossy);
}

void recovery_step(struct recovery *r, uint64_t now)
{
	audit(r, now);
	end_audit(r);
}
