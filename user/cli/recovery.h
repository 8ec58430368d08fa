/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What was lost, and how the picture becomes whole again: losses are counted and told, and the
 * kernel's truth is held against what is known.
 */
#ifndef PROCTRACE_CLI_RECOVERY_H
#define PROCTRACE_CLI_RECOVERY_H

#include "cli/pipeline.h"
#include "cli/sights.h"
#include "source/live.h"

struct recovery {
	struct live *live;
	struct pipeline *pipe;
	struct sights *sights;
	uint64_t told[LIVE_LOSSES], evicted; /* of what the counters show */
	uint64_t unkept; /* processes that the first picture had no room for */
	uint64_t dropped;   /* records, when that was last asked */
	uint64_t lost_seen; /* when the counters were last read, */
	uint64_t lost_since; /* and the time before that: what is told was lost after it */
	uint64_t audit_at,
		lossy_audit_at; /* when the next audit is due, at rest and after losses */
	uint64_t audit_cpu; /* time of the processor when it began */
	uint64_t lossy_until; /* the picture has settled by then: see AFTERMATH */
	bool lossy; /* there were losses since the last audit */
	bool auditing, audit_lossy, audit_asked;
};

void recovery_begin(struct recovery *r, struct live *live, struct pipeline *pipe,
		    struct sights *sights, uint64_t now);
/*
 * With every record, before it is applied: what was lost before a parent's death is told before it,
 * as its children may have been dead by then.
 */
void recovery_notice(struct recovery *r, const struct event *ev);
/* Reads the counters of losses now and then, or at once, and tells what was lost. */
void recovery_losses(struct recovery *r, uint64_t now, bool at_once);
/* One step of the audit that is due or under way. */
void recovery_step(struct recovery *r, uint64_t now);
/* When recovery_step() is next needed. */
uint64_t recovery_deadline(const struct recovery *r, uint64_t now);
/*
 * How long to rest after an audit that took so much time of a processor, in ns: at rest and after
 * losses. Pure.
 */
uint64_t recovery_rest(uint64_t cost, bool lossy);

#endif
